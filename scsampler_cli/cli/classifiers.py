"""`scsampler classifiers`: which classifiers there are, what each takes and costs, and whether it works."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from scsampler_cli.cli import console, options, run_batch
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.tables import classifiers_table, csv_columns
from scsampler_cli.output.writers import open_writer
from scsampler_cli.pipeline.models import ModelOptions

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier


@run_batch.guarded
def classifiers(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names, model files or Hugging Face folders to show; default: all names."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Run those that are named, or else all whose weights are here, on known clips: sums, NaN, batches, speed.",
        ),
    ] = False,
    weights: options.Weights = None,
    arch: options.Arch = None,
    spec: options.Spec = None,
    labels: options.Labels = None,
    device: options.Device = "auto",
    precision: options.PrecisionOption = options.Precision.auto,
    format: Annotated[
        options.Format,
        typer.Option("--format", help="Form of the list.", rich_help_panel=options.OUTPUT),
    ] = options.Format.table,
    debug: options.Debug = False,
) -> None:
    """List clip classifiers: clip geometry, labels, costs, weights; with --check, whether they work.

    scsampler classifiers
    scsampler classifiers mc3_18 --format json
    scsampler classifiers model.onnx --check
    """
    chosen = ModelOptions(
        weights=weights,
        labels=labels,
        arch=arch,
        spec=tuple(spec or ()),
        device=device,
        precision=precision.value,
    )
    if (weights or arch or labels or spec) and len(names or ()) != 1:
        raise SettingsError(
            "--weights, --arch, --spec and --labels are about one classifier",
            code="classifier-options-incomplete",
            hint="name it",
        )
    for name in names or ():
        replace(chosen, classifier=name).check()
    show(names or [], check, format, models=chosen, debug=debug)


def show(
    names: Sequence[str],
    check: bool,
    form: options.Format,
    *,
    models: ModelOptions,
    debug: bool = False,
) -> None:
    """Write the records; the exit code says whether what was named or checked is good, and not what else is installed."""
    from scsampler_cli.classifiers.inspection import inspect

    def load(name: str) -> "ClipClassifier":
        return replace(models, classifier=name).load_classifier(console.notes(True))[0]

    errors: list[Exception] = []

    def failed(error: Exception) -> None:
        errors.append(error)
        if debug:
            console.show_traceback(error)
        if names or check:  # a list has the reason in its own line
            console.show_error(error)

    records = inspect(names, load, check, failed=failed)
    if form == options.Format.table:
        typer.echo(classifiers_table(list(records)), nl=False)
    else:
        with open_writer(
            form.value, None, sys.stdout, columns=csv_columns("classifiers", 0), single=False
        ) as writer:
            for record in records:
                writer.write(record)
    if errors and (names or check):
        raise typer.Exit(run_batch.FAILED if len(errors) == len(names) else run_batch.SOME_FAILED)
