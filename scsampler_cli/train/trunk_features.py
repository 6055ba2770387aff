"""The features of a frozen trunk, computed once for each picture and kept in the cache.

They stand in the place of the pictures from then on (`feature_rows`). An entry is float16
[n, 1280], row by row as the entry of the pictures. Its key holds that of the pictures, the digest
of the trunk and its precision, so that no entry is of another trunk.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.classifiers.geometry import centred, normalise_planes
from scsampler_cli.nn.fused_lite0 import prepare_with_trunk
from scsampler_cli.nn.inference import to_device
from scsampler_cli.nn.lite0 import FEATURES
from scsampler_cli.pipeline.video import Progress
from scsampler_cli.samplers.network_inputs import CROP, crop, normalise
from scsampler_cli.train.augment import flipped
from scsampler_cli.train.feature_rows import MIRRORED
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import FRAMES, TrainVideo, VideoNeeds

BATCH = 16
"""Pictures in one pass through the trunk: enough to keep a CPU busy. The last pass of some videos
is smaller; with 64 the memory between blocks of so many sizes grew to gigabytes."""


class _Embedding(nn.Module):
    """The features of a network as a network of their own, so that it can be folded."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, h, w] -> [N, 1280]."""
        features: Tensor = self.network.embed(x)  # type: ignore[operator]
        return features


def digest_of(network: nn.Module) -> str:
    """SHA-256 of all that the features depend on: the trunk, and the normalisation before it."""
    sha256 = hashlib.sha256()
    # the layer on the trunk does not matter
    values = dict(network.named_parameters()) | dict(network.named_buffers())
    for name, value in sorted(values.items()):
        if not name.startswith("fc."):
            sha256.update(name.encode())
            sha256.update(value.detach().cpu().contiguous().numpy().tobytes())
    return sha256.hexdigest()


