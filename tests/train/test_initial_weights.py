"""How training starts: what is loaded, what begins anew, what is refused, and which rate each part
gets."""

import hashlib
import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import resnet18 as torchvision_resnet18
from torchvision.models.vgg import make_layers

from scsampler_cli.classifiers.networks import build as build_classifier
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo import public
from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.weightfile import file_sha256, read_weights, write_weights
from scsampler_cli.samplers.networks import build
from scsampler_cli.samplers.vgg import BLOCKS
from scsampler_cli.train.initial_weights import (
    Start,
    adapt_channels,
    parameter_groups,
    start_network,
)


@pytest.fixture
def imagenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """State dict of a ResNet-18 of 1000 classes that lies in the torch hub cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    torch.manual_seed(1)
    state = torchvision_resnet18(weights=None).state_dict()
    torch.save(state, tmp_path / "w.pth")
    digest = hashlib.sha256((tmp_path / "w.pth").read_bytes()).hexdigest()
    there = public.Checkpoint(f"http://127.0.0.1:9/resnet18-{digest[:8]}.pth", public.IMAGENET)
    monkeypatch.setitem(public.PUBLIC, "resnet18", there)
    path = public.cached_path("resnet18")
    path.parent.mkdir(parents=True)
    (tmp_path / "w.pth").rename(path)
    return state


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there


def copy_of(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def untouched(network: nn.Module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def parameters(network: nn.Module) -> set[str]:
    return {name for name, _ in network.named_parameters()}


@pytest.mark.parametrize(("kind", "own"), [("if", slice(0, 3)), ("rgbr", slice(3, 6))])
def test_a_sampler_takes_its_own_channels_of_a_tsm18(tmp_path: Path, kind: str, own: slice) -> None:
    """The classifier sees pictures (0-2) and changes (3-8); a sampler sees one of the two."""
    classifier = build_classifier("tsm18", 6)
    write_weights(tmp_path / "c.safetensors", classifier.state_dict(), {"arch": "tsm18"})
    network = build("resnet18", kind, 6)
    start = start_network(network, "resnet18", kind, init=str(tmp_path / "c.safetensors"))
    theirs = {
        name: tensor.half().float() for name, tensor in classifier.state_dict().items()
    }  # as files keep them
    assert torch.equal(network.conv1.weight, theirs["network.conv1.weight"][:, own])
    assert torch.equal(network.layer4[1].conv2.weight, theirs["network.layer4.1.conv2.weight"])
    assert start.note == "conv1.weight takes the channels of c.safetensors for its own input"


@pytest.mark.parametrize("init", ["auto", "imagenet"])
@pytest.mark.parametrize("kind", ["if", "rgbr"])
def test_a_picture_network_starts_from_imagenet(
    imagenet: dict[str, torch.Tensor], kind: str, init: str
) -> None:
    network = build("resnet18", kind, 6)
    before = copy_of(network)
    start = start_network(network, "resnet18", kind, init=init)
    assert start.source == "imagenet"
    assert len(start.sha256 or "") == 64
    assert start.note == "layers with random values: fc.weight, fc.bias"
    assert start.loaded == parameters(network) - {"fc.weight", "fc.bias"}
    for name, tensor in network.state_dict().items():
        expected = before if name.startswith("fc.") else imagenet
        assert torch.equal(tensor, expected[name]), name


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("init", ["auto", "imagenet"])
@pytest.mark.parametrize("kind", ["rgb", "if", "classifier"])
def test_lite0_starts_from_the_weights_of_the_package(kind: str, init: str) -> None:
    network = build_classifier("lite0", 6) if kind == "classifier" else build("lite0", kind, 6)
    start = start_network(network, "lite0", kind, init=init)
    bundled = bundled_file(TRUNK)
    assert (start.source, start.sha256) == ("imagenet", file_sha256(bundled))
    assert start.note is None, "a new last layer needs no remark"
    assert start.loaded == parameters(network) - {"fc.weight", "fc.bias"}
    for name, tensor in read_weights(bundled).tensors.items():
        if name.startswith("trunk."):
            assert torch.equal(network.state_dict()[name], tensor.to(network.state_dict()[name]))


def test_a_motion_network_takes_the_same_weights_inside_and_adapts_its_first_layer(
    imagenet: dict[str, torch.Tensor],
) -> None:
    network = build("resnet18", "md", 6)
    start = start_network(network, "resnet18", "md", init="auto")
    assert start.note == (
        "network.conv1.weight is adapted from 3 to 2 channels; layers with random values: "
        "data_bn.weight, data_bn.bias, network.fc.weight, network.fc.bias"
    )
    state = network.state_dict()
    assert torch.equal(
        state["network.layer4.1.bn2.running_var"], imagenet["layer4.1.bn2.running_var"]
    )
    assert torch.allclose(
        state["network.conv1.weight"].sum(dim=1), imagenet["conv1.weight"].sum(dim=1), atol=1e-6
    )
    assert "network.conv1.weight" in start.loaded
    assert "data_bn.weight" not in start.loaded


def test_first_layer_adaptation_by_hand() -> None:
    weights = torch.tensor([[3.0, 6.0, 9.0], [1.0, 1.0, 4.0]]).view(2, 3, 1, 1)
    assert adapt_channels(weights, 2).flatten(1).tolist() == [[9, 9], [3, 3]]
    assert adapt_channels(weights, 1).flatten(1).tolist() == [[18], [6]]
    assert adapt_channels(weights.half(), 3).flatten(1).tolist() == [[6, 6, 6], [2, 2, 2]]


def test_values_that_are_no_numbers_are_the_files_fault(tmp_path: Path) -> None:
    network = build("shufflenet26", "md", 6)
    broken = {
        name: tensor * float("nan")
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }
    torch.save(broken, tmp_path / "nan.pth")
    with pytest.raises(WeightsError, match=r"nan\.pth contains NaN or infinite values"):
        start_network(network, "shufflenet26", "md", init=str(tmp_path / "nan.pth"))


def test_as_many_outputs_keep_the_last_layer(imagenet: dict[str, torch.Tensor]) -> None:
    network = build("resnet18", "rgbr", 1000)
    start = start_network(network, "resnet18", "rgbr", init="auto")
    assert start.note is None
    assert start.loaded == parameters(network)
    assert torch.equal(network.state_dict()["fc.weight"], imagenet["fc.weight"])


@pytest.mark.usefixtures("offline")
def test_offline_it_says_so_and_starts_from_scratch() -> None:
    network = build("resnet18", "rgbr", 6)
    before = copy_of(network)
    start = start_network(network, "resnet18", "rgbr", init="auto")
    assert (start.source, start.sha256, start.loaded) == ("scratch", None, frozenset())
    note = start.note or ""
    assert note.startswith(
        "the ImageNet weights of resnet18 are not cached and cannot be downloaded ("
    )
    assert note.endswith("): training starts from scratch")
    assert untouched(network, before)
    with pytest.raises(WeightsError, match="the ImageNet weights of resnet18 are not cached"):
        start_network(network, "resnet18", "rgbr", init="imagenet")


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("architecture", "kind", "note"),
    [
        ("vgg18", "mel", "no AudioSet weights are given: the VGG starts from scratch"),
        (
            "shufflenet26",
            "md",
            "torchvision has no ImageNet weights of shufflenet26: it starts from scratch",
        ),
        ("tiny3d", "classifier", None),
    ],
)
def test_where_there_are_no_public_weights_auto_is_scratch(
    architecture: str, kind: str, note: str | None
) -> None:
    network = (
        build_classifier(architecture, 2) if kind == "classifier" else build(architecture, kind, 2)
    )
    before = copy_of(network)
    assert start_network(network, architecture, kind, init="auto") == Start(
        "scratch", None, frozenset(), note=note
    )
    assert start_network(network, architecture, kind, init="scratch") == Start(
        "scratch", None, frozenset(), note=None
    )
    with pytest.raises(WeightsError, match=f"no ImageNet weights for {architecture} on {kind}"):
        start_network(network, architecture, kind, init="imagenet")
    assert untouched(network, before)


@pytest.mark.parametrize("kinds", [("rgbr", "rgbr"), ("md", "rgbr"), ("rgbr", "md"), ("md", "md")])
def test_a_saliency_network_starts_from_a_trained_sampler(
    tmp_path: Path, kinds: tuple[str, str]
) -> None:
    """AC file -> a head with one output (App. B.2), on the same input or another."""
    theirs, ours = (
        build("shufflenet26", kind, outputs) for kind, outputs in zip(kinds, (6, 1), strict=True)
    )
    path = tmp_path / "ac.safetensors"
    write_weights(
        path, theirs.state_dict(), {"kind": "sampler", "arch": "shufflenet26", "input": kinds[0]}
    )
    start = start_network(ours, "shufflenet26", kinds[1], init=str(path))
    assert start.source == "ac.safetensors"
    inner = "network." if kinds[1] == "md" else ""
    new = {f"{inner}fc.weight", f"{inner}fc.bias"}
    new |= {"data_bn.weight", "data_bn.bias"} if kinds == ("rgbr", "md") else set()
    assert parameters(ours) - start.loaded == new
    assert ("is adapted" in (start.note or "")) == (kinds[0] != kinds[1])
    name = "units.3.expand.conv.weight"
    theirs_inner = "network." if kinds[0] == "md" else ""
    assert torch.equal(
        ours.state_dict()[inner + name], theirs.state_dict()[theirs_inner + name].half().float()
    )


def test_a_classifier_starts_from_a_wrapped_checkpoint(tmp_path: Path) -> None:
    theirs, ours = build_classifier("mc3_18", 400), build_classifier("mc3_18", 3)
    torch.save(
        {"state_dict": {f"module.{k}": v for k, v in theirs.state_dict().items()}},
        tmp_path / "kinetics.pth",
    )
    start = start_network(ours, "mc3_18", "classifier", init=str(tmp_path / "kinetics.pth"))
    assert (start.source, start.note) == (
        "kinetics.pth",
        "layers with random values: fc.weight, fc.bias",
    )
    assert torch.equal(ours.state_dict()["stem.0.weight"], theirs.state_dict()["stem.0.weight"])


def torchvisions_vgg() -> nn.Sequential:
    """As torchvision's vgg19_bn, with the widths of our blocks and statistics that are not those of
    a fresh network."""
    plan: list[str | int] = []
    for channels, count in BLOCKS:
        plan += [channels] * count + ["M"]
    network = nn.Sequential(
        OrderedDict(
            features=make_layers(plan, batch_norm=True), classifier=nn.Sequential(nn.Linear(49, 8))
        )
    )
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.bias)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return network.eval()


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_vgg_with_numbered_layers_computes_the_same_under_our_names(
    tmp_path: Path, suffix: str
) -> None:
    """Three equal input channels are our one; the convolutions' biases, which ours lack, are in the
    normalisation."""
    torch.manual_seed(2)
    theirs, ours = torchvisions_vgg(), build("vgg18", "mel", 6).eval()
    path = tmp_path / f"audioset.{suffix}"
    if suffix == "pth":
        torch.save(theirs.state_dict(), path)
    else:
        theirs = theirs.half().float()
        write_weights(path, theirs.state_dict(), {})
    start = start_network(ours, "vgg18", "mel", init=str(path))
    assert start.note == (
        "features.conv1_1.weight is adapted from 3 to 1 channels; layers with random values: "
        "data_bn.weight, data_bn.bias, fc1.weight, fc1.bias, fc2.weight, fc2.bias"
    )
    sound = torch.randn(2, 1, 40, 200)
    with torch.inference_mode():
        expected = theirs.features(sound.expand(-1, 3, -1, -1))
        found = ours.features(sound)
    assert torch.allclose(found, expected, atol=1e-4, rtol=1e-3)


def test_numbered_fully_connected_layers_fit_in_their_order(tmp_path: Path) -> None:
    ours, theirs = build("vgg18", "mel", 6), build("vgg18", "mel", 9)
    parts = {
        "features": theirs.features,
        "classifier": nn.Sequential(theirs.fc1, nn.ReLU(), nn.Dropout(), theirs.fc2),
    }
    torch.save(
        {
            f"{part}.{i}.{key}": tensor
            for part, layers in parts.items()
            for i, layer in enumerate(layers)
            for key, tensor in layer.state_dict().items()
        },
        tmp_path / "nobias.pth",
    )
    start = start_network(ours, "vgg18", "mel", init=str(tmp_path / "nobias.pth"))
    assert (
        start.note
        == "layers with random values: data_bn.weight, data_bn.bias, fc2.weight, fc2.bias"
    )
    assert torch.equal(ours.state_dict()["fc1.weight"], theirs.state_dict()["fc1.weight"])
    for name in theirs.features.state_dict():
        assert torch.equal(ours.features.state_dict()[name], theirs.features.state_dict()[name]), (
            name
        )


def test_a_vgg_of_another_arrangement_is_refused(tmp_path: Path) -> None:
    """One convolution is missing: of the others many would fit by their shape alone."""
    state = torchvisions_vgg().state_dict()
    torch.save(
        {k: v for k, v in state.items() if not k.startswith("features.3.")}, tmp_path / "short.pth"
    )
    ours = build("vgg18", "mel", 6)
    before = copy_of(ours)
    with pytest.raises(
        WeightsError, match=r"short.pth does not fit vgg18: only 0 of \d+ values do; data_bn"
    ):
        start_network(ours, "vgg18", "mel", init=str(tmp_path / "short.pth"))
    assert untouched(ours, before)


def test_misfits_are_refused_and_change_nothing(
    tmp_path: Path, imagenet: dict[str, torch.Tensor]
) -> None:
    network = build("resnet18", "rgbr", 6)
    before = copy_of(network)
    wide = {
        k: torch.cat([t, t]) if k.startswith(("layer4", "conv1")) and t.dim() else t
        for k, t in imagenet.items()
    }
    torch.save(wide, tmp_path / "wide.pth")
    with pytest.raises(
        WeightsError, match=r"only \d+ of 11179590 values do; conv1.weight has \(128, 3, 7, 7\)"
    ) as e:
        start_network(network, "resnet18", "rgbr", init=str(tmp_path / "wide.pth"))
    assert "start from scratch" in str(e.value.hint)
    small = build("shufflenet26", "rgbr", 6).state_dict()
    write_weights(
        tmp_path / "s.safetensors",
        small,
        {"kind": "sampler", "arch": "shufflenet26", "input": "rgbr"},
    )
    with pytest.raises(
        WeightsError, match=r"only 0 of 11179590 values do; conv1.weight is missing"
    ) as e:
        start_network(network, "resnet18", "rgbr", init=str(tmp_path / "s.safetensors"))
    assert e.value.hint == "it is for the network shufflenet26"
    with pytest.raises(WeightsError, match=r"weight file nowhere\.pth"):
        start_network(network, "resnet18", "rgbr", init="nowhere.pth")
    assert untouched(network, before)


def test_a_file_with_more_than_half_is_loaded_and_the_rest_is_named(
    tmp_path: Path, imagenet: dict[str, torch.Tensor]
) -> None:
    torch.save(
        {k: v for k, v in imagenet.items() if not k.startswith("layer1.0.")}, tmp_path / "part.pth"
    )
    network = build("resnet18", "rgbr", 1000)
    start = start_network(network, "resnet18", "rgbr", init=str(tmp_path / "part.pth"))
    assert start.note == (
        "layers with random values: layer1.0.conv1.weight, layer1.0.bn1.weight, "
        "layer1.0.bn1.bias, layer1.0.conv2.weight, layer1.0.bn2.weight, layer1.0.bn2.bias"
    )


def test_a_bias_is_not_loaded_without_its_weights(
    tmp_path: Path, imagenet: dict[str, torch.Tensor]
) -> None:
    torch.save({**imagenet, "fc.weight": torch.zeros(1000, 99)}, tmp_path / "head.pth")
    network = build("resnet18", "rgbr", 1000)
    start = start_network(network, "resnet18", "rgbr", init=str(tmp_path / "head.pth"))
    assert start.note == "layers with random values: fc.weight, fc.bias"
    assert not torch.equal(network.state_dict()["fc.bias"], imagenet["fc.bias"])


def test_loaded_parameters_get_a_smaller_rate_and_biases_no_decay() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))
    start = Start(
        "w.pth", "0" * 64, frozenset({"0.weight", "0.bias", "1.weight", "1.bias"}), note=None
    )
    groups = parameter_groups(network, start, 0.5, factor=0.25, weight_decay=0.125)
    own = dict(network.named_parameters())
    names = [
        [next(n for n, p in own.items() if p is member) for member in group["params"]]
        for group in groups
    ]
    assert names == [["0.weight"], ["0.bias", "1.weight", "1.bias"], ["2.weight"], ["2.bias"]]
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [
        (0.125, 0.125),
        (0.125, 0.0),
        (0.5, 0.125),
        (0.5, 0.0),
    ]


def test_from_scratch_all_parameters_have_one_rate() -> None:
    network = build("shufflenet26", "md", 2)
    groups = parameter_groups(
        network,
        Start("scratch", None, frozenset(), note=None),
        0.5,
        factor=0.25,
        weight_decay=0.125,
    )
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(0.5, 0.125), (0.5, 0.0)]
    assert sum(len(group["params"]) for group in groups) == len(parameters(network))
    torch.optim.SGD(groups, 0.1)


def test_a_head_takes_the_trunk_of_a_trained_vgg_and_trains_its_own_layer_alone(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    vgg = build("vgg18", "mel", 6)
    write_weights(
        tmp_path / "vgg.safetensors",
        vgg.state_dict(),
        {"kind": "sampler", "arch": "vgg18", "input": "mel"},
    )
    head = build("vgg18_pool4", "mel", 1)
    start = start_network(head, "vgg18_pool4", "mel", init=str(tmp_path / "vgg.safetensors"))
    assert start.note == "layers with random values: head.weight, head.bias"
    name = "features.conv4_1.weight"
    assert torch.equal(head.state_dict()[name], vgg.state_dict()[name].half().float())
    groups = parameter_groups(head, start, 0.01, factor=0.05, weight_decay=0.0)
    assert sum(parameter.numel() for group in groups for parameter in group["params"]) == 4608 + 1


@pytest.mark.parametrize("init", ["auto", "scratch"])
def test_a_head_on_an_untrained_trunk_is_refused(init: str) -> None:
    with pytest.raises(WeightsError, match="keeps the weights of its frozen layers"):
        start_network(build("vgg18_fc1", "mel", 1), "vgg18_fc1", "mel", init=init)


def test_a_classifier_starts_from_a_public_layout_too(tmp_path: Path) -> None:
    """I3D's convolutions under piergiaj's names; the last layer has other classes and starts
    anew."""
    torch.manual_seed(0)
    source, network = build_classifier("i3d_rgb", 4), build_classifier("i3d_rgb", 3)
    theirs = {
        re.sub(
            r"^features\.(conv|mixed)_",
            lambda m: {"conv": "Conv3d_", "mixed": "Mixed_"}[m[1]],
            name,
        ): tensor
        for name, tensor in source.state_dict().items()
    }
    sizes = {"1a": "7x7", "2b": "1x1", "2c": "3x3"}
    theirs = {
        re.sub(r"^Conv3d_(\d\w)", lambda m: f"Conv3d_{m[1]}_{sizes[m[1]]}", n): t
        for n, t in theirs.items()
    }
    theirs = {
        n.replace(".conv.", ".conv3d.").replace("logits.", "logits.conv3d."): t
        for n, t in theirs.items()
    }
    torch.save(theirs, tmp_path / "rgb_imagenet.pt")
    start = start_network(network, "i3d_rgb", "classifier", init=str(tmp_path / "rgb_imagenet.pt"))
    assert start.note == "layers with random values: logits.weight, logits.bias"
    assert torch.equal(
        network.features.mixed_4c.b2b.conv.weight, source.features.mixed_4c.b2b.conv.weight
    )
