"""Decode the sound of a file as a stream of mono blocks at 16 kHz, placed on the container's clock.

But: memory does not grow with the length of the file, and silence is not invented: where there is
    no sound, there is no block.
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
"""Our choice, after VGGish: keeps everything below 8 kHz."""
GAP = RATE_HZ // 25
"""Samples (40 ms): a jump in the time stamps up to this is jitter and is closed; a longer one is a
gap (our choice)."""

RESTART = RATE_HZ
"""Samples (1 s) by which time stamps must jump back, and stay back, for the clock to have started
anew (our choice)."""


RUN_S = 0.25
"""Seconds of sound that are resampled at once (our choice)."""
LOWEST_HZ, HIGHEST_HZ = 1000, 6_144_000
"""Samples a second: a track that says less or more is not decoded, for to bring it to 16 kHz could
fill the memory. Our choice: far beyond what is in use."""
_PROBED = 5_000_000
"""Bytes that FFmpeg reads to find streams, by default."""
_GAINING = frozenset("mpegts mpeg flv live_flv dv nsv swf wtv".split())
"""Containers in which a stream can begin that was not announced."""


@dataclass(frozen=True)
class AudioInfo:
    """The track that is read."""

    codec: str
    rate_hz: int
    channels: int
    stream: int
    """Position among the file's sound streams, from 0."""


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
    """What happened while reading."""

    not_resampled: int = 0
    """Frames of sound that could not be brought to one channel at 16 kHz."""
    misplaced: int = 0
    """Frames that were left out because they lie where there is sound already."""
    restarts: int = 0
    """How often the clock started anew."""

    def notes(self) -> list[str]:
        """One sentence for each kind of trouble."""
        notes = []
        if self.not_resampled:
            notes.append(f"{counted(self.not_resampled, 'frame')} of sound could not be resampled")
        if self.misplaced:
            notes.append(
                f"{counted(self.misplaced, 'frame')} of sound left out: their times lie in the past"
            )
        if self.restarts:
            again = counted(self.restarts, "time")
            notes.append(
                f"the clock of the sound starts anew {again}: its parts are taken as following one another"
            )
        return notes


class AudioProbe(NamedTuple):
    """What there is to be heard."""

    info: AudioInfo | None
    """None where nothing can be heard."""
    why_not: str | None
    """Why nothing can be heard."""
    notes: tuple[str, ...] = ()


def probe_audio(path: Path, reading: ReadSettings = DEFAULT_READING) -> AudioProbe:
    """The sound track that was asked for, or the first one that can be decoded.

    Raises:
        InputError: the file cannot be opened.
        VideoError: it has no such stream.
    """
    asked = reading.audio_stream
    with _open_sound(path, reading, asked) as (container, _):
        streams = container.streams.audio
        if asked is not None and asked >= len(streams):
            raise no_such_stream(path, len(streams), "sound", asked=asked)
        readable = [
            at for at in range(len(streams)) if asked in (None, at) and _is_readable(streams[at])
        ]
        if not readable:
            return AudioProbe(None, "its sound cannot be decoded" if streams else "no sound")
        context = streams[readable[0]].codec_context
        info = AudioInfo(
            context.codec.canonical_name, context.sample_rate, context.channels, stream=readable[0]
        )
        several = (
            f"{len(readable)} sound streams: the first, --audio-stream {info.stream}, is heard"
        )
        return AudioProbe(info, None, (several,) if len(readable) > 1 else ())


@contextmanager
def _open_sound(
    path: Path, reading: ReadSettings, asked: int | None
) -> Iterator[tuple[av.container.InputContainer, bool]]:
    """Open a file so that its sound streams, and their rate and channels, are known.

    FFmpeg reads the first few megabytes to find them. Sound that begins behind these is found by
    reading the whole file once; the packets on the way are not kept.

    Yields:
        the container; True when it was read to its end.
    """
    with open_local(path, reading) as container:
        if not _is_sound_unknown(container, asked):
            yield container, False
            return
    with open_local(path, reading, _whole_file(path)) as container:
        yield container, True


def _rewind(container: av.container.InputContainer, damage: Damage) -> None:
    """Go back to the start of a file that was read to its end."""
    # these two need no header, and have no index of times
    by_byte = container.format.name in ("mpegts", "mpeg")
    try:
        container.seek(0, unsupported_byte_offset=by_byte)
    except (av.error.FFmpegError, OSError) as error:
        damage.stops.add(f"there is no way back to where the sound begins: {reason(error)}")


def _whole_file(path: Path) -> dict[str, str]:
    """FFmpeg's options: look for streams up to the end of the file, and keep no packets
    meanwhile."""
    return {
        "probesize": str(path.stat().st_size + 1),
        "analyzeduration": str(1 << 62),
        "fflags": "nobuffer",
        "scan_all_pmts": "1",  # of MPEG-TS, where a later table of streams may name more of them
    }


