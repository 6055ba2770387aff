"""Find the sound track of a file that is read, and open the file so that it is known.

Not handled here: decoding the track; see `media.audio`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import av
import av.container
import av.error
from av.audio.stream import AudioStream

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.media.container import no_such_stream, read_packets
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.sandbox import open_local, reason

LOWEST_HZ, HIGHEST_HZ = 1000, 6_144_000
"""Sample rates of tracks that are decoded, far beyond those in use.

Resampling others to 16 kHz could fill the memory.
"""
_PROBE_BYTES = 5_000_000
"""Bytes that FFmpeg reads by default to find streams."""
_LATE_STREAM_FORMATS = frozenset("mpegts mpeg flv live_flv dv nsv swf wtv".split())
"""Containers in which a stream that was not announced can begin later."""


@dataclass(frozen=True)
class AudioInfo:
    """The sound track that is read."""

    codec: str
    rate_hz: int
    channels: int
    stream: int
    """Number among the file's audio streams, from 0."""


class AudioProbe(NamedTuple):
    """The sound track of a file, or why there is none."""

    info: AudioInfo | None
    """None where no track can be decoded."""
    why_not: str | None
    """Reason why no track can be decoded."""
    notes: tuple[str, ...] = ()


def probe_audio(path: Path, reading: ReadSettings = DEFAULT_READING) -> AudioProbe:
    """Find the requested sound track, or the first one that can be decoded.

    Raises:
        InputError: the file cannot be opened.
        VideoError: it has no such stream.
    """
    requested = reading.audio_stream
    with open_sound(path, reading, requested) as (container, _):
        streams = container.streams.audio
        if requested is not None and requested >= len(streams):
            raise no_such_stream(path, len(streams), "audio", requested=requested)
        readable = [
            number
            for number, stream in enumerate(streams)
            if requested in (None, number) and _is_readable(stream)
        ]
        if not readable:
            return AudioProbe(None, "its sound cannot be decoded" if streams else "no sound")
        context = streams[readable[0]].codec_context
        info = AudioInfo(
            context.codec.canonical_name, context.sample_rate, context.channels, stream=readable[0]
        )
        if len(readable) == 1:
            return AudioProbe(info, None)
        note = (
            f"{len(readable)} audio streams: the first, number {info.stream}, is read; "
            "set audio_stream to read another"
        )
        return AudioProbe(info, None, (note,))


@contextmanager
def open_sound(
    path: Path, reading: ReadSettings, requested: int | None
) -> Iterator[tuple[av.container.InputContainer, bool]]:
    """Open a file so that its audio streams, and their rate and channels, are known.

    FFmpeg reads the first few megabytes to find them. Sound that begins later is found by reading
    the whole file once; its packets are not kept.

    Yields:
        the container; True when it was read to its end.
    """
    with open_local(path, reading) as container:
        # the usual case: all is known at opening
        if not _is_sound_unknown(container, requested):
            yield container, False
            return
    with open_local(path, reading, _whole_file_options(path)) as container:
        yield container, True


def rewind(container: av.container.InputContainer, damage: Damage) -> None:
    """Go back to the start of a file that was read to its end."""
    # MPEG streams have no header and no index of times, so byte 0 is their start
    by_byte = container.format.name in ("mpegts", "mpeg")
    try:
        container.seek(0, unsupported_byte_offset=by_byte)
    except (av.error.FFmpegError, OSError) as error:
        damage.stops.add(f"no seek back to where the sound begins: {reason(error)}")


def _whole_file_options(path: Path) -> dict[str, str]:
    """FFmpeg's options to search for streams up to the end of the file, without keeping packets."""
    return {
        "probesize": str(path.stat().st_size + 1),
        "analyzeduration": str(1 << 62),
        "fflags": "nobuffer",
        # for MPEG-TS, where a later table of streams may name more of them
        "scan_all_pmts": "1",
    }


def sound_stream_options(
    path: Path, stream: int, reading: ReadSettings = DEFAULT_READING
) -> dict[str, str]:
    """Options with which the ffmpeg program finds a audio stream, and its rate and channels.

    Args:
        path: the file.
        stream: number among its audio streams, from `probe_audio`.
        reading: limits.

    Returns:
        no options where the stream is known at opening; else options that make the program read,
        and hold, all packets before the first one of the stream. No options either where the file
        cannot be read or has no such stream; the program reports that.
    """
    with suppress(ScsamplerError), open_sound(path, reading, stream) as (container, is_at_end):
        if not is_at_end or stream >= len(container.streams.audio):
            return {}
        damage = Damage()
        rewind(container, damage)
        # byte of the stream's first packet; -1 where the container gives none
        packets = read_packets(container, container.streams.audio[stream], damage)
        begin = max(0, next((packet.pos for packet in packets if packet.pos is not None), 0))

        options = _whole_file_options(path) | {"probesize": str(begin + _PROBE_BYTES)}
        # packets that are not kept would be lost to the program
        del options["fflags"]
        if container.format.name != "mpegts":
            del options["scan_all_pmts"]
        return options
    return {}


def _is_sound_unknown(container: av.container.InputContainer, requested: int | None) -> bool:
    """True when the whole file must be read to find its sound, or the rate and channels of it."""
    streams = container.streams.audio
    if not streams or (requested is not None and requested >= len(streams)):
        # without a track there may be one later, in containers without a complete header
        return container.format.name in _LATE_STREAM_FORMATS
    candidates = streams if requested is None else streams[requested : requested + 1]
    if any(_is_readable(stream) for stream in candidates):
        return False
    # a stream without a decoder stays unreadable however much is read
    contexts = [getattr(stream, "codec_context", None) for stream in candidates]
    return any(context and not (context.sample_rate and context.channels) for context in contexts)


def _is_readable(stream: AudioStream) -> bool:
    # PyAV has no context for a codec without a decoder
    context = getattr(stream, "codec_context", None)
    if context is None or context.channels <= 0:
        return False
    return LOWEST_HZ <= context.sample_rate <= HIGHEST_HZ
