"""Networks made ready to run answer as they did."""

import pytest
import torch
from torch import nn

from scsampler_cli.classifiers.networks import build as build_classifier
from scsampler_cli.nn.inference import prepare_network, spare_one_core
from scsampler_cli.samplers.networks import ARCHITECTURES, INPUT_SHAPES, build

CPU = torch.device("cpu")


def seasoned(network: nn.Module) -> nn.Module:
    """With statistics that are not those of a fresh network."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
    return network.eval()


@pytest.mark.parametrize(
    ("kind", "arch"), [(kind, arch) for kind, known in ARCHITECTURES.items() for arch in known]
)
def test_a_sampler_answers_the_same(kind: str, arch: str) -> None:
    torch.manual_seed(0)
    network, x = seasoned(build(arch, kind, 6)), torch.randn(3, *INPUT_SHAPES[kind])
    with torch.inference_mode():
        before = network(x)
        after = prepare_network(network, CPU)(x)
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-4 * float(before.abs().max()))


@pytest.mark.parametrize("arch", ["tsm18", "tiny3d", "mc3_18", "r2plus1d_18", "r3d_18"])
@pytest.mark.parametrize("side", [32, 48])
def test_a_classifier_answers_the_same_whatever_the_size(arch: str, side: int) -> None:
    torch.manual_seed(0)
    network, x = seasoned(build_classifier(arch, 5)), torch.randn(2, 3, 8, side, side)
    with torch.inference_mode():
        before = network(x)
        prepared = prepare_network(network, CPU)
        after, one = prepared(x), prepared(x[:1])
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-4 * float(before.abs().max()))
    assert torch.allclose(one, after[:1], rtol=1e-3, atol=1e-4 * float(before.abs().max()))


def test_batch_norms_are_folded_away() -> None:
    network = prepare_network(build("resnet18", "rgbr", 6), CPU)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    assert network.conv1.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_spared_core_comes_back() -> None:
    before = torch.get_num_threads()
    with spare_one_core():
        assert torch.get_num_threads() == max(1, before - 1)
    assert torch.get_num_threads() == before
