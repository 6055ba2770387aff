"""Decode the sound of a file as a stream of mono blocks at 16 kHz, placed on the container's clock.

But: memory does not grow with the length of the file, and silence is not invented: where there is no sound, there is no block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from scsampler_cli.media.container import open_local, read_packets, reason
from scsampler_cli.report import counted

RATE_HZ = 16_000
"""Our choice, after VGGish: keeps everything below 8 kHz."""
GAP = RATE_HZ // 25
"""Samples (40 ms): a jump in the time stamps up to this is jitter and is closed; a longer one is a gap (our choice)."""

RESTART = RATE_HZ
"""Samples (1 s) by which time stamps must jump back, and stay back, for the clock to have started anew (our choice)."""


@dataclass(frozen=True)
class AudioInfo:
    """The track that is read."""

    codec: str
    rate_hz: int
    channels: int


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

    errors: list[str] = field(default_factory=list)
    """Decoder errors, in order."""
    misplaced: int = 0
    """Frames that were left out because they lie where there is sound already."""
    restarts: int = 0
    """How often the clock started anew."""

    def notes(self) -> list[str]:
        """One sentence for each kind of trouble."""
        notes = []
        if self.errors:
            notes.append(
                f"{counted(len(self.errors), 'packet')} of sound could not be decoded (first: {self.errors[0]})"
            )
        if self.misplaced:
            notes.append(f"{counted(self.misplaced, 'frame')} of sound left out: their times lie in the past")
        if self.restarts:
            again = counted(self.restarts, "time")
            notes.append(f"the clock of the sound starts anew {again}: its parts are taken as following one another")
        return notes


def probe_audio(path: Path) -> tuple[AudioInfo | None, str | None]:
    """The first decodable sound track of a file, or None and why there is none."""
    try:
        with open_local(path) as container:
            stream = _track(container)
            if stream is not None:
                context = stream.codec_context
                return AudioInfo(context.codec.canonical_name, context.sample_rate, context.channels), None
            return None, "its sound cannot be decoded" if container.streams.audio else "no sound"
    except (av.error.FFmpegError, OSError, ValueError) as error:
        return None, f"its sound cannot be read ({reason(error)})"


def _track(container: av.container.InputContainer) -> AudioStream | None:
    for stream in container.streams.audio:
        try:
            if stream.codec_context.sample_rate > 0 and stream.codec_context.channels > 0:
                return stream
        except (AttributeError, RuntimeError):
            continue  # no decoder for this track
    return None


def read_audio(path: Path, report: AudioReport) -> Iterator[AudioBlock]:
    """Blocks in time order, without overlap; nothing where there is no track.

    Args:
        path: the file.
        report: filled in on the way; damaged packets are skipped and counted.
    """
    with open_local(path) as container:
        stream = _track(container)
        if stream is None:
            return
        stream.codec_context.thread_count = 1
        placer = _Placer()
        for frame in _frames(container, stream, report):
            yield from placer.place(frame, report)
        yield from placer.flush()


def _frames(
    container: av.container.InputContainer, stream: AudioStream, report: AudioReport
) -> Iterator[av.AudioFrame]:
    for packet in read_packets(container, stream, report.errors):
        try:
            decoded: list[Any] = packet.decode()
            yield from decoded
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError) as error:
            report.errors.append(reason(error))


class _Placer:
    """Resamples frames and finds where each run of samples lies on the clock."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        self._layout: tuple[int, str, str] | None = None
        self._cursor: int | None = None
        self._offset = 0
        """Samples by which a clock that started anew is moved on."""
        self._past: int | None = None
        """Where a frame in the past ended."""

    def place(self, frame: av.AudioFrame, report: AudioReport) -> Iterator[AudioBlock]:
        """Blocks of one decoded frame."""
        layout = (frame.sample_rate, frame.format.name, frame.layout.name)
        start = None if frame.pts is None or frame.time_base is None else frame.pts * Fraction(frame.time_base)
        if self._layout not in (None, layout):  # the track changed its format: a new resampler, from where it is
            yield from self.flush()
            self._resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        self._layout = layout
        if start is not None:
            expected = self._cursor
            here = round(start * RATE_HZ) + self._offset
            length = frame.samples * RATE_HZ // max(1, frame.sample_rate)
            # the second frame in a row that is far back: no stray, but a clock that started anew
            again = self._past is not None and abs(here - self._past) <= GAP
            if again and expected is not None and here < expected - RESTART:
                self._offset += expected - here
                here = expected
                report.restarts += 1
            if expected is None or here > expected + GAP:
                self._cursor = here
            elif here < expected - GAP - length:
                self._past = here + length
                report.misplaced += 1
                return  # wholly in the past: a repeated or misplaced frame
            self._past = None
        elif self._cursor is None:
            self._cursor = 0
        frame.pts = None
        try:
            resampled = self._resampler.resample(frame)
        except (av.error.FFmpegError, ValueError) as error:
            report.errors.append(reason(error))
            return
        yield from self._blocks(resampled)

    def flush(self) -> Iterator[AudioBlock]:
        """What the resampler still holds."""
        if self._layout is not None:
            yield from self._blocks(self._resampler.resample(None))

    def _blocks(self, frames: list[av.AudioFrame]) -> Iterator[AudioBlock]:
        for frame in frames:
            samples = frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)
            if len(samples) and self._cursor is not None:
                yield AudioBlock(self._cursor, np.clip(np.nan_to_num(samples), -1, 1))
                self._cursor += len(samples)
