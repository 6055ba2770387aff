"""`scsampler cache`: what find, train and bench keep on disk, and removing a part of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from scsampler_cli.cache.entries import Contents, scan_cache
from scsampler_cli.cache.listing import records
from scsampler_cli.cache.prune import Limit, Pruned, parse_limit, prune
from scsampler_cli.cli import console
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.environment import train_cache_dir
from scsampler_cli.cli.learning_options import CacheFolder
from scsampler_cli.cli.option_groups import expanded
from scsampler_cli.cli.output_options import Debug, Format, ListFormat
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.listing_tables import cache_table
from scsampler_cli.output.writers import open_writer


@dataclass(frozen=True, kw_only=True)
class CacheOptions:
    """The options of `scsampler cache`."""

    cache: CacheFolder = None
    prune: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE|AGE",
            help="Remove entries, the least recently used first, until the cache has at most this "
            "size (10GB); or all that were not used for this time (30d).",
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only show what --prune would remove, and remove nothing."),
    ] = False
    format: ListFormat = Format.table
    debug: Debug = False


@guarded
@expanded
def cache(*, options: CacheOptions) -> None:
    """List what find, train and bench keep on disk, by kind; with --prune, remove a part of it.

    scsampler cache
    scsampler cache --prune 10GB
    scsampler cache --prune 30d --dry-run
    """
    if options.dry_run and options.prune is None:
        raise SettingsError(
            "--dry-run has no effect without --prune",
            code="no-effect",
            hint="scsampler cache --prune 10GB --dry-run",
        )
    limit = None if options.prune is None else parse_limit(options.prune)
    folder = options.cache or train_cache_dir()
    contents = Contents((), 0, None)
    # the default folder may not exist yet; a folder that the user names must
    if options.cache is not None or folder.exists():
        contents = scan_cache(folder)
    pruned = None
    if limit is not None:
        pruned = Pruned((), (), ())
        if contents.items:
            pruned = prune(folder, contents, limit, dry_run=options.dry_run)

    # the list comes first, so that the notes and the error below refer to it
    _show(folder, contents, pruned, format=options.format)
    _print_notes(contents, limit, pruned, dry_run=options.dry_run)
    # one error for all of them, with the first as an example
    if pruned is not None and pruned.failed:
        item, reason = pruned.failed[0]
        raise OutputError(
            f"{len(pruned.failed)} of {len(contents.items)} entries cannot be removed from the "
            f"cache: {folder / item.video / item.name}: {reason}",
            code="cache-unusable",
            hint="check its permissions; the other entries were removed",
        )


def _show(folder: Path, contents: Contents, pruned: Pruned | None, *, format: Format) -> None:
    """Print the list on standard output."""
    listed = list(records(folder, contents, pruned))
    # the writers of records have no table of the cache
    if format == Format.table:
        typer.echo(cache_table(listed), nl=False)
        return
    with open_writer(
        format.value, None, sys.stdout, columns=csv_columns("cache", 0), single=False
    ) as writer:
        for record in listed:
            writer.write(record)


def _print_notes(
    contents: Contents, limit: Limit | None, pruned: Pruned | None, *, dry_run: bool
) -> None:
    """Print on stderr what was not removed, and why."""
    if dry_run:
        console.note("note: nothing was removed (--dry-run)")
    if pruned is not None and pruned.in_use:
        megabytes = sum(item.bytes for item in pruned.in_use) / 1e6
        number = len(pruned.in_use)
        entries = "1 entry stays" if number == 1 else f"{number} entries stay"
        console.note(f"note: {entries} ({megabytes:.1f} MB): a run is using them")
    # entries in use, and those that cannot be removed, may keep the cache above the limit
    if pruned is not None and limit is not None and limit.bytes is not None:
        left = contents.bytes - sum(item.bytes for item in pruned.removed)
        if left > limit.bytes:
            console.note(
                f"note: the cache holds {left / 1e6:.1f} MB, more than {limit.bytes / 1e6:.1f}"
            )
    # files of others are never removed
    if contents.foreign:
        console.note(
            f"note: {contents.foreign} files or folders in it are not scsampler's, and stay"
        )
