"""The files that belong to a batch of `scsampler classify`, not to one video."""

from __future__ import annotations

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.batch.task import Record
from scsampler_cli.cli.batch_index import Index
from scsampler_cli.cli.batch_manifest import BatchManifest
from scsampler_cli.cli.batch_plan import Batch


class BatchFiles:
    """The index page and the list of frames, where they were requested.

    Args:
        artifacts: paths of these files and of those of the videos.
        batch: the inputs.
    """

    def __init__(self, artifacts: Artifacts, batch: Batch) -> None:
        self._index, self._manifest = Index(artifacts, batch), BatchManifest(artifacts, batch)

    def add(self, record: Record) -> None:
        """Add the record of a video."""
        self._index.add(record)
        self._manifest.add(record)

    def write(self) -> None:
        """Write both.

        Raises:
            OutputError: one of them cannot be written; the other one is, all the same.
        """
        try:
            self._index.write()
        finally:
            self._manifest.write()
