"""`scsampler cache`: what train and bench keep on disk, how large it is, and less of it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cache.entries import Contents, scan_cache
from scsampler_cli.cache.listing import records
from scsampler_cli.cache.prune import Limit, Pruned, parse_limit, prune
from scsampler_cli.cli import (
    command_guard,
    console,
    input_options,
    output_options,
)
from scsampler_cli.cli.environment import kept_dir
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.listing_tables import cache_table
from scsampler_cli.output.writers import open_writer


@command_guard.guarded
def cache(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FOLDER",
            help="The cache; default, as of train and bench: ~/.cache/scsampler/train.",
            rich_help_panel=input_options.INPUT,
        ),
    ] = None,
    prune_to: Annotated[
        str | None,
        typer.Option(
            "--prune",
            metavar="SIZE|AGE",
            help="Remove what is beyond a size (10GB) or was not used for a time (30d), the least recently used first.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="With --prune: remove nothing, and show what would be removed."
        ),
    ] = False,
    format: Annotated[
        output_options.Format,
        typer.Option("--format", help="Form of the list.", rich_help_panel=output_options.OUTPUT),
    ] = output_options.Format.table,
    debug: output_options.Debug = False,
) -> None:
    """List what train and bench keep in their cache, by kind; with --prune, make it smaller.

    scsampler cache
    scsampler cache --prune 10GB
    scsampler cache --prune 30d --dry-run
    """
    if dry_run and prune_to is None:
        raise SettingsError(
            "--dry-run has no effect without --prune",
            code="no-effect",
            hint="scsampler cache --prune 10GB --dry-run",
        )
    limit = None if prune_to is None else parse_limit(prune_to)
    place = folder or kept_dir()
    contents = scan_cache(place) if folder is not None or place.exists() else Contents((), 0, None)
    pruned = None
    if limit is not None:
        there = bool(contents.items)
        pruned = prune(place, contents, limit, dry_run=dry_run) if there else Pruned((), (), ())
    _show(place, contents, pruned, form=format)
    _tell(contents, limit, pruned, dry_run=dry_run)
    if pruned is not None and pruned.failed:
        item, why = pruned.failed[0]
        raise OutputError(
            f"{len(pruned.failed)} of {len(contents.items)} entries cannot be removed from the "
            "cache: "
            f"{place / item.video / item.name}: {why}",
            code="cache-unusable",
            hint="check its permissions The others were removed",
        )


def _show(place: Path, contents: Contents, pruned: Pruned | None, *, form: output_options.Format) -> None:
    found = list(records(place, contents, pruned))
    if form == output_options.Format.table:
        typer.echo(cache_table(found), nl=False)
        return
    with open_writer(
        form.value, None, sys.stdout, columns=csv_columns("cache", 0), single=False
    ) as writer:
        for record in found:
            writer.write(record)


def _tell(contents: Contents, limit: Limit | None, pruned: Pruned | None, *, dry_run: bool) -> None:
    """Notes on stderr."""
    if dry_run:
        console.note("note: nothing was removed (--dry-run)")
    if pruned is not None and pruned.in_use:
        size = sum(item.bytes for item in pruned.in_use) / 1e6
        number = len(pruned.in_use)
        entries = "1 entry stays" if number == 1 else f"{number} entries stay"
        console.note(f"note: {entries} ({size:.1f} MB): a run is using them")
    if pruned is not None and limit is not None and limit.bytes is not None:
        left = contents.bytes - sum(item.bytes for item in pruned.removed)
        if left > limit.bytes:
            console.note(
                f"note: the cache holds {left / 1e6:.1f} MB, more than {limit.bytes / 1e6:.1f}"
            )
    if contents.foreign:
        console.note(
            f"note: {contents.foreign} files or folders there are not scsampler's: left alone"
        )
