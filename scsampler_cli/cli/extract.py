"""`scsampler extract`: the features themselves."""

import os
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.batch.task import Record
from scsampler_cli.cli import (
    batch_options,
    engines,
    no_effect,
    options,
    output_targets,
    overwrite_checks,
    run_batch,
)
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import INPUTS, FeatureSettings, ReadSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.files.output_paths import check_file
from scsampler_cli.files.urls import check_written
from scsampler_cli.tasks import Extract, drawing_of


@run_batch.guarded
def extract(
    context: typer.Context,
    paths: options.Paths = None,
    what: Annotated[
        str,
        typer.Option(
            help="Features, separated by commas: if (I-frames), md (motion), rgbr (residuals), mel (sound).",
            rich_help_panel=options.INPUT,
        ),
    ] = ",".join(INPUTS),
    p_frames: options.PFrames = FeatureSettings.p_frames,
    short_side: options.ShortSide = FeatureSettings.short_side,
    clip_frames: options.ClipFrames = 16,
    frame_stride: options.FrameStride = 1,
    clip_stride: options.ClipStride = 1,
    render: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Also draw the features of this clip, from 0, as a PNG beside the file.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    reencode: Annotated[
        bool,
        typer.Option(
            "--reencode",
            help="First write the video anew as the compressed-video literature does (MPEG-4, 340x256, an I-frame in 12; needs "
            "ffmpeg), beside the feature file; the features are of that.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    glob: options.Glob = None,
    video_stream: options.VideoStream = None,
    audio_stream: options.AudioStream = None,
    max_pixels: options.MaxPixels = ReadSettings.max_pixels,
    max_frames: options.MaxFrames = ReadSettings.max_frames,
    strict: options.Strict = False,
    jobs: batch_options.Jobs = None,
    shard: batch_options.Shard = None,
    engine: batch_options.EngineOption = batch_options.Engine.local,
    address: batch_options.Address = None,
    cpus_per_actor: batch_options.CpusPerActor = None,
    timeout: batch_options.Timeout = None,
    max_memory: batch_options.MaxMemory = None,
    resume: batch_options.Resume = False,
    as_finished: batch_options.AsFinished = False,
    hash: batch_options.Hash = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=output_targets.output_path,
            metavar="PATH",
            help="Feature file (.scf), or a folder for several videos; default: VIDEO.scf in the folder where the command runs.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    format: options.FormatOption = None,
    schema: options.Schema = False,
    records: Annotated[
        Path | None,
        typer.Option(
            parser=output_targets.output_path,
            metavar="PATH",
            help="Write the records of what was done to this file; default: standard output.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    log_file: options.LogFile = None,
    debug: options.Debug = False,
) -> None:
    """Write the compressed-domain and audio features of videos to feature files (.scf).

    scsampler extract video.mp4 -o video.scf --render 3
    scsampler extract clips/ -o features/ --what md,mel --records features.jsonl
    """
    no_effect.check(context, no_effect.EXTRACT)
    features = FeatureSettings(tuple(dict.fromkeys(what.split(","))), p_frames, short_side)
    reading = ReadSettings(
        video_stream=video_stream,
        audio_stream=audio_stream,
        max_pixels=max_pixels,
        max_frames=max_frames,
        strict=strict,
    )
    ray = engines.asked(engine, address, jobs, cpus=cpus_per_actor)
    running = RunOptions(
        jobs=jobs or 1,
        timeout_s=timeout,
        max_memory_gb=max_memory,
        as_finished=as_finished,
        resume=resume,
        hashed=hash,
        quiet=quiet,
        verbose=verbose,
        debug=debug,
        log_file=log_file,
        ray=ray,
        overwrite=overwrite,
    )
    if reencode:
        from scsampler_cli.transcode.program import find_ffmpeg

        find_ffmpeg()
    todo = run_batch.plan(
        "extract", paths, glob, form=format, output=records, running=running, shard=shard
    )
    files = _targets(todo, paths or [], output, log_file=log_file)
    _check_made(todo, files, render, reencode=reencode)
    task = Extract(
        output or Path(),
        files,
        features,
        reading=reading,
        clip_frames=clip_frames,
        frame_stride=frame_stride,
        clip_stride=clip_stride,
        render=render,
        reencode=reencode,
    )
    run_batch.run(todo, task, run_batch.Hooks(still_there=_is_there))


def _check_made(
    todo: Batch, files: dict[Path, Path], render: int | None, *, reencode: bool
) -> None:
    """Refuse to write over what is there, or is read.

    Raises:
        SettingsError, OutputError: see `outputs`.
    """
    from scsampler_cli.features.store import sniff
    from scsampler_cli.transcode.normalise import SUFFIX

    made = [files[path] for path in todo.inputs]
    overwrite_checks.check_made(made, "-o", todo.running, is_own=sniff)
    drawn = [] if render is None else [drawing_of(target, render) for target in made]
    reencoded = [target.with_suffix(SUFFIX) for target in made] if reencode else []
    output_targets.check_apart([*drawn, *reencoded], todo.named)
    overwrite_checks.check_made([*drawn, *reencoded], "-o", todo.running)


def _is_there(record: Record) -> bool:
    """True when the file that a record tells of is still there, and whole."""
    if record["status"] != "ok":
        return True
    try:
        kept = record.get("reencoded") is None or Path(record["reencoded"]).is_file()
        return kept and Path(record["output"]).stat().st_size == record["bytes"]
    except OSError:
        return False


def _targets(
    todo: Batch, paths: list[str], output: Path | None, *, log_file: Path | None
) -> dict[Path, Path]:
    """Where each video's features go: the tree below a folder argument is kept.

    Raises:
        SettingsError: two videos would get one file, or the output is "-" or a file for several videos.
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
    # os.path's isdir says no where pathlib's raises: for names that are too long
    is_folder = isinstance(output, output_targets.Folder) or (
        output is not None and os.path.isdir(output)  # noqa: PTH112
    )
    if todo.single and output is not None and not is_folder:
        overwrite_checks.check_not_read(todo.inputs, {"-o": output})
        if output.suffix != SUFFIX:
            raise SettingsError(
                f"{output} does not end in {SUFFIX}",
                code="output-suffix-unknown",
                hint=f"-o FILE{SUFFIX}, or a folder: -o FOLDER/",
            )
        if output.parent.is_dir():  # else it is made
            check_file(output)
            overwrite_checks.check_outputs(
                todo.inputs, {"-o": output, "--records": todo.output, "--log-file": log_file}
            )
        return dict.fromkeys(todo.inputs, output)
    folder = Path(output or ".")
    if folder.suffix == SUFFIX and not folder.is_dir():
        raise SettingsError(
            f"{folder} is one file for several videos",
            code="output-folder-needed",
            hint="give -o a folder",
        )
    return output_targets.below(folder, todo.named, paths, suffix=SUFFIX)
