"""What stands behind a result: the video's facts, how long it took, with what it was made, and what FFmpeg said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scsampler_cli.output.pages.markup import bar, bullets, facts, table, text
from scsampler_cli.output.pages.wording import clock, count, percent

Record = dict[str, Any]


def video_facts(record: Record) -> str:
    """The file in a dozen words."""
    return facts(_video(record))


def _video(record: Record) -> Iterator[tuple[str, object]]:
    video = record["video"]
    yield "duration", clock(video["duration_s"])
    if video["start_s"]:
        yield "starts at", clock(video["start_s"])
    yield "frames", f"{count(video['frames'])}, {video['fps']:g} a second"
    yield "clips", count(video["clips"])
    yield "picture", f"{video['codec']}, {video['width']} × {video['height']}{_shape(video)}"
    yield "motion vectors", video["motion_vectors"]
    yield "sound", _sound(video["audio"])
    yield "packets not decoded", count(record["decode_errors"])
    yield "frames missing", count(record["frames_missing"])
    if "source" in record:
        yield "file", f"{record['source']['size'] / 1e6:,.1f} MB"


def _shape(video: Record) -> str:
    turned = f", turned by {video['rotation']}°" if video["rotation"] else ""
    mirrored = ", mirrored" if video["mirrored"] else ""
    pixels = f", pixels {video['pixel_aspect']}" if video["pixel_aspect"] != "1" else ""
    return turned + mirrored + pixels


def _sound(audio: Record | None) -> str:
    if audio is None:
        return "none"
    channels = "1 channel" if audio["channels"] == 1 else f"{audio['channels']} channels"
    return f"{audio['codec']}, {count(audio['rate_hz'])} Hz, {channels}"


def timings(record: Record) -> str:
    """Seconds of each stage, and its share."""
    spent = record["timings_s"]
    total = sum(spent.values())
    rows = [
        (text(stage), bar(s / total if total else 0), f"{s:.2f} s") for stage, s in spent.items()
    ]
    return table((), [*rows, ("together", "", f"<b>{total:.2f} s</b>")], "bars")


def tags(record: Record) -> str:
    """The answer: labels with bars, best first."""
    rows = [
        (text(t["label"]), bar(t["probability"] or 0), percent(t["probability"]))
        for t in record["tags"]
    ]
    return table((), rows, "bars")


def made_with(record: Record) -> str:
    """Classifier, samplers, settings and versions, closed until asked for."""
    names = ("classifier", "samplers", "settings", "versions", "source")
    parts: Record = {name: record[name] for name in names if name in record}
    if "run" in record:
        parts["run"] = {"digest": record["run"]}
    inside = "".join(f"<h3>{name}</h3>{facts(_flat(part))}" for name, part in parts.items())
    return f"<details><summary>Made with</summary>{inside}</details>" if parts else ""


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, object]]:
    """Nested records as lines. Example: {"a": {"b": 1}} -> a b: 1."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name} {key}".strip())
    elif (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and any(isinstance(v, Mapping) for v in value)
    ):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name} {number}".strip())
    else:
        yield name, _said(value)


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def ffmpeg(record: Record) -> str:
    """What FFmpeg complained of, if it did."""
    said = record.get("ffmpeg")
    return (
        f"<details><summary>What FFmpeg said ({len(said)})</summary>{bullets(said)}</details>"
        if said
        else ""
    )
