"""`scsampler classify`: tag videos."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scsampler_cli import console
from scsampler_cli.cli import batch, models, options
from scsampler_cli.cli.classifiers import show
from scsampler_cli.cli.environment import demo_dir
from scsampler_cli.config import AGGREGATES, AnswerSettings, FeatureSettings, SelectionSettings
from scsampler_cli.errors import SettingsError

if TYPE_CHECKING:
    from scsampler_cli.media.demo import DemoVideo

ANSWER = "From clips to tags"
Aggregate = StrEnum("Aggregate", {name.replace("-", "_"): name for name in AGGREGATES})  # type: ignore[misc]


@batch.guarded
def classify(
    paths: options.Paths = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Make a video with a known answer and tag it.", rich_help_panel=options.INPUT)
    ] = False,
    k: options.K = 10,
    strategy: options.StrategyOption = options.Strategy("av-union-list"),
    alpha: options.Alpha = None,
    k_visual: options.KVisual = None,
    clip_stride: options.ClipStride = 1,
    seed: options.Seed = 0,
    histogram: options.Histogram = None,
    classifier: Annotated[
        str,
        typer.Option(
            help="auto, a name (--list-classifiers), a model file, a Hugging Face folder, hf:ORG/NAME, or "
            "package.module:factory.",
            rich_help_panel=options.MODELS,
        ),
    ] = "auto",
    weights: options.Weights = None,
    arch: options.Arch = None,
    spec: options.Spec = None,
    labels: options.Labels = None,
    spatial: options.SpatialOption = options.Spatial("centre"),
    aggregate: Annotated[
        Aggregate,
        typer.Option(help="How the clips' probabilities become the video's.", rich_help_panel=ANSWER),
    ] = Aggregate("mean"),
    top_m: Annotated[
        int | None,
        typer.Option(min=1, help="Clips that top-mean averages for each class; default 5.", rich_help_panel=ANSWER),
    ] = None,
    temperature: Annotated[
        float,
        typer.Option(help="Of the classifier: above 1 it is less sure, below 1 surer.", rich_help_panel=ANSWER),
    ] = 1.0,
    visual_sampler: options.VisualSampler = "auto",
    audio_sampler: options.AudioSampler = "auto",
    p_frames: options.PFrames = 4,
    top: Annotated[int, typer.Option(min=1, help="Tags to report.", rich_help_panel=options.OUTPUT)] = 5,
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    glob: options.Glob = None,
    output: options.Output = None,
    format: options.FormatOption = None,
    list_classifiers: Annotated[
        bool, typer.Option("--list-classifiers", help="List the classifiers and leave.", rich_help_panel=options.MODELS)
    ] = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Tag videos by classifying only their most salient clips.

    scsampler classify video.mp4 --k 10
    scsampler classify clips/ -o tags.jsonl
    scsampler classify --demo
    """
    if list_classifiers:
        show([], False, format or options.Format.table, "auto", "auto")
        return
    selection = SelectionSettings(
        strategy.value, k, k_visual, alpha, seed, clip_stride, models.read_histogram(histogram)
    )
    features = FeatureSettings(p_frames=p_frames)
    answer_settings = AnswerSettings(spatial.value, temperature, aggregate.value, top_m)
    given = spec or []
    models.check(classifier, weights, labels, visual_sampler, audio_sampler, device, arch, given)
    if demo:
        if paths:
            raise SettingsError("--demo takes no video", hint="leave out either --demo or the paths")
        from scsampler_cli.demo import demo_video

        demo_path, answer = demo_video(demo_dir())
        paths = [str(demo_path)]
        classifier = "demo" if classifier == "auto" and weights is None else classifier
    todo = batch.plan("classify", paths, glob, format, output, quiet, debug, top)

    from scsampler_cli import pipeline

    model = models.load_classifier(classifier, weights, labels, device, precision, quiet, arch, given)
    model = models.adjust(model, answer_settings)
    auto = "demo" if model.name == "demo" else models.AUTO_SET
    samplers = models.load_samplers(visual_sampler, audio_sampler, auto, device, precision, strategy.value, quiet)

    def work(path: Path, progress: batch.Progress) -> dict[str, Any]:
        record = pipeline.classify(path, samplers, model, features, selection, top, progress, answer_settings)
        record["settings"] |= models.runtime(device, precision)
        return _with_answer(record, answer) if demo else record

    batch.run(todo, work)


def _with_answer(record: dict[str, Any], video: "DemoVideo") -> dict[str, Any]:
    """Add what the generated video really shows, and say it."""
    inside = sum(_overlap(clip, video.segments) > 0.5 for clip in record["clips"])
    found = record["tags"][0]
    console.say(
        f"demo: the video shows {video.label!r} in {len(video.segments)} short stretches; tagged {found['label']!r} "
        f"({found['probability']:.0%}); {inside} of {len(record['clips'])} clips taken lie in those stretches"
    )
    return {**record, "demo": {"label": video.label, "segments_s": video.segments, "clips_in_action": inside}}


def _overlap(clip: dict[str, Any], segments: tuple[tuple[float, float], ...]) -> float:
    """Share of a clip's duration that lies in the segments."""
    start, end = clip["start_s"], clip["end_s"]
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in segments) / (end - start)
