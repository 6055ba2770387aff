"""What the picture of a clip shows, as a vector: two clips that look alike have near vectors.

`ImageNetFeatures` is the ImageNet network which comes with the package (`nn.lite0`), without its
last layer. It knows none of the classes that a classifier is asked for. Its 1280 numbers are
projected to 128, which keeps the distances of clips to within a tenth: each of the 128 is a sum of
all numbers with random signs (Achlioptas, Journal of Computer and System Sciences 66, 2003).

A text-image model as the classifier has its own (`classifiers.text_image`).
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.shared_trunk import PREFIX
from scsampler_cli.model_zoo.weightfile import load_into, read_weights
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.nn.fused_lite0 import prepare_with_trunk
from scsampler_cli.nn.inference import to_device
from scsampler_cli.nn.lite0 import FEATURES, Lite0Trunk, scaled_features
from scsampler_cli.samplers.clip_batches import batches, distinct, picture_key
from scsampler_cli.samplers.network_inputs import visual_input
from scsampler_cli.samplers.networks import INPUT_SHAPES

DIMENSIONS = 128
"""Length of a vector of `ImageNetFeatures`."""
Vectors = dict[int, NDArray[np.float16]]
"""Clip -> float16 [D]; without clips that have no picture."""


class _Trunk(torch.nn.Module):
    """The ImageNet network without its last layer; a module of its own, as fusing needs one."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Lite0Trunk()

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, h, w] -> features of one length [N, 1280]."""
        return scaled_features(self.trunk(x))


class PictureFeatures(ABC):
    """A network that turns the picture of a clip into a vector."""

    dimensions: int
    """Length of a vector (D)."""
    takes_full_size: bool
    """True for a network that wants pictures in the size of the video; False for one that takes
    what samplers get."""

    @property
    @abstractmethod
    def record(self) -> dict[str, Any]:
        """The network's record for results."""

    def fitted(self, clips: Iterable[ClipVisual]) -> Iterator[ClipVisual]:
        """The same clips with their pictures in the size of the network's input.

        It comes before `passing`, and before any queue: pictures in full size fill the memory.
        """
        yield from clips

    @abstractmethod
    def inputs(self, clips: Sequence[ClipVisual]) -> Tensor:
        """Inputs of the network for N clips of `fitted`, which all have a picture: [N, ...]."""

    @abstractmethod
    def blank(self, count: int) -> Tensor:
        """Inputs of the same shape without contents, to count or to time the network."""

    @abstractmethod
    def of_inputs(self, inputs: Tensor) -> NDArray[np.float16]:
        """What `inputs` gives -> float16 [N, D]."""

    def passing(self, clips: Iterable[ClipVisual], found: Vectors) -> Iterator[ClipVisual]:
        """The same clips in the same order; their vectors are put into `found` on the way.

        A picture that several clips share is computed once.

        Args:
            clips: of `fitted`, with their picture ("rgb"), in the order of the video.
            found: filled while the caller iterates.
        """
        last: dict[Hashable, NDArray[np.float16]] = {}
        for batch in batches(clips, ("rgb",)):
            different = [clip for clip in distinct(batch, "rgb") if len(clip.pictures)]
            # the last picture of a batch may be the first one of the next
            new = [clip for clip in different if picture_key(clip, "rgb") not in last]
            by_key = dict(last)
            if new:
                keys = [picture_key(clip, "rgb") for clip in new]
                by_key |= dict(zip(keys, self.of_inputs(self.inputs(new)), strict=True))
            for clip in batch:
                if len(clip.pictures):
                    found[clip.clip] = by_key[picture_key(clip, "rgb")]
                yield clip
            key = picture_key(batch[-1], "rgb")
            last = {key: by_key[key]} if key in by_key else {}


class ImageNetFeatures(PictureFeatures):
    """The bundled ImageNet network with the projection.

    Args:
        device: where it runs.
        dtype: precision of the network.

    Raises:
        WeightsError: the network's file is missing or damaged.
    """

    dimensions, takes_full_size = DIMENSIONS, False

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        file = read_weights(bundled_file(TRUNK))
        network = _Trunk()
        own = {name: value for name, value in file.tensors.items() if name.startswith(PREFIX)}
        load_into(network, own, file.info.source)
        self._network = prepare_with_trunk(network, device, dtype)
        self._info: WeightsInfo = file.info
        self._device, self._dtype = device, dtype

    @property
    def record(self) -> dict[str, Any]:
        """The network's record for results."""
        return {
            "input": "rgb",
            "arch": "lite0",
            "objective": "features",
            "weights": self._info.source,
            "sha256": self._info.sha256,
        }

    def inputs(self, clips: Sequence[ClipVisual]) -> Tensor:
        """float32 [N, 3, 128, 128], normalised."""
        return torch.cat([visual_input(clip, "rgb") for clip in clips])

    def blank(self, count: int) -> Tensor:
        """float32 [N, 3, 128, 128] of zeros."""
        return torch.zeros(count, *INPUT_SHAPES["rgb"])

    def of_inputs(self, inputs: Tensor) -> NDArray[np.float16]:
        """float32 [N, 3, h, w], normalised -> float16 [N, D]."""
        is_reduced = self._dtype != torch.float32
        autocast = torch.autocast(self._device.type, self._dtype, enabled=is_reduced)
        with torch.inference_mode(), autocast:
            features = self._network(to_device(inputs, self._device)).float().cpu().numpy()
        # half precision is what is kept on disk, and enough for distances
        projected: NDArray[np.float16] = (features @ _signs()).astype(np.float16)
        return projected


def as_array(found: Vectors, clips: NDArray[np.int64], dimensions: int) -> NDArray[np.float32]:
    """float32 [M, D] in the order of `clips`; a row of NaN for a clip without a picture."""
    vectors = np.full((len(clips), dimensions), np.nan, np.float32)
    for row, clip in enumerate(clips.tolist()):
        if clip in found:
            vectors[row] = found[clip]
    return vectors


@functools.cache
def _signs() -> NDArray[np.float32]:
    """float32 [1280, D]: random signs, over the root of 1280 * D so that sums stay near 1."""
    # RandomState: its numbers never change between versions of numpy
    signs = 2 * np.random.RandomState(0).randint(0, 2, (FEATURES, DIMENSIONS)) - 1
    return (signs / np.sqrt(FEATURES * DIMENSIONS)).astype(np.float32)
