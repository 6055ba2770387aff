"""`scsampler classifiers`: the classifiers, their inputs and costs, and whether they work."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from scsampler_cli.cli import command_guard, console
from scsampler_cli.cli.model_options import ClassifierFileOptions, DeviceOptions, models_of
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import Debug, Format, ListFormat
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.listing_tables import classifiers_table
from scsampler_cli.output.writers import open_writer
from scsampler_cli.pipeline.models import ModelOptions

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier


@command_guard.guarded
@expanded
def classifiers(
    *,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names, model files or Hugging Face folders of classifiers. Default: all names."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Run the classifiers on known clips, and compare results, batches and speed. "
            "Without names: all classifiers whose weights are on this machine.",
        ),
    ] = False,
    files: ClassifierFileOptions,
    device: DeviceOptions,
    format: ListFormat = Format.table,
    debug: Debug = False,
) -> None:
    """List clip classifiers with their clip geometry, labels, costs and weights.

    scsampler classifiers
    scsampler classifiers mc3_18 --format json
    scsampler classifiers model.onnx --check
    """
    # one set of options for all names; the loop below sets the name
    models = models_of(device, files=files)
    names = names or []
    if files != ClassifierFileOptions() and len(names) != 1:
        raise SettingsError(
            "options on the weights, the spec and the labels need the name of one classifier",
            code="classifier-options-incomplete",
            hint="scsampler classifiers NAME --weights FILE",
        )
    for name in names:
        replace(models, classifier=name).check()
    show(names, check, format, models=models, debug=debug)


def show(
    names: Sequence[str],
    check: bool,
    form: Format,
    *,
    models: ModelOptions,
    debug: bool = False,
) -> None:
    """Print the records of classifiers.

    Args:
        names: names or files; all names if there are none.
        check: True to run them.
        form: format of the records.
        models: options for loading them.
        debug: True to show tracebacks.

    Raises:
        typer.Exit: a classifier that was named or run has an error. Others do not change the exit
            code, since not every package that a classifier needs must be installed.
    """
    from scsampler_cli.classifiers.inspection import inspect

    def load(name: str) -> "ClipClassifier":
        return replace(models, classifier=name).load_classifier(lambda _: None)[0]

    errors: list[Exception] = []

    def add_error(error: Exception) -> None:
        errors.append(error)
        if debug:
            console.show_traceback(error)
        # a list of all names has the error in the line of the classifier
        if names or check:
            console.show_error(error)

    records = inspect(names, load, check, failed=add_error)
    if form == Format.table:
        typer.echo(classifiers_table(list(records)), nl=False)
    else:
        with open_writer(
            form.value, None, sys.stdout, columns=csv_columns("classifiers", 0), single=False
        ) as writer:
            for record in records:
                writer.write(record)
    # without names, a package that is not installed is no failure of the command
    if errors and (names or check):
        all_failed = len(errors) == len(names)
        raise typer.Exit(command_guard.FAILED if all_failed else command_guard.SOME_FAILED)
