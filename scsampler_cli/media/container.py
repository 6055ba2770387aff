"""Select a stream of a media file, read its packets and decode them; damaged packets are skipped.

Not handled here: times and keyframes (`media.index`), and features of frames (`features.visual`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import av.stream
import av.video.stream
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import LimitError, VideoError
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.packet_errors import packet_key
from scsampler_cli.media.sandbox import open_local, pixel_limit, reason
from scsampler_cli.text import counted

FFMPEG_VERSION = av.ffmpeg_version_info
"""Version of the FFmpeg inside the av package."""

_MAX_UNKNOWN_STREAMS = 1000
"""Packets of unknown streams after which reading stops."""
_MAX_WITHOUT_FRAME = 100_000
"""Packets in a row without a frame after which decoding stops: bounds the time spent on garbage."""

VideoStream = av.video.stream.VideoStream


@contextmanager
def open_video(
    path: Path, reading: ReadSettings, codec_options: dict[str, str] | None = None
) -> Iterator[tuple[av.container.InputContainer, VideoStream]]:
    """Open a local file and select its video stream; the container is closed at the end.

    Args:
        path: the file.
        reading: the stream to read, and limits.
        codec_options: FFmpeg's options for the decoder.

    Raises:
        InputError: the file cannot be opened.
        VideoError: it is not media, holds sound or cover art only, or has no such stream.
        LimitError: its pictures are larger than allowed.
    """
    with open_local(path, reading) as container:
        stream = _picture_stream(container, path, reading)
        context = stream.codec_context
        # the header alone may give the size, so that no larger picture is ever decoded
        refuse_large(path, context.width, context.height, reading=reading)
        # one thread: frame threads lose motion vectors at random, and hang when a loop is left
        # early
        context.thread_type, context.thread_count = "SLICE", 1
        context.options = {**pixel_limit(reading), **(codec_options or {})}
        yield container, stream


def refuse_large(path: Path, width: int, height: int, *, reading: ReadSettings) -> None:
    """Check a picture's size, in pixels.

    Raises:
        LimitError: it is larger than allowed.
    """
    if reading.max_pixels and width * height > reading.max_pixels:
        raise LimitError(
            f"{path}: {width} x {height} pixels, the limit is {reading.max_pixels}",
            code="video-too-large",
            hint="raise the limit, if the file is what it says it is",
        )


def announced_size(path: Path, reading: ReadSettings) -> tuple[int, int]:
    """(width, height) by the container, 0 if unknown; for a size that the decoder refused."""
    unlimited = ReadSettings(video_stream=reading.video_stream, max_pixels=0)
    # FFmpeg forgets the size when a decoder refuses it, so none may run
    with open_local(path, unlimited, {"codec_whitelist": "none"}) as container:
        context = _picture_stream(container, path, reading).codec_context
        return context.width, context.height


def announced_aspect(path: Path, reading: ReadSettings) -> Fraction | None:
    """Width of a pixel over its height by the container alone; None where it gives none."""
    # without a decoder, what the stream itself says stays out
    with open_local(path, reading, {"codec_whitelist": "none"}) as container:
        return _picture_stream(container, path, reading).sample_aspect_ratio


def video_streams(container: av.container.InputContainer) -> list[int]:
    """Numbers, among the video streams, of those that are no cover art and have a decoder."""
    return [
        number
        for number, stream in enumerate(container.streams.video)
        if not _is_cover(stream) and _has_decoder(stream)
    ]


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _has_decoder(stream: VideoStream) -> bool:
    # PyAV gives a stream without a decoder no context
    return getattr(stream, "codec_context", None) is not None


def _picture_stream(
    container: av.container.InputContainer, path: Path, reading: ReadSettings
) -> VideoStream:
    streams = container.streams.video
    # a requested stream is read even if it is cover art
    if reading.video_stream is not None and streams:
        if reading.video_stream >= len(streams):
            raise no_such_stream(path, len(streams), "video", requested=reading.video_stream)
        stream = streams[reading.video_stream]
    else:
        readable = video_streams(container)
        real = [stream for stream in streams if not _is_cover(stream)]
        if not real:
            what = "only cover art, no video" if streams else "no video stream"
            hint = (
                "sound alone is not enough"
                if container.streams.audio
                else "is it a part of something larger?"
            )
            raise VideoError(
                f"{path}: {what}", code="no-video-stream", hint=f"scsampler tags videos; {hint}"
            )
        # without a decoder for any of them, the error below is about the first
        stream = streams[readable[0]] if readable else real[0]
    if not _has_decoder(stream):
        raise VideoError(
            f"{path}: no decoder for its video stream",
            code="codec-unsupported",
            hint="re-encode it, for example to H.264",
        )
    return stream


def no_such_stream(path: Path, count: int, kind: str, *, requested: int) -> VideoError:
    """The error for a requested stream that does not exist."""
    hint = f"choose from 0 to {count - 1}, or leave it out" if count > 1 else "leave it out"
    return VideoError(
        f"{path}: has {counted(count, f'{kind} stream')}, there is no {kind} stream {requested}",
        code="stream-missing",
        hint=hint,
    )


def read_packets(
    container: av.container.InputContainer, stream: VideoStream | av.AudioStream, damage: Damage
) -> Iterator[av.Packet[Any]]:
    """Packets of one stream up to the end of the file, or to a read error.

    The error is noted in `damage`.
    """
    unknown_streams = 0
    # demux is called again after a packet that failed
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            # PyAV fails at a packet of a stream that appeared late (damaged MPEG-TS); the packets
            # after it are fine
            unknown_streams += 1
            if unknown_streams > _MAX_UNKNOWN_STREAMS:
                damage.stops.add("too many packets of unknown streams")
                return
        except (av.error.FFmpegError, OSError, ValueError) as error:
            damage.stops.add(reason(error))
            return


def is_empty(packet: av.Packet[Any]) -> bool:
    """True for a packet without content: the picture before it stays.

    False for the packet that ends a stream, which has no times either.
    """
    return not packet.size and (packet.pts is not None or packet.dts is not None)


def decode_packets(
    container: av.container.InputContainer,
    stream: VideoStream,
    damage: Damage,
    *,
    reading: ReadSettings,
) -> Iterator[av.VideoFrame]:
    """Frames in display order, without packets that do not decode or give too large a picture.

    Each such packet is noted in `damage`. `packet_of` gives the packet of a frame.
    """
    yield from frames_of(read_packets(container, stream, damage), damage, reading)


def frames_of(
    packets: Iterator[av.Packet[Any]], damage: Damage, reading: ReadSettings
) -> Iterator[av.VideoFrame]:
    """Frames of visual packets, as from `decode_packets`."""
    is_started = False
    for packet, frame in _decoded(mark_packets(packets), damage, damage.refuse_picture):
        # frames before the first keyframe may lack their references although nothing is damaged
        is_started = is_started or bool(frame.key_frame)
        if is_started and frame.is_corrupt:
            damage.picture.add_concealed(packet_of(frame).key)
        # the decoder's own limit is coarse, see `sandbox.pixel_limit`
        if reading.max_pixels and frame.width * frame.height > reading.max_pixels:
            damage.refuse_picture(
                packet, f"{frame.width} x {frame.height} pixels, the limit is {reading.max_pixels}"
            )
        else:
            yield frame


@dataclass(slots=True)
class PacketOfFrame:
    """The packet of a decoded frame; one of the two for a frame stored as two fields."""

    decode_index: int
    """Index among the packets that are not empty, in decoding order; -1 where it is unknown."""
    size: int
    """Bytes; 0 where it is unknown."""
    pts: int | None = None
    dts: int | None = None
    key: int = 0
    """`packet_errors.packet_key`; 0 where it is unknown."""
    pixel_aspect: Fraction | None = None
    """Width of a pixel over its height by the stream, for this frame; None where it gives none."""


def mark_packets(packets: Iterable[av.Packet[Any]]) -> Iterator[av.Packet[Any]]:
    """Attach a `PacketOfFrame` to each packet; the decoder copies it to the frame (`packet_of`)."""
    decode_index = 0
    for packet in packets:
        if packet.size:
            # copies the opaque object of each packet to its frame
            packet.stream.codec_context.copy_opaque = True
            packet.opaque = PacketOfFrame(
                decode_index, packet.size, packet.pts, dts=packet.dts, key=packet_key(packet)
            )
            decode_index += 1
        yield packet


def packet_of(frame: av.VideoFrame) -> PacketOfFrame:
    """The packet of a frame that was decoded from marked packets."""
    known = frame.opaque
    return known if isinstance(known, PacketOfFrame) else PacketOfFrame(-1, 0)


def decode_sound(
    container: av.container.InputContainer, stream: av.AudioStream, damage: Damage
) -> Iterator[av.AudioFrame]:
    """Frames of sound in the order of the file.

    Packets that do not decode are noted in `damage`.
    """
    packets = _with_marks(read_packets(container, stream, damage), damage)
    for packet, frame in _decoded(packets, damage, damage.refuse_sound):
        if frame.is_corrupt:
            damage.sound.add_concealed(packet_key(packet))
        yield frame


def _with_marks(packets: Iterator[av.Packet[Any]], damage: Damage) -> Iterator[av.Packet[Any]]:
    """The audio packets; those that the demuxer marked as damaged are noted."""
    for packet in packets:
        if packet.size:
            damage.sound.marked.add(packet)
        yield packet


def _decoded(
    packets: Iterator[av.Packet[Any]], damage: Damage, refuse: Callable[[av.Packet[Any], str], None]
) -> Iterator[tuple[av.Packet[Any], Any]]:
    """(packet sent to the decoder, frame that came out); `refuse` gets each packet that failed."""
    without_frame = 0
    for packet in packets:
        if is_empty(packet):
            continue
        without_frame += 1
        if without_frame > _MAX_WITHOUT_FRAME:
            damage.stops.add(f"{_MAX_WITHOUT_FRAME} packets without a frame")
            return

        try:
            frames = packet.decode()
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError) as error:
            refuse(packet, reason(error))
            continue

        mark = packet.opaque
        if isinstance(mark, PacketOfFrame):
            # the decoder has the packet's aspect now; the frame itself may come out later
            mark.pixel_aspect = packet.stream.codec_context.sample_aspect_ratio
        for frame in frames:
            without_frame = 0
            yield packet, frame


def attachments_are_known(frame: av.VideoFrame) -> bool:
    """True when a frame's side data can be read.

    PyAV 18 reads none of it when there is a kind among it that PyAV does not know.
    """
    try:
        return frame.side_data is not None
    except ValueError:
        return False


def motion_vectors(frame: av.VideoFrame) -> NDArray[np.void] | None:
    """FFmpeg's AVMotionVector records of a frame, or None where it has none."""
    data = frame.side_data.get("MOTION_VECTORS") if attachments_are_known(frame) else None
    return None if data is None else data.to_ndarray()
