"""State dicts in every public layout load whole and compute the same.

The tables here are written out layer by layer from the publishers' module names, independently of
the rules that are tested.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.builtin import BUILTINS, load
from scsampler_cli.classifiers.networks import build
from scsampler_cli.classifiers.state_dicts import to_native
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import load_into

CPU, FP32 = torch.device("cpu"), torch.float32
BLOCKS = {1: 3, 2: 8, 3: 36, 4: 3}
Pairs = dict[str, str]
"""Our module -> theirs."""


def mmaction2(kind: str) -> Pairs:
    pairs = {
        "stem.0": "backbone.conv1.conv",
        "stem.1": "backbone.conv1.bn",
        "fc": "cls_head.fc_cls",
    }
    for stage, blocks in BLOCKS.items():
        for block in range(blocks):
            ours, theirs = f"layer{stage}.{block}", f"backbone.layer{stage}.{block}"
            pairs |= {f"{ours}.conv{i}.0": f"{theirs}.conv{i}.conv" for i in (1, 3)}
            pairs |= {f"{ours}.conv{i}.1": f"{theirs}.conv{i}.bn" for i in (1, 3)}
            if kind == "ir":
                pairs |= {
                    f"{ours}.conv2.0": f"{theirs}.conv2.0.conv",
                    f"{ours}.conv2.1": f"{theirs}.conv2.0.bn",
                }
            else:
                pairs |= {
                    f"{ours}.conv2.0.0": f"{theirs}.conv2.0.conv",
                    f"{ours}.conv2.0.1": f"{theirs}.conv2.0.bn",
                }
                pairs |= {
                    f"{ours}.conv2.0.2": f"{theirs}.conv2.1.conv",
                    f"{ours}.conv2.1": f"{theirs}.conv2.1.bn",
                }
        first = f"layer{stage}.0.downsample"
        pairs |= {f"{first}.0": f"backbone.{first}.conv", f"{first}.1": f"backbone.{first}.bn"}
    return pairs


def vmz(kind: str) -> Pairs:
    """VMZ names the layers as torchvision's bottleneck does."""
    return {ours: ours for ours in mmaction2(kind)}


def ig65m() -> Pairs:
    names = ["stem.0", "stem.1", "stem.3", "stem.4", "fc"]
    for stage, blocks in {1: 3, 2: 4, 3: 6, 4: 3}.items():
        for block in range(blocks):
            for conv in ("conv1", "conv2"):
                names += [
                    f"layer{stage}.{block}.{conv}.{part}" for part in ("0.0", "0.1", "0.3", "1")
                ]
        if stage > 1:
            names += [f"layer{stage}.0.downsample.{i}" for i in (0, 1)]
    return {name: name for name in names}


STEMS = {"conv_1a": "1a_7x7", "conv_2b": "2b_1x1", "conv_2c": "2c_3x3"}
MIXED = ["3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c"]


def piergiaj() -> Pairs:
    pairs = {"logits": "logits.conv3d"}
    for ours, theirs in STEMS.items():
        pairs |= {
            f"features.{ours}.conv": f"Conv3d_{theirs}.conv3d",
            f"features.{ours}.bn": f"Conv3d_{theirs}.bn",
        }
    for name in MIXED:
        for branch in ("b0", "b1a", "b1b", "b2a", "b2b", "b3b"):
            ours, theirs = f"features.mixed_{name}.{branch}", f"Mixed_{name}.{branch}"
            pairs |= {f"{ours}.conv": f"{theirs}.conv3d", f"{ours}.bn": f"{theirs}.bn"}
    return pairs


def hassony2() -> Pairs:
    pairs = {"logits": "conv3d_0c_1x1.conv3d"}
    for ours, theirs in STEMS.items():
        pairs |= {
            f"features.{ours}.conv": f"conv3d_{theirs}.conv3d",
            f"features.{ours}.bn": f"conv3d_{theirs}.batch3d",
        }
    branches = {"b0": "branch_0", "b1a": "branch_1.0", "b1b": "branch_1.1"}
    branches |= {"b2a": "branch_2.0", "b2b": "branch_2.1", "b3b": "branch_3.1"}
    for name in MIXED:
        for ours, theirs in branches.items():
            pairs[f"features.mixed_{name}.{ours}.conv"] = f"mixed_{name}.{theirs}.conv3d"
            pairs[f"features.mixed_{name}.{ours}.bn"] = f"mixed_{name}.{theirs}.batch3d"
    return pairs


