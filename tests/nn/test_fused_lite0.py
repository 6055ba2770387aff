"""The one-pass layers of EfficientNet-Lite0 give the features of its plain layers."""

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.weightfile import load_into, read_weights, write_weights
from scsampler_cli.nn.fused_lite0 import FusedLite0, can_fuse, counted_operations
from scsampler_cli.nn.lite0 import Lite0, Lite0Trunk
from scsampler_cli.samplers.networks import build, count_macs
from scsampler_cli.samplers.scoring import load_network

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(not can_fuse(torch.float32), reason="this torch has no oneDNN")


@pytest.fixture(scope="module")
def plain() -> Lite0Trunk:
    """The trunk with its ImageNet weights: random ones would make rounding errors grow."""
    network = Lite0(1000)
    file = read_weights(bundled_file(TRUNK))
    load_into(network, file.tensors, file.info.source)
    return network.trunk.eval()


@pytest.mark.parametrize("size", [(64, 64), (65, 65), (66, 79), (97, 80), (33, 32)])
def test_features_are_those_of_the_plain_layers(plain: Lite0Trunk, size: tuple[int, int]) -> None:
    picture = torch.rand(3, 3, *size) * 2 - 1
    with torch.inference_mode():
        expected = plain(picture)
        found = FusedLite0(plain, torch.float32)(picture)
    norm = expected.norm(dim=1)
    assert norm.min() > 0
    assert ((found - expected).norm(dim=1) / norm).max() < 1e-5


@pytest.mark.skipif(not can_fuse(torch.bfloat16), reason="this CPU has no bfloat16 in oneDNN")
def test_features_in_half_precision_are_near_those(plain: Lite0Trunk) -> None:
    picture = torch.rand(3, 3, 66, 79) * 2 - 1
    with torch.inference_mode():
        expected = plain(picture)
        half = FusedLite0(plain, torch.bfloat16)(picture)
    # 8 bits of precision in fifty layers
    assert ((half - expected).norm(dim=1) / expected.norm(dim=1)).max() < 0.1
    assert half.dtype == torch.float32


def test_a_loaded_sampler_has_them_and_the_same_costs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build("lite0", "rgb", 3)
    path, meta = tmp_path / "x.safetensors", {"kind": "sampler", "input": "rgb", "arch": "lite0"}
    write_weights(path, network.state_dict(), meta | {"labels": ["a", "b", "c"]})
    loaded = load_network(path, CPU, torch.float32)
    assert any(isinstance(module, FusedLite0) for module in loaded.network.modules())
    assert count_macs(loaded.network, (3, 128, 128)) == count_macs(network, (3, 128, 128))
    pictures = torch.randn(2, 3, 128, 128)
    # files have half precision
    with torch.inference_mode():
        expected = network.eval()(pictures).softmax(dim=1)
    assert torch.allclose(loaded.probabilities(pictures), expected, atol=1e-3)


@pytest.mark.parametrize("size", [(128, 128), (97, 131)])
def test_operations_are_those_of_the_plain_layers(plain: Lite0Trunk, size: tuple[int, int]) -> None:
    counter = FlopCounterMode(display=False, custom_mapping=counted_operations())
    with torch.inference_mode(), counter:
        FusedLite0(plain, torch.float32)(torch.zeros(1, 3, *size))
    assert counter.get_total_flops() == 2 * count_macs(plain, (3, *size))
