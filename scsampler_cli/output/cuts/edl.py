"""An edit decision list (CMX3600) of the chosen clips, one after the other, for video editors.

Source times count on from the timecode of the video's first frame, from 00:00:00:00 where the file has none, whatever clock the
file has besides: so do editors. The list knows no frame rate: editors ask for one, and a comment of the first event says which.
(Before the first event some take no comment.)
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import PurePath

from scsampler_cli.output.cuts.cut import Cut, Record, cuts, seconds
from scsampler_cli.output.cuts.timecode import Rate, first_frame
from scsampler_cli.text import printable

_REEL, _TITLE = 8, 70
"""Characters that CMX3600 allows."""


def render(record: Record) -> str:
    """The list of one video; more than 999 events, the most that CMX3600 numbers, are counted on."""
    video = record["video"]
    rate, zero = first_frame(video.get("timecode"), video["fps"])
    name = PurePath(record["path"]).name
    channels = "B" if video["audio"] else "V"
    mode = "DROP FRAME" if rate.dropped else "NON-DROP FRAME"
    lines = [f"TITLE: {printable(name)[:_TITLE]}", f"FCM: {mode}", ""]
    recorded = 0
    for number, (cut, first, end) in enumerate(
        _events(cuts(record), rate, seconds(video["start_s"])), start=1
    ):
        times = (zero + first, zero + end, recorded, recorded + end - first)
        recorded += end - first
        lines.append(
            f"{number:03d}  {reel(name)} {channels:<5} C        {' '.join(map(rate.timecode, times))}"
        )
        lines += [f"* FROM CLIP NAME: {printable(name)}", f"* COMMENT: {cut.text}"]
        lines += [f"* COMMENT: {float(rate.real):.6g} frames a second"] if number == 1 else []
    return "".join(f"{line}\n" for line in lines)


def _events(taken: list[Cut], rate: Rate, start: Fraction) -> Iterator[tuple[Cut, int, int]]:
    """(clip, its first frame, the one after its last), from the video's first: each has a frame at least, and none is in two.

    Rounding keeps clips apart, but for some that are shorter than a frame of a slower rate: these move on.
    """
    free = 0
    for cut in taken:
        first = max(free, rate.frame(cut.start - start))
        free = max(first + 1, rate.frame(cut.end - start))
        yield cut, first, free


def reel(name: str) -> str:
    """A file's name as that of a reel: the first eight of its ASCII letters and digits; AX, any source, where it has none."""
    kept = "".join(c for c in PurePath(name).stem.upper() if c.isascii() and c.isalnum())
    return (kept or "AX")[:_REEL].ljust(_REEL)
