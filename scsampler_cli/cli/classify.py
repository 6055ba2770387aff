"""`scsampler classify`: tag videos."""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from scsampler_cli.batch.task import Record
from scsampler_cli.cli import (
    artifact_options,
    batch_options,
    console,
    engines,
    no_effect,
    options,
    run_batch,
)
from scsampler_cli.cli.classifiers import show
from scsampler_cli.cli.environment import demo_dir
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config import (
    AGGREGATES,
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.errors import SettingsError
from scsampler_cli.pipeline import models
from scsampler_cli.tasks import Classify

if TYPE_CHECKING:
    pass

ANSWER = "From clips to tags"
Aggregate = StrEnum("Aggregate", {name.replace("-", "_"): name for name in AGGREGATES})  # type: ignore[misc]


@run_batch.guarded
def classify(
    context: typer.Context,
    paths: options.Paths = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Make a video with a known answer (60 s, in the cache folder) and tag it.",
            rich_help_panel=options.INPUT,
        ),
    ] = False,
    k: options.K = 10,
    strategy: options.StrategyOption = options.Strategy("av-union-list"),
    alpha: options.Alpha = None,
    k_visual: options.KVisual = None,
    clip_stride: options.ClipStride = 1,
    seed: options.Seed = 0,
    histogram: options.Histogram = None,
    cascade: options.Cascade = False,
    candidates: options.Candidates = None,
    classifier: Annotated[
        str,
        typer.Option(
            help="A name (--list-classifiers), a model file, a Hugging Face folder, hf:ORG/NAME, or package.module:factory; "
            "auto: mc3_18 if its weights can be had, else actions6.",
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
        typer.Option(
            help="How the clips' probabilities become the video's: mean, max, or mean of the best (top-mean) or of logarithms.",
            rich_help_panel=ANSWER,
        ),
    ] = Aggregate("mean"),
    top_m: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Clips that --aggregate top-mean averages for each class; default 5.",
            rich_help_panel=ANSWER,
        ),
    ] = None,
    temperature: Annotated[
        float,
        typer.Option(
            help="Divides the classifier's logits: above 1 it is less sure, below 1 (and above 0) surer.",
            rich_help_panel=ANSWER,
        ),
    ] = 1.0,
    visual_sampler: options.VisualSampler = "auto",
    audio_sampler: options.AudioSampler = "auto",
    packet_sampler: options.PacketSampler = "auto",
    p_frames: options.PFrames = FeatureSettings.p_frames,
    top: Annotated[
        int, typer.Option(min=1, help="Tags to report, best first.", rich_help_panel=options.OUTPUT)
    ] = 5,
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
    thumbnails: options.Thumbnails = None,
    reel: options.Reel = None,
    reel_pad: options.ReelPad = 0.0,
    list_classifiers: Annotated[
        bool,
        typer.Option(
            "--list-classifiers",
            help="List the classifiers and leave.",
            rich_help_panel=options.MODELS,
        ),
    ] = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    log_file: options.LogFile = None,
    debug: options.Debug = False,
) -> None:
    """Tag videos by classifying only their most salient clips.

    scsampler classify video.mp4 --k 10
    scsampler classify clips/ --jobs 4 -o tags.jsonl --resume
    scsampler classify video.mp4 --classifier mine.safetensors --format json
    scsampler classify --demo
    """
    no_effect.check(context, no_effect.of_classify(context))
    if list_classifiers:
        show([], False, options.of_list(format), models=models.ModelOptions())
        return
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
    features = FeatureSettings(p_frames=p_frames)
    answer_settings = AnswerSettings(
        spatial=spatial.value, temperature=temperature, aggregate=aggregate.value, top_m=top_m
    )
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
        classifier=classifier,
        weights=weights,
        labels=labels,
        arch=arch,
        spec=tuple(spec or ()),
        visual_sampler=visual_sampler,
        audio_sampler=audio_sampler,
        packet_sampler=packet_sampler,
        device=device,
        precision=precision,
    )
    if demo and paths:
        raise SettingsError(
            "--demo takes no video",
            code="source-conflict",
            hint="leave out either --demo or the paths",
        )
    if demo and not chosen.names_classifier:
        chosen = replace(chosen, classifier=models.DEMO)
    chosen.check_samplers(selection, chosen.auto_set, shows_all=False)
    chosen.check()
    asked = artifact_options.ArtifactOptions(
        report=report, thumbnails=thumbnails, reel=reel, reel_pad_s=reel_pad
    )
    asked.check()
    answer = None
    if demo:
        from scsampler_cli.datasets.generated import demo_video

        demo_path, answer = demo_video(demo_dir())
        paths = [str(demo_path)]
    reads = chosen.files(histogram)
    todo = run_batch.plan(
        "classify",
        paths,
        glob,
        form=format,
        output=output,
        running=running,
        top=top,
        shard=shard,
        reads=reads,
    )
    artifacts = artifact_options.artifacts_of(asked, todo, paths or [])
    index = artifact_options.Index(artifacts, todo)

    def made(record: Record) -> None:
        index.add(record)
        if demo and record["status"] == "ok":
            _say_answer(record)

    task = Classify(
        chosen,
        features,
        selection,
        answer=answer_settings,
        reading=reading,
        top=top,
        known=answer,
        artifacts=artifacts,
    )
    run_batch.run(todo, task, run_batch.Hooks(artifacts.are_there, made, index.write))


def _say_answer(record: Record) -> None:
    """How the tags compare with what the generated video shows."""
    found, known = record["tags"][0], record["demo"]
    console.say(
        f"demo: the video shows {known['label']!r} in {len(known['segments_s'])} short stretches; tagged "
        f"{found['label']!r} ({found['probability']:.0%}); {known['clips_in_action']} of {len(record['clips'])} clips "
        "taken lie in those stretches"
    )
