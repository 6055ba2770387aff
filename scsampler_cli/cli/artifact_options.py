"""The options --report, --thumbnails and --reel: where the files go that are made beside records, and the index of a batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.artifacts.artifact_paths import Artifacts, relative_link
from scsampler_cli.batch.task import Record
from scsampler_cli.cli import console, output_targets, overwrite_checks
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.environment import command_line
from scsampler_cli.errors import OutputError, ProgramError, SettingsError
from scsampler_cli.files.output_paths import check_file, write_whole
from scsampler_cli.output.writers import encoded, own_errors

if TYPE_CHECKING:
    from scsampler_cli.output.pages.batch_page import Row

PAGES = "_pages"
"""After the name of an index: the folder of its videos' pages."""
REEL = ".reel.mp4"
"""After the name of a video, where reels go into a folder."""
Below = Callable[[Path, str], dict[Path, Path]]
"""(folder, suffix) -> a file for each video."""


@dataclass(frozen=True, kw_only=True)
class ArtifactOptions:
    """The options, as given."""

    report: Path | None = None
    thumbnails: Path | None = None
    reel: Path | None = None
    reel_pad_s: float = 0.0

    def check(self) -> None:
        """Refuse what can be refused before anything is read.

        Raises:
            SettingsError: an option that has no effect.
        """
        if self.reel_pad_s and self.reel is None:
            raise SettingsError(
                "--reel-pad has no effect without --reel",
                code="no-effect",
                hint="give both, or neither",
            )
        if self.report is not None and self.report.suffix.lower() not in (".html", ".htm"):
            raise SettingsError(
                f"{self.report} does not end in .html",
                code="report-suffix-invalid",
                hint="a report is a page for a browser",
            )


def artifacts_of(asked: ArtifactOptions, todo: Batch, named: Sequence[str]) -> Artifacts:
    """Which files are made of each video of a batch, and where they go.

    Args:
        asked: the options.
        todo: the batch.
        named: files and folders, as the user gave them.

    Raises:
        SettingsError: two videos would get one file, or one file is named for several videos.
        OutputError: one of them could not be written.
    """
    folders: list[Path] = []

    def below(folder: Path, suffix: str) -> dict[Path, Path]:
        folders.append(folder)
        return output_targets.below(folder, todo.named, named, suffix=suffix)

    named_files = {"--report": asked.report, "--thumbnails": asked.thumbnails, "--reel": asked.reel}
    files = {
        option: path
        for option, path in named_files.items()
        if path is not None and not os.path.isdir(path)  # noqa: PTH112
    }
    # a format that holds one video a file may have a folder for its output
    file = None if todo.places and todo.places.folder else todo.output
    others: dict[str, Path | None] = {"-o": file, "--log-file": todo.running.log_file}
    others |= {option: path for option, path in files.items() if path.parent.is_dir()}
    overwrite_checks.check_outputs([*todo.named, *todo.reads], others)
    reports: dict[Path, Path] = {}
    if asked.report is not None:
        check_file(asked.report)
        pages = asked.report.with_name(f"{asked.report.stem}{PAGES}")
        reports = {todo.named[0]: asked.report} if todo.single else below(pages, ".html")
    thumbnails = {} if asked.thumbnails is None else below(_folder(asked.thumbnails), ".jpg")
    reels = {} if asked.reel is None else _reels(asked.reel, todo, below)
    index = None if todo.single else asked.report
    for option, made in (("--report", reports), ("--thumbnails", thumbnails), ("--reel", reels)):
        of_run = [made[path] for path in todo.inputs if path in made]
        of_run += [index] if option == "--report" and index is not None else []
        output_targets.check_apart(of_run, todo.reads)
        overwrite_checks.check_made(of_run, option, todo.running)
    return Artifacts(
        reports, index, thumbnails, reels=reels, reel_pad_s=asked.reel_pad_s, folders=tuple(folders)
    )


def _folder(path: Path) -> Path:
    """A folder that is there, or is made when it is needed.

    Raises:
        OutputError: it is a file.
    """
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112 (as above)
        raise OutputError(
            f"cannot write into {path}: it is a file",
            code="artifact-folder-is-file",
            hint="name a folder",
        )
    return Path(path)


def _reels(reel: Path, todo: Batch, below: Below) -> dict[Path, Path]:
    """Where reels go. A missing program is a warning alone: tags do not need it, and each record tells that it has no reel."""
    from scsampler_cli.transcode.reel import check_program, check_reel

    if isinstance(reel, output_targets.Folder) or os.path.isdir(reel):  # noqa: PTH112 (as above)
        reels = below(_folder(reel), REEL)
    elif len(todo.named) > 1 or not todo.single:
        raise SettingsError(
            f"{reel} is one file, and there may be several videos",
            code="artifact-folder-needed",
            hint="name a folder, with / at its end: --reel reels/",
        )
    else:
        check_reel(reel)
        reels = {todo.named[0]: reel}
    for target in list(reels.values())[:1]:  # all have the same suffix
        try:
            check_program(target)
        except ProgramError as error:
            console.say(f"warning: no reel can be made: {error}")
    return reels


class Index:
    """The index page of a batch: a row for each record.

    Args:
        extras: where the pages of the videos lie.
        todo: the batch.
    """

    def __init__(self, artifacts: Artifacts, todo: Batch) -> None:
        self._target, self._todo = artifacts.index, todo
        self._rows: dict[str, Row] = {}

    def add(self, record: Record) -> None:
        """A record is there."""
        if self._target is None:
            return
        from scsampler_cli.output.pages.batch_page import row_of

        page = record.get("files", {}).get("report")
        self._rows[record["path"]] = row_of(
            record, page and relative_link(Path(page), self._target)
        )

    def write(self) -> None:
        """Write the page, in the order of the inputs; records of earlier runs are looked up in the output.

        Raises:
            OutputError: it cannot be written.
        """
        if self._target is None:
            return
        from scsampler_cli.output.pages.batch_page import index_page

        wanted = [str(path) for path in self._todo.inputs]
        if set(wanted) - set(self._rows) and self._todo.on_disk:
            self._recall(set(wanted) - set(self._rows))
        page = index_page(
            [self._rows[path] for path in wanted if path in self._rows], command_line()
        )
        with own_errors(str(self._target)):
            write_whole(self._target, encoded(page))
        console.note(f"report: {self._target}")

    def _recall(self, missing: set[str]) -> None:
        """Records that an earlier run has left."""
        from scsampler_cli.batch.journal import parse_record

        assert self._todo.output is not None
        with self._todo.output.open("rb") as lines:
            for record in map(parse_record, lines):
                if record is not None and record["path"] in missing:
                    self.add(record)
