"""Decode the sound of a file as a stream of mono blocks at 16 kHz, placed on the container's clock.

Memory does not grow with the length of the file. Where there is no sound, there is no block.

Not handled here: silence in gaps; `features.mel` adds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.media.audio_probe import (
    HIGHEST_HZ,
    LOWEST_HZ,
    AudioInfo,
    open_sound,
    rewind,
)
from scsampler_cli.media.container import decode_sound
from scsampler_cli.media.damage import Damage
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
                " its parts are placed one after another"
            )
        return notes


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
        info: the track, from `audio_probe.probe_audio`.
        report: filled in while reading.
        damage: of the file; packets that cannot be decoded are skipped and counted there.
        reading: limits.
    """
    with open_sound(path, reading, info.stream) as (container, is_at_end):
        if is_at_end:
            rewind(container, damage)
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

        # the frame is already placed above; with a pts the resampler would place it a second time
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
            # None flushes the resampler's own delay
            yield from self._blocks(self._resampled(None, report))

    def _expected(self) -> int | None:
        """Position of the next frame if it follows the one before; None before the first frame."""
        if self._cursor is None or self._layout is None:
            return None
        # samples of the source rate -> samples at 16 kHz
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
            # float32 [1, n] -> [n]
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
