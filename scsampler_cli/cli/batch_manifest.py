"""The list of the frames of a batch (`--frames`): the lines of the lists of its videos."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.artifacts.frame_manifest import joined_lines, write_lines
from scsampler_cli.batch.task import Record
from scsampler_cli.cli import console
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.output.output_file import reporting_write_errors


class BatchManifest:
    """The list of a batch; nothing is written where no frames were requested.

    It is written once, at the end, from the lists of the videos. So it has each line once, whatever
    order the videos were finished in, and however often the run was interrupted and resumed.

    Args:
        artifacts: path of the list.
        batch: the inputs.
    """

    def __init__(self, artifacts: Artifacts, batch: Batch) -> None:
        self._target, self._batch = artifacts.frames_manifest, batch
        # path of a video -> its list; None where it has none
        self._manifests: dict[str, Path | None] = {}

    def add(self, record: Record) -> None:
        """Add the list that a record names."""
        found = record.get("files", {}).get("frames")
        self._manifests[record["path"]] = None if found is None else Path(found)

    def write(self) -> None:
        """Write the list, in the order of the inputs.

        Lists of an earlier run are known from its records in the output.

        Raises:
            OutputError: it cannot be written, or a list of a video cannot be read.
        """
        if self._target is None:
            return
        paths = [str(path) for path in self._batch.inputs]
        # with --resume this run has made only some of the records
        missing = set(paths) - set(self._manifests)
        if missing and self._batch.on_disk:
            self._read_earlier(missing)
        found = [self._manifests.get(path) for path in paths]
        with reporting_write_errors(str(self._target)):
            self._target.parent.mkdir(parents=True, exist_ok=True)
            write_lines(
                self._target,
                joined_lines([path for path in found if path is not None], self._target),
            )
        console.note(f"frames: {self._target}")

    def _read_earlier(self, missing: set[str]) -> None:
        """Add the lists of records that an earlier run has written."""
        from scsampler_cli.batch.journal import records_of

        assert self._batch.output is not None
        for record in records_of(self._batch.output, missing):
            self.add(record)
