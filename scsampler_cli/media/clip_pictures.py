"""One decoded frame for each requested clip: a keyframe where one serves, else a frame of the clip.

Each GOP is decoded by itself: its packets, then the end of a stream, then a cleared decoder. So a
picture does not depend on which other clips are requested. Where keyframes suffice, the packet of
the keyframe alone is decoded. Other GOPs are decoded up to the last requested frame, without frames
that nothing refers to where the decoder can skip them. Packets in between are read past; a long way
is skipped by seeking.

Where a keyframe does not decode, its clips get a frame of their own, decoded as `media.seeking`
does it from an earlier keyframe. If a frame that only the container marks as a keyframe is none,
a decoder that skips all other frames reads the file once and finds the true keyframes.

Not handled here: which keyframe serves a clip, and the size of pictures; see `features.rgb`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np

from scsampler_cli.media.coded import CodedFrame, ReadReport
from scsampler_cli.media.container import VideoStream, frames_of
from scsampler_cli.media.full_decode import decode_starts
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.keyframes import NO_TIME, is_start_frame
from scsampler_cli.media.seeking import Packets, PositionedFrame, frames_from, open_at_keyframe

_SLACK = 2000
"""Frames between two GOPs up to which their packets are read past: to open the file again and to
seek costs about as much."""
_RETRY_FACTOR = 20
"""Packets that retries may read: this times the number of frames of the video, or times
`_LEAST_RETRIED` if that is larger."""
_LEAST_RETRIED = 1000
_LEAST_SKIPPABLE = 8
"""Frames of a clip from which one of them is sure to be a reference in all usual streams."""


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Which frame is to stand for a clip."""

    clip: int
    first: int
    """Display position of the clip's first frame, or that of the clips which share a frame."""
    last: int
    """Display position of the last frame of the same clips."""
    keyframe: int | None
    """Display position of the keyframe that serves; None for a frame between `first` and `last`,
    the nearest to their middle."""

    @property
    def position(self) -> int:
        """Display position of the preferred frame."""
        return (self.first + self.last) // 2 if self.keyframe is None else self.keyframe

    def nearest(self, *frames: CodedFrame | None) -> CodedFrame | None:
        """The frame that suits best; of two that are equally near the earlier one; None for none.

        Args:
            frames: in display order.
        """
        if self.keyframe is None:
            span = range(self.first, self.last + 1)
        else:
            span = range(self.keyframe, self.keyframe + 1)
        fitting = [frame for frame in frames if frame is not None and frame.position in span]
        # half a frame: the middle of 16 frames lies between two
        middle = (self.first + self.last) / 2
        return min(fitting, key=lambda frame: abs(frame.position - middle), default=None)


Picked = tuple[PictureRequest, CodedFrame | None]
"""A request, and the frame for it; None where nothing could be decoded."""


def read_pictures_of_clips(
    path: Path, index: StreamIndex, requests: Sequence[PictureRequest], *, report: ReadReport
) -> Iterator[Picked]:
    """The frame for each clip, in one pass over the file.

    Args:
        path: the video.
        index: from `index.scan`.
        requests: in the order of the clips.
        report: filled in while reading.

    Yields:
        each request in order, with its frame. A request whose keyframe did not decode comes with
        `keyframe` None. Requests for the same keyframe, or for the same frames, get the
        same object.

    Raises:
        InputError, VideoError, LimitError: as `container.open_video`.
    """
    left = list(requests)
    while left:
        reader = _Reader(path, index, report)
        done = 0
        for picked in reader.read_all(left):
            done += 1
            yield picked
        left = left[done:]
        if left:
            # a keyframe that only the container flags was none: the decoder finds the true ones
            index = replace(index, starts=decode_starts(path, index.reading, index.timeline))
            left = [_with_true_keyframe(request, index) for request in left]


_Gop = tuple[int, list[PictureRequest]]
"""Number among `index.starts`, and the requests that need its decoding."""
_NumberedPacket: TypeAlias = "tuple[int, av.Packet[Any]]"


