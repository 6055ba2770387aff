"""`scsampler classify`: tag videos."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

import typer

from scsampler_cli.batch.task import Record
from scsampler_cli.cli import artifact_options, console, no_effect, run_batch
from scsampler_cli.cli.artifact_options import ArtifactOptions
from scsampler_cli.cli.batch_files import BatchFiles
from scsampler_cli.cli.batch_options import GpuBatchOptions
from scsampler_cli.cli.classifiers import show
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.environment import demo_dir
from scsampler_cli.cli.input_options import InputOptions, PFrames, PictureGap, ReadOptions
from scsampler_cli.cli.model_options import (
    MODELS,
    Classifier,
    ClassifierFileOptions,
    DeviceOptions,
    SamplerOptions,
    Spatial,
    SpatialOption,
    models_of,
)
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import (
    OUTPUT,
    MessageOptions,
    demo_option,
    list_format,
)
from scsampler_cli.cli.row_options import TagRecordOptions, rows_of
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.cli.selection_options import TagSelectionOptions
from scsampler_cli.config import AGGREGATES, AnswerSettings, FeatureSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.pipeline import models
from scsampler_cli.pipeline.strategy_choice import check_aggregate
from scsampler_cli.tasks import Classify

ANSWER = "From clips to tags"
# made from the library's names, so that both lists stay the same
Aggregate = StrEnum("Aggregate", {name.replace("-", "_"): name for name in AGGREGATES})  # type: ignore[misc]
# a default of a dataclass may not be a call
DEFAULT_SPATIAL = Spatial(AnswerSettings.spatial)
DEFAULT_AGGREGATE = Aggregate(AnswerSettings.aggregate)


@dataclass(frozen=True, kw_only=True)
class TagOptions:
    """How the classifier's answers on clips become the tags of a video."""

    spatial: SpatialOption = DEFAULT_SPATIAL
    aggregate: Annotated[
        Aggregate,
        typer.Option(
            help="How the class probabilities of the clips are combined: their mean or maximum, "
            "the mean of the highest (top-mean), or the mean of logarithms (log-mean).",
            rich_help_panel=ANSWER,
        ),
    ] = DEFAULT_AGGREGATE
    top_m: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of clips that --aggregate top-mean averages for each class. Default: 5.",
            rich_help_panel=ANSWER,
        ),
    ] = None
    temperature: Annotated[
        float,
        typer.Option(
            help="Divide the classifier's logits by this number, above 0. Above 1: probabilities "
            "are more even; below 1: less even.",
            rich_help_panel=ANSWER,
        ),
    ] = 1.0
    segments: Annotated[
        bool,
        typer.Option(
            "--segments/--no-segments",
            help="Find where the actions are: stretches of the video with start, end, label and "
            "probability. The classifier answers further clips for it (--max-k).",
            rich_help_panel=ANSWER,
        ),
    ] = False
    min_probability: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="A video whose confidence is lower is 'unsure': it has no label, and is listed "
            "all the same. 0 sets no limit. Default: the classifier's own limit, if it has one.",
            rich_help_panel=ANSWER,
        ),
    ] = None
    top: Annotated[
        int, typer.Option(min=1, help="Number of tags per video.", rich_help_panel=OUTPUT)
    ] = 5

    def settings(self) -> AnswerSettings:
        """The same as settings of the library.

        Raises:
            SettingsError: options that do not go together, or a value out of range.
        """
        return AnswerSettings(
            spatial=self.spatial.value,
            temperature=self.temperature,
            aggregate=self.aggregate.value,
            top_m=self.top_m,
            min_probability=self.min_probability,
        )


