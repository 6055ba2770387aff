"""Open a media file, read the packets of one stream and decode them, going on where something is damaged.

But: what the packets say of times and keyframes is `media.index`'s business; what is in the frames is for those that read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import av.video.stream
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.errors import VideoError

FFMPEG_VERSION = av.ffmpeg_version_info
"""Of the FFmpeg inside the av package."""

_STRANGERS = 1000
_TRIES = 100_000
"""Packets without a single frame after which a stream counts as undecodable; bounds the time spent on garbage."""


def open_local(path: Path) -> av.container.InputContainer:
    """Open one local file, and nothing that it names: no network, no segment of a playlist.

    Raises:
        av.error.FFmpegError, OSError, ValueError: it cannot be opened.
    """
    options = {"protocol_whitelist": "file", "allowed_extensions": "none", "allowed_segment_extensions": "none"}
    # "file:" keeps a name such as "concat:a|b" from being read as a protocol
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


@contextmanager
def open_video(path: Path) -> Iterator[tuple[av.container.InputContainer, av.video.stream.VideoStream]]:
    """Open a local file and pick its first real picture stream; the container is closed on the way out.

    One decoder thread: frame threads lose motion vectors at random, and hang when a loop is left early.

    Raises:
        VideoError: the file is not media, or holds sound or cover art only.
    """
    try:
        container = open_local(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    with container:
        stream = _picture_stream(container, path)
        try:
            stream.codec_context.thread_type = "SLICE"
            stream.codec_context.thread_count = 1
        except (AttributeError, RuntimeError) as error:
            raise VideoError(
                f"{path}: no decoder for its picture stream", hint="re-encode it, for example to H.264"
            ) from error
        yield container, stream


def reason(error: Exception) -> str:
    """What FFmpeg says, without its error number and the name of the function that failed."""
    return str(getattr(error, "strerror", None) or error)


def _unreadable(path: Path, error: Exception) -> VideoError:
    if _is_playlist(path):
        return VideoError(f"{path}: a playlist; it is not followed", hint="name the files that it lists")
    if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError | av.error.InvalidDataError):
        return VideoError(
            f"{path}: cannot be opened ({error.strerror or error})", hint="check the path and its permissions"
        )
    if isinstance(error, av.error.FileNotFoundError | av.error.PermissionError | av.error.IsADirectoryError):
        return VideoError(f"{path}: cannot be opened ({error.strerror})", hint="check the path and its permissions")
    return VideoError(
        f"{path}: not a video that FFmpeg can read ({reason(error)})",
        hint="the file may be cut off, empty, or something else under a video's name; try to play it",
    )


def _is_playlist(path: Path) -> bool:
    """For the message alone: `open_local` has refused it."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip(b"\xef\xbb\xbf").startswith((b"#EXTM3U", b"ffconcat", b"[playlist]"))
    except OSError:
        return False


def _picture_stream(container: av.container.InputContainer, path: Path) -> av.video.stream.VideoStream:
    streams = container.streams.video
    real = [s for s in streams if not s.disposition & av.stream.Disposition.attached_pic]
    if not real:
        what = "only cover art, no video" if streams else "no picture stream"
        hint = "sound alone is not enough" if container.streams.audio else "is it a part of something larger?"
        raise VideoError(f"{path}: {what}", hint=f"scsampler tags videos; {hint}")
    return real[0]


def read_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream | av.AudioStream, errors: list[str]
) -> Iterator[av.Packet[Any]]:
    """Packets of one stream to the end of the file, or to where it cannot be read further, which is added to `errors`."""
    strangers = 0
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            # PyAV stumbles over a packet of a stream that appeared late (damaged MPEG-TS): the packets after it are fine
            strangers += 1
            if strangers > _STRANGERS:
                errors.append("reading stopped: too many packets of unknown streams")
                return
        except (av.error.FFmpegError, OSError, ValueError) as error:
            errors.append(f"reading stopped: {reason(error)}")
            return


def decode_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, errors: list[str]
) -> Iterator[av.VideoFrame]:
    """Frames in display order, going on after packets that do not decode; each failure is appended to `errors`."""
    barren = 0
    for packet in read_packets(container, stream, errors):
        barren += 1
        if barren > _TRIES:
            errors.append(f"reading stopped: {_TRIES} packets without a frame")
            return
        try:
            for frame in packet.decode():
                barren = 0
                yield frame
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError) as error:
            errors.append(reason(error))


def attachments_are_known(frame: av.VideoFrame) -> bool:
    """PyAV 18 reads none of a frame's side data when there is one kind among them that it does not know."""
    try:
        return frame.side_data is not None
    except ValueError:
        return False


def motion_vectors(frame: av.VideoFrame) -> NDArray[np.void] | None:
    """FFmpeg's AVMotionVector records of a frame, or None where it has none."""
    data = frame.side_data.get("MOTION_VECTORS") if attachments_are_known(frame) else None
    return None if data is None else data.to_ndarray()