class _Reader:
    """Reads runs of GOPs of one video."""

    def __init__(self, path: Path, index: StreamIndex, report: ReadReport) -> None:
        self._path, self._index, self._report = path, index, report
        self._retries_left = _RETRY_FACTOR * max(len(index.timeline), _LEAST_RETRIED)
        """Packets that retries may still read: bounds the time spent on a file of which little or
        nothing decodes."""
        self._is_misled = False
        """True after a start that only the container flags, and at which no decoding starts."""

    def read_all(self, requests: Iterable[PictureRequest]) -> Iterator[Picked]:
        """The frames for requests, up to a keyframe that proves to be none (`_is_misled`)."""
        for run in self._runs(requests):
            yield from self._read(run)
            if self._is_misled:
                return

    def _runs(self, requests: Iterable[PictureRequest]) -> Iterator[list[_Gop]]:
        """GOPs that are read in one go, each with its requests."""
        run: list[_Gop] = []
        end = 0
        for number, group in groupby(requests, key=self._start_of):
            wanted = list(group)
            if run and int(self._index.keyframes[number]) > end + _SLACK:
                yield run
                run = []
            run.append((number, wanted))
            end = wanted[-1].position
        if run:
            yield run

    def _start_of(self, request: PictureRequest) -> int:
        """Number of the start from which the requested frame is decoded."""
        # frames without times are identified by counting from the start of the file
        if self._index.untimed:
            return 0
        return int(np.searchsorted(self._index.keyframes, request.position, side="right")) - 1

    def _read(self, run: list[_Gop]) -> Iterator[Picked]:
        """The frames for the requests of one run."""
        left = deque(run)
        keyframe = int(self._index.keyframes[run[0][0]])
        with open_at_keyframe(self._path, self._index, keyframe) as (stream, packets):
            # the same for all GOPs: some decoders read it only once
            if self._can_skip(run[0][1][0]):
                stream.codec_context.skip_frame = "NONREF"
            for number, gop in groupby(self._numbered(packets, run), key=_number):
                # the start of an earlier GOP was not met
                while left and left[0][0] < number:
                    yield from self._retry(left.popleft()[1])
                if left and left[0][0] == number:
                    requests = left.popleft()[1]
                    yield from self._gop(stream, map(_packet, gop), number, requests=requests)
                if self._is_misled:
                    return
                if not left:
                    break
        for _, requests in left:
            yield from self._retry(requests)

    def _can_skip(self, request: PictureRequest) -> bool:
        """True where frames that nothing refers to can be left out."""
        # frames without times are counted; of two fields, the decoder may skip one
        can_skip = self._index.by_packets and not self._index.untimed
        return can_skip and request.last - request.first + 1 >= _LEAST_SKIPPABLE

    def _numbered(self, packets: Packets, run: list[_Gop]) -> Iterator[_NumberedPacket]:
        """Packets, each with the number of the start that it follows.

        Args:
            packets: in decoding order; the first one is the first start of the run.
            run: GOPs that need to be told apart from those behind them.
        """
        starts, number = self._index.starts, run[0][0]
        # (time, size) of a start -> its number; in an all-intra video, every frame is a start
        numbers: dict[tuple[int, int], int] = {}
        # without times, the whole file is one GOP
        if not self._index.untimed:
            at = np.array([n for n, _ in run])  # int64 [G]
            at = np.union1d(at, np.minimum(at + 1, len(starts.pts) - 1))
            stamps = np.where(starts.pts == NO_TIME, starts.dts, starts.pts)[at]
            keys = zip(stamps.tolist(), starts.sizes[at].tolist(), strict=True)
            numbers = dict(zip(keys, at.tolist(), strict=True))
        for packet in packets:
            # neither empty packets nor the one that ends the stream
            if packet.size:
                stamp = packet.dts if packet.pts is None else packet.pts
                # a damaged file may repeat a time, so that numbers only grow
                found = numbers.get((stamp, packet.size), number) if stamp is not None else number
                number = max(number, found)
                yield number, packet

    def _gop(
        self, stream: VideoStream, packets: Packets, number: int, *, requests: list[PictureRequest]
    ) -> Iterator[Picked]:
        """The frames for the requests of one GOP; the decoder is cleared afterwards."""
        if self._index.by_packets and all(request.keyframe is not None for request in requests):
            # the keyframe's own packet
            packets = islice(packets, 1)
        # the packet that ends a stream: the decoder gives the frames that it held back
        end: av.Packet[Any] = av.Packet()
        end.stream = stream
        frames = self._frames_of(chain(packets, [end]))
        started = self._from_start(frames, number, requests[0].position)
        for request, frame in _picked(self._noted(started), requests):
            if self._is_misled:
                return
            if frame is None:
                yield from self._retry([request])
            else:
                yield request, frame
        stream.codec_context.flush_buffers()

    def _frames_of(self, packets: Packets) -> Iterator[PositionedFrame]:
        """Decoded frames with a known position."""
        index = self._index
        for count, frame in enumerate(frames_of(packets, index.damage, index.reading)):
            self._report.frames += 1
            position = index.position(frame.pts, count)
            if position is None:
                self._report.unexpected += 1
            else:
                yield position, frame

    def _from_start(
        self, frames: Iterator[PositionedFrame], number: int, first: int
    ) -> Iterator[PositionedFrame]:
        """Frames from a start on; none where no intra frame comes up to position `first`."""
        index, damage = self._index, self._index.damage
        keyframe = int(index.keyframes[number])
        started = keyframe == 0
        known = None
        # errors before a start that only the container flags prove nothing
        if not started and not index.starts.confirmed:
            known = deepcopy((damage.picture, damage.refused_pts, damage.refused_without_pts))
        for position, frame in frames:
            if not started:
                if position > first:
                    break
                started = position >= keyframe and is_start_frame(frame)
                if not started:
                    continue
                if known is not None:
                    damage.picture, damage.refused_pts, damage.refused_without_pts = known
            yield position, frame
        if known is not None and not started:
            damage.picture, damage.refused_pts, damage.refused_without_pts = known
            self._is_misled = True

    def _noted(self, frames: Iterator[PositionedFrame]) -> Iterator[CodedFrame]:
        """The frames, each noted as decoded, with a note on its shape."""
        for position, frame in frames:
            self._index.damage.mark_decoded(position)
            self._report.changes |= self._index.changes(frame)
            yield CodedFrame(position, frame)

    def _retry(self, requests: Iterable[PictureRequest]) -> Iterator[Picked]:
        """A frame of each clip itself, decoded from any earlier keyframe without skipping."""
        for request in requests:
            own = replace(request, keyframe=None)
            # one by one: what a clip gets does not depend on the other clips
            frames = frames_from(self._index, own.position, self._decode_at)
            yield from _picked(self._noted(frames), [own])

    def _decode_at(self, keyframe: int) -> Iterator[PositionedFrame]:
        """Frames of a decoder that starts at a keyframe; none once the retries are used up."""
        if self._retries_left <= 0:
            return
        with open_at_keyframe(self._path, self._index, keyframe) as (_, packets):
            yield from self._frames_of(self._charged(packets))

    def _charged(self, packets: Packets) -> Packets:
        """The packets, as long as retries are left."""
        for packet in packets:
            self._retries_left -= 1
            if self._retries_left < 0:
                return
            yield packet


def _picked(frames: Iterator[CodedFrame], requests: Sequence[PictureRequest]) -> Iterator[Picked]:
    """The nearest frame for each request; frames after the last one are not decoded.

    Args:
        frames: in display order.
        requests: in the order of their positions.
    """
    left = deque(requests)
    before: CodedFrame | None = None
    for frame in frames:
        while left and frame.position >= left[0].position:
            request = left.popleft()
            yield request, request.nearest(before, frame)
        if not left:
            return
        before = frame
    for request in left:
        yield request, request.nearest(before)


def _with_true_keyframe(request: PictureRequest, index: StreamIndex) -> PictureRequest:
    """The request itself, or one for a frame of the clip where its keyframe is none."""
    is_true = request.keyframe is None or request.keyframe in index.keyframes
    return request if is_true else replace(request, keyframe=None)


def _number(numbered: _NumberedPacket) -> int:
    return numbered[0]


def _packet(numbered: _NumberedPacket) -> av.Packet[Any]:
    return numbered[1]
