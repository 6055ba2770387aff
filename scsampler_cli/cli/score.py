"""`scsampler score`: the saliency of every clip."""

from typing import TYPE_CHECKING

import typer

from scsampler_cli.cli import (
    artifact_options,
    batch_options,
    engines,
    no_effect,
    options,
    run_batch,
)
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.pipeline import models
from scsampler_cli.tasks import Score

if TYPE_CHECKING:
    pass


@run_batch.guarded
def score(
    context: typer.Context,
    paths: options.Paths = None,
    k: options.K = 10,
    strategy: options.StrategyOption = options.Strategy("av-union-list"),
    alpha: options.Alpha = None,
    k_visual: options.KVisual = None,
    clip_stride: options.ClipStride = 1,
    seed: options.Seed = 0,
    histogram: options.Histogram = None,
    cascade: options.Cascade = False,
    candidates: options.Candidates = None,
    visual_sampler: options.VisualSampler = "auto",
    audio_sampler: options.AudioSampler = "auto",
    packet_sampler: options.PacketSampler = "auto",
    p_frames: options.PFrames = FeatureSettings.p_frames,
    short_side: options.ShortSide = FeatureSettings.short_side,
    clip_frames: options.ClipFrames = 16,
    frame_stride: options.FrameStride = 1,
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
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
    gpus_per_actor: batch_options.GpusPerActor = None,
    timeout: batch_options.Timeout = None,
    max_memory: batch_options.MaxMemory = None,
    resume: batch_options.Resume = False,
    as_finished: batch_options.AsFinished = False,
    hash: batch_options.Hash = False,
    output: options.Output = None,
    format: options.ClipFormatOption = None,
    schema: options.Schema = False,
    report: options.Report = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    log_file: options.LogFile = None,
    debug: options.Debug = False,
) -> None:
    """Score every clip of videos, or of feature files that extract wrote (.scf).

    scsampler score video.mp4 --visual-sampler md.safetensors,rgbr.safetensors
    scsampler score video.scf --format csv -o scores.csv
    """
    no_effect.check(context, no_effect.SCORE)
    first = models.first_stage(cascade, candidates, k)
    selection = SelectionSettings(
        strategy=strategy.value,
        k=k,
        k_visual=k_visual,
        alpha=alpha,
        seed=seed,
        clip_stride=clip_stride,
        histogram=models.read_histogram(histogram),
        candidates=first,
    )
    features = FeatureSettings(p_frames=p_frames, short_side=short_side)
    reading = ReadSettings(
        video_stream=video_stream,
        audio_stream=audio_stream,
        max_pixels=max_pixels,
        max_frames=max_frames,
        strict=strict,
    )
    ray = engines.asked(
        engine, address, jobs, cpus=cpus_per_actor, gpus=gpus_per_actor, device=device
    )
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
    chosen = models.ModelOptions(
        visual_sampler=visual_sampler,
        audio_sampler=audio_sampler,
        packet_sampler=packet_sampler,
        device=device,
        precision=precision,
    )
    chosen.check_samplers(selection, models.AUTO_SET, shows_all=True)
    chosen.check()
    asked = artifact_options.ArtifactOptions(report=report)
    asked.check()
    todo = run_batch.plan(
        "score",
        paths,
        glob,
        form=format,
        output=output,
        running=running,
        shard=shard,
        reads=chosen.files(histogram),
    )
    artifacts = artifact_options.artifacts_of(asked, todo, paths or [])
    index = artifact_options.Index(artifacts, todo)
    task = Score(
        chosen,
        features,
        selection,
        reading=reading,
        clip_frames=clip_frames,
        frame_stride=frame_stride,
        artifacts=artifacts,
    )
    run_batch.run(todo, task, run_batch.Hooks(artifacts.are_there, index.add, index.write))
