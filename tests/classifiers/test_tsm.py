"""The temporal-shift network: its cost, what a segment holds, and that neighbours see each
other."""

import pytest
import torch
from torchvision.models import resnet18

from scsampler_cli.classifiers.networks import build
from scsampler_cli.classifiers.networks.tsm import ShiftBlock, _segments
from scsampler_cli.samplers.networks import count_macs, count_parameters


def test_its_cost_is_what_it_says() -> None:
    network = build("tsm18", 6)
    assert count_parameters(network) / 1e6 == pytest.approx(11.20, abs=0.005)
    assert count_macs(network, (3, 8, 96, 96)) / 1e9 == pytest.approx(1.506, abs=0.0005)


def test_a_segment_is_a_picture_and_the_changes_before_and_after_it() -> None:
    ramp = torch.arange(6.0).square().view(1, 1, 6, 1, 1).expand(1, 3, 6, 2, 2)  # 0 1 4 9 16 25
    found = _segments(ramp)[0, :, :, 0, 0]
    assert found[:, 0].tolist() == [0, 4, 16]
    assert found[:, 3].tolist() == [2 * 1, 2 * 5, 2 * 9], "to the next frame"
    assert found[:, 6].tolist() == [2 * 1, 2 * 3, 2 * 7], (
        "from the frame before; the first takes the second's"
    )


def test_an_eighth_of_the_channels_moves_each_way_and_never_to_another_clip() -> None:
    block = ShiftBlock(16, 16)
    block.segments = 3
    x = (
        torch.arange(6.0).view(6, 1, 1, 1).expand(6, 16, 1, 1)
    )  # two clips of three segments, all channels alike
    shifted = block._shift(x)[:, :, 0, 0]
    assert shifted[:, 0].tolist() == [0, 0, 1, 0, 3, 4], "from the segment before"
    assert shifted[:, 2].tolist() == [1, 2, 0, 4, 5, 0], "from the segment after"
    assert shifted[:, 4].tolist() == [0, 1, 2, 3, 4, 5]


def test_layers_are_named_as_torchvision_names_them() -> None:
    own = {name.removeprefix("network.") for name in build("tsm18", 1000).state_dict()}
    assert own == set(resnet18(weights=None).state_dict())