def sound_stream_options(
    path: Path, stream: int, reading: ReadSettings = DEFAULT_READING
) -> dict[str, str]:
    """Options with which another program of FFmpeg's finds a sound stream, and its rate and
    channels.

    Args:
        path: the file.
        stream: position among its sound streams, from `probe_audio`.
        reading: limits.

    Returns:
        none where the stream is known at opening; else they make the program read, and hold, all
        that comes before the first packet of the stream. None where the file cannot be read or has
        no such stream, for the program to say so.
    """
    with suppress(ScsamplerError), _open_sound(path, reading, stream) as (container, is_at_end):
        if not is_at_end or stream >= len(container.streams.audio):
            return {}
        damage = Damage()
        _rewind(container, damage)
        packets = read_packets(container, container.streams.audio[stream], damage)
        begin = max(0, next((packet.pos for packet in packets if packet.pos is not None), 0))
        options = _whole_file(path) | {"probesize": str(begin + _PROBED)}
        del options["fflags"]  # packets that are not kept would be lost to the program
        if container.format.name != "mpegts":
            del options["scan_all_pmts"]
        return options
    return {}


def _is_sound_unknown(container: av.container.InputContainer, asked: int | None) -> bool:
    streams = container.streams.audio
    if not streams or (asked is not None and asked >= len(streams)):
        return container.format.name in _GAINING
    wanted = streams if asked is None else streams[asked : asked + 1]
    contexts = [found for stream in wanted if (found := getattr(stream, "codec_context", None))]
    unknown = any(not (context.sample_rate and context.channels) for context in contexts)
    return unknown and not any(_is_readable(stream) for stream in wanted)


def _is_readable(stream: AudioStream) -> bool:
    context = getattr(stream, "codec_context", None)  # None without a decoder
    return (
        context is not None
        and LOWEST_HZ <= context.sample_rate <= HIGHEST_HZ
        and context.channels > 0
    )


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
        info: from `probe_audio`: the track.
        report: filled in on the way.
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
    """Joins frames into runs, resamples these, and finds where each run lies on the clock."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        self._layout: tuple[int, str, str] | None = None
        self._waiting = av.AudioFifo()
        """Frames that follow one another, not resampled yet: many at once cost little more than
        one."""
        self._cursor: int | None = None
        """Where the next sample that comes out of the resampler belongs."""
        self._offset = 0
        """Samples by which a clock that started anew is moved on."""
        self._past: int | None = None
        """Where a frame in the past ended."""

    def place(self, frame: av.AudioFrame, report: AudioReport) -> Iterator[AudioBlock]:
        """Blocks that are complete with one more decoded frame."""
        layout = (frame.sample_rate, frame.format.name, frame.layout.name)
        if self._layout not in (
            None,
            layout,
        ):  # the track changed its format: a new resampler, from where it is
            yield from self.flush(report)
            self._resampler, self._waiting = (
                av.AudioResampler("flt", "mono", RATE_HZ),
                av.AudioFifo(),
            )
        self._layout = layout
        start = _in_samples(frame)
        if start is not None:
            expected = self._expected()
            here = start + self._offset
            length = frame.samples * RATE_HZ // max(1, frame.sample_rate)
            # the second frame in a row that is far back: no stray, but a clock that started anew
            again = self._past is not None and abs(here - self._past) <= GAP
            if again and expected is not None and here < expected - RESTART:
                self._offset += expected - here
                here = expected
                report.restarts += 1
            if expected is None or here > expected + GAP:
                yield from self._drained(report)
                self._cursor = here
            elif here < expected - GAP - length:
                self._past = here + length
                report.misplaced += 1
                return  # wholly in the past: a repeated or misplaced frame
            self._past = None
        elif self._cursor is None:
            self._cursor = 0
        frame.pts = None
        if not LOWEST_HZ <= frame.sample_rate <= HIGHEST_HZ:
            report.not_resampled += 1
            return
        self._waiting.write(frame)
        if self._waiting.samples >= frame.sample_rate * RUN_S:
            yield from self._drained(report)

    def flush(self, report: AudioReport) -> Iterator[AudioBlock]:
        """What is still held."""
        if self._layout is not None:
            yield from self._drained(report)
            yield from self._blocks(self._resampled(None, report))

    def _expected(self) -> int | None:
        """Where the next frame begins if it follows the one before."""
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
                yield AudioBlock(self._cursor, np.clip(np.nan_to_num(samples), -1, 1))
                self._cursor += len(samples)


def _in_samples(frame: av.AudioFrame) -> int | None:
    """Where a frame begins on the container's clock, in samples at 16 kHz; None where it does not
    say."""
    base = frame.time_base
    if frame.pts is None or base is None:
        return None
    return round(frame.pts * base.numerator * RATE_HZ / base.denominator)
