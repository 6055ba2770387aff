"""Details of a result: tags, and in collapsed sections the file, timings, settings and messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scsampler_cli.output.pages.markup import bar, bullets, facts, table, text
from scsampler_cli.output.pages.wording import clock, count, percent

Record = dict[str, Any]


def folded(title: str, inside: str) -> str:
    """A collapsed section; empty without anything in it."""
    if not inside:
        return ""
    return f"<details><summary>{text(title)}</summary>{inside}</details>"


def video_facts(record: Record) -> str:
    """Facts about the video, in a collapsed section."""
    return folded("The video file", facts(_video(record)))


def _video(record: Record) -> Iterator[tuple[str, object]]:
    video = record["video"]
    yield "duration", clock(video["duration_s"])
    # most files begin at 0, which needs no line
    if video["start_s"]:
        yield "starts at", clock(video["start_s"])
    yield "frames", f"{count(video['frames'])}, {video['fps']:g} a second"
    yield "clips", count(video["clips"])
    yield "video", f"{video['codec']}, {video['width']} × {video['height']}{_shape(video)}"
    yield "motion vectors", video["motion_vectors"]
    yield "audio", _audio(video["audio"])
    # above 0 where the file is damaged
    yield "packets not decoded", count(record["decode_errors"])
    yield "frames missing", count(record["frames_missing"])
    # older records do not have it
    if "source" in record:
        yield "file", f"{record['source']['size'] / 1e6:,.1f} MB"


def _shape(video: Record) -> str:
    rotated = f", rotated by {video['rotation']}°" if video["rotation"] else ""
    mirrored = ", mirrored" if video["mirrored"] else ""
    pixels = f", pixels {video['pixel_aspect']}" if video["pixel_aspect"] != "1" else ""
    return rotated + mirrored + pixels


def _audio(audio: Record | None) -> str:
    if audio is None:
        return "none"
    channels = "1 channel" if audio["channels"] == 1 else f"{audio['channels']} channels"
    return f"{audio['codec']}, {count(audio['rate_hz'])} Hz, {channels}"


def timings(record: Record) -> str:
    """Seconds of each stage, with bars of their shares, in a collapsed section."""
    spent = record["timings_s"]
    total = sum(spent.values())
    rows = []
    for stage, seconds in spent.items():
        share = seconds / total if total else 0
        rows.append((text(stage), bar(share), f"{seconds:.2f} s"))
    rows.append(("total", "", f"<b>{total:.2f} s</b>"))
    return folded("Time spent", table((), rows, "bars"))


def tags(record: Record) -> str:
    """HTML table of the tags with a bar for each probability, best first.

    The last row is the share of background, where the classifier has such a class.
    """
    rows = []
    for tag in record["tags"]:
        # null where the classifier's output was not a number
        probability = tag["probability"]
        rows.append((text(tag["label"]), bar(probability or 0), percent(probability)))
    if "background" in record:
        share = record["background"]
        rows.append(("<i>none of the classes</i>", bar(share), percent(share)))
    return table((), rows, "bars")


def made_with(record: Record) -> str:
    """Model or classifier, samplers, settings and versions, in a collapsed section."""
    names = ("model", "classifier", "samplers", "settings", "versions", "source")
    parts: Record = {name: record[name] for name in names if name in record}
    if "selection" in parts.get("settings", {}):
        # the asked clips are in the table of the page
        kept = {k: v for k, v in parts["settings"]["selection"].items() if k != "asked"}
        parts["settings"] = {**parts["settings"], "selection": kept}
    if "run" in record:
        parts["run"] = {"digest": record["run"]}
    inside = "".join(f"<h3>{name}</h3>{facts(_flat(part))}" for name, part in parts.items())
    return folded("Settings and versions", inside)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, object]]:
    """Nested records as pairs of name and value.

    Example: {"a": {"b": 1}} -> ("a b", "1").
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name} {key}".strip())
    elif _is_list_of_records(value):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name} {number}".strip())
    else:
        yield name, _shown(value)


def _is_list_of_records(value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return any(isinstance(entry, Mapping) for entry in value)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def ffmpeg(record: Record) -> str:
    """Messages of FFmpeg, in a collapsed section; empty without any."""
    messages = record.get("ffmpeg")
    return folded(f"Messages of FFmpeg ({len(messages)})", bullets(messages)) if messages else ""
