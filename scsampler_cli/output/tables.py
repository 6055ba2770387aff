"""Records of videos as plain text for people, without colour."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from scsampler_cli.output import clip_order, sparkline
from scsampler_cli.output.pages.wording import doubt
from scsampler_cli.output.records import Record, command_of
from scsampler_cli.text import counted, printable

# Columns of a terminal
_WIDTH = 80
# Characters of the bar of a probability of 1
_BAR = 24
_UNSURE = "  unsure: "
"""Start of the line that says that a video is unsure."""


def render(record: Record, *, has_styles: bool = False) -> str:
    """A record as text, which ends with a line break.

    Args:
        record: of any command that makes records.
        has_styles: True for a terminal that shows colours: what is unsure is yellow.
    """
    path = record["path"]
    if record["status"] != "ok":
        # the path is on the line above
        message = record["error"]["message"].removeprefix(f"{path}: ")
        lines = [path, f"  error: {message}"]
    else:
        body = _BODY[command_of(record)](record)
        lines = [path, *body, *(line for note in record["notes"] for line in _note(note))]
    shown = [printable(line) for line in lines]
    if has_styles:
        shown = [_coloured(line) for line in shown]
    return "".join(f"{line}\n" for line in shown)


def _note(text: str) -> list[str]:
    """The lines of a note, broken between words; a path or an address stays whole."""
    return textwrap.wrap(
        f"note: {text}",
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _coloured(line: str) -> str:
    # the standard yellow of a terminal, which its user may have set
    return f"\x1b[33m{line}\x1b[0m" if line.startswith(_UNSURE) else line


def _classify(record: Record) -> Iterator[str]:
    if not record.get("confident", True):
        yield _unsure(record)
    # labels are aligned, and so are the bars
    width = max((len(tag["label"]) for tag in record["tags"]), default=0)
    for tag in record["tags"]:
        bar = "#" * round(tag["probability"] * _BAR)
        yield f"  {tag['probability']:6.1%}  {tag['label']:<{width}}  {bar}".rstrip()
    if "background" in record:
        yield f"  {record['background']:6.1%}  background (mean over the selected clips; no tag)"
    yield from sparkline.timeline(record)

    if "segments" in record:
        yield from _segments(record["segments"])
    yield from _selected(record)
    classifier = record["classifier"]
    # a prefix is enough to recognise the file
    digest = f", sha256 {classifier['sha256'][:12]}" if classifier["sha256"] else ""
    yield f"  classifier {classifier['name']} ({classifier['weights']}{digest})"
    stages = [f"{stage} {seconds:.2f} s" for stage, seconds in record["timings_s"].items()]
    yield f"  time {', '.join(stages)}"


def _unsure(record: Record) -> str:
    # a terminal may lack the narrow space of web pages
    why = doubt(record).replace("\u202f", " ")
    return f"{_UNSURE}{why}; perhaps it shows none of the classes"


def _segments(segments: list[Record]) -> Iterator[str]:
    """The segments, each with its times, its probability and its label."""
    if not segments:
        yield "  no segments"
        return
    yield f"  {counted(len(segments), 'segment')}:"
    yield "      start       end   shows"
    for each in segments:
        times = f"{each['start_s']:9.2f} {each['end_s']:9.2f}"
        yield f"  {times}   {each['label']} {each['probability']:.0%}"


def _selected(record: Record) -> Iterator[str]:
    """The selected clips: how many of how many, in which order, and each with what it shows."""
    video, clips = record["video"], record["clips"]
    of = counted(video["clips"], "clip")
    why = clip_order.selection_of(record).get("why") or ""
    for sentence in (why, clip_order.asking(record)):
        # an empty one has no line
        yield from textwrap.wrap(sentence, _WIDTH, initial_indent="  ", subsequent_indent="    ")
    length = f"{_seconds_in(clips):.1f} s of {video['duration_s']:.1f} s"
    heading = f"{len(clips)} of {of} selected ({length}), {clip_order.order_of(record)}:"
    yield from textwrap.wrap(heading, _WIDTH, initial_indent="  ", subsequent_indent="    ")

    if clip_order.is_search(record):
        headings, numbers = _searched(clips)
    else:
        headings, numbers = _score_headings(clips), [_scores(clip) for clip in clips]
    yield f"      start       end   {headings}  {'reason':<22}  shows"
    for clip, scores in zip(clips, numbers, strict=True):
        # a clip that could not be decoded has no label
        shows = "-" if clip["label"] is None else f"{clip['label']} {clip['probability']:.0%}"
        # seconds on the clock of the file
        times = f"{clip['start_s']:9.2f} {clip['end_s']:9.2f}"
        yield f"  {times}   {scores}  {clip['why']:<22}  {shows}"


def _seconds_in(clips: list[Record]) -> float:
    """Seconds of the video that the clips cover; what lies in two clips counts once."""
    covered, until = 0.0, -math.inf
    for clip in sorted(clips, key=lambda clip: float(clip["start_s"])):
        covered += max(0.0, clip["end_s"] - max(until, clip["start_s"]))
        until = max(until, clip["end_s"])
    return covered


def _score(record: Record) -> Iterator[str]:
    yield from sparkline.timeline(record)
    yield f"   clip     start       end   {_score_headings(record['clips'])}   rank  selected by"
    for clip in record["clips"]:
        times = f"{clip['start_s']:9.2f} {clip['end_s']:9.2f}"
        reason = clip["why"] if clip["taken"] else ""
        line = f"  {clip['clip']:5d} {times}   {_scores(clip)}  {clip['rank']:5d}  {reason}"
        yield line.rstrip()


def _extract(record: Record) -> Iterator[str]:
    inputs, clips = ", ".join(record["inputs"]), counted(record["clips"], "clip")
    yield f"  {record['output']}: {inputs} of {clips}, {record['bytes'] / 1e6:.1f} MB"


_BODY = {"classify": _classify, "score": _score, "extract": _extract}


def _score_headings(clips: list[Record]) -> str:
    """Headings over `_scores`; packets have a column where the packet sampler ran."""
    has_packets = any("packets" in clip for clip in clips)
    return f"visual  audio{'  packets' if has_packets else ''}"


def _scores(clip: Record) -> str:
    scores = f"{_number(clip['visual'])}  {_number(clip['audio'])}"
    return f"{scores}    {_number(clip['packets'])}" if "packets" in clip else scores


def _searched(clips: list[Record]) -> tuple[str, list[str]]:
    """The heading and the numbers of each clip of a search: what was predicted of it.

    Saliency has a column where a sampler knows the classes.
    """
    names = ["predicted"]
    if any(clip["visual"] is not None for clip in clips):
        names = ["visual", *names]
    rows = []
    for clip in clips:
        rows.append("  ".join(f"{_number(clip.get(name)):>{len(name)}}" for name in names))
    return "  ".join(names), rows


def _number(value: float | None) -> str:
    return "    -" if value is None else f"{value:.3f}"
