"""The options --report, --thumbnails, --reel and --frames: their files, and those of a batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.cli import console, output_targets, overwrite_checks
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.frame_options import (
    FrameOptions,
    batch_manifest,
    earlier_frames,
    is_artifact,
    manifests_of,
)
from scsampler_cli.cli.output_options import OUTPUT
from scsampler_cli.errors import OutputError, ProgramError, SettingsError
from scsampler_cli.files.output_paths import check_file

PAGES = "_pages"
"""Suffix of the folder with the pages of the videos, after the name of the index page."""
REEL = ".reel.mp4"
"""Suffix of a reel in a folder, after the name of the video."""
Below = Callable[[Path, str], dict[Path, Path]]
"""(folder, suffix) -> path of a video: its file in the folder."""


# one page without scripts or files from elsewhere, which can be sent by mail
Report = Annotated[
    Path | None,
    typer.Option(
        parser=output_targets.output_path,
        metavar="PATH",
        help="HTML page of the result (.html). Of several videos it is an index; their pages are "
        "in a folder next to it.",
        rich_help_panel=OUTPUT,
    ),
]
Thumbnails = Annotated[
    Path | None,
    typer.Option(
        parser=output_targets.output_path,
        metavar="FOLDER",
        help="Folder for contact sheets, one picture per video with its selected clips.",
        rich_help_panel=OUTPUT,
    ),
]
# needs the program ffmpeg: PyAV decodes, and the reel has to be encoded
Reel = Annotated[
    Path | None,
    typer.Option(
        parser=output_targets.output_path,
        metavar="PATH",
        help="Video file with the best clips and their audio. Needs ffmpeg. Of several videos "
        "a folder, with / at its end.",
        rich_help_panel=OUTPUT,
    ),
]
# a clip lasts about half a second, too short for people to see what happens
ReelPad = Annotated[
    float,
    typer.Option(
        min=0,
        max=60,
        metavar="SECONDS",
        help="Time that --reel adds before and after each clip.",
        rich_help_panel=OUTPUT,
    ),
]


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """The page of the result."""

    report: Report = None


@dataclass(frozen=True, kw_only=True)
class ArtifactOptions(FrameOptions, PageOptions):
    """The files that are made in addition to records."""

    thumbnails: Thumbnails = None
    reel: Reel = None
    reel_pad: ReelPad = 0.0

    def check(self) -> None:
        """Refuse what can be refused before anything is read.

        Raises:
            SettingsError: an option that has no effect.
        """
        if self.reel_pad and self.reel is None:
            raise SettingsError(
                "--reel-pad has no effect without --reel",
                code="no-effect",
                hint="give both, or neither",
            )
        check_page(self.report)


def check_page(report: Path | None) -> None:
    """Refuse a page whose name browsers would not open.

    Raises:
        SettingsError: it does not end in .html.
    """
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise SettingsError(
            f"{report} does not end in .html",
            code="report-suffix-invalid",
            hint=f"name it {report.stem}.html",
        )


def artifacts_of(options: ArtifactOptions, batch: Batch, named: Sequence[str]) -> Artifacts:
    """Decide which files are made of each video of a batch, and where.

    Args:
        options: which kinds of files.
        batch: the inputs.
        named: files and folders as the user named them.

    Raises:
        SettingsError: two videos have the same file, or one file is named for several videos.
        OutputError: one of them cannot be written.
    """
    manifest = None if options.frames is None else batch_manifest(options.frames, batch.shard)
    _check_names(options, batch, manifest)
    folders: list[Path] = []

    def below(folder: Path, suffix: str) -> dict[Path, Path]:
        folders.append(folder)
        return output_targets.below(folder, batch.named, named, suffix=suffix)

    # one video has the page itself; several have an index, and pages in a folder next to it
    reports: dict[Path, Path] = {}
    if options.report is not None:
        check_file(options.report)
        # report.html has its pages in report_pages/
        pages = options.report.with_name(f"{options.report.stem}{PAGES}")
        reports = {batch.named[0]: options.report} if batch.single else below(pages, ".html")
    thumbnails: dict[Path, Path] = {}
    if options.thumbnails is not None:
        thumbnails = below(_folder(options.thumbnails), ".jpg")
    reels = {} if options.reel is None else _reels(options.reel, batch, below)
    index = None if batch.single else options.report
    frames = {} if options.frames is None else manifests_of(below(_folder(options.frames), ""))

    # files of this run only: those of other shards are made by other runs
    kinds = {"--report": reports, "--thumbnails": thumbnails, "--reel": reels, "--frames": frames}
    named_by = _outputs_of(batch)
    for option, made in kinds.items():
        files = [made[path] for path in batch.inputs if path in made]
        if option == "--report" and index is not None:
            files.append(index)
        if option == "--frames" and manifest is not None:
            files = [manifest, *files, *earlier_frames(files)]
        overwrite_checks.check_not_named(files, option, named_by)
        output_targets.check_apart(files, batch.reads)
        overwrite_checks.check_made(files, option, batch.running, is_own=is_artifact)
    return Artifacts(
        reports,
        index,
        thumbnails,
        reels=reels,
        reel_pad_s=options.reel_pad,
        frames=frames,
        frame_settings=options.frame_settings,
        frames_manifest=manifest,
        folders=tuple(folders),
    )


def _outputs_of(batch: Batch) -> dict[str, str]:
    """Resolved path of the records and of the log file -> the option that names it."""
    outputs = {"-o": batch.output, "--log-file": batch.running.log_file}
    return {os.path.realpath(path): option for option, path in outputs.items() if path is not None}


def _check_names(options: ArtifactOptions, batch: Batch, manifest: Path | None) -> None:
    """Refuse a file that is an input, or that another option names.

    Raises:
        SettingsError, OutputError: as `overwrite_checks.check_outputs`.
    """
    # with a format that holds one video per file, the output may be a folder
    output = None if batch.places and batch.places.folder else batch.output
    outputs: dict[str, Path | None] = {"-o": output, "--log-file": batch.running.log_file}
    named = {
        "--report": options.report,
        "--thumbnails": options.thumbnails,
        "--reel": options.reel,
        "--frames": manifest,
    }
    for option, path in named.items():
        # a folder, or a file in a folder that is made later, is checked for each video
        if path is not None and not os.path.isdir(path) and path.parent.is_dir():  # noqa: PTH112
            outputs[option] = path
    overwrite_checks.check_outputs([*batch.named, *batch.reads], outputs)


def _folder(path: Path) -> Path:
    """A folder that exists, or can be made when it is needed.

    Raises:
        OutputError: it is a file, or standard output.
    """
    if path == output_targets.STDOUT:
        raise OutputError(
            "several files cannot go to standard output",
            code="output-unusable",
            hint="name a folder",
        )
    # os.path is False for a name that is too long, where pathlib raises
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112
        raise OutputError(
            f"{path} is a file, but a folder is needed here",
            code="artifact-folder-is-file",
            hint="name a folder",
        )
    return Path(path)


def _reels(reel: Path, batch: Batch, below: Below) -> dict[Path, Path]:
    """The reel of each video.

    Without the program ffmpeg there is a warning and no error: tags do not need it, and each record
    has the reason why it has no reel.
    """
    from scsampler_cli.transcode.reel import check_program, check_reel

    if isinstance(reel, output_targets.Folder) or os.path.isdir(reel):  # noqa: PTH112
        reels = below(_folder(reel), REEL)
    elif len(batch.named) > 1 or not batch.single:
        raise SettingsError(
            f"{reel} is one file, and there may be several videos",
            code="artifact-folder-needed",
            hint="name a folder, with / at its end: --reel reels/",
        )
    else:
        check_reel(reel)
        reels = {batch.named[0]: reel}
    # one check is enough: all reels have the same suffix
    for target in list(reels.values())[:1]:
        try:
            check_program(target)
        except ProgramError as error:
            console.say(f"warning: no reel can be made: {error}")
    return reels
