"""Runs of frames that must be decoded for some clips, and seeking to their start.

Clips in one group of pictures share its decoding. Decoding starts at exactly one packet, that of a
keyframe. A demuxer's seek ends near the requested time: before it, or behind it where the demuxer
searches by decoding time and gets a display time. So each seek is checked by the packets that
follow. Packets before the keyframe's are not decoded. Where the seek went too far, a seek to an
earlier keyframe follows, and at last the packets are counted from the start of the file.

Not handled here: where keyframes are; see `media.keyframes`.
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

_BY_DISPLAY_TIME = frozenset(("mov", "matroska", "nut"))
"""Demuxers that search by display time, measured on FFmpeg 8.1; the others search by decoding
time."""
_WITHOUT_LEADING = frozenset(("mpeg4",))
"""Codecs of which B-frames shown before the first keyframe are not sent to the decoder.

No frame refers to them. The decoder of interlaced MPEG-4 takes the distance of two fields from
them, and then drops later frames.
"""
_EARLIER_KEYFRAMES = (0, 1, 4)
"""Numbers of keyframes before the requested one to seek to, one after the other."""


def decode_spans(index: StreamIndex, grid: ClipGrid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last frame that must be decoded for each clip.

    Returns:
        int64 [L]: display position of the keyframe where decoding begins;
        int64 [L]: display position of the clip's last frame.
    """
    begin, last = [], []
    for clip in range(len(grid)):
        frames = grid.frames_of(clip)
        begin.append(keyframe_before(index, int(frames[0])))
        last.append(int(frames[-1]))
    return np.array(begin, np.int64), np.array(last, np.int64)


def decode_runs(
    index: StreamIndex, grid: ClipGrid, clips: Iterable[int], *, slack: int = 0
) -> list[list[int]]:
    """Group clips that are decoded in one pass.

    Args:
        index: of the video.
        grid: its clips.
        clips: increasing indices.
        slack: frames between two runs up to which both are joined: to decode them is faster than to
            open the file again.

    Returns:
        clips of each run. A clip joins a run when its GOP begins no more than `slack` frames behind
        the end of the run.
    """
    runs: list[list[int]] = []
    end = -1
    for clip in clips:
        frames = grid.frames_of(clip)
        if runs and keyframe_before(index, int(frames[0])) <= end + slack:
            runs[-1].append(clip)
        else:
            runs.append([clip])
        end = int(frames[-1])
    return runs


def keyframe_before(index: StreamIndex, position: int) -> int:
    """Display position of the last keyframe at or before `position`; 0 where seeking is off."""
    # without times no seek can be checked
    if index.untimed:
        return 0
    # int: index of the last keyframe that is not behind the position
    return int(index.keyframes[np.searchsorted(index.keyframes, position, side="right") - 1])


def frames_from(
    index: StreamIndex, first: int, decode: Callable[[int], Iterator[PositionedFrame]]
) -> Iterator[PositionedFrame]:
    """Frames from the keyframe at or before `first` on.

    The first frame is one that was predicted from no other. Where none comes up to `first`,
    decoding starts again at an earlier keyframe, and at last at the start of the file. The step
    back doubles with each try, so that a file in which nothing decodes is not read once for each of
    its keyframes.

    Args:
        index: of the video.
        first: requested display position.
        decode: display position of a keyframe -> frames of a decoder that starts there.

    Yields:
        (display position, frame). Frames that are shown before the keyframe and stored behind it
        are left out, since their references were not decoded.
    """
    keyframe = keyframe_before(index, first)
    damage = index.damage
    step_back = 1
    while True:
        started = keyframe == 0
        # copied, because decode() adds to these records of damage
        known = deepcopy((damage.picture, damage.refused_pts, damage.refused_without_pts))
        for position, frame in decode(keyframe):
            if not started:
                # not found before the requested frame: the keyframe was none
                if position > first:
                    break
                started = position >= keyframe and is_start_frame(frame)
                # an unconfirmed keyframe may be a predicted picture: errors up to here prove
                # nothing
                if started and not index.starts.confirmed:
                    damage.picture, damage.refused_pts, damage.refused_without_pts = known
            if started:
                yield position, frame
        if started:
            return

        # packets that were refused because decoding started at the wrong one are not damaged
        damage.picture, damage.refused_pts, damage.refused_without_pts = known
        number = int(np.searchsorted(index.keyframes, keyframe))
        keyframe = int(index.keyframes[max(0, number - step_back)])
        step_back *= 2


