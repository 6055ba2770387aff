"""Decode the sound of a file as a stream of mono blocks at 16 kHz, placed on the container's clock.

But: memory does not grow with the length of the file, and silence is not invented: where there is no sound, there is no block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.media.container import decode_sound, no_such_stream
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.opening import open_local
from scsampler_cli.report import counted

RATE_HZ = 16_000
"""Our choice, after VGGish: keeps everything below 8 kHz."""
GAP = RATE_HZ // 25
"""Samples (40 ms): a jump in the time stamps up to this is jitter and is closed; a longer one is a gap (our choice)."""

RESTART = RATE_HZ
"""Samples (1 s) by which time stamps must jump back, and stay back, for the clock to have started anew (our choice)."""


RUN_S = 0.25
"""Seconds of sound that are resampled at once (our choice)."""
LOWEST_HZ, HIGHEST_HZ = 1000, 6_144_000
"""Samples a second: a track that says less or more is not decoded, for to bring it to 16 kHz could fill the memory. Our choice:
far beyond what is in use."""


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
    """Position of the first sample on the container's clock, in samples at 16 kHz; may be negative."""
    samples: NDArray[np.float32]
    """float32 [n], mono, -1..1."""


@dataclass
class AudioReport:
    """What happened while reading."""

    unmixed: int = 0
    """Frames of sound that could not be brought to one channel at 16 kHz."""
    misplaced: int = 0
    """Frames that were left out because they lie where there is sound already."""
    restarts: int = 0
    """How often the clock started anew."""

    def notes(self) -> list[str]:
        """One sentence for each kind of trouble."""
        notes = []
        if self.unmixed:
            notes.append(f"{counted(self.unmixed, 'frame')} of sound could not be resampled")
        if self.misplaced:
            notes.append(f"{counted(self.misplaced, 'frame')} of sound left out: their times lie in the past")
        if self.restarts:
            again = counted(self.restarts, "time")
            notes.append(f"the clock of the sound starts anew {again}: its parts are taken as following one another")
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
    with open_local(path, reading) as container:
        streams = container.streams.audio
        asked = reading.audio_stream
        if asked is not None and asked >= len(streams):
            raise no_such_stream(path, len(streams), "sound", "--audio-stream", asked)
        readable = [at for at in range(len(streams)) if asked in (None, at) and _is_readable(streams[at])]
        if not readable:
            return AudioProbe(None, "its sound cannot be decoded" if streams else "no sound")
        context = streams[readable[0]].codec_context
        info = AudioInfo(context.codec.canonical_name, context.sample_rate, context.channels, readable[0])
        several = f"{len(readable)} sound streams: the first, --audio-stream {info.stream}, is heard"
        return AudioProbe(info, None, (several,) if len(readable) > 1 else ())


def _is_readable(stream: AudioStream) -> bool:
    context = getattr(stream, "codec_context", None)  # None without a decoder
    return context is not None and LOWEST_HZ <= context.sample_rate <= HIGHEST_HZ and context.channels > 0


def read_audio(
    path: Path, info: AudioInfo, report: AudioReport, damage: Damage, reading: ReadSettings = DEFAULT_READING
) -> Iterator[AudioBlock]:
    """Blocks in time order, without overlap.

    Args:
        path: the file.
        info: from `probe_audio`: the track.
        report: filled in on the way.
        damage: of the file; packets that cannot be decoded are skipped and counted there.
        reading: limits.
    """
    with open_local(path, reading) as container:
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
        """Frames that follow one another, not resampled yet: many at once cost little more than one."""
        self._cursor: int | None = None
        """Where the next sample that comes out of the resampler belongs."""
        self._offset = 0
        """Samples by which a clock that started anew is moved on."""
        self._past: int | None = None
        """Where a frame in the past ended."""

    def place(self, frame: av.AudioFrame, report: AudioReport) -> Iterator[AudioBlock]:
        """Blocks that are complete with one more decoded frame."""
        layout = (frame.sample_rate, frame.format.name, frame.layout.name)
        if self._layout not in (None, layout):  # the track changed its format: a new resampler, from where it is
            yield from self.flush(report)
            self._resampler, self._waiting = av.AudioResampler("flt", "mono", RATE_HZ), av.AudioFifo()
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
            report.unmixed += 1
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
            report.unmixed += 1
            return []

    def _blocks(self, frames: list[av.AudioFrame]) -> Iterator[AudioBlock]:
        for frame in frames:
            samples = frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            if len(samples) and self._cursor is not None:
                yield AudioBlock(self._cursor, np.clip(np.nan_to_num(samples), -1, 1))
                self._cursor += len(samples)


def _in_samples(frame: av.AudioFrame) -> int | None:
    """Where a frame begins on the container's clock, in samples at 16 kHz; None where it does not say."""
    base = frame.time_base
    if frame.pts is None or base is None:
        return None
    return round(frame.pts * base.numerator * RATE_HZ / base.denominator)
