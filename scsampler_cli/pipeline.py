"""extract, score, classify: the only place that knows the whole order.

container -> packets -> clip features -> scores -> selection -> chosen clips -> classifier -> aggregate -> record.

Each function takes one video and returns one JSON-able record. Nothing is printed; progress is a callback.
But: choosing and loading models, walking folders and writing results belong to the callers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scsampler_cli import aggregate, report
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.errors import FeatureFileError, VideoError
from scsampler_cli.features import store
from scsampler_cli.features.clip import ClipSound, ClipVisual
from scsampler_cli.features.mel import mel_clips
from scsampler_cli.media.audio import AudioInfo, AudioReport, probe_audio, read_audio
from scsampler_cli.media.compressed import ReadReport, read_visual
from scsampler_cli.media.container import FFMPEG_VERSION, scan
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.samplers.scoring import AudioSampler, VisualSampler
from scsampler_cli.scores import ClipScores
from scsampler_cli.selection import Selection, combined_rank, select
from scsampler_cli.timeline import ClipGrid, ClipSpan

Progress = Callable[[str, int, int], None]
"""(stage, done, total): "score", "listen", "classify" or "extract", in clips."""

Item = TypeVar("Item")


def no_progress(stage: str, done: int, total: int) -> None:
    """The progress callback of callers that show none."""


@dataclass(frozen=True)
class Samplers:
    """s: the visual and the audio sampler, either of which may be absent."""

    visual: VisualSampler | None
    audio: AudioSampler | None

    def records(self) -> list[dict[str, Any]]:
        """What ran, for the result."""
        return [info for sampler in (self.visual, self.audio) if sampler is not None for info in sampler.infos]


class Video:
    """One video file, indexed; its stages read it again as they need it.

    Raises:
        VideoError: the file is not a video or not one frame of it can be decoded.
    """

    def __init__(self, path: Path, clip_frames: int = 16, frame_stride: int = 1) -> None:
        self.path = path
        self.index = scan(path)
        self.info = self.index.info
        self.grid = ClipGrid(self.index.timeline, clip_frames, frame_stride)
        self.audio: AudioInfo | None = probe_audio(path)
        self.notes: list[str] = list(self.index.notes)
        if self.audio is None:
            self.note("no sound: clips are judged by the picture alone")
        if not self.info.has_vectors and len(self.index.timeline) > 1:
            self.note(f"{self.info.codec} gives no motion vectors: re-encoded to small MPEG-4 in memory")
        if len(self.index.timeline) < self.grid.span_frames:
            self.note(f"shorter than one clip of {self.grid.span_frames} frames: the last frame is repeated")

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)

    def facts(self) -> dict[str, Any]:
        """What the result says about the file."""
        timeline = self.index.timeline
        height, width = self.info.size
        return {
            "codec": self.info.codec,
            "width": width,
            "height": height,
            "rotation": self.info.quarter_turns * 90,
            "pixel_aspect": str(self.info.pixel_aspect),
            "frames": len(timeline),
            "start_s": report.seconds(timeline.time(0)),
            "duration_s": report.seconds(timeline.duration),
            "fps": report.score(float(1 / timeline.mean_frame_duration)),
            "clips": len(self.grid),
            "motion_vectors": "native" if self.info.has_vectors else "re-encoded",
            "audio": None if self.audio is None else asdict(self.audio),
        }


def visual_clips(video: Video, features: FeatureSettings, clip_stride: int = 1) -> Iterator[ClipVisual]:
    """Visual features of every N-th clip, in one pass over the file; what went wrong ends up in `video.notes`."""
    read = ReadReport()
    clips = video.grid.every(clip_stride).tolist()
    yield from read_visual(video.path, video.index, video.grid, clips, features, read)
    for note in read.notes():
        video.note(note)


def sound_clips(video: Video, clip_stride: int = 1) -> Iterator[ClipSound]:
    """Audio features of every N-th clip, in one pass; clips without sound come with `mel` None."""
    heard = AudioReport()
    blocks = None if video.audio is None else read_audio(video.path, heard)
    silent = 0
    for sound in mel_clips(blocks, video.grid, video.grid.every(clip_stride)):
        silent += sound.mel is None
        yield sound
    for note in heard.notes():
        video.note(note)
    if video.audio is not None and silent:
        video.note(f"{silent} clips have no sound and are judged by the picture alone")


def clip_frames(video: Video, clips: Sequence[int], spec: InputSpec) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """(clip, uint8 [F, h, w, 3]) of the chosen clips alone, in time order, fitted to the classifier's input."""
    read = FramesReport()
    yield from read_clips(video.path, video.index, video.grid, clips, lambda frame: fit_frame(frame, spec), read)
    for note in read.notes():
        video.note(note)


