"""Which stretches of a video must be decoded to see some of its clips, and getting there.

Clips in one group of pictures share its decoding. Decoding starts at exactly one packet, that of a
keyframe. A demuxer's search ends near what it is asked for: before it, or behind it where it goes
by the time of decoding and is asked for a time of display. So each search is checked by the packets
that follow it. Those before the keyframe's are not decoded; where the search went too far, a search
for an earlier keyframe follows, and at last the packets are counted from the start of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.media.container import VideoStream, open_video, read_packets
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.keyframes import NO_TIME, is_start_frame
from scsampler_cli.timeline import ClipGrid

PositionedFrame = tuple[int, av.VideoFrame]
"""(display position, frame)."""
Packets: TypeAlias = "Iterator[av.Packet[Any]]"

_BY_DISPLAY = frozenset(("mov", "matroska", "nut"))
"""Demuxers that search by the time of display, measured on FFmpeg 8.1; the others go by the time of
decoding."""
_UNREFERRED = frozenset(("mpeg4",))
"""Codecs whose B-frames no frame refers to, and whose decoder is led astray by those that precede
the keyframe that it starts at: of interlaced MPEG-4 it takes the distance of two fields from them,
and drops later frames."""
_SEARCHES = (0, 1, 4)
"""Keyframes before the wanted one for which a demuxer is asked, one after the other."""


def decode_spans(index: StreamIndex, grid: ClipGrid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What it takes to see each clip: int64 [L] where decoding must begin, int64 [L] its last
    wanted frame; display positions."""
    frames = [grid.frames_of(clip) for clip in range(len(grid))]
    begin = [keyframe_before(index, int(wanted[0])) for wanted in frames]
    return np.array(begin, np.int64), np.array([int(wanted[-1]) for wanted in frames], np.int64)


def runs(
    index: StreamIndex, grid: ClipGrid, clips: Iterable[int], *, slack: int = 0
) -> list[list[int]]:
    """Group clips that are decoded in one go.

    Args:
        index: of the video.
        grid: its clips.
        clips: increasing indices.
        slack: frames that are rather decoded than jumped over.

    Returns:
        clips of each run: one joins when its GOP begins no more than `slack` frames behind where
        the run ends.
    """
    found: list[list[int]] = []
    decoded_up_to = -1
    for clip in clips:
        frames = grid.frames_of(clip)
        if found and keyframe_before(index, int(frames[0])) <= decoded_up_to + slack:
            found[-1].append(clip)
        else:
            found.append([clip])
        decoded_up_to = int(frames[-1])
    return found


def keyframe_before(index: StreamIndex, position: int) -> int:
    """Display position of the last keyframe at or before `position`; 0 where there is no
    seeking."""
    if index.untimed:
        return 0
    return int(index.keyframes[np.searchsorted(index.keyframes, position, side="right") - 1])


def frames_from(
    index: StreamIndex, first: int, decode: Callable[[int], Iterator[PositionedFrame]]
) -> Iterator[PositionedFrame]:
    """Frames from the keyframe at or before `first` on.

    Frames count from one on that was predicted from no other. Where none comes up to `first`,
    decoding starts again at an earlier keyframe, and at last at the start of the file. The way back
    doubles with each try, so that a file in which nothing decodes is not read once for each of its
    keyframes.

    Args:
        index: of the video.
        first: display position that is wanted.
        decode: gives the frames that come when decoding starts at the keyframe of a display
            position.

    Yields:
        (display position, frame). Frames that are shown before the keyframe and stored behind it
        are left out: what they were predicted from was not decoded.
    """
    keyframe = keyframe_before(index, first)
    damage = index.damage
    back = 1
    while True:
        started = keyframe == 0
        known = deepcopy((damage.picture, damage.refused_pts, damage.refused_without_pts))
        for position, frame in decode(keyframe):
            if not started:
                if position > first:
                    break
                started = position >= keyframe and is_start_frame(frame)
                if started and not index.starts.confirmed:
                    damage.picture, damage.refused_pts, damage.refused_without_pts = known
            if started:
                yield position, frame
        if started:
            return
        # packets that were refused because decoding started at the wrong place are not damaged
        damage.picture, damage.refused_pts, damage.refused_without_pts = known
        at = int(np.searchsorted(index.keyframes, keyframe))
        keyframe = int(index.keyframes[max(0, at - back)])
        back *= 2


