"""One video file and the stages that read it: features, scores, clip probabilities.

Each stage is one pass over the file; what goes wrong on the way ends up in `Video.notes`.
But: the order of the stages, and what becomes of their results, is `pipeline`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, batch_of
from scsampler_cli.classifiers.crops import clip_probabilities
from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.config import DEFAULT_READING, FeatureSettings, ReadSettings
from scsampler_cli.errors import read_code, InputError
from scsampler_cli.features.clip import ClipPackets, ClipAudio, ClipVisual
from scsampler_cli.features.mel import mel_clips
from scsampler_cli.features.packet_table import packet_clips
from scsampler_cli.features.visual import read_visual
from scsampler_cli.media.audio import AudioReport, probe_audio, read_audio
from scsampler_cli.media.coded import ReadReport
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.index import scan
from scsampler_cli.media.video_info import VECTOR_CODECS
from scsampler_cli.nn.inference import spare_one_core
from scsampler_cli.pipeline.prefetch import ahead
from scsampler_cli.pipeline.strict import check_whole
from scsampler_cli.samplers.scoring import AudioSampler, Samplers, VisualSampler
from scsampler_cli.selection.scores import ClipScores, smoothed
from scsampler_cli.selection.strategies import candidates
from scsampler_cli.text import counted, score, seconds
from scsampler_cli.timeline import ClipGrid, ClipSpan

Progress = Callable[[str, int, int], None]
"""(stage, done, total): "score", "listen", "classify" or "extract", in clips; "extras", in files; and "index" once, when the
video is indexed, with its whole seconds as `done` and `total`: what is worth knowing before the work begins."""

Item = TypeVar("Item")
AHEAD_CLIPS = 32
"""Clips that are read before they are scored or classified (our choice): two batches."""


def no_progress(stage: str, done: int, total: int) -> None:
    """The progress callback of callers that show none."""


class Video:
    """One video file, indexed; its stages read it again as they need it.

    Args:
        path: the file.
        clip_frames: F.
        frame_stride: every how many frames one is taken.
        reading: which of its streams, within which limits.

    Raises:
        InputError: the file cannot be opened.
        VideoError: the file is not a video, lacks a stream asked for, exceeds a limit, or not one frame of it can be decoded.
    """

    def __init__(
        self,
        path: Path,
        clip_frames: int = 16,
        frame_stride: int = 1,
        *,
        reading: ReadSettings = DEFAULT_READING,
    ) -> None:
        self.path = path
        self.index = scan(path, reading)
        self.info = self.index.info
        self.grid = ClipGrid(self.index.timeline, clip_frames, frame_stride)
        sound = probe_audio(path, reading)
        self.audio, self.no_audio_reason = sound.info, sound.why_not
        """The sound track that is heard; None where there is none."""
        self._notes = [*self.index.notes, *sound.notes]
        if not self.info.has_vectors and len(self.index.timeline) > 1:
            why = "no predicted frames" if self.info.codec in VECTOR_CODECS else "no motion vectors"
            self.note(f"{self.info.codec} with {why} to read: re-encoded to small MPEG-4 in memory")
        if len(self.index.timeline) < self.grid.span_frames:
            self.note(
                f"shorter than one clip of {self.grid.span_frames} frames: the last frame is repeated"
            )

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
        return [*self._notes, *self.index.damage.notes()]

    def note(self, *texts: str) -> None:
        """Add notes, each once."""
        self._notes += [text for text in texts if text not in self._notes]

    @property
    def whole_seconds(self) -> int:
        """Its length, at least 1; the stage "index" reports it."""
        return max(1, round(self.index.timeline.duration))

    def check_whole(self) -> None:
        """With `strict`, to be called when all is done.

        Raises:
            VideoError: something was damaged or missing.
        """
        damage = self.index.damage
        only_undecoded = damage.undecoded == damage.decode_errors
        check_whole(
            self.path,
            self.index.reading,
            self.decode_errors,
            frames_missing=self.frames_missing,
            only_undecoded=only_undecoded,
        )

    def span(self, clip: int) -> ClipSpan:
        """Where a clip lies."""
        return self.grid[clip]

    def facts(self) -> dict[str, Any]:
        """What the result says about the file."""
        timeline = self.index.timeline
        height, width = self.info.size
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
            "motion_vectors": "native" if self.info.has_vectors else "re-encoded",
            "audio": None if self.audio is None else asdict(self.audio),
        }


def visual_clips(
    video: Video, features: FeatureSettings, clips: NDArray[np.int64] | None = None
) -> Iterator[ClipVisual]:
    """Visual features of some clips (int64, increasing; None: all), in one pass; what went wrong ends up in `Video.notes`."""
    read = ReadReport()
    wanted = video.grid.every(1) if clips is None else clips
    yield from read_visual(
        video.path, video.index, video.grid, clips=wanted.tolist(), settings=features, report=read
    )
    video.note(*read.notes())


def audio_clips(video: Video, clips: NDArray[np.int64] | None = None) -> Iterator[ClipAudio]:
    """Audio features of some clips (int64, increasing; None: all), in one pass.

    Clips without sound come with `mel` None, and `Video.notes` says so.
    """
    wanted = video.grid.every(1) if clips is None else clips
    heard = AudioReport()
    index = video.index
    blocks = (
        None
        if video.audio is None
        else read_audio(video.path, video.audio, heard, damage=index.damage, reading=index.reading)
    )
    if blocks is None:
        video.note(str(video.no_audio_reason))
    silent = 0
    for sound in mel_clips(blocks, video.grid, wanted):
        silent += sound.mel is None
        yield sound
    video.note(*heard.notes())
    if video.audio is not None and silent:
        video.note(f"{counted(silent, 'clip')} without sound")


def packets_by_clip(video: Video, clips: NDArray[np.int64] | None = None) -> Iterator[ClipPackets]:
    """What the packets say of some clips (int64, increasing; None: all); nothing is read that the index does not hold."""
    unknown = 0
    for clip in packet_clips(
        video.index.packets, video.grid, video.grid.every(1) if clips is None else clips
    ):
        unknown += clip.values is None
        yield clip
    if unknown:
        video.note(f"{counted(unknown, 'clip')} of whose frames the file does not tell the size")


def clip_frames(
    video: Video, clips: Sequence[int], spec: InputSpec
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(clip, uint8 [F, h, w, 3]) of the chosen clips alone, in time order, as `fit_frame` makes them."""
    read = FramesReport()
    yield from read_clips(
        video.path,
        video.index,
        video.grid,
        clips=clips,
        fit=lambda frame: fit_frame(frame, spec),
        report=read,
    )
    video.note(*read.notes())


