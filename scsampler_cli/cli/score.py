"""`scsampler score`: the saliency of every clip."""

from pathlib import Path
from typing import Any

from scsampler_cli.cli import batch, models, options
from scsampler_cli.config import FeatureSettings, SelectionSettings


@batch.guarded
def score(
    paths: options.Paths = None,
    k: options.K = 10,
    strategy: options.StrategyOption = options.Strategy("av-union-list"),
    alpha: options.Alpha = None,
    k_visual: options.KVisual = None,
    clip_stride: options.ClipStride = 1,
    seed: options.Seed = 0,
    histogram: options.Histogram = None,
    visual_sampler: options.VisualSampler = "auto",
    audio_sampler: options.AudioSampler = "auto",
    p_frames: options.PFrames = 4,
    short_side: options.ShortSide = 128,
    clip_frames: options.ClipFrames = 16,
    frame_stride: options.FrameStride = 1,
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    glob: options.Glob = None,
    output: options.Output = None,
    format: options.FormatOption = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Score every clip of videos, or of feature files that extract wrote (.scf).

    scsampler score video.mp4
    scsampler score video.scf --format csv -o scores.csv
    """
    selection = SelectionSettings(
        strategy.value, k, k_visual, alpha, seed, clip_stride, models.read_histogram(histogram)
    )
    features = FeatureSettings(p_frames=p_frames, short_side=short_side)
    models.check(visual=visual_sampler, audio=audio_sampler, device=device)
    todo = batch.plan("score", paths, glob, format, output, quiet, debug)

    from scsampler_cli import pipeline

    samplers = models.load_samplers(
        visual_sampler, audio_sampler, models.AUTO_SET, device, precision, strategy.value, quiet
    )

    def work(path: Path, progress: batch.Progress) -> dict[str, Any]:
        record = pipeline.score(path, samplers, features, clip_frames, frame_stride, selection, progress)
        record["settings"] |= models.runtime(device, precision)
        return record

    batch.run(todo, work)