@contextmanager
def open_at_keyframe(
    path: Path, index: StreamIndex, keyframe: int, *, codec_options: dict[str, str] | None = None
) -> Iterator[tuple[VideoStream, Packets]]:
    """Open a video so that decoding starts at a keyframe.

    Args:
        path: the file.
        index: of the video.
        keyframe: its display position, one of `index.keyframes`; 0 for the start of the file.
        codec_options: FFmpeg's options for the decoder.

    Yields:
        the video stream, and its packets from that of the keyframe on.
    """
    if keyframe > 0:
        with open_video(path, index.reading, codec_options) as (container, stream):
            packets = _packets_by_seeking(container, stream, index, keyframe=keyframe)
            if packets is not None:
                yield stream, _without_leading(packets, index, keyframe)
                return

    # opened again: a failed seek leaves the demuxer anywhere in the file
    with open_video(path, index.reading, codec_options) as (container, stream):
        number = np.searchsorted(index.keyframes, keyframe)
        packets = _packets_by_counting(
            read_packets(container, stream, index.damage), int(index.starts.decode_indices[number])
        )
        yield stream, _without_leading(packets, index, keyframe)


def _packets_by_seeking(
    container: av.container.InputContainer,
    stream: VideoStream,
    index: StreamIndex,
    *,
    keyframe: int,
) -> Packets | None:
    """Packets from that of the keyframe on, or None where no seek finds it."""
    number = int(np.searchsorted(index.keyframes, keyframe))
    # "mov,mp4,m4a,...": the first name identifies the demuxer
    by_display_time = container.format.name.split(",")[0] in _BY_DISPLAY_TIME
    for earlier in _EARLIER_KEYFRAMES:
        if earlier > number:
            continue
        stamp = _seek_stamp(index, number - earlier, by_display_time)
        if stamp is None:
            continue
        try:
            container.seek(stamp, stream=stream, backward=True)
        except (av.error.FFmpegError, OSError):
            continue
        packets = _from_start(read_packets(container, stream, index.damage), index, number)
        if packets is not None:
            return packets
    return None


def _seek_stamp(index: StreamIndex, number: int, by_display_time: bool) -> int | None:
    """Time to seek to for the start with a number, in units of the stream's time base."""
    pts, dts = int(index.starts.pts[number]), int(index.starts.dts[number])
    first, second = (pts, dts) if by_display_time else (dts, pts)
    if first != NO_TIME:
        return first
    return None if second == NO_TIME else second


def _from_start(packets: Packets, index: StreamIndex, number: int) -> Packets | None:
    """Packets from the start with a number on; None where the first of them is behind it."""
    starts = index.starts
    pts, dts, size = int(starts.pts[number]), int(starts.dts[number]), int(starts.sizes[number])
    for packet in packets:
        packet_pts, packet_dts = _stamp_of(packet.pts), _stamp_of(packet.dts)
        # pts may repeat in a damaged file, so the size must be the same, too
        is_same_time = packet_pts == pts and (pts != NO_TIME or packet_dts == dts)
        if packet.size == size and is_same_time:
            return chain([packet], packets)
        # nothing that is stored before a keyframe is decoded, or shown, after it
        if NO_TIME != dts < packet_dts or NO_TIME != pts < packet_pts:
            return None
    return None


def _without_leading(packets: Packets, index: StreamIndex, keyframe: int) -> Packets:
    """The packets without those shown before the keyframe, for codecs in `_WITHOUT_LEADING`."""
    if keyframe == 0 or index.info.codec not in _WITHOUT_LEADING:
        return packets
    pts = int(index.timeline.pts[keyframe])
    return (packet for packet in packets if packet.pts is None or packet.pts >= pts)


def _stamp_of(stamp: int | None) -> int:
    return NO_TIME if stamp is None else stamp


def _packets_by_counting(packets: Packets, decode_index: int) -> Packets:
    """Packets from a decode index on; empty packets do not count."""
    for packet in packets:
        if packet.size and decode_index == 0:
            yield packet
            break
        decode_index -= packet.size > 0
    yield from packets