@dataclass(frozen=True)
class TrunkFeatures:
    """Computes the features that a run lacks.

    Args:
        network: with `embed`; in the state in which the run keeps its trunk.
        settings: settings of the run.
        needs: keys of the entries of pictures.
        cache: cache to fill.
        device: where the trunk runs.
        dtype: its precision.
    """

    network: nn.Module
    settings: TrainSettings
    needs: VideoNeeds
    cache: Cache
    device: torch.device
    dtype: torch.dtype

    def fill(self, videos: Sequence[TrainVideo], progress: Progress) -> None:
        """Compute the features that the cache lacks.

        Args:
            videos: of both splits.
            progress: called with the videos that have all of their features.

        Raises:
            OutputError: the cache cannot be written.
        """
        digest = digest_of(self.network)
        todo = [
            view
            for video in videos
            for view in self._views(video, digest)
            if self.cache.find(view.video.example.path, view.name, view.key) is None
        ]
        total, left = len(videos), _Counter(todo)
        if not todo:
            return
        network = _Embedding(copy.deepcopy(self.network))
        embedding = prepare_with_trunk(network, self.device, self.dtype)
        for bunch in _bunches(todo):
            for view, rows in zip(bunch, self._features(bunch, embedding), strict=True):
                self._store(view, rows)
                left.done(view)
            progress("embedding", total - left.videos, total)

    def put(self, videos: Sequence[TrainVideo]) -> list[TrainVideo]:
        """The videos with features in the place of pictures. One that lacks any is left out.

        Training videos also have the features of their mirrored pictures, as MIRRORED.
        """
        digest = digest_of(self.network)
        found = []
        for video in videos:
            entries = {}
            for view in self._views(video, digest):
                try:
                    entry = self.cache.find(video.example.path, view.name, view.key)
                except OSError:  # the file has been removed
                    entry = None
                if entry is not None:
                    # a plain array: a slice of a memory map as such takes ten times as long
                    entries[view.entry] = replace(entry, values=np.asarray(entry.values))
            if len(entries) == len(self._views(video, digest)):
                found.append(replace(video, entries=entries))
        return found

    def _views(self, video: TrainVideo, digest: str) -> list[_View]:
        (kind,) = self.needs.kinds
        is_training = video.example.split == "train"
        return [
            _View(video, kind, is_mirrored, key=self._key(kind, digest, is_mirrored))
            for is_mirrored in ((False, True) if is_training else (False,))
        ]

    def _key(self, kind: str, digest: str, mirrored: bool) -> dict[str, Any]:
        key = {
            "pictures": self.needs.settings(kind),
            "trunk": digest,
            "precision": str(self.dtype).removeprefix("torch."),
            "mirrored": mirrored,
        }
        spec = self.settings.test_spec
        if kind == FRAMES:
            key |= {"crop": spec.crop, "mean": spec.mean, "std": spec.std}
        return key

    def _features(
        self, views: Sequence[_View], embedding: nn.Module
    ) -> Iterator[NDArray[np.float16]]:
        """float16 [n, 1280] of each view; passes through the trunk go across views."""
        places = [(view, row) for view in views for row in range(view.rows)]
        parts = []
        for first in range(0, len(places), BATCH):
            pictures = [self._picture(view, row) for view, row in places[first : first + BATCH]]
            batch = self._normalised(torch.stack(pictures))
            batch = to_device(batch, self.device).contiguous(memory_format=torch.channels_last)
            is_reduced = self.dtype != torch.float32
            with (
                torch.inference_mode(),
                torch.autocast(self.device.type, self.dtype, enabled=is_reduced),
            ):
                parts.append(embedding(batch).half().cpu().numpy())
        values = np.concatenate(parts) if parts else np.zeros((0, FEATURES), np.float16)
        yield from np.split(values, np.cumsum([view.rows for view in views])[:-1])

    def _picture(self, view: _View, row: int) -> Tensor:
        """uint8 [3, h, w], cropped as in the finished network, and perhaps mirrored."""
        stored = torch.from_numpy(np.array(view.source.values[row]))
        if view.kind == FRAMES:
            picture = centred(stored.permute(2, 0, 1), self.settings.test_spec)
        else:
            picture = crop(stored, CROP) if view.kind == "if" else stored
        return flipped(picture, view.kind) if view.is_mirrored else picture

    def _normalised(self, pictures: Tensor) -> Tensor:
        """uint8 [n, 3, h, w] -> float32, as the network takes them."""
        (kind,) = self.needs.kinds
        if kind != FRAMES:
            return normalise(pictures.float(), kind)
        planes = pictures.float()[None].transpose(1, 2)  # [1, 3, n, h, w]
        return normalise_planes(planes, self.settings.test_spec)[0].transpose(0, 1)

    def _store(self, view: _View, rows: NDArray[np.float16]) -> None:
        path = view.video.example.path
        with self.cache.writer(path, view.name, view.key) as writer:
            for clip in range(view.source.clips):
                of_clip = view.source.rows(clip)
                writer.add(rows[of_clip.start : of_clip.stop])


@dataclass(frozen=True)
class _View:
    """The pictures of a video, as they are or mirrored."""

    video: TrainVideo
    kind: str
    is_mirrored: bool
    key: dict[str, Any]
    """Settings of the entry of features."""

    @property
    def name(self) -> str:
        """Name of the entry in the cache."""
        return f"{self.kind}_features"

    @property
    def entry(self) -> str:
        """Its name among the entries of the video."""
        return MIRRORED if self.is_mirrored else self.kind

    @property
    def source(self) -> Entry:
        """The pictures."""
        return self.video.entries[self.kind]

    @property
    def rows(self) -> int:
        """Number of pictures."""
        return len(self.source.values)


class _Counter:
    """Counts the videos that lack features."""

    def __init__(self, views: Sequence[_View]) -> None:
        self._left: dict[int, int] = {}
        for view in views:
            self._left[id(view.video)] = self._left.get(id(view.video), 0) + 1

    def done(self, view: _View) -> None:
        """Count a view whose features are stored."""
        self._left[id(view.video)] -= 1

    @property
    def videos(self) -> int:
        """Number of videos that lack some."""
        return sum(left > 0 for left in self._left.values())


def _bunches(views: Sequence[_View]) -> Iterator[list[_View]]:
    """Views in their order, some together until they have enough pictures for a batch."""
    bunch: list[_View] = []
    for view in views:
        bunch.append(view)
        if sum(each.rows for each in bunch) >= BATCH:
            yield bunch
            bunch = []
    if bunch:
        yield bunch
