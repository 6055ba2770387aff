"""Sizes and costs that the docstrings promise, and shapes."""

import re
from collections.abc import Callable

import pytest
import torch

from scsampler_cli.errors import WeightsError
from scsampler_cli.samplers import networks
from scsampler_cli.samplers.networks import (
    ARCHITECTURES,
    INPUT_SHAPES,
    build,
    count_macs,
    count_parameters,
)
from scsampler_cli.samplers.packets1d import Packets1d
from scsampler_cli.samplers.shufflenet import ShuffleNet26, channel_shuffle
from scsampler_cli.samplers.vgg import HEADS, VGG18, VGGHead

PAIRS = [(kind, arch) for kind, known in ARCHITECTURES.items() for arch in known]


@pytest.mark.parametrize(("kind", "arch"), PAIRS)
def test_every_network_maps_its_input_to_logits(kind: str, arch: str) -> None:
    network = build(arch, kind, 7).eval()
    assert network(torch.zeros(2, *INPUT_SHAPES[kind])).shape == (2, 7)


DOCUMENTED = {"resnet18": networks.resnet18, "shufflenet26": ShuffleNet26, "vgg18": VGG18}


@pytest.mark.parametrize(("kind", "arch"), [pair for pair in PAIRS if pair[1] in DOCUMENTED])
def test_costs_are_those_of_the_docstring(kind: str, arch: str) -> None:
    """The docstring's own numbers, to their last digit."""
    text = DOCUMENTED[arch].__doc__ or ""
    network = build(arch, kind, 6)
    shape = " x ".join(map(str, INPUT_SHAPES[kind]))
    (gmacs,) = re.findall(rf"([\d.]+) GMACs at {shape}\b", text)
    (millions,) = re.findall(r"([\d.]+) M parameters", text)
    assert f"{count_macs(network, INPUT_SHAPES[kind]) / 1e9:.{_digits(gmacs)}f}" == gmacs
    assert f"{count_parameters(network) / 1e6:.{_digits(millions)}f}" == millions


def test_heads_cost_what_their_docstring_says() -> None:
    text = VGGHead.__doc__ or ""
    numbers = re.findall(r"on (\w+) ([\d.]+) M (?:parameters, |and\s+)([\d.]+\d)", text)
    assert [layer for layer, *_ in numbers] == list(HEADS)
    for layer, millions, gmacs in numbers:
        network = VGGHead(layer, 6)
        assert f"{count_parameters(network) / 1e6:.3f}" == millions
        assert f"{count_macs(network, (1, 40, 200)) / 1e9:.4f}" == gmacs


def test_the_packets_network_costs_what_its_docstring_says() -> None:
    (parameters,) = re.findall(r"([\d,]+) parameters", Packets1d.__doc__ or "")
    (gmacs,) = re.findall(r"([\d.]+) GMACs", Packets1d.__doc__ or "")
    network = Packets1d(1)
    assert count_parameters(network) == int(parameters.replace(",", ""))
    assert f"{count_macs(network, INPUT_SHAPES['packets']) / 1e9:.4f}" == gmacs


@pytest.mark.parametrize("layer", HEADS)
def test_a_head_sees_what_the_layer_of_the_whole_network_gives(layer: str) -> None:
    """Recorded by a hook on the whole network, an independent way to the same activation."""
    torch.manual_seed(0)
    whole, head = VGG18(1).eval(), VGGHead(layer, 1).eval()
    head.load_state_dict(
        {
            **head.state_dict(),
            **{n: t for n, t in whole.state_dict().items() if n in head.state_dict()},
        }
    )
    seen = {}
    module = (
        whole.fc1 if layer == "fc1" else whole.features.get_submodule(layer.replace("conv", "relu"))
    )
    module.register_forward_hook(lambda _m, _x, y: seen.setdefault("y", y.clone()))
    x = torch.randn(3, 1, 40, 200)
    whole(x)
    wanted = seen["y"].flatten(1).relu()
    assert torch.allclose(head(x), wanted @ head.head.weight.T + head.head.bias, atol=1e-5)


def test_the_trunk_of_a_head_stays_as_it_is() -> None:
    head = VGGHead("pool4", 1).train()
    before = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    head(torch.randn(4, 1, 40, 200)).sum().backward()
    assert {name for name, p in head.named_parameters() if p.grad is not None} == {
        "head.weight",
        "head.bias",
    }
    assert all(
        torch.equal(tensor, before[name]) for name, tensor in head.state_dict().items()
    )  # batch statistics too


@pytest.mark.parametrize(
    ("configuration", "per"),
    [
        (networks.paper_visual_sampler, "P-frame"),
        (networks.paper_full_visual_sampler, "I- and one P-frame"),
        (networks.paper_light_visual_sampler, "P-frame"),
    ],
)
def test_the_published_configurations_cost_what_they_say(configuration: Callable, per: str) -> None:
    (gmacs,) = re.findall(rf"([\d.]+) GMACs for one {per}", configuration.__doc__)
    total = sum(
        count_macs(network, INPUT_SHAPES[kind]) for kind, network in configuration(6).items()
    )
    assert f"{total / 1e9:.4f}" == gmacs


def _digits(number: str) -> int:
    return len(number.partition(".")[2])


def test_resnet18_costs_what_torchvision_publishes() -> None:
    network = networks.resnet18(3, 1000)
    assert count_parameters(network) == 11_689_512
    assert count_macs(network, (3, 224, 224)) == pytest.approx(1.814e9, rel=0.001)


def test_shufflenet_costs_what_its_paper_says() -> None:
    """ShuffleNet 0.5x, g = 3: 38 MFLOPs (Table 2 of Zhang et al.), counted as multiply-adds."""
    assert count_macs(ShuffleNet26(3, 1000), (3, 224, 224)) == pytest.approx(38e6, rel=0.02)


def test_the_audio_network_has_18_layers_with_the_papers_names_and_costs_less_than_an_image() -> (
    None
):
    network = VGG18(6)
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(layers) == 18
    names = dict(network.features.named_children())
    assert {"conv4_2", "pool4"} <= set(names)
    assert isinstance(network.fc1, torch.nn.Linear)
    image = count_macs(networks.resnet18(3, 6), (3, 112, 112))
    assert count_macs(network, (1, 40, 200)) < image


def test_channels_are_shuffled_as_in_the_example() -> None:
    x = torch.arange(6.0).view(1, 6, 1, 1)
    assert channel_shuffle(x, 2).flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_published_configurations() -> None:
    assert set(networks.paper_visual_sampler(6)) == {"md", "rgbr"}
    assert set(networks.paper_full_visual_sampler(6)) == {"if", "md", "rgbr"}
    assert all(
        isinstance(n.network if k == "md" else n, ShuffleNet26)
        for k, n in networks.paper_light_visual_sampler(6).items()
    )
    assert isinstance(networks.paper_audio_sampler(1), VGG18)


def test_an_impossible_pair_is_refused() -> None:
    with pytest.raises(WeightsError, match="vgg18") as caught:
        build("vgg18", "md", 6)
    assert "shufflenet26" in str(caught.value.hint)
