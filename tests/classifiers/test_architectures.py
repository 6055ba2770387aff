"""The networks that torchvision lacks: published figures, shapes of the papers' tables, and the
built-ins' costs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import get_model_weights
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem, VideoResNet

from scsampler_cli.classifiers.builtin import BUILTINS, data_labels
from scsampler_cli.classifiers.flops import costs_of
from scsampler_cli.classifiers.labels import named_labels
from scsampler_cli.classifiers.networks import ARCHITECTURES, build, classes_in
from scsampler_cli.classifiers.networks.i3d import MIXED, Pool, Unit, pad_same
from scsampler_cli.classifiers.networks.r2plus1d import middle_width
from scsampler_cli.model_zoo.public import PUBLIC


def parameters(network: nn.Module, without: tuple[type[nn.Module], ...] = ()) -> float:
    skipped = {id(p) for m in network.modules() if isinstance(m, without) for p in m.parameters()}
    return sum(p.numel() for p in network.parameters() if id(p) not in skipped) / 1e6


def gmacs(name: str, frames: int, side: int) -> float:
    with torch.device("meta"):
        network, clip = build(name, 400).eval(), torch.zeros(1, 3, frames, side, side)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(clip)
    return counter.get_total_flops() / 2e9


@pytest.mark.parametrize(
    ("name", "frames", "side", "published"),
    [
        (
            "r2plus1d_34",
            8,
            128,
            49.8,
        ),  # VMZ's model zoo, which counts whole frames: 128 and 256 pixels high
        ("r2plus1d_34", 32, 128, 199.0),
        ("ir_csn_152", 32, 256, 96.7),
        ("ip_csn_152", 32, 256, 108.8),
    ],
)
def test_multiply_adds_are_the_published_ones(
    name: str, frames: int, side: int, published: float
) -> None:
    assert gmacs(name, frames, side) == pytest.approx(published, abs=0.06)


@pytest.mark.parametrize(
    ("name", "published"), [("r2plus1d_34", 63.6), ("ir_csn_152", 29.6), ("ip_csn_152", 32.8)]
)
def test_parameters_are_the_published_ones(name: str, published: float) -> None:
    """VMZ's model zoo counts the weights of convolutions and the last layer, without batch
    normalisation."""
    with torch.device("meta"):
        assert parameters(build(name, 400), (nn.BatchNorm3d,)) == pytest.approx(published, abs=0.06)


def test_i3d_has_its_published_parameters_before_the_last_layer() -> None:
    with torch.device("meta"):
        network = build("i3d_rgb", 400)
    assert parameters(network) == pytest.approx(12.70, abs=0.005)
    assert parameters(network) - parameters(network.get_submodule("logits")) == pytest.approx(
        12.29, abs=0.005
    )


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_what_is_said_of_a_built_in_is_so(name: str) -> None:
    known = BUILTINS[name]
    macs, millions = costs_of(
        known.network, known.classes, known.spec
    )  # which also runs it on the declared geometry
    assert macs == pytest.approx(known.gmacs, abs=0.006)
    assert millions == pytest.approx(known.mparams, abs=0.006)
    labels = data_labels(known.data, known.classes)
    assert len(set(labels)) == len(labels) == known.classes
    assert known.data == PUBLIC[name].data


@pytest.mark.parametrize(
    "name", ["s3d", "mvit_v1_b", "mvit_v2_s", "swin3d_t", "swin3d_s", "swin3d_b"]
)
def test_torchvisions_geometry_is_its_own(name: str) -> None:
    weights, spec = get_model_weights(name).KINETICS400_V1, BUILTINS[name].spec
    preset = weights.transforms()
    assert list(spec.crop) == preset.crop_size
    assert list(spec.mean) == preset.mean
    assert list(spec.std) == preset.std
    assert (
        list(spec.resize) if isinstance(spec.resize, tuple) else [spec.resize]
    ) == preset.resize_size
    assert f"`clip_len={spec.frames}`" in weights.meta["_docs"]
    assert f"`frame_rate={30 / spec.stride:g}`" in weights.meta["_docs"]
    assert named_labels("kinetics400") == tuple(weights.meta["categories"])


def test_sports1ms_labels_are_in_the_data_sets_order() -> None:
    labels = named_labels("sports1m")
    assert len(set(labels)) == len(labels) == 487
    assert (labels[0], labels[1], labels[-1]) == ("boomerang", "boxing", "model aircraft")


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_the_last_layer_tells_the_number_of_classes(name: str) -> None:
    with torch.device("meta"):
        tensors = build(name, 7).state_dict()
    assert classes_in(name, tensors) == 7
    assert classes_in(name, {"a": torch.zeros(1)}) is None


def shapes(network: nn.Module, clip: torch.Tensor, layers: list[str]) -> list[tuple[int, ...]]:
    """(channels, frames, height, width) that each layer gives."""
    found: dict[str, tuple[int, ...]] = {}
    for name in layers:
        network.get_submodule(name).register_forward_hook(
            lambda _m, _i, out, name=name: found.__setitem__(name, tuple(out.shape[1:]))
        )
    with torch.inference_mode():
        network.eval()(clip)
    return [found[name] for name in layers]


def meta(name: str, frames: int, side: int) -> tuple[nn.Module, torch.Tensor]:
    with torch.device("meta"):
        return build(name, 400), torch.zeros(1, 3, frames, side, side)


def test_shapes_of_r2plus1d_34_are_those_of_its_table() -> None:
    """Tran et al., CVPR 2018, Table 1: L x 56 x 56, then half in every direction."""
    found = shapes(*meta("r2plus1d_34", 8, 112), ["stem", "layer1", "layer2", "layer3", "layer4"])
    assert found == [
        (64, 8, 56, 56),
        (64, 8, 56, 56),
        (128, 4, 28, 28),
        (256, 2, 14, 14),
        (512, 1, 7, 7),
    ]
    widths = [
        build_first.conv2[0][0].out_channels
        for build_first in (
            meta("r2plus1d_34", 8, 112)[0].get_submodule(f"layer{i}.0") for i in (2, 3, 4)
        )
    ]
    assert widths == [288, 576, 1152]
    assert (middle_width(64, 64), middle_width(64, 128)) == (144, 230)


@pytest.mark.parametrize("name", ["ir_csn_152", "ip_csn_152"])
def test_shapes_of_csn_are_those_of_its_table(name: str) -> None:
    """Tran et al., ICCV 2019, Table 1, for a clip of 32 frames."""
    found = shapes(*meta(name, 32, 224), ["stem", "layer1", "layer2", "layer3", "layer4"])
    assert found == [
        (64, 32, 56, 56),
        (256, 32, 56, 56),
        (512, 16, 28, 28),
        (1024, 8, 14, 14),
        (2048, 4, 7, 7),
    ]
    network, _ = meta(name, 32, 224)
    depthwise = [m for m in network.modules() if isinstance(m, nn.Conv3d) and m.groups > 1]
    assert len(depthwise) == 3 + 8 + 36 + 3
    assert all(m.groups == m.in_channels and m.kernel_size == (3, 3, 3) for m in depthwise)


def test_shapes_of_i3d_are_those_of_its_figure() -> None:
    """Carreira and Zisserman, CVPR 2017, Fig. 3, for a clip of 64 frames of 224 x 224."""
    layers = ["conv_1a", "pool_2a", "conv_2c", "pool_3a", *MIXED, "pool_4a", "pool_5a"]
    found = dict(
        zip(
            layers,
            shapes(*meta("i3d_rgb", 64, 224), [f"features.{name}" for name in layers]),
            strict=True,
        )
    )
    assert found["conv_1a"] == (64, 32, 112, 112)
    assert found["pool_2a"] == (64, 32, 56, 56)
    assert found["conv_2c"] == (192, 32, 56, 56)
    assert found["pool_3a"] == (192, 32, 28, 28)
    assert [found[f"mixed_3{x}"][0] for x in "bc"] == [256, 480]
    assert found["pool_4a"] == (480, 16, 14, 14)
    assert [found[f"mixed_4{x}"][0] for x in "bcdef"] == [512, 512, 512, 528, 832]
    assert found["pool_5a"] == (832, 8, 7, 7)
    assert [found[f"mixed_5{x}"] for x in "bc"] == [(832, 8, 7, 7), (1024, 8, 7, 7)]


@given(size=st.integers(1, 40), kernel=st.integers(1, 7), stride=st.integers(1, 3))
def test_same_padding_gives_as_many_outputs_as_tensorflow(
    size: int, kernel: int, stride: int
) -> None:
    padded = pad_same(torch.ones(1, 1, size, 1, 1), (kernel, 1, 1), (stride, 1, 1))
    outputs = (padded.shape[2] - kernel) // stride + 1
    assert outputs == -(-size // stride)
    before = int((padded.flatten() != 0).nonzero()[0])
    behind = padded.shape[2] - size - before
    assert behind - before in (0, 1)  # the odd one is behind


def test_same_padding_by_hand() -> None:
    """Five values, kernel 3, stride 2: 0 1 2 | 2 3 4 | 4 5 0 summed; six: 1 2 3 | 3 4 5 | 5 6 0."""
    unit = Unit(1, 1, 3, stride=2).eval()
    nn.init.ones_(unit.conv.weight)
    unit.bn = nn.Identity()

    def sums(*values: float) -> list[float]:
        x = torch.tensor(values, dtype=torch.float32).view(1, 1, -1, 1, 1)
        with torch.inference_mode():
            return (
                unit(x).flatten().tolist()
            )  # the other axes are one long: padded, they add nothing

    assert sums(1, 2, 3, 4, 5) == [3, 9, 9]
    assert sums(1, 2, 3, 4, 5, 6) == [6, 12, 11]
    pool = Pool((3, 1, 1), (2, 1, 1))
    assert pool(torch.tensor([5.0, 1, 2, 3]).view(1, 1, 4, 1, 1)).flatten().tolist() == [5, 3]


def randomised(network: nn.Module) -> nn.Module:
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm3d):
            for tensor in (
                module.weight.data,
                module.bias.data,
                module.running_mean,
                module.running_var,
            ):
                tensor.uniform_(0.5, 1.5)
    return network.eval()


def test_r2plus1d_34_computes_what_the_public_definition_does() -> None:
    """An independent reference: torchvision's own network, mended as the publishers of the weights
    mend it."""
    reference = VideoResNet(
        BasicBlock, [Conv2Plus1D] * 4, [3, 4, 6, 3], R2Plus1dStem, num_classes=5
    )
    for layer, channels, middle in (
        ("layer2", 128, 288),
        ("layer3", 256, 576),
        ("layer4", 512, 1152),
    ):
        getattr(reference, layer)[0].conv2[0] = Conv2Plus1D(channels, channels, middle)
    for module in reference.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eps = 1e-3
    randomised(reference)
    ours = build("r2plus1d_34", 5).eval()
    ours.load_state_dict(reference.state_dict())
    clip = torch.rand(1, 3, 4, 32, 32)
    with torch.inference_mode():
        assert torch.equal(ours(clip), reference(clip))
