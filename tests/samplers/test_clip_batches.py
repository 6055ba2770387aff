"""Clips that share a picture: computed once, in batches of different pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.samplers.clip_batches import (
    BATCH_CLIPS,
    MAX_HELD_CLIPS,
    batches,
    distinct,
    read_ahead,
)
from scsampler_cli.samplers.network_inputs import visual_input
from scsampler_cli.samplers.networks import build
from scsampler_cli.samplers.scoring import Sampler, SamplerNetwork, load_visual

CPU = torch.device("cpu")


def clip(number: int, frame: int, level: int = 0) -> ClipVisual:
    """A clip with a picture of one colour, shown at `frame`; without one where `frame` is -1."""
    return ClipVisual(
        number,
        64,
        64,
        iframes=np.zeros((0, 64, 64, 3), np.uint8),
        motion=np.zeros((0, 4, 4, 2), np.float16),
        residual=np.zeros((1, 64, 64, 3), np.int8),
        pictures=np.full((int(frame >= 0), 64, 64, 3), level, np.uint8),
        picture_frame=frame,
        picture_source="keyframe" if frame >= 0 else "",
    )


def shared(count: int, each: int) -> list[ClipVisual]:
    """`count` clips, each picture of which is shared by `each` of them."""
    return [clip(i, i // each * 60, level=i // each) for i in range(count)]


class Mean(nn.Module):
    """The mean of a picture as the logit; counts the pictures that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(x))
        return x.mean(dim=(1, 2, 3))[:, None]


def network(kind: str = "rgb") -> SamplerNetwork:
    info = WeightsInfo("test", None)
    return SamplerNetwork(
        kind, "t", "sal-cl", network=Mean(), info=info, device=CPU, dtype=torch.float32
    )


def calls(networks: Sequence[SamplerNetwork], clips: list[ClipVisual]) -> list[list[int]]:
    """The sizes of the batches that each network got."""
    list(Sampler(list(networks), visual_input).score(clips))
    return [each.network.calls for each in networks]  # type: ignore[misc]


def test_a_batch_has_sixteen_different_pictures() -> None:
    assert [len(batch) for batch in batches(shared(100, 4), ["rgb"])] == [64, 36]
    assert [len(batch) for batch in batches(shared(100, 4), ["rgb", "md"])] == [16] * 6 + [4]
    # a video with one keyframe does not fill the memory
    assert [len(batch) for batch in batches(shared(1200, 1200), ["rgb"])] == [512, 512, 176]
    assert (read_ahead(["rgb"]), read_ahead(["rgb", "md"])) == (MAX_HELD_CLIPS, 2 * BATCH_CLIPS)


def test_each_picture_is_computed_once() -> None:
    clips = shared(100, 4)
    assert calls([network()], clips) == [[16, 9]]
    missing = [clip(i, -1) for i in range(100, 130)]
    assert calls([network()], [*clips, *missing])[0][0] == 16
    assert sum(calls([network()], [*clips, *missing])[0]) == 25
    # across batches, too: 16 clips of a mixed sampler end within a picture
    rgb, residual = network(), network("rgbr")
    assert calls([rgb, residual], shared(36, 6)) == [[3, 3], [16, 16, 4]]
    assert len(distinct(clips, "rgb")) == 25
    assert len(distinct(clips, "rgbr")) == 100


def test_shared_pictures_give_the_scores_of_pictures_of_their_own() -> None:
    clips = [*shared(70, 3), clip(70, -1), clip(71, 9000, level=200)]
    alone = [dict(Sampler([network()], visual_input).score([each])) for each in clips]
    together = dict(Sampler([network()], visual_input).score(clips))
    assert list(together) == [each.clip for each in clips]
    assert np.isnan(together[70])
    expected = {number: score for each in alone for number, score in each.items()}
    assert together == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_scores_of_a_real_network_do_not_depend_on_the_batch(
    tmp_path: Path, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    meta = {"kind": "sampler", "input": "rgb", "arch": "lite0", "objective": "ac"}
    path = tmp_path / "x.safetensors"
    write_weights(path, build("lite0", "rgb", 3).state_dict(), meta | {"labels": ["a", "b", "c"]})
    sampler = load_visual(str(path), CPU, dtype)
    assert sampler is not None
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (20, 1, 96, 128, 3)).astype(np.uint8)
    clips = [
        ClipVisual(
            i,
            96,
            128,
            iframes=noise[0][:0],
            motion=np.zeros((0, 6, 8, 2), np.float16),
            residual=np.zeros((0, 96, 128, 3), np.int8),
            pictures=picture,
            picture_frame=16 * i,
            picture_source="decoded",
        )
        for i, picture in enumerate(noise)
    ]
    together = dict(sampler.score(clips))
    assert together == dict(sampler.score(clips))
    for some in (clips[:1], clips[3:8], clips[::7]):
        found = dict(sampler.score(some))
        assert found == pytest.approx({c.clip: together[c.clip] for c in some}, abs=1e-5)
