"""`scsampler extract`: the features themselves."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from scsampler_cli.cli import batch, options
from scsampler_cli.config import INPUTS, FeatureSettings
from scsampler_cli.errors import SettingsError


@batch.guarded
def extract(
    paths: options.Paths = None,
    what: Annotated[
        str,
        typer.Option(
            help="Features, separated by commas: if (I-frames), md (motion), rgbr (residuals), mel (sound).",
            rich_help_panel=options.INPUT,
        ),
    ] = ",".join(INPUTS),
    p_frames: options.PFrames = 4,
    short_side: options.ShortSide = 128,
    clip_frames: options.ClipFrames = 16,
    frame_stride: options.FrameStride = 1,
    clip_stride: options.ClipStride = 1,
    render: Annotated[
        int | None,
        typer.Option(
            min=0, help="Also draw this clip's features as a PNG beside the file.", rich_help_panel=options.OUTPUT
        ),
    ] = None,
    glob: options.Glob = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            readable=False,
            help="Feature file (.scf), or a folder for several videos.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    format: options.FormatOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the compressed-domain and audio features of videos to feature files (.scf).

    Without -o each file is written beside where the command runs, under the video's name.

    scsampler extract video.mp4 -o video.scf --render 3
    scsampler extract clips/ -o features/ --what md,mel
    """
    features = FeatureSettings(tuple(dict.fromkeys(what.split(","))), p_frames, short_side)
    todo = batch.plan("extract", paths, glob, format, None, quiet, debug)
    targets = _targets(todo, paths or [], output)

    from scsampler_cli import pipeline
    from scsampler_cli.features.render import render_file

    def work(path: Path, progress: batch.Progress) -> dict[str, Any]:
        target = targets[path]
        record = pipeline.extract(path, target, features, clip_frames, frame_stride, clip_stride, progress)
        if render is not None:
            record["rendered"] = str(render_file(target, render, target.with_suffix(f".{render}.png")))
        return record

    batch.run(todo, work)


def _targets(todo: batch.Batch, paths: list[str], output: Path | None) -> dict[Path, Path]:
    """Where each video's features go: the tree below a folder argument is kept.

    Raises:
        SettingsError: two videos would get one file, or the output is "-" or a file for several videos.
    """
    from scsampler_cli.features.store import SUFFIX

    if output == batch.STDOUT:
        raise SettingsError("feature files are not written to standard output", hint="give -o a file or a folder")
    if todo.single and output is not None and not output.is_dir():
        batch.keep_apart(todo.inputs, output)
        return {todo.inputs[0]: output}
    roots = [Path(path) for path in paths if Path(path).is_dir()]
    folder = output or Path()
    if folder.suffix == SUFFIX and not folder.is_dir():
        raise SettingsError(f"{folder} is one file for several videos", hint="give -o a folder")
    targets = {}
    for path in todo.inputs:
        root = next((root for root in roots if path.is_relative_to(root)), path.parent)
        targets[path] = folder / path.relative_to(root).with_name(path.name + SUFFIX)
    clashes = [target for target, count in Counter(targets.values()).items() if count > 1]
    if clashes:
        raise SettingsError(
            f"several videos would be written to {min(clashes)}", hint="extract them one folder at a time"
        )
    return targets
