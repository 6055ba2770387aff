"""Where the records of a batch are written: standard output, a file, or one file per video."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scsampler_cli.batch.task import Record
from scsampler_cli.cli import console
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.cli.environment import wants_styles
from scsampler_cli.errors import OutputError
from scsampler_cli.output.writers import DOCUMENT_FORMATS, FORMATS, CutWriter, open_writer

if TYPE_CHECKING:
    from scsampler_cli.batch.resume import OnDisk, Results


@contextmanager
def open_batch_results(
    batch: Batch,
    identity: dict[str, Any],
    is_valid: Callable[[Record], bool],
    *,
    on_failure: Callable[[OutputError], object],
) -> Iterator[Results]:
    """Open the output of a batch.

    Args:
        batch: from `run_batch.plan`.
        identity: settings of the run; records of an earlier run with other settings are not reused.
        is_valid: False for a record of an earlier run whose files have been lost since.
        on_failure: is called with the error when the file of one video cannot be written.

    Yields:
        what takes the records; with --resume it has the records of the earlier run.
    """
    from scsampler_cli.batch import resume

    ordered = not batch.running.as_finished
    # a format that holds one video per file
    if batch.places is not None:
        cuts = CutWriter(
            batch.form,
            batch.places.targets,
            batch.places.folder,
            stdout=sys.stdout,
            on_failure=on_failure,
            on_note=console.on_note,
        )
        yield resume.InMemory(cuts, ordered)
        return
    # a table, JSON, CSV, or a pipe: nothing of an earlier run to continue
    if not batch.on_disk:
        with open_writer(
            batch.form,
            batch.output,
            sys.stdout,
            columns=batch.columns,
            single=batch.single,
            rows=batch.rows,
            has_styles=batch.output is None and wants_styles(),
            on_note=console.on_note,
        ) as writer:
            yield resume.InMemory(writer, ordered)
        return
    with open_json_lines(batch) as results:
        if batch.running.resume:
            message, is_repeated = results.recall(batch.command, identity, is_valid)
            # that earlier records are not reused is said even with --quiet
            (console.say if is_repeated else console.note)(f"note: {message}")
        yield results


@contextmanager
def open_json_lines(batch: Batch) -> Iterator[OnDisk]:
    """Open the output of a batch that is a file of JSON lines.

    Existing records stay with --resume, are replaced with --overwrite, and are otherwise kept under
    another name.
    """
    from scsampler_cli.batch import resume

    assert batch.output is not None
    running = batch.running
    paths = [str(path) for path in batch.inputs]
    keep = running.resume or not running.overwrite
    # a link stays a link: the file that it points to is written
    place = batch.output.resolve()
    with resume.open_results(place, paths, not running.as_finished, keep=keep) as results:
        # the earlier file gets its new name when this one is open, and not before
        kept = None if running.resume or not keep else results.set_aside()
        if kept is not None:
            console.say(
                f"note: the records of an earlier run are kept in {kept} "
                "(--resume continues an earlier run)"
            )
        yield results


def write_single(batch: Batch, record: Record) -> None:
    """Write the record of a batch of one file whose work has not started."""
    if batch.on_disk:
        with open_json_lines(batch) as results:
            results.add(0, record)
    elif batch.form in (*FORMATS, *DOCUMENT_FORMATS) and batch.form != "table":
        with open_writer(
            batch.form, batch.output, sys.stdout, columns=batch.columns, single=True
        ) as writer:
            writer.write(record)


def write_nothing(batch: Batch) -> None:
    """Write a valid output without records, as for a shard without files.

    Records of other shards that are in the output stay.
    """
    if batch.on_disk:
        with open_json_lines(batch):
            return
    if batch.form in (*FORMATS, *DOCUMENT_FORMATS):
        with open_writer(batch.form, batch.output, sys.stdout, columns=batch.columns, single=False):
            return
