"""A timeline for OpenTimelineIO, which video editors and their converters read.

It has the stretches of one video one after the other, each as a clip of the media file, with sound
where the video has sound, and with a marker that holds label and probability. Frames count from the
timecode of the video's first frame, or from 0 where the file has none, at the video's own rate.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any
from urllib.parse import quote_from_bytes

from scsampler_cli.errors import DependencyError
from scsampler_cli.output.cuts.timecode import exact_rate, first_frame
from scsampler_cli.output.stretches import Record, Stretch, seconds, stretches
from scsampler_cli.text import printable, score

_FEATURES = ".scf"
"""Suffix of files with the features of a video, which `score` reads in its place."""


def check_installed() -> None:
    """Check, without importing it, that OpenTimelineIO is installed.

    Raises:
        DependencyError: it is not.
    """
    if find_spec("opentimelineio") is None:
        raise DependencyError(
            "OpenTimelineIO is not installed",
            code="package-missing",
            hint="pip install 'scsampler[otio]'",
        )


def render(record: Record) -> str:
    """The timeline of one video, as JSON of OpenTimelineIO.

    Without a stretch its tracks are empty.

    Raises:
        DependencyError: OpenTimelineIO is not installed.
    """
    check_installed()
    import opentimelineio as otio

    video, name = record["video"], printable(PurePath(record["path"]).name)
    media = _Media(record)
    timeline = otio.schema.Timeline(name)
    tracks = [otio.schema.TrackKind.Video] + [otio.schema.TrackKind.Audio] * bool(video["audio"])
    found = stretches(record)
    for kind in tracks:
        track = otio.schema.Track(kind, kind=kind)
        for stretch in found:
            clip = otio.schema.Clip(name, media.reference(), media.range(stretch))
            # once: editors show the markers of all tracks
            if kind == otio.schema.TrackKind.Video:
                clip.markers.append(_marker(stretch, clip.source_range))
            track.append(clip)
        timeline.tracks.append(track)
    return f"{timeline.to_json_string(indent=2)}\n"


class _Media:
    """The media file of a record, whose times are whole frames."""

    def __init__(self, record: Record) -> None:
        video = record["video"]
        self._path = os.path.abspath(record["path"])  # noqa: PTH100 (does not follow links)
        self._rate = exact_rate(video["fps"])
        self._start, self._duration = seconds(video["start_s"]), seconds(video["duration_s"])
        counted, zero = first_frame(video.get("timecode"), video["fps"])
        # an editor may count several frames for each frame of the video
        self._zero = self._rate.frame(zero / counted.real)

    def reference(self) -> Any:
        """A reference to the file, which each clip has for itself."""
        from opentimelineio.schema import ExternalReference, MissingReference

        available = self._range(0, max(1, self._rate.frame(self._duration)))
        # a feature file does not know its video: editors ask for it
        if self._path.lower().endswith(_FEATURES):
            return MissingReference(available_range=available)
        return ExternalReference(f"file://{quote_from_bytes(os.fsencode(self._path))}", available)

    def range(self, stretch: Stretch) -> Any:
        """The frames of a stretch, at least one."""
        # times are on the clock of the file, frames count from the first one
        first = self._rate.frame(stretch.start - self._start)
        return self._range(first, max(1, self._rate.frame(stretch.end - self._start) - first))

    def _range(self, first: int, frames: int) -> Any:
        from opentimelineio.opentime import RationalTime, TimeRange

        # whole frames: the rate is a floating-point number, by which nothing is divided here
        rate = float(self._rate.real)
        return TimeRange(RationalTime(self._zero + first, rate), RationalTime(frames, rate))


def _marker(stretch: Stretch, marked: Any) -> Any:
    from opentimelineio.schema import Marker, MarkerColor

    facts = {
        "label": stretch.label,
        "probability": score(stretch.probability),
        "start_s": float(stretch.start),
        "end_s": float(stretch.end),
        "clips": list(stretch.clips),
    }
    return Marker(
        # a video that was only scored has no label
        name=printable(stretch.label or stretch.text),
        marked_range=marked,
        color=MarkerColor.GREEN,
        metadata={"scsampler": facts},
        comment=stretch.text,
    )
