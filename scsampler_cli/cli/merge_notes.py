"""Notes of `scsampler merge`: what is missing, failed, repeated, or made with other settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from scsampler_cli.batch.merge_runs import Merged
from scsampler_cli.cli import console
from scsampler_cli.cli.batch_counts import BatchCounts, shown_path
from scsampler_cli.files.output_paths import sibling
from scsampler_cli.text import counted

LISTED = 20
"""Paths of one kind that stderr names; the log file has all."""


def print_notes(
    merged: Merged, wanted: Sequence[str], missing: Sequence[str], *, output: Path | None
) -> None:
    """Print all notes, the totals last.

    Args:
        merged: the records.
        wanted: paths that should have a record; empty without --inputs.
        missing: those of them without a record.
        output: the file of the records; None for standard output.
    """
    _note_unfinished_parts(merged)
    if len(merged.runs) > 1:
        _note_runs(merged)
    if without := merged.without_segments:
        console.say(
            f"note: {counted(len(without), 'record')} without segments, as {without[0]}; the "
            "others have them: where all are put in one form, it is that of selected clips or of "
            "videos"
        )
    _list(_differing(merged), len(merged.differing), "more files with different records")

    # files of --inputs that have a record
    found = len(wanted) - len(missing)
    others = len(merged.lines) - found
    if wanted and others:
        console.say(
            f"note: {counted(others, 'record')} of files that are not among --inputs, put last"
        )
    # most likely the paths are relative in the one and absolute in the other
    if missing and not found and merged.lines:
        console.say("note: no file of --inputs has a record; name the files as in the runs")
    _list((f"{path}: no record" for path in missing), len(missing), "more without a record")
    _note_totals(merged, missing, output)


def _note_unfinished_parts(merged: Merged) -> None:
    for part in merged.halves:
        console.say(f"note: {part} ends in an incomplete line, which is left out")
    for part in merged.parts:
        # records that came out of order, and that a killed run could not put in order any more
        waiting = sibling(part, ".waiting")
        if waiting.is_file() and waiting.stat().st_size:
            console.say(
                f"note: {waiting} has records of a run that did not end; resume that run, and "
                "they are in its output"
            )


def _note_runs(merged: Merged) -> None:
    """Note that the records were not all made in the same way."""
    counts = [f"{run} {counted(count, 'record')}" for run, count in merged.runs.most_common()]
    console.say(
        f"note: made with {len(merged.runs)} different settings, weights or versions; by the "
        f"field run: {', '.join(counts)}"
    )


def _differing(merged: Merged) -> Iterable[str]:
    for path in merged.differing:
        # the last one, but a result goes before a failure
        kept = merged.parts[merged.lines[path].part]
        yield f"{path}: records differ, the one of {kept} is kept"


def _note_totals(merged: Merged, missing: Sequence[str], output: Path | None) -> None:
    text = f"{counted(len(merged.lines), 'record')} of {counted(len(merged.parts), 'part')}"
    # without a record there is no command, and nothing to count
    if merged.command is not None:
        done = len(merged.lines) - merged.failed - merged.unsure
        counts = BatchCounts(merged.command, done=done, unsure=merged.unsure, failed=merged.failed)
        text = f"{text}: {counts.words()}"
    more = []
    if merged.repeated:
        more.append(f"{merged.repeated} left out as repetitions")
    if merged.differing:
        more.append(f"{len(merged.differing)} left out for another record of the same file")
    if missing:
        more.append(f"{counted(len(missing), 'file')} without a record")
    target = "" if output is None else f" -> {shown_path(output)}"
    console.note(f"note: {'; '.join([text, *([', '.join(more)] if more else [])])}{target}")


def _list(lines: Iterable[str], count: int, rest: str) -> None:
    """Print the first lines, and write all of them to the log file."""
    for number, line in enumerate(lines, start=1):
        if number <= LISTED:
            console.say(f"note: {line}")
        else:
            # not on stderr without -v
            console.detail(f"note: {line}")
    if count > LISTED:
        console.say(f"note: {count - LISTED} {rest}; --log-file FILE has all of them")
