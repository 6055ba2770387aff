"""The index page of a batch (`--report`): a row for each record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.artifacts.artifact_paths import Artifacts, relative_link, row_picture
from scsampler_cli.batch.task import Record
from scsampler_cli.cli import console
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.environment import command_line
from scsampler_cli.files.marks import is_marked
from scsampler_cli.files.output_paths import write_whole
from scsampler_cli.output.output_file import encoded, reporting_write_errors

if TYPE_CHECKING:
    from scsampler_cli.output.pages.batch_row import Row


class Index:
    """The index page of a batch; nothing is written where no index was requested.

    Args:
        artifacts: paths of the index page and of the pages of the videos.
        batch: the inputs.
    """

    def __init__(self, artifacts: Artifacts, batch: Batch) -> None:
        self._target, self._batch = artifacts.index, batch
        self._rows: dict[str, Row] = {}

    def add(self, record: Record) -> None:
        """Add the row of a record."""
        if self._target is None:
            return
        # imported late: most runs have no index
        from scsampler_cli.output.pages.batch_row import row_of

        page = record.get("files", {}).get("report")
        link, picture = None, None
        if page:
            # relative, so that the pages can be moved together
            link = relative_link(Path(page), self._target)
            # the record does not name it; a file of somebody else may have its name
            beside = row_picture(Path(page))
            picture = relative_link(beside, self._target) if is_marked(beside) else None
        self._rows[record["path"]] = row_of(record, link, picture)

    def write(self) -> None:
        """Write the page, in the order of the inputs.

        Rows of an earlier run are made from its records in the output.

        Raises:
            OutputError: it cannot be written.
        """
        if self._target is None:
            return
        from scsampler_cli.output.pages.batch_page import index_page

        paths = [str(path) for path in self._batch.inputs]
        # with --resume this run has made only some of the records
        missing = set(paths) - set(self._rows)
        if missing and self._batch.on_disk:
            self._read_earlier(missing)
        # a run that was interrupted has no rows for the rest
        rows = [self._rows[path] for path in paths if path in self._rows]
        with reporting_write_errors(str(self._target)):
            write_whole(self._target, encoded(index_page(rows, command_line())))
        console.note(f"report: {self._target}")

    def _read_earlier(self, missing: set[str]) -> None:
        """Add the rows of records that an earlier run has written."""
        from scsampler_cli.batch.journal import records_of

        assert self._batch.output is not None
        for record in records_of(self._batch.output, missing):
            self.add(record)
