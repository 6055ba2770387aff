"""From where players and editors count the time of a video."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from scsampler_cli.output.stretches import seconds

Record = dict[str, Any]


def origin(record: Record) -> Fraction:
    """The time that players show as 0: the earliest time in the file, in seconds on its clock.

    The clocks of MPEG-TS and of recordings begin later than 0, some by hours.
    """
    video = record["video"]
    # feature files of earlier versions have only the start of the video stream
    return seconds(video.get("file_start_s", video["start_s"]))
