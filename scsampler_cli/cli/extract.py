"""`scsampler extract`: the features themselves."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.batch.task import Record
from scsampler_cli.cli import no_effect, output_targets, overwrite_checks, run_batch
from scsampler_cli.cli.batch_options import BatchOptions
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.input_options import (
    INPUT,
    ClipOptions,
    ClipStride,
    InputOptions,
    ReadOptions,
)
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import (
    OUTPUT,
    MessageOptions,
    Overwrite,
    RecordFormat,
    Schema,
    output_option,
)
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import INPUTS
from scsampler_cli.errors import SettingsError
from scsampler_cli.files.output_paths import check_file
from scsampler_cli.files.urls import check_written
from scsampler_cli.tasks import Extract, drawing_of

ALL_INPUTS = ",".join(INPUTS)
"""All features: any visual or audio sampler can score the file."""
FeatureFile = Annotated[
    Path | None,
    output_option(
        "A feature file (.scf), or a folder for the feature files of several videos. Default: "
        "VIDEO.scf in the working folder."
    ),
]
# one clip only: a picture of each clip would fill the disk
Render = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Number of a clip, from 0, whose features are also drawn. The PNG file lies in the "
        "folder of the feature file.",
        rich_help_panel=OUTPUT,
    ),
]
# the codec and the size of CoViAR, whose networks are trained on such videos
Reencode = Annotated[
    bool,
    typer.Option(
        "--reencode",
        help="First re-encode the video as the papers on compressed video do (MPEG-4, 340x256, "
        "an I-frame every 12 frames), and use that. Needs ffmpeg; the new video lies in the folder "
        "of the feature file.",
        rich_help_panel=OUTPUT,
    ),
]
# -o names the features here, so that records need another option
Records = Annotated[
    Path | None,
    typer.Option(
        parser=output_targets.output_path,
        metavar="PATH",
        help="File for the records, one per video. Default: standard output.",
        rich_help_panel=OUTPUT,
    ),
]


@dataclass(frozen=True, kw_only=True)
class FeatureFileOptions:
    """The files that `scsampler extract` writes."""

    output: FeatureFile = None
    render: Render = None
    reencode: Reencode = False
    records: Records = None
    format: RecordFormat = None
    schema: Schema = False
    overwrite: Overwrite = False


@guarded
@expanded
def extract(
    *,
    context: typer.Context,
    inputs: InputOptions,
    what: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Names of features, separated by commas: rgb (a picture of each clip), if "
            "(I-frames), md (motion displacements), rgbr (RGB residuals), mel (audio).",
            rich_help_panel=INPUT,
        ),
    ] = ALL_INPUTS,
    clips: ClipOptions,
    clip_stride: ClipStride = 1,
    reading: ReadOptions,
    files: FeatureFileOptions,
    batch: BatchOptions,
    messages: MessageOptions,
) -> None:
    """Write the visual and audio features of videos to feature files (.scf).

    scsampler extract video.mp4 -o video.scf --render 3
    scsampler extract clips/ -o features/ --what md,mel --records features.jsonl
    """
    # before anything else: it needs the values as Typer has them
    no_effect.check(context, no_effect.EXTRACT)
    # a name that is written twice counts once, in the order of the user
    features = clips.features(tuple(dict.fromkeys(what.split(","))))
    read = reading.settings()
    running = RunOptions.of(batch, messages, overwrite=files.overwrite)
    # a missing program is found before the first video
    if files.reencode:
        # imported late: --help must not wait for it
        from scsampler_cli.transcode.program import find_ffmpeg

        find_ffmpeg()
    todo = run_batch.plan(
        "extract",
        inputs,
        running,
        form=files.format,
        output=files.records,
        shard=batch.shard,
    )
    targets = _targets(todo, inputs.paths or [], files.output)
    _check_targets(todo, targets, files)
    # what worker processes get: picklable, and without anything of the command line
    task = Extract(
        output=files.output or Path(),
        targets=targets,
        features=features,
        reading=read,
        clip_frames=clips.clip_frames,
        frame_stride=clips.frame_stride,
        clip_stride=clip_stride,
        render=files.render,
        reencode=files.reencode,
    )
    hooks = run_batch.Hooks(is_valid=_files_exist, made_in=files.output or Path())
    run_batch.run(todo, task, hooks)


def _check_targets(todo: Batch, targets: dict[Path, Path], files: FeatureFileOptions) -> None:
    """Refuse files that are inputs, or that exist.

    Raises:
        SettingsError, OutputError: as `output_targets.check_apart` and
            `overwrite_checks.check_made`.
    """
    from scsampler_cli.features.store import sniff
    from scsampler_cli.transcode.normalise import SUFFIX

    # with --shard only the files of this part, others are made by other runs
    made = [targets[path] for path in todo.inputs]
    overwrite_checks.check_made(made, "-o", todo.running, is_own=sniff)
    # pictures and re-encoded videos have no mark of scsampler, so that none may be replaced
    others: list[Path] = []
    if files.render is not None:
        others += [drawing_of(target, files.render) for target in made]
    if files.reencode:
        others += [target.with_suffix(SUFFIX) for target in made]
    output_targets.check_apart(others, todo.named)
    overwrite_checks.check_made(others, "-o", todo.running)


def _files_exist(record: Record) -> bool:
    """True when the files of a record still exist, the feature file with all its bytes."""
    if record["status"] != "ok":
        return True
    try:
        # the re-encoded video may be large, so that only its presence is checked
        kept = record.get("reencoded") is None or Path(record["reencoded"]).is_file()
        return kept and Path(record["output"]).stat().st_size == record["bytes"]
    except OSError:
        return False


def _targets(todo: Batch, paths: list[str], output: Path | None) -> dict[Path, Path]:
    """The feature file of each video; the tree below a folder argument is kept.

    Raises:
        SettingsError: two videos have the same feature file, or the output is "-", or a file for
            several videos.
        OutputError: the output is a URL.
    """
    from scsampler_cli.features.store import SUFFIX

    if output == output_targets.STDOUT:
        raise SettingsError(
            "feature files are not written to standard output",
            code="output-folder-needed",
            hint="give -o a file or a folder",
        )
    if output is not None:
        check_written(output)
    # os.path.isdir is False for a name that is too long, where Path.is_dir raises
    is_folder = isinstance(output, output_targets.Folder) or (
        output is not None and os.path.isdir(output)  # noqa: PTH112
    )
    if todo.single and output is not None and not is_folder:
        _check_file(todo, output)
        return dict.fromkeys(todo.inputs, output)
    # without -o in the working folder
    folder = Path(output or ".")
    if folder.suffix == SUFFIX and not folder.is_dir():
        raise SettingsError(
            f"{folder} is one file for several videos",
            code="output-folder-needed",
            hint="give -o a folder",
        )
    return output_targets.below(folder, todo.named, paths, suffix=SUFFIX)


def _check_file(todo: Batch, output: Path) -> None:
    """Refuse a feature file of one video that cannot be written, or that is something else.

    Raises:
        SettingsError: it is an input, or another output, or has another suffix.
        OutputError: it cannot be written.
    """
    from scsampler_cli.features.store import SUFFIX

    overwrite_checks.check_not_read(todo.inputs, {"-o": output})
    if output.suffix != SUFFIX:
        raise SettingsError(
            f"{output} does not end in {SUFFIX}",
            code="output-suffix-unknown",
            hint=f"-o FILE{SUFFIX}, or a folder: -o FOLDER/",
        )
    # a folder that does not exist is made later, and then has no other file
    if output.parent.is_dir():
        check_file(output)
        log_file = todo.running.log_file
        outputs = {"-o": output, "--records": todo.output, "--log-file": log_file}
        overwrite_checks.check_outputs(todo.inputs, outputs)
