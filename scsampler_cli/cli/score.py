"""`scsampler score`: the saliency of every clip."""

import typer

from scsampler_cli.cli import artifact_options, no_effect, run_batch
from scsampler_cli.cli.artifact_options import ArtifactOptions, PageOptions
from scsampler_cli.cli.batch_index import Index
from scsampler_cli.cli.batch_options import GpuBatchOptions
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.input_options import ClipOptions, InputOptions, ReadOptions
from scsampler_cli.cli.model_options import DeviceOptions, SamplerOptions, models_of
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import MessageOptions, RecordOptions
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.cli.selection_options import SelectionOptions
from scsampler_cli.pipeline import models
from scsampler_cli.pipeline.strategy_choice import check_needs_no_classifier
from scsampler_cli.tasks import Score


@guarded
@expanded
def score(
    *,
    context: typer.Context,
    inputs: InputOptions,
    selection: SelectionOptions,
    samplers: SamplerOptions,
    device: DeviceOptions,
    clips: ClipOptions,
    reading: ReadOptions,
    records: RecordOptions,
    page: PageOptions,
    batch: GpuBatchOptions,
    messages: MessageOptions,
) -> None:
    """Score every clip of videos, or of feature files that extract wrote (.scf).

    scsampler score video.mp4 --visual-sampler md.safetensors,rgbr.safetensors
    scsampler score video.scf --format csv -o scores.csv
    """
    # before anything else: it needs the values as Typer has them
    no_effect.check(context, no_effect.SCORE)
    # everything that can be refused is refused before files are read or models are loaded
    selected, features = selection.settings().by_samplers(), clips.features()
    read = reading.settings()
    running = RunOptions.of(batch, messages, overwrite=records.overwrite, device=device.device)
    loaded = models_of(device, samplers)
    check_needs_no_classifier(selected)
    loaded.check_samplers(selected, models.AUTO_SET, shows_all=True)
    loaded.check()
    # scores have a page, but no contact sheet and no reel
    artifacts = ArtifactOptions(report=page.report)
    artifacts.check()

    todo = run_batch.plan(
        "score",
        inputs,
        running,
        form=records.format,
        output=records.output,
        shard=batch.shard,
        reads=loaded.files(selection.histogram),
    )
    # these checks need the list of videos
    targets = artifact_options.artifacts_of(artifacts, todo, inputs.paths or [])
    index = Index(targets, todo)
    # what worker processes get: picklable, and without anything of the command line
    task = Score(
        models=loaded,
        features=features,
        selection=selected,
        reading=read,
        clip_frames=clips.clip_frames,
        frame_stride=clips.frame_stride,
        artifacts=targets,
    )
    run_batch.run(todo, task, run_batch.Hooks(targets.are_there, index.add, index.write))
