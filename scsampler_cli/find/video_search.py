"""`VideoSearch`: one sentence, compared with the vectors of one video after another.

Not handled here: loading the model (`finder`), and merging the videos (`found_ranking`).
"""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.cache.video_cache import quick_identity
from scsampler_cli.config import ReadSettings
from scsampler_cli.config.find_settings import FindSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.find.best_stretches import best_stretches, similarities
from scsampler_cli.find.embed_video import embed_video
from scsampler_cli.find.embedding_model import EmbeddingModel
from scsampler_cli.find.kept_vectors import KeptVectors, keep
from scsampler_cli.find.video_vectors import VideoVectors
from scsampler_cli.media.container import FFMPEG_VERSION
from scsampler_cli.output.records import Record, versions
from scsampler_cli.pipeline.input_checks import check_is_video
from scsampler_cli.pipeline.models import identity
from scsampler_cli.pipeline.stage_clock import StageClock
from scsampler_cli.pipeline.tagger_arguments import readable_file
from scsampler_cli.pipeline.video import Progress, Video, no_progress, reporting_missing_file


class VideoSearch:
    """A sentence and a model.

    Args:
        model: the text-image model.
        sentence: what is looked for.
        settings: which clips are compared, and how many are found.
        kept: where the vectors are kept.
        reading: which streams of a file are read, and the limits.
        runtime: device and precision, for the records.

    Raises:
        ClassifierError: the sentence is too long for the model.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        sentence: str,
        settings: FindSettings,
        *,
        kept: KeptVectors,
        reading: ReadSettings,
        runtime: dict[str, str],
    ) -> None:
        self.model, self.sentence, self.settings = model, sentence, settings
        self._kept, self._reading, self._runtime = kept, reading, runtime
        # float32 [D]
        self._vector = model.of_sentences([sentence], list(settings.prompts))[0]
        # once: the versions are looked up on disk
        self.facts = self._common_facts()
        """What all records have in common: the sentence, the model and its notes, the settings and
        the versions; JSON-able."""

    def record(self, path: str | Path, progress: Progress = no_progress) -> Record:
        """Find the clips of one video that fit the sentence best.

        Args:
            path: a local video file.
            progress: called after every batch with the stage "embed" and the number of clips,
                where the vectors are computed.

        Returns:
            a record for `Ranking.add`, JSON-able. `found` has at most `top` clips, best first; its
            times are exact, as text. `embedded` is False where the vectors were kept from before.

        Raises:
            ScsamplerError: the video cannot be read, has no picture, or is damaged and the settings
                are `strict`; or the cache cannot be written.
        """
        path = readable_file(path)
        clock = StageClock()
        with reporting_missing_file(path):
            with clock.stage("cache"):
                vectors = self._kept.find(path)
            is_kept = vectors is not None
            if vectors is None:
                vectors = self._embedded(path, clock, progress)
            else:
                length = max(1, round(vectors.video["duration_s"]))
                progress("index", length, length)
        vectors.check_whole(path, self._reading)
        with clock.stage("compare"):
            found = self._found(vectors)
        return {
            # the record of a failed video has the same
            "schema": "scsampler.find/1",
            "path": str(path),
            "status": "ok",
            "found": found,
            "embedded": not is_kept,
            "video": vectors.video,
            "decode_errors": vectors.decode_errors,
            "frames_missing": vectors.frames_missing,
            "notes": list(vectors.notes),
            "timings_s": clock.spent,
            **self.facts,
        }

    def _common_facts(self) -> dict[str, Any]:
        model, settings = self.model, self.settings
        gap = {} if model.reads_clips else {"picture_gap": settings.picture_gap}
        return {
            "sentence": self.sentence,
            "model": {
                "name": model.name,
                "weights": model.weights.source,
                "sha256": model.weights.sha256,
                "dimensions": model.dimensions,
            },
            "model_notes": list(model.notes),
            "settings": {
                "find": {
                    "top": settings.top,
                    "apart_s": settings.apart_s,
                    **gap,
                    "prompts": list(settings.prompts),
                },
                "clip_frames": model.spec.frames,
                "frame_stride": model.spec.stride,
                "reading": {
                    "video_stream": self._reading.video_stream,
                    "strict": self._reading.strict,
                },
                **self._runtime,
            },
            "versions": versions(FFMPEG_VERSION),
        }

    @property
    def identity(self) -> dict[str, Any]:
        """All that a record depends on except the file; JSON-able."""
        facts = self.facts
        settings = {**facts["settings"], "sentence": self.sentence}
        more = {"spec": asdict(self.model.spec), "settings": self.model.settings}
        return identity(settings, (), {**facts["model"], **more})

    def _embedded(self, path: Path, clock: StageClock, progress: Progress) -> VideoVectors:
        """Compute the vectors of a video, and keep them."""
        check_is_video(path)
        before = quick_identity(path)
        # opened first: a cache that cannot be written ends the work before it begins
        with self._kept.writer(path) as writer:
            with clock.stage("index"):
                spec = self.model.spec
                video = Video(path, spec.frames, spec.stride, reading=self._reading)
            progress("index", video.whole_seconds, video.whole_seconds)
            with clock.stage("embed"):
                gap = self.settings.picture_gap
                vectors = embed_video(video, self.model, gap, progress=progress)
            if quick_identity(path) != before:
                raise VideoError(
                    f"{path} has changed while it was read",
                    code="file-changed",
                    hint="try again when nothing writes to it",
                )
            keep(writer, vectors)
        return vectors

    def _found(self, vectors: VideoVectors) -> list[dict[str, Any]]:
        """The best clips of a video, best first."""
        # float32 [P]
        values = similarities(vectors.values, self._vector)
        apart = Fraction(str(self.settings.apart_s)) / vectors.time_base
        best = best_stretches(values, vectors.times, self.settings.top, apart=apart)
        probabilities = self._probabilities(values[best])
        found = []
        for number, probability in zip(best, probabilities, strict=True):
            stretch = vectors.stretch(number)
            picture = stretch.picture
            found.append(
                {
                    # as text: JSON numbers would round a third of a second
                    "exact_s": [
                        str(vectors.seconds(stretch.start)),
                        str(vectors.seconds(stretch.end)),
                    ],
                    "exact_picture_s": None if picture is None else str(vectors.seconds(picture)),
                    "clip": stretch.clip,
                    "clips": stretch.clips,
                    "similarity": float(values[number]),
                    "probability": probability,
                }
            )
        return found

    def _probabilities(self, values: NDArray[np.float32]) -> list[float | None]:
        """One for each similarity; None for a model without probabilities."""
        found = self.model.probabilities(values)
        return [None] * len(values) if found is None else [float(value) for value in found]
