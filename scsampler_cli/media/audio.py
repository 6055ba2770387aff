"""Decode the sound of a file as a stream of mono blocks at 16 kHz, placed on the container's clock.

Memory does not grow with the length of the file. Where there is no sound, there is no block.

Not handled here: silence in gaps; `features.mel` adds it.
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
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.media.container import decode_sound, no_such_stream, read_packets
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.sandbox import open_local, reason
from scsampler_cli.text import counted

RATE_HZ = 16_000
"""Samples a second of the blocks, as in VGGish: keeps everything below 8 kHz."""
GAP = RATE_HZ // 25
"""Samples (40 ms): a smaller jump in the time stamps is jitter and is closed; a longer one is a
gap."""
RESTART = RATE_HZ
"""Samples (1 s) by which time stamps must jump back, and stay back, to count as a clock restart."""
RUN_S = 0.25
"""Seconds of sound that are resampled at once."""
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


@dataclass(frozen=True)
class AudioBlock:
    """A run of samples."""

    start: int
    """Position of the first sample on the container's clock, in samples at 16 kHz; may be
    negative."""
    samples: NDArray[np.float32]
    """float32 [n], mono, -1..1."""


@dataclass
class AudioReport:
    """Events while reading."""

    not_resampled: int = 0
    """Frames of sound that could not be converted to mono at 16 kHz."""
    misplaced: int = 0
    """Frames left out because their times already have sound."""
    restarts: int = 0
    """How often the clock started again."""

    def notes(self) -> list[str]:
        """One sentence for each kind of event."""
        notes = []
        if self.not_resampled:
            notes.append(f"{counted(self.not_resampled, 'frame')} of sound could not be resampled")
        if self.misplaced:
            notes.append(
                f"{counted(self.misplaced, 'frame')} of sound left out: their times lie in the past"
            )
        if self.restarts:
            restarts = counted(self.restarts, "time")
            notes.append(
                f"the clock of the sound starts again {restarts}:"
                " its parts are taken as following one another"
            )
        return notes


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
    with _open_sound(path, reading, requested) as (container, _):
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
        note = f"{len(readable)} audio streams: the first, --audio-stream {info.stream}, is heard"
        return AudioProbe(info, None, (note,))


@contextmanager
def _open_sound(
    path: Path, reading: ReadSettings, requested: int | None
) -> Iterator[tuple[av.container.InputContainer, bool]]:
    """Open a file so that its audio streams, and their rate and channels, are known.

    FFmpeg reads the first few megabytes to find them. Sound that begins later is found by reading
    the whole file once; its packets are not kept.

    Yields:
        the container; True when it was read to its end.
    """
    with open_local(path, reading) as container:
        if not _is_sound_unknown(container, requested):
            yield container, False
            return
    with open_local(path, reading, _whole_file_options(path)) as container:
        yield container, True


def _rewind(container: av.container.InputContainer, damage: Damage) -> None:
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
    with suppress(ScsamplerError), _open_sound(path, reading, stream) as (container, is_at_end):
        if not is_at_end or stream >= len(container.streams.audio):
            return {}
        damage = Damage()
        _rewind(container, damage)
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


def read_audio(
    path: Path,
    info: AudioInfo,
    report: AudioReport,
    *,
    damage: Damage,
    reading: ReadSettings = DEFAULT_READING,
) -> Iterator[AudioBlock]:
    """Blocks in time order, without overlap.

    Args:
        path: the file.
        info: the track, from `probe_audio`.
        report: filled in while reading.
        damage: of the file; packets that cannot be decoded are skipped and counted there.
        reading: limits.
    """
    with _open_sound(path, reading, info.stream) as (container, is_at_end):
        if is_at_end:
            _rewind(container, damage)
        stream = container.streams.audio[info.stream]
        stream.codec_context.thread_count = 1
        placer = _Placer()
        for frame in decode_sound(container, stream, damage):
            yield from placer.place(frame, report)
        yield from placer.flush(report)


class _Placer:
    """Joins frames into runs, resamples the runs, and places each on the clock.

    Positions are samples at 16 kHz on the container's clock.
    """

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        self._layout: tuple[int, str, str] | None = None
        self._waiting = av.AudioFifo()
        """Consecutive frames, not yet resampled: many at once take little longer than one."""
        self._cursor: int | None = None
        """Position of the next sample from the resampler."""
        self._offset = 0
        """Samples added to the times of a clock that started again."""
        self._past: int | None = None
        """Position at which the last frame ended, if that one was misplaced."""

    def place(self, frame: av.AudioFrame, report: AudioReport) -> Iterator[AudioBlock]:
        """Blocks that are complete with one more decoded frame."""
        layout = (frame.sample_rate, frame.format.name, frame.layout.name)
        if self._layout not in (None, layout):
            # the track changed its format: a new resampler goes on at the same position
            yield from self.flush(report)
            self._resampler = av.AudioResampler("flt", "mono", RATE_HZ)
            self._waiting = av.AudioFifo()
        self._layout = layout

        start = _in_samples(frame)
        if start is not None:
            expected = self._expected()
            position = self._continued(start + self._offset, expected, report)
            length = frame.samples * RATE_HZ // max(1, frame.sample_rate)
            if expected is None or position > expected + GAP:
                # a gap: the next run begins behind it
                yield from self._drained(report)
                self._cursor = position
            elif position < expected - GAP - length:
                # wholly in the past: a repeated or misplaced frame
                self._past = position + length
                report.misplaced += 1
                return
            self._past = None
        elif self._cursor is None:
            self._cursor = 0

        # the resampler must not place frames by their times, too
        frame.pts = None
        if not LOWEST_HZ <= frame.sample_rate <= HIGHEST_HZ:
            report.not_resampled += 1
            return
        self._waiting.write(frame)
        if self._waiting.samples >= frame.sample_rate * RUN_S:
            yield from self._drained(report)

    def _continued(self, position: int, expected: int | None, report: AudioReport) -> int:
        """Position of a frame, after a check whether the clock started again.

        Two frames in a row that are far back, one following the other, mean a restart; a single one
        is misplaced.
        """
        follows_misplaced = self._past is not None and abs(position - self._past) <= GAP
        if not follows_misplaced or expected is None or position >= expected - RESTART:
            return position
        self._offset += expected - position
        report.restarts += 1
        return expected

    def flush(self, report: AudioReport) -> Iterator[AudioBlock]:
        """Blocks of all sound that is still held."""
        if self._layout is not None:
            yield from self._drained(report)
            yield from self._blocks(self._resampled(None, report))

    def _expected(self) -> int | None:
        """Position of the next frame if it follows the one before; None before the first frame."""
        if self._cursor is None or self._layout is None:
            return None
        return self._cursor + self._waiting.samples * RATE_HZ // max(1, self._layout[0])

    def _drained(self, report: AudioReport) -> Iterator[AudioBlock]:
        run = self._waiting.read()
        if run is not None:
            run.pts = None
            yield from self._blocks(self._resampled(run, report))

    def _resampled(self, frame: av.AudioFrame | None, report: AudioReport) -> list[av.AudioFrame]:
        try:
            return self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError):
            report.not_resampled += 1
            return []

    def _blocks(self, frames: list[av.AudioFrame]) -> Iterator[AudioBlock]:
        for frame in frames:
            samples = frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            if len(samples) and self._cursor is not None:
                # damaged float samples may be NaN, or any number
                yield AudioBlock(self._cursor, np.clip(np.nan_to_num(samples), -1, 1))
                self._cursor += len(samples)


def _in_samples(frame: av.AudioFrame) -> int | None:
    """Start of a frame on the container's clock, in samples at 16 kHz; None without a time."""
    base = frame.time_base
    if frame.pts is None or base is None:
        return None
    return round(frame.pts * base.numerator * RATE_HZ / base.denominator)
