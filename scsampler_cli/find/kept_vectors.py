"""The vectors of videos in the cache: a second sentence needs neither the model's time nor the
video.

An entry holds float16 [P, D] and the facts of `VideoVectors`. It is found by the quick identity of
the file, so that the videos of a large archive are not read again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scsampler_cli.cache.video_cache import Cache, EntryWriter, quick_identity
from scsampler_cli.config import ReadSettings
from scsampler_cli.config.find_settings import FindSettings
from scsampler_cli.find.embedding_model import EmbeddingModel
from scsampler_cli.find.video_vectors import VideoVectors

EMBEDDINGS = "embeddings"
"""Kind of the cache entries."""
_VERSION = 2
"""Raise it when the vectors, or their facts, are made in another way."""


@dataclass(frozen=True)
class KeptVectors:
    """The entries of one model and its settings."""

    cache: Cache
    key: dict[str, Any]
    """What the vectors depend on, besides the video."""

    def find(self, path: Path) -> VideoVectors | None:
        """The vectors of a video; None where none are kept, or they are damaged.

        Raises:
            OSError: the video cannot be read.
        """
        entry = self.cache.find(path, EMBEDDINGS, self.key)
        if entry is None:
            return None
        try:
            return VideoVectors.from_facts(entry.facts, entry.values, entry.notes)
        # of a crash of the machine, or a fault of the disk: computed again
        except (ValueError, KeyError, TypeError, ArithmeticError):
            self.cache.discard(path, EMBEDDINGS, self.key)
            return None

    def writer(self, path: Path) -> EntryWriter:
        """A writer of the entry of a video, to be used as a context manager.

        Raises:
            OSError: the video cannot be read.
            OutputError: the cache cannot be written.
        """
        return self.cache.writer(path, EMBEDDINGS, self.key)


def keep(writer: EntryWriter, vectors: VideoVectors) -> None:
    """Write vectors into their entry.

    Raises:
        OutputError: the cache cannot be written.
    """
    writer.add(vectors.values)
    writer.facts = vectors.facts()
    writer.notes = list(vectors.notes)


def kept_by(
    model: EmbeddingModel,
    folder: Path,
    settings: FindSettings,
    *,
    reading: ReadSettings,
    runtime: dict[str, str],
) -> KeptVectors:
    """The entries for a model and settings.

    Args:
        model: the text-image model.
        folder: the cache.
        settings: of the search; only `picture_gap` matters.
        reading: streams and limits.
        runtime: device and precision, as `ModelOptions.runtime` gives them.

    Raises:
        OutputError: the folder is a URL.
    """
    # damage is stored, and `strict` is checked for each search
    read = {name: value for name, value in asdict(reading).items() if name != "strict"}
    gap = settings.picture_gap
    key = {
        "vectors": _VERSION,
        "sha256": model.weights.sha256,
        # a model without a file is known by its name alone
        "source": model.weights.source if model.weights.sha256 is None else None,
        "model": model.settings,
        "spec": asdict(model.spec),
        # 2 and 2.0 are different in JSON
        "picture_gap": None if model.reads_clips or gap is None else float(gap),
        "reading": read,
        # all GPUs count as one device: "cuda:1" -> "cuda"
        "device": runtime["device"].partition(":")[0],
        "precision": runtime["precision"],
    }
    return KeptVectors(Cache(folder, quick_identity), key)
