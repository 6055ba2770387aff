"""`scsampler extract`: the features themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.batch.task import Record
from scsampler_cli.cli import (
    feature_targets,
    no_effect,
    output_targets,
    overwrite_checks,
    run_batch,
)
from scsampler_cli.cli.batch_options import BatchOptions
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.input_options import (
    INPUT,
    ClipFrames,
    ClipStride,
    FrameStride,
    InputOptions,
    PictureGap,
    ReadOptions,
    ShortSide,
)
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import (
    OUTPUT,
    ExtractFormatOption,
    MessageOptions,
    Overwrite,
    Schema,
    output_option,
)
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import INPUTS, FeatureSettings
from scsampler_cli.features.file_formats import p_frames_of
from scsampler_cli.tasks import Extract, drawing_of

ALL_INPUTS = ",".join(INPUTS)
"""All features: any visual or audio sampler can score the file."""
FeatureFile = Annotated[
    Path | None,
    output_option(
        "A feature file (.scf, or .npz for NumPy), or a folder for the feature files of several "
        "videos. Default: VIDEO.scf in the working folder."
    ),
]
# without a default here: it depends on the format
PFrames = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Number of P-frames read per clip. 0: all, as in the paper, which is slower. Default: "
        f"{FeatureSettings.p_frames} for .scf, 0 for .npz.",
        rich_help_panel=INPUT,
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
class FeatureOptions:
    """What is read of each clip, and how long clips are."""

    p_frames: PFrames = None
    short_side: ShortSide = FeatureSettings.short_side
    picture_gap: PictureGap = FeatureSettings.picture_gap
    clip_frames: ClipFrames = 16
    frame_stride: FrameStride = 1

    def settings(self, inputs: tuple[str, ...], form: str) -> FeatureSettings:
        """Settings of the features.

        Args:
            inputs: some of `config.INPUTS`.
            form: format of the feature file.
        """
        return FeatureSettings(
            inputs=inputs,
            p_frames=p_frames_of(form, self.p_frames, FeatureSettings.p_frames),
            short_side=self.short_side,
            picture_gap=self.picture_gap,
        )


@dataclass(frozen=True, kw_only=True)
class FeatureFileOptions:
    """The files that `scsampler extract` writes."""

    output: FeatureFile = None
    render: Render = None
    reencode: Reencode = False
    records: Records = None
    format: ExtractFormatOption = None
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
    clips: FeatureOptions,
    clip_stride: ClipStride = 1,
    reading: ReadOptions,
    files: FeatureFileOptions,
    batch: BatchOptions,
    messages: MessageOptions,
) -> None:
    """Write the visual and audio features of videos to feature files (.scf, .npz).

    scsampler extract video.mp4 -o video.scf --render 3
    scsampler extract video.mp4 -o video.npz --what if,md
    scsampler extract clips/ -o features/ --what md,mel --records features.jsonl
    """
    # before anything else: it needs the values as Typer has them
    no_effect.check(context, no_effect.EXTRACT)
    # a name that is written twice counts once, in the order of the user
    form, record_form = feature_targets.formats_of(files.format, files.output)
    features = clips.settings(tuple(dict.fromkeys(what.split(","))), form)
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
        form=record_form,
        output=files.records,
        shard=batch.shard,
    )
    targets = feature_targets.targets_of(todo, inputs.paths or [], files.output, form=form)
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
    hooks = run_batch.Hooks(is_valid=_kept_by(targets), made_in=files.output or Path())
    run_batch.run(todo, task, hooks)


def _check_targets(todo: Batch, targets: dict[Path, Path], files: FeatureFileOptions) -> None:
    """Refuse files that are inputs, or that exist.

    Raises:
        SettingsError, OutputError: as `output_targets.check_apart` and
            `overwrite_checks.check_made`.
    """
    from scsampler_cli.features.read_features import is_feature_file
    from scsampler_cli.transcode.normalise import SUFFIX

    # with --shard only the files of this part, others are made by other runs
    made = [targets[path] for path in todo.inputs]
    overwrite_checks.check_made(made, "-o", todo.running, is_own=is_feature_file)
    # pictures and re-encoded videos have no mark of scsampler, so that none may be replaced
    others: list[Path] = []
    if files.render is not None:
        others += [drawing_of(target, files.render) for target in made]
    if files.reencode:
        others += [target.with_suffix(SUFFIX) for target in made]
    output_targets.check_apart(others, todo.named)
    overwrite_checks.check_made(others, "-o", todo.running)


def _kept_by(targets: dict[Path, Path]) -> Callable[[Record], bool]:
    """Whether the files of a record of an earlier run are those of this run, and still exist."""
    outputs = {str(path): str(target) for path, target in targets.items()}

    def are_kept(record: Record) -> bool:
        if record["status"] != "ok":
            return True
        # the earlier run may have written another format
        if outputs.get(record["path"]) != record["output"]:
            return False
        try:
            # the re-encoded video may be large, so that only its presence is checked
            kept = record.get("reencoded") is None or Path(record["reencoded"]).is_file()
            return kept and Path(record["output"]).stat().st_size == record["bytes"]
        except OSError:
            return False

    return are_kept
