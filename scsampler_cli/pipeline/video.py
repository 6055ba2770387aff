"""One video file, and the passes over it that give the features and the frames of its clips.

Each pass reads the file once; what goes wrong on the way ends up in `Video.notes`.
Not handled here: which networks see the clips (`clip_inference`), and the order of the stages
(`stages`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.config import COMPRESSED, DEFAULT_READING, FeatureSettings, ReadSettings
from scsampler_cli.errors import InputError, read_code
from scsampler_cli.features.clip import ClipAudio, ClipPackets, ClipVisual
from scsampler_cli.features.mel import mel_clips
from scsampler_cli.features.packet_table import packet_clips
from scsampler_cli.features.picture_gap import gap_in_force
from scsampler_cli.features.visual import read_visual
from scsampler_cli.media.audio import AudioReport, read_audio
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.coded import ReadReport
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.index import scan
from scsampler_cli.media.video_info import VECTOR_CODECS
from scsampler_cli.pipeline.strict import check_whole
from scsampler_cli.text import counted, score, seconds
from scsampler_cli.timeline import ClipGrid, ClipSpan

Progress = Callable[[str, int, int], None]
"""(stage, done, total). Stages "score", "listen", "classify" and "extract" count clips, "extras"
counts files. "index" comes once, before the work begins, with the video's length in whole seconds
as `done` and as `total`."""

Item = TypeVar("Item")


def no_progress(stage: str, done: int, total: int) -> None:
    """The progress callback of callers that show none."""


class Video:
    """One video file, indexed; the stages read it again as they need it.

    Args:
        path: the file.
        clip_frames: number of frames in a clip (F).
        frame_stride: distance between two frames of a clip, in frames of the video.
        reading: which streams are read, and the limits.

    Raises:
        InputError: the file cannot be opened.
        VideoError: the file is not a video, lacks a requested stream, exceeds a limit, or none of
            its frames can be decoded.
    """

    def __init__(
        self,
        path: str | Path,
        clip_frames: int = 16,
        frame_stride: int = 1,
        *,
        reading: ReadSettings = DEFAULT_READING,
    ) -> None:
        self.path = path = Path(path)
        self.index = scan(path, reading)
        self.info = self.index.info
        self.grid = ClipGrid(self.index.timeline, clip_frames, frame_stride)

        audio = probe_audio(path, reading)
        self.audio, self.no_audio_reason = audio.info, audio.why_not
        """The audio stream that is read, or None and the reason."""
        self._notes = [*self.index.notes, *audio.notes]

        self.frames_report = FramesReport()
        """What happened in all rounds in which clips were decoded for a classifier."""
        self._is_reencoded = False
        self._picture_gap_s: float | None = None
        self.picture_sources: dict[int, str] = {}
        """Where the picture of each clip comes from, one of `features.clip.PICTURE_SOURCES`, ""
        where nothing could be decoded; clips whose picture ("rgb") was read so far."""
        if len(self.index.timeline) < self.grid.span_frames:
            frames = self.grid.span_frames
            self.note(f"shorter than one clip of {frames} frames: the last frame is repeated")

    @property
    def decode_errors(self) -> int:
        """`Damage.decode_errors` so far."""
        return self.index.damage.decode_errors

    @property
    def frames_missing(self) -> int:
        """`Damage.frames_missing` so far."""
        return self.index.damage.frames_missing

    @property
    def notes(self) -> list[str]:
        """What the user should know so far, one sentence each."""
        told = [*self._notes, *self.frames_report.notes(), *self.index.damage.notes()]
        # several passes over one file meet the same changes
        return list(dict.fromkeys(told))

    def note(self, *texts: str) -> None:
        """Add notes, each once."""
        # several passes over one file meet the same damage
        self._notes += [text for text in texts if text not in self._notes]

    def expect(self, features: FeatureSettings) -> None:
        """Note how visual inputs will be read; `facts` then reports it. `visual_clips` calls it."""
        inputs = features.inputs
        if "rgb" in inputs:
            self._picture_gap_s = gap_in_force(
                self.index, features.picture_gap, features.own_pictures
            )
        if self.info.has_vectors or not set(inputs) & set(COMPRESSED):
            return
        self._is_reencoded = True
        # a video of one frame has no motion in any case, and needs no note
        if len(self.index.timeline) > 1:
            why = "no predicted frames" if self.info.codec in VECTOR_CODECS else "no motion vectors"
            self.note(f"{self.info.codec} with {why} to read: re-encoded to small MPEG-4 in memory")

    @property
    def whole_seconds(self) -> int:
        """Length of the video in seconds, at least 1; the stage "index" reports it."""
        return max(1, round(self.index.timeline.duration))

    def check_whole(self) -> None:
        """Refuse a damaged video where the settings are `strict`; call it after the last pass.

        Raises:
            VideoError: something was damaged or missing.
        """
        damage = self.index.damage
        # some damaged packets give a frame with errors in it, others give none
        only_undecoded = damage.undecoded == damage.decode_errors
        check_whole(
            self.path,
            self.index.reading,
            self.decode_errors,
            frames_missing=self.frames_missing,
            only_undecoded=only_undecoded,
        )

    def span(self, clip: int) -> ClipSpan:
        """Position of a clip in the video."""
        return self.grid[clip]

    def facts(self) -> dict[str, Any]:
        """Properties of the file, for the record."""
        timeline = self.index.timeline
        height, width = self.info.size
        without = "re-encoded" if self._is_reencoded else "none"
        # only where pictures of clips were read
        gap = {} if self._picture_gap_s is None else {"picture_gap_s": self._picture_gap_s}
        # keys as in the schemas of records; a new one goes there, too
        return {
            "codec": self.info.codec,
            "stream": self.info.stream,
            "width": width,
            "height": height,
            "rotation": self.info.orientation.turns * 90,
            "mirrored": self.info.orientation.mirrored,
            "pixel_aspect": str(self.info.pixel_aspect),
            "frames": len(timeline),
            "start_s": seconds(timeline.time(0)),
            # times that were counted, not read, begin at 0 whatever the file says
            "file_start_s": seconds(min(timeline.time(0), self.info.file_start)),
            "timecode": self.info.timecode,
            "duration_s": seconds(timeline.duration),
            "fps": score(float(1 / timeline.mean_frame_duration)),
            "clips": len(self.grid),
            "motion_vectors": "native" if self.info.has_vectors else without,
            **gap,
            "audio": None if self.audio is None else asdict(self.audio),
        }


def visual_clips(
    video: Video, features: FeatureSettings, clips: NDArray[np.int64] | None = None
) -> Iterator[ClipVisual]:
    """Visual features of clips, in one pass over the file; in two where pictures are among them.

    Args:
        video: gets notes on what could not be read, and `picture_sources`.
        features: which inputs to compute, and their settings.
        clips: int64 [M], increasing; None for all clips.
    """
    video.expect(features)
    # filled while the caller iterates; turned into notes at the end of the pass
    report = ReadReport()
    wanted = video.grid.every(1) if clips is None else clips
    for clip in read_visual(
        video.path, video.index, video.grid, clips=wanted.tolist(), settings=features, report=report
    ):
        if "rgb" in features.inputs:
            video.picture_sources[clip.clip] = clip.picture_source
        yield clip
    video.note(*report.notes())


def audio_clips(video: Video, clips: NDArray[np.int64] | None = None) -> Iterator[ClipAudio]:
    """Audio features of clips, in one pass over the file.

    Args:
        video: gets notes on what could not be read.
        clips: int64 [M], increasing; None for all clips.

    Yields:
        one for each clip; `mel` is None for a clip without audio, and a note counts those.
    """
    wanted = video.grid.every(1) if clips is None else clips
    report = AudioReport()
    index = video.index
    blocks = None
    if video.audio is None:
        video.note(str(video.no_audio_reason))
    else:
        blocks = read_audio(
            video.path, video.audio, report, damage=index.damage, reading=index.reading
        )

    silent = 0
    for clip in mel_clips(blocks, video.grid, wanted):
        silent += clip.mel is None
        yield clip

    # the reports are complete only after the last block
    video.note(*report.notes())
    if video.audio is not None and silent:
        video.note(f"{counted(silent, 'clip')} without sound")


def packets_by_clip(video: Video, clips: NDArray[np.int64] | None = None) -> Iterator[ClipPackets]:
    """Packet features of clips. They come from the index alone: the file is not read again.

    Args:
        video: gets a note on clips whose packet sizes are unknown.
        clips: int64 [M], increasing; None for all clips.
    """
    wanted = video.grid.every(1) if clips is None else clips
    # a clip has no values where the index knows the size of none of its frames
    unknown = 0
    for clip in packet_clips(video.index.packets, video.grid, wanted):
        unknown += clip.values is None
        yield clip
    if unknown:
        video.note(f"{counted(unknown, 'clip')} whose frame sizes the file does not give")


def clip_frames(
    video: Video, clips: Sequence[int], spec: InputSpec
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Frames of the selected clips, decoded in time order.

    Args:
        video: gets notes on what could not be decoded.
        clips: indices, in any order.
        spec: the size of the frames; `fit_frame` makes them.

    Yields:
        (clip, uint8 [F, h, w, 3], RGB).
    """
    yield from read_clips(
        video.path,
        video.index,
        video.grid,
        clips=clips,
        fit=lambda frame: fit_frame(frame, spec),
        report=video.frames_report,
    )


def with_progress(
    items: Iterable[Item], stage: str, total: int, *, progress: Progress
) -> Iterator[Item]:
    """The items, with progress reported after each."""
    for done, item in enumerate(items, start=1):
        yield item
        # the caller has worked on the item when it asks for the next one
        progress(stage, done, total)


def open_video(path: Path, clip_frames: int, frame_stride: int, *, progress: Progress) -> Video:
    """An indexed `Video`, after its length was reported to `progress`."""
    video = Video(path, clip_frames, frame_stride)
    progress("index", video.whole_seconds, video.whole_seconds)
    return video


@contextmanager
def reporting_missing_file(path: Path) -> Iterator[None]:
    """Turn an OSError on the video, such as a file removed meanwhile, into an `InputError`.

    Raises:
        InputError: the system cannot read the file any more.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}",
            code=read_code(error),
            hint="does the file still exist?",
        ) from error