def scores_of(
    video: Video,
    samplers: Samplers,
    features: FeatureSettings,
    clip_stride: int = 1,
    progress: Progress = no_progress,
) -> ClipScores:
    """Saliency of every N-th clip. Inputs that no sampler asks for are not computed."""
    clips = video.grid.every(clip_stride)
    visual = audio = None
    if samplers.visual is not None:
        wanted = FeatureSettings(samplers.visual.inputs, features.p_frames, features.short_side)
        seen = _followed(visual_clips(video, wanted, clip_stride), "score", len(clips), progress)
        visual = _collected(samplers.visual.score(seen), clips)
    if samplers.audio is not None and video.audio is not None:
        heard = _followed(sound_clips(video, clip_stride), "listen", len(clips), progress)
        audio = _collected(samplers.audio.score(heard), clips)
    return ClipScores(clips, len(video.grid), visual, audio)


def _followed(items: Iterable[Item], stage: str, total: int, progress: Progress) -> Iterator[Item]:
    for done, item in enumerate(items, start=1):
        yield item
        progress(stage, done, total)


def _collected(scored: Iterable[tuple[int, float]], clips: NDArray[np.int64]) -> NDArray[np.float32]:
    """float32 [M] in the order of `clips`."""
    values = dict(scored)
    return np.array([values[int(clip)] for clip in clips], dtype=np.float32)