def unrepeatable(network: nn.Module) -> nn.Module:
    """Every tensor differs from every other, so that two that change places are seen."""
    torch.manual_seed(0)
    for name, tensor in network.state_dict().items():
        if name.endswith(("running_mean", "running_var")) or (
            tensor.dim() == 1 and tensor.is_floating_point()
        ):
            tensor.uniform_(0.5, 1.5)
    return network.eval()


def renamed(tensors: dict[str, Tensor], pairs: Pairs) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        module, _, leaf = name.rpartition(".")
        yield f"{pairs[module]}.{leaf}", tensor


SMALL, WIDE = torch.rand(1, 3, 4, 32, 32), torch.rand(1, 3, 9, 193, 193)
CASES = {
    "r2plus1d_34 ig65m": ("r2plus1d_34", ig65m(), SMALL, 139),
    "ir_csn_152 vmz": ("ir_csn_152", vmz("ir"), SMALL, 311),
    "ip_csn_152 vmz": ("ip_csn_152", vmz("ip"), SMALL, 411),
    "ir_csn_152 mmaction2": ("ir_csn_152", mmaction2("ir"), SMALL, 311),
    "ip_csn_152 mmaction2": ("ip_csn_152", mmaction2("ip"), SMALL, 411),
    "i3d_rgb piergiaj": ("i3d_rgb", piergiaj(), WIDE, 115),
    "i3d_rgb hassony2": ("i3d_rgb", hassony2(), WIDE, 115),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("counters", [True, False], ids=["with counters", "without"])
def test_a_public_layout_loads_whole_and_computes_the_same(case: str, counters: bool) -> None:
    architecture, pairs, clip, modules = CASES[case]
    assert len(pairs) == modules
    native = unrepeatable(build(architecture, 5))
    foreign = {
        name: tensor
        for name, tensor in renamed(native.state_dict(), pairs)
        if counters or not name.endswith("num_batches_tracked")
    }
    tensors, layout = to_native(architecture, foreign)
    assert layout == (None if case.split()[1] in ("ig65m", "vmz") else case.split()[1])
    loaded = build(architecture, 5).eval()
    expected = set(native.state_dict())
    assert set(tensors) == (
        expected if counters else {n for n in expected if not n.endswith("num_batches_tracked")}
    )
    load_into(loaded, tensors, case)
    with torch.inference_mode():
        assert torch.allclose(loaded(clip), native(clip), atol=1e-5, rtol=0)


def test_a_key_that_fits_no_rule_is_reported(tmp_path: Path) -> None:
    network = build("ir_csn_152", 5)
    tensors = dict(renamed(network.state_dict(), mmaction2("ir")))
    tensors["backbone.layer1.0.conv9.conv.weight"] = torch.zeros(1)
    del tensors["backbone.layer1.0.conv1.conv.weight"]
    torch.save({"meta": {"epoch": 1}, "state_dict": tensors}, tmp_path / "w.pth")
    with pytest.raises(
        WeightsError,
        match=r"1 missing: layer1\.0\.conv1\.0\.weight; 1 unexpected: backbone\.layer1\.0\.conv9",
    ):
        load("ir_csn_152", CPU, FP32, weights=tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("name", "layout", "wrap"),
    [
        ("ir_csn_152", mmaction2("ir"), lambda s: {"meta": {"epoch": 58}, "state_dict": s}),
        ("ir_csn_152_sports1m", vmz("ir"), lambda s: {f"module.{k}": v for k, v in s.items()}),
        ("r2plus1d_34_ig65m", ig65m(), lambda s: {"model_state": s}),
        ("i3d_rgb_hassony2", hassony2(), lambda s: s),
    ],
)
def test_a_file_loads_by_name_with_its_labels_and_geometry(
    tmp_path: Path, name: str, layout: Pairs, wrap
) -> None:
    known = BUILTINS[name]
    native = build(known.network, known.classes)
    torch.save(wrap(dict(renamed(native.state_dict(), layout))), tmp_path / "w.pth")
    classifier = load(name, CPU, FP32, weights=tmp_path / "w.pth")
    assert classifier.spec == known.spec
    assert len(classifier.labels) == known.classes
    first = {"Kinetics-400": "abseiling", "Sports-1M": "boomerang", "IG65M": "IG65M class 0"}[
        known.data
    ]
    assert classifier.labels[0] == first