def score_clips(
    video: Video,
    samplers: Samplers,
    features: FeatureSettings,
    *,
    clip_stride: int = 1,
    progress: Progress = no_progress,
    first: int | None = None,
) -> ClipScores:
    """Saliency of every N-th clip. Inputs that no sampler asks for are not computed.

    Args:
        video: indexed.
        samplers: s.
        features: what the visual sampler is shown.
        clip_stride: N.
        progress: told of every clip.
        first: M of the cascade; the visual sampler sees, and the result has, only the M clips that the others rank first.
    """
    clips, count = video.grid.every(clip_stride), len(video.grid)
    if first is None:
        visual = _seen(video, samplers.visual, features, clips=clips, progress=progress)
        audio = _heard(video, samplers.audio, clips, progress=progress)
        return ClipScores(clips, count, visual, audio=audio, packets=_told(video, samplers, clips))
    found = ClipScores(
        clips,
        count,
        audio=_heard(video, samplers.audio, clips, progress=progress),
        packets=_told(video, samplers, clips),
    )
    chosen = candidates(found, first)
    video.note(*chosen.notes)
    found = found.among(np.sort(chosen.clips))
    return replace(
        found, visual=_seen(video, samplers.visual, features, clips=found.clips, progress=progress)
    )


Scores = NDArray[np.float32]


def _seen(
    video: Video,
    sampler: VisualSampler | None,
    features: FeatureSettings,
    *,
    clips: NDArray[np.int64],
    progress: Progress,
) -> Scores | None:
    if sampler is None:
        return None
    wanted = FeatureSettings(sampler.inputs, features.p_frames, features.short_side)
    read = ahead(visual_clips(video, wanted, clips), AHEAD_CLIPS)
    with spare_one_core():
        found = collected(
            sampler.score(followed(read, "score", len(clips), progress=progress)), clips
        )
    return smoothed(found, clips) if features.smoothed else found


def _heard(
    video: Video, sampler: AudioSampler | None, clips: NDArray[np.int64], *, progress: Progress
) -> Scores | None:
    if sampler is None:
        return None
    read = ahead(audio_clips(video, clips), AHEAD_CLIPS)
    with spare_one_core():
        return collected(
            sampler.score(followed(read, "listen", len(clips), progress=progress)), clips
        )


def _told(video: Video, samplers: Samplers, clips: NDArray[np.int64]) -> Scores | None:
    return (
        None
        if samplers.packets is None
        else collected(samplers.packets.score(packets_by_clip(video, clips)), clips)
    )


def followed(
    items: Iterable[Item], stage: str, total: int, *, progress: Progress
) -> Iterator[Item]:
    """The items, with progress reported after each."""
    for done, item in enumerate(items, start=1):
        yield item
        progress(stage, done, total)


def collected(scored: Iterable[tuple[int, float]], clips: NDArray[np.int64]) -> NDArray[np.float32]:
    """float32 [M] in the order of `clips`."""
    values = dict(scored)
    return np.array([values[int(clip)] for clip in clips], dtype=np.float32)


def open_video(path: Path, clip_frames: int, frame_stride: int, *, progress: Progress) -> Video:
    """A `Video` whose length is reported before any of it is read."""
    video = Video(path, clip_frames, frame_stride)
    progress("index", video.whole_seconds, video.whole_seconds)
    return video


@contextmanager
def reporting_missing_file(path: Path) -> Iterator[None]:
    """A file that the system cannot read any more, as an error of ours.

    Raises:
        InputError: the reason.
    """
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}", code=read_code(error), hint="is it still there?"
        ) from error


def classify_clips(
    video: Video,
    clips: Sequence[int],
    classifier: ClipClassifier,
    *,
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """float32 [K, C]: clip probabilities in the order of `clips`; a row of NaN where nothing could be decoded."""
    probabilities = np.full((len(clips), len(classifier.labels)), np.nan, np.float32)
    row = {clip: i for i, clip in enumerate(clips)}
    batch = batch_of(classifier)
    held: list[tuple[int, NDArray[np.uint8]]] = []

    def flush() -> None:
        if held:
            found = clip_probabilities(classifier, np.stack([frames for _, frames in held]))
            probabilities[[row[clip] for clip, _ in held]] = found
            held.clear()

    for done, item in enumerate(
        ahead(clip_frames(video, clips, classifier.spec), 2 * batch), start=1
    ):
        held.append(item)
        if len(held) == batch:
            flush()
        progress("classify", done, len(clips))
    flush()
    return probabilities