def classify_clips(
    video: Video,
    clips: Sequence[int],
    classifier: ClipClassifier,
    batch: int = 4,
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """float32 [K, C]: clip probabilities in the order of `clips`; a row of NaN where nothing could be decoded."""
    probabilities = np.full((len(clips), len(classifier.labels)), np.nan, np.float32)
    row = {clip: i for i, clip in enumerate(clips)}
    held: list[tuple[int, NDArray[np.uint8]]] = []

    def flush() -> None:
        if held:
            probabilities[[row[clip] for clip, _ in held]] = classifier.classify(np.stack([f for _, f in held]))
            held.clear()

    for done, item in enumerate(clip_frames(video, clips, classifier.spec), start=1):
        held.append(item)
        if len(held) == batch:
            flush()
        progress("classify", done, len(clips))
    flush()
    return probabilities


@dataclass
class _Clock:
    """Seconds per stage."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        start = time.perf_counter()
        yield
        self.spent[name] = round(self.spent.get(name, 0.0) + time.perf_counter() - start, 4)


def classify(
    path: Path,
    samplers: Samplers,
    classifier: ClipClassifier,
    features: FeatureSettings,
    selection: SelectionSettings,
    top: int = 5,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Tag one video: the whole of the paper's method.

    Returns:
        the record of `report.ClassifyResult`.

    Raises:
        ScsamplerError: the video cannot be read, or not one chosen clip could be decoded.
    """
    clock = _Clock()
    with clock.stage("index"):
        video = Video(path, classifier.spec.frames, classifier.spec.stride)
    with clock.stage("score"):
        needs_scores = selection.strategy not in ("random", "uniform", "empirical", "dense")
        used = samplers if needs_scores else Samplers(None, None)
        scores = scores_of(video, used, features, selection.clip_stride, progress)
    chosen = select(scores, selection)
    with clock.stage("classify"):
        probabilities = classify_clips(video, chosen.clips.tolist(), classifier, progress=progress)
    usable = ~np.isnan(probabilities).any(axis=1)
    if not usable.any():
        raise VideoError(f"{path}: not one of the chosen clips could be decoded", hint="the file may be damaged")
    tags = aggregate.top(aggregate.mean(probabilities[usable]), classifier.labels, top)
    return report.ClassifyResult(
        path=str(path),
        tags=tuple(tags),
        clips=tuple(_taken(video, scores, chosen, probabilities, classifier.labels)),
        video=video.facts(),
        classifier=_classifier_record(classifier),
        samplers=used.records(),
        settings={"features": asdict(features), "selection": _selection_record(selection), "top": top},
        notes=(*video.notes, *chosen.notes),
        timings_s=clock.spent,
        versions=report.versions(FFMPEG_VERSION),
    ).record()


def _taken(
    video: Video,
    scores: ClipScores,
    chosen: Selection,
    probabilities: NDArray[np.float32],
    labels: Sequence[str],
) -> Iterator[report.TakenClip]:
    for clip, why, row in zip(chosen.clips.tolist(), chosen.reasons, probabilities, strict=True):
        span = video.grid[clip]
        best = None if np.isnan(row).any() else int(row.argmax())
        yield report.TakenClip(
            clip=clip,
            start=span.start,
            end=span.end,
            first_frame=span.first_frame,
            frames=span.frame_count,
            visual=_score_at(scores, scores.visual, clip),
            audio=_score_at(scores, scores.audio, clip),
            why=why,
            label=None if best is None else labels[best],
            probability=None if best is None else float(row[best]),
        )


def _score_at(scores: ClipScores, values: NDArray[np.float32] | None, clip: int) -> float | None:
    if values is None:
        return None
    at = np.flatnonzero(scores.clips == clip)
    return float(values[at[0]]) if at.size else None


def _classifier_record(classifier: ClipClassifier) -> dict[str, Any]:
    return {
        "name": classifier.name,
        "weights": classifier.weights.source,
        "sha256": classifier.weights.sha256,
        "classes": len(classifier.labels),
        "frames": classifier.spec.frames,
        "stride": classifier.spec.stride,
    }


def _selection_record(selection: SelectionSettings) -> dict[str, Any]:
    """Settings with their defaults resolved to what was in force."""
    resolved = asdict(selection)
    resolved["k_visual"] = selection.visual_share if selection.strategy == "av-union-list" else None
    resolved["alpha"] = selection.weight if "convex" in selection.strategy else None
    return resolved


def score(
    path: Path,
    samplers: Samplers,
    features: FeatureSettings,
    clip_frames: int,
    frame_stride: int,
    selection: SelectionSettings,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Saliency of every clip of a video, or of a feature file that `extract` wrote: the same numbers either way.

    Returns:
        the record of `report.ScoreResult`.
    """
    clock = _Clock()
    if store.sniff(path):
        with clock.stage("index"):
            stored = StoredVideo(path)
        with clock.stage("score"):
            scores = stored.scores(samplers, progress)
        spans, facts, notes = stored.spans, stored.facts, stored.notes
        features = stored.features
    else:
        with clock.stage("index"):
            video = Video(path, clip_frames, frame_stride)
        with clock.stage("score"):
            scores = scores_of(video, samplers, features, selection.clip_stride, progress)
        spans = {clip: video.grid[clip] for clip in scores.clips.tolist()}
        facts, notes = video.facts(), video.notes
        if samplers.audio is None:
            notes = [note for note in notes if not note.startswith("no sound")]
    chosen = select(scores, selection)
    why = dict(zip(chosen.clips.tolist(), chosen.reasons, strict=True))
    ranks = combined_rank(scores, selection)
    return report.ScoreResult(
        path=str(path),
        clips=tuple(
            report.ScoredClip(
                clip=clip,
                start=spans[clip].start,
                end=spans[clip].end,
                first_frame=spans[clip].first_frame,
                visual=_score_at(scores, scores.visual, clip),
                audio=_score_at(scores, scores.audio, clip),
                rank=int(rank) + 1,
                taken=clip in why,
                why=why.get(clip),
            )
            for clip, rank in zip(scores.clips.tolist(), ranks, strict=True)
        ),
        video=facts,
        samplers=samplers.records(),
        settings={"features": asdict(features), "selection": _selection_record(selection)},
        notes=(*notes, *chosen.notes),
        timings_s=clock.spent,
        versions=report.versions(FFMPEG_VERSION),
    ).record()


class StoredVideo:
    """A feature file in the place of a video."""

    def __init__(self, path: Path) -> None:
        self._path = path
        header, self.notes = store.read_header(path)
        self.facts: dict[str, Any] = header["video"]
        self.features = FeatureSettings(
            tuple(header["settings"]["inputs"]), header["settings"]["p_frames"], header["settings"]["short_side"]
        )
        self.spans = {
            clip: ClipSpan(clip, first, count, Fraction(start), Fraction(end))
            for clip, first, count, start, end in header["clips"]
        }
        self._clip_count: int = header["clip_count"]
        self._has_audio = header["video"]["audio"] is not None

    def scores(self, samplers: Samplers, progress: Progress) -> ClipScores:
        """Saliency from the stored features."""
        clips = np.array(list(self.spans), dtype=np.int64)
        visual = audio = None
        if samplers.visual is not None:
            self._check(samplers.visual.inputs)
            seen = _followed(store.read_visual(self._path), "score", len(clips), progress)
            visual = _collected(samplers.visual.score(seen), clips)
        if samplers.audio is not None and self._has_audio:
            self._check(samplers.audio.inputs)
            heard = _followed(store.read_sound(self._path), "listen", len(clips), progress)
            audio = _collected(samplers.audio.score(heard), clips)
        return ClipScores(clips, self._clip_count, visual, audio)

    def _check(self, needed: Sequence[str]) -> None:
        missing = [name for name in needed if name not in self.features.inputs]
        if missing:
            raise FeatureFileError(
                f"{self._path} holds {', '.join(self.features.inputs)}, the sampler needs {', '.join(missing)}",
                hint=f"extract again with --what {','.join([*self.features.inputs, *missing])}",
            )


def extract(
    path: Path,
    out: Path,
    features: FeatureSettings,
    clip_frames: int,
    frame_stride: int,
    clip_stride: int = 1,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write the features of one video to a feature file (`features.store`).

    Returns:
        the record of `report.ExtractResult`.
    """
    clock = _Clock()
    with clock.stage("index"):
        video = Video(path, clip_frames, frame_stride)
    clips = video.grid.every(clip_stride).tolist()
    settings = {
        **asdict(features),
        "clip_frames": clip_frames,
        "frame_stride": frame_stride,
        "clip_stride": clip_stride,
    }
    versions = report.versions(FFMPEG_VERSION)
    spans = [video.grid[clip] for clip in clips]
    header = {
        "settings": settings,
        "clip_count": len(video.grid),
        "clips": [[s.index, s.first_frame, s.frame_count, str(s.start), str(s.end)] for s in spans],
        "video": video.facts(),
        "versions": versions,
    }
    with clock.stage("extract"), store.FeatureWriter(out, header) as writer:
        if set(features.inputs) - {"mel"}:
            for seen in _followed(visual_clips(video, features, clip_stride), "extract", len(clips), progress):
                writer.visual(seen)
        if "mel" in features.inputs:
            for heard in _followed(sound_clips(video, clip_stride), "listen", len(clips), progress):
                writer.sound(heard)
        writer.notes = video.notes
    return report.ExtractResult(
        path=str(path),
        output=str(out),
        inputs=features.inputs,
        clips=len(clips),
        bytes=out.stat().st_size,
        video=video.facts(),
        settings=settings,
        notes=tuple(video.notes),
        timings_s=clock.spent,
        versions=versions,
    ).record()