@contextmanager
def open_at_keyframe(
    path: Path, index: StreamIndex, keyframe: int, *, codec_options: dict[str, str] | None = None
) -> Iterator[tuple[VideoStream, Packets]]:
    """Open a video where decoding starts at a keyframe.

    Args:
        path: the file.
        index: of the video.
        keyframe: its display position, one of `index.keyframes`; 0 for the start of the file.
        codec_options: FFmpeg's, for the decoder.

    Yields:
        the picture stream, and its packets from the one of the keyframe on.
    """
    if keyframe > 0:
        with open_video(path, index.reading, codec_options) as (container, stream):
            sought = _sought(container, stream, index, keyframe=keyframe)
            if sought is not None:
                yield stream, _without_leading(sought, index, keyframe)
                return
    with open_video(path, index.reading, codec_options) as (container, stream):
        packets = read_packets(container, stream, index.damage)
        counted = _from_place(
            packets, int(index.starts.decode_indices[np.searchsorted(index.keyframes, keyframe)])
        )
        yield stream, _without_leading(counted, index, keyframe)


def _sought(
    container: av.container.InputContainer,
    stream: VideoStream,
    index: StreamIndex,
    *,
    keyframe: int,
) -> Packets | None:
    """Packets from the one of the keyframe on, or None where no search finds it."""
    at = int(np.searchsorted(index.keyframes, keyframe))
    by_display = container.format.name.split(",")[0] in _BY_DISPLAY
    for earlier in _SEARCHES:
        stamp = _stamp(index, at - earlier, by_display) if earlier <= at else None
        if stamp is None:
            continue
        try:
            container.seek(stamp, stream=stream, backward=True)
        except (av.error.FFmpegError, OSError):
            continue
        packets = _from_start(read_packets(container, stream, index.damage), index, at)
        if packets is not None:
            return packets
    return None


def _stamp(index: StreamIndex, at: int, by_display: bool) -> int | None:
    """What to ask a demuxer for to get to a start, in units of the stream's time base."""
    pts, dts = int(index.starts.pts[at]), int(index.starts.dts[at])
    stamps = [stamp for stamp in ((pts, dts) if by_display else (dts, pts)) if stamp != NO_TIME]
    return stamps[0] if stamps else None


def _from_start(packets: Packets, index: StreamIndex, at: int) -> Packets | None:
    """Packets from a start on; None where the first of these is behind it."""
    starts = index.starts
    pts, dts, size = int(starts.pts[at]), int(starts.dts[at]), int(starts.sizes[at])
    for packet in packets:
        if (
            packet.size == size
            and _or_none(packet.pts) == pts
            and (pts != NO_TIME or _or_none(packet.dts) == dts)
        ):
            return chain([packet], packets)
        # nothing that is stored before a keyframe is decoded, or shown, after it
        if NO_TIME != dts < _or_none(packet.dts) or NO_TIME != pts < _or_none(packet.pts):
            return None
    return None


def _without_leading(packets: Packets, index: StreamIndex, keyframe: int) -> Packets:
    """Without the packets of frames that are shown before the keyframe and stored behind it, where
    nothing refers to them."""
    if keyframe == 0 or index.info.codec not in _UNREFERRED:
        return packets
    pts = int(index.timeline.pts[keyframe])
    return (packet for packet in packets if packet.pts is None or packet.pts >= pts)


def _or_none(stamp: int | None) -> int:
    return NO_TIME if stamp is None else stamp


def _from_place(packets: Packets, place: int) -> Packets:
    """Packets from the one of a place on; the first one's is 0, and packets that hold nothing do
    not count."""
    for packet in packets:
        if packet.size and place == 0:
            yield packet
            break
        place -= packet.size > 0
    yield from packets
