"""An edit decision list (CMX3600) of the stretches of a video, one after the other, for editors.

As in editors, source times start at the timecode of the video's first frame, or at 00:00:00:00
where the file has none; the clock of the file does not matter. The format has no frame rate, for
which editors ask: a comment of the first event gives it. (Some editors accept no comment before the
first event.)
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import PurePath

from scsampler_cli.output.cuts.timecode import Rate, first_frame
from scsampler_cli.output.stretches import Record, Stretch, seconds, stretches
from scsampler_cli.text import printable

_REEL, _TITLE = 8, 70
"""Most characters in CMX3600."""


def render(record: Record) -> str:
    """The edit list of one video, as text.

    CMX3600 has numbers up to 999; further events get larger ones.
    """
    video = record["video"]
    rate, zero = first_frame(video.get("timecode"), video["fps"])
    name = PurePath(record["path"]).name
    # B: both video and audio; V: video alone
    channels = "B" if video["audio"] else "V"
    mode = "DROP FRAME" if rate.dropped else "NON-DROP FRAME"
    lines = [f"TITLE: {printable(name)[:_TITLE]}", f"FCM: {mode}", ""]
    # position in the edited video, in frames
    recorded = 0
    events = _events(stretches(record), rate, seconds(video["start_s"]))
    for number, (stretch, first, end) in enumerate(events, start=1):
        # source in, source out, record in, record out
        times = (zero + first, zero + end, recorded, recorded + end - first)
        recorded += end - first
        timecodes = " ".join(map(rate.timecode, times))
        lines.append(f"{number:03d}  {reel(name)} {channels:<5} C        {timecodes}")
        lines += [f"* FROM CLIP NAME: {printable(name)}", f"* COMMENT: {stretch.text}"]
        lines += [f"* COMMENT: {float(rate.real):.6g} frames a second"] if number == 1 else []
    return "".join(f"{line}\n" for line in lines)


def _events(
    found: list[Stretch], rate: Rate, start: Fraction
) -> Iterator[tuple[Stretch, int, int]]:
    """(stretch, first frame, end frame), counted from the video's first frame.

    Each stretch has at least one frame, and no frame is in two of them. Rounding keeps them apart,
    except where they are shorter than a frame of a slower rate: these are moved to later frames.
    """
    # the first frame that no stretch has
    free = 0
    for stretch in found:
        # times are on the clock of the file, frames count from the first one
        first = max(free, rate.frame(stretch.start - start))
        free = max(first + 1, rate.frame(stretch.end - start))
        yield stretch, first, free


def reel(name: str) -> str:
    """The name of a reel: the first eight ASCII letters and digits of the file name.

    A name without any becomes AX, which is an auxiliary source.
    """
    # upper-case ASCII, as in CMX3600
    kept = "".join(c for c in PurePath(name).stem.upper() if c.isascii() and c.isalnum())
    return (kept or "AX")[:_REEL].ljust(_REEL)
