"""The result of `find` as plain text for people, without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from scsampler_cli.output.pages.wording import clock
from scsampler_cli.output.records import Record
from scsampler_cli.text import counted, printable

# Columns of a terminal
_WIDTH = 80


def found_table(record: Record) -> str:
    """The sentence, a line for each found clip, and what was searched; ends with a line break.

    Args:
        record: of `FindResult.record`.
    """
    lines = [*_wrapped(record["sentence"], ""), *_clips(record["clips"])]
    for line in (summary(record), *_how(record), *(f"note: {note}" for note in record["notes"])):
        lines += _wrapped(line, "  ")
    return "".join(f"{line}\n" for line in lines)


def summary(record: Record) -> str:
    """How many clips of how many videos, and how many videos failed, without a full stop.

    Example: 20 found clips, the best of 3 videos; 2 videos failed.

    Args:
        record: of `FindResult.record`.
    """
    found, videos = len(record["clips"]), counted(record["videos"], "video")
    words = f"{counted(found, 'found clip')}, the best of {videos}"
    if not found:
        words = f"no found clips in {videos}"
    if record["failures"]:
        words += f"; {counted(len(record['failures']), 'video')} failed"
    return words


def _how(record: Record) -> Iterator[str]:
    """The model, of how many videos the vectors were computed now, and the time."""
    model, embedded = record["model"], record["embedded"]
    # unknown where every video failed in another process
    if model:
        # a prefix is enough to recognise the file
        digest = f", sha256 {model['sha256'][:12]}" if model["sha256"] else ""
        yield f"model {model['name']} ({model['weights']}{digest})"
    if record["videos"]:
        kept = record["videos"] - embedded
        yield f"vectors: {counted(embedded, 'video')} computed now, {kept} kept from before"
    stages = [f"{stage} {seconds:.2f} s" for stage, seconds in record["timings_s"].items()]
    if stages:
        yield f"time {', '.join(stages)}"


def _wrapped(words: str, indent: str) -> list[str]:
    """Lines of a terminal, broken between words; a path or an address stays whole."""
    return textwrap.wrap(
        # before it is wrapped, which would take line breaks for spaces
        printable(words),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _clips(clips: list[Record]) -> Iterator[str]:
    if not clips:
        return
    # of models that have a probability
    has_probability = any(clip["probability"] is not None for clip in clips)
    middle = "  probability" if has_probability else ""
    yield f"  rank  similarity{middle}       start         end   file"
    for clip in clips:
        numbers = f"{clip['rank']:>6}  {_number(clip['similarity'], '.3f'):>10}"
        if has_probability:
            numbers += f"  {_number(clip['probability'], '.1%'):>11}"
        times = f"{clock(clip['start_s']):>10}  {clock(clip['end_s']):>10}"
        yield f"{numbers}  {times}   {printable(clip['path'])}"


def _number(value: float | None, form: str) -> str:
    # null where the model's output was not a number
    return "-" if value is None else format(value, form)