@guarded
@expanded
def classify(
    *,
    context: typer.Context,
    inputs: InputOptions,
    demo: Annotated[bool, demo_option("One video of 60 s with a known answer.")] = False,
    selection: TagSelectionOptions,
    classifier: Classifier = "auto",
    files: ClassifierFileOptions,
    list_classifiers: Annotated[
        bool,
        typer.Option(
            "--list-classifiers",
            help="List the classifiers, and exit.",
            rich_help_panel=MODELS,
        ),
    ] = False,
    samplers: SamplerOptions,
    p_frames: PFrames = FeatureSettings.p_frames,
    picture_gap: PictureGap = FeatureSettings.picture_gap,
    device: DeviceOptions,
    tags: TagOptions,
    reading: ReadOptions,
    records: TagRecordOptions,
    artifacts: ArtifactOptions,
    batch: GpuBatchOptions,
    messages: MessageOptions,
) -> None:
    """Tag videos by classifying only their most salient clips.

    scsampler classify video.mp4 --k 10
    scsampler classify clips/ --jobs 4 -o tags.jsonl --resume
    scsampler classify video.mp4 --classifier mine.safetensors --format json
    scsampler classify --demo
    """
    # before anything else: it needs the values as Typer has them
    no_effect.check(context, no_effect.classify_rules(context))
    if list_classifiers:
        show([], False, list_format(records.format), models=models.ModelOptions())
        return
    # everything that can be refused is refused before files are read or models are loaded
    selected, answer = selection.settings(), tags.settings()
    read, segments = reading.settings(), selection.segments(tags.segments)
    running = RunOptions.of(batch, messages, overwrite=records.overwrite, device=device.device)
    loaded = models_of(device, samplers, files, classifier=classifier)
    if demo:
        loaded = _demo_models(loaded, inputs)
    loaded.check_samplers(selected, loaded.auto_set, shows_all=False)
    loaded.check()
    # as "auto" may be of the strategy, its aggregates are both known
    check_aggregate(selected, answer.for_strategy(selected.strategy))
    artifacts.check()
    rows = rows_of(records.rows, has_segments=tags.segments)

    # made after all checks: rendering takes some seconds
    known = None
    if demo:
        # imported late: it needs numpy and PyAV
        from scsampler_cli.datasets.generated import demo_video

        video, known = demo_video(demo_dir())
        # the batch sees the generated video as if the user had named it
        inputs = replace(inputs, paths=[str(video)])
    todo = run_batch.plan(
        "classify",
        inputs,
        running,
        form=records.format,
        output=records.output,
        shard=batch.shard,
        top=tags.top,
        rows=rows,
        reads=loaded.files(selection.histogram),
    )
    # these checks need the list of videos
    targets = artifact_options.artifacts_of(artifacts, todo, inputs.paths or [])
    of_batch = BatchFiles(targets, todo)

    def add(record: Record) -> None:
        of_batch.add(record)
        if demo and record["status"] == "ok":
            _show_known(record)

    # what worker processes get: picklable, and without anything of the command line
    task = Classify(
        models=loaded,
        features=FeatureSettings(p_frames=p_frames, picture_gap=picture_gap),
        selection=selected,
        answer=answer,
        reading=read,
        top=tags.top,
        segments=segments,
        demo=known,
        artifacts=targets,
    )
    run_batch.run(todo, task, run_batch.Hooks(targets.are_there, add, of_batch.write))


def _demo_models(loaded: models.ModelOptions, inputs: InputOptions) -> models.ModelOptions:
    """The models for generated videos, if the user names none.

    Raises:
        SettingsError: the user names videos, too.
    """
    if inputs.paths:
        raise SettingsError(
            "--demo takes no video",
            code="source-conflict",
            hint="leave out either --demo or the paths",
        )
    return loaded if loaded.names_classifier else replace(loaded, classifier=models.DEMO)


def _show_known(record: Record) -> None:
    """Compare the tags of the generated video with what it shows."""
    # the first tag is the best one
    found, known = record["tags"][0], record["demo"]
    console.say(
        f"demo: the video shows {known['label']!r} in {len(known['segments_s'])} short segments; "
        f"tagged {found['label']!r} ({found['probability']:.0%}); {known['clips_in_action']} of "
        f"the {len(record['clips'])} selected clips lie in those segments"
    )
