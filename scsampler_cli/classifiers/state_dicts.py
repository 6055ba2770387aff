"""Names of layers in public state dicts -> the names in the networks of this package.

torchvision, IG65M and VMZ have the names of these networks. mmaction2 (CSN), piergiaj and hassony2
(I3D) have others, which a few rules translate: the first rule that fits a name counts. A name that
no rule fits stays unchanged, so that loading reports it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Layout:
    """Names of the layers of a network in the files of another publisher."""

    name: str
    mark: str
    """Regular expression of a name that only this layout has, and that each of its files has."""
    rules: tuple[tuple[str, str], ...]
    """(regular expression of a whole name, replacement)."""


_BN = r"(weight|bias|running_mean|running_var|num_batches_tracked)"
_MMACTION = Layout(
    "mmaction2",
    r"backbone\.conv1\.conv\.weight",
    (
        (r"backbone\.conv1\.conv\.weight", r"stem.0.weight"),
        (rf"backbone\.conv1\.bn\.{_BN}", r"stem.1.\1"),
        # ir-CSN: conv2 is the depthwise convolution; ip-CSN: conv2.0 mixes the channels and conv2.1
        # is depthwise
        (r"backbone\.(layer\d\.\d+)\.conv2\.0\.conv\.weight", r"\1.conv2.0.weight"),
        (rf"backbone\.(layer\d\.\d+)\.conv2\.0\.bn\.{_BN}", r"\1.conv2.1.\2"),
        (r"backbone\.(layer\d\.\d+)\.(conv[13])\.conv\.weight", r"\1.\2.0.weight"),
        (rf"backbone\.(layer\d\.\d+)\.(conv[13])\.bn\.{_BN}", r"\1.\2.1.\3"),
        (r"backbone\.(layer\d\.\d+)\.downsample\.conv\.weight", r"\1.downsample.0.weight"),
        (rf"backbone\.(layer\d\.\d+)\.downsample\.bn\.{_BN}", r"\1.downsample.1.\2"),
        (r"cls_head\.fc_cls\.(weight|bias)", r"fc.\1"),
    ),
)
_MMACTION_IP = Layout(
    _MMACTION.name,
    _MMACTION.mark,
    (
        (r"backbone\.(layer\d\.\d+)\.conv2\.0\.conv\.weight", r"\1.conv2.0.0.weight"),
        (rf"backbone\.(layer\d\.\d+)\.conv2\.0\.bn\.{_BN}", r"\1.conv2.0.1.\2"),
        (r"backbone\.(layer\d\.\d+)\.conv2\.1\.conv\.weight", r"\1.conv2.0.2.weight"),
        (rf"backbone\.(layer\d\.\d+)\.conv2\.1\.bn\.{_BN}", r"\1.conv2.1.\2"),
        *_MMACTION.rules,
    ),
)
_PIERGIAJ = Layout(
    "piergiaj",
    r"Conv3d_1a_7x7\.conv3d\.weight",
    (
        (r"Conv3d_(\d[abc])_\dx\d\.conv3d\.weight", r"features.conv_\1.conv.weight"),
        (rf"Conv3d_(\d[abc])_\dx\d\.bn\.{_BN}", r"features.conv_\1.bn.\2"),
        (r"Mixed_(\d[a-f])\.(b\d[ab]?)\.conv3d\.weight", r"features.mixed_\1.\2.conv.weight"),
        (rf"Mixed_(\d[a-f])\.(b\d[ab]?)\.bn\.{_BN}", r"features.mixed_\1.\2.bn.\3"),
        (r"logits\.conv3d\.(weight|bias)", r"logits.\1"),
    ),
)
_BRANCHES = (
    ("branch_0", "b0"),
    ("branch_1.0", "b1a"),
    ("branch_1.1", "b1b"),
    ("branch_2.0", "b2a"),
    ("branch_2.1", "b2b"),
)
_HASSONY2 = Layout(
    "hassony2",
    r"conv3d_1a_7x7\.conv3d\.weight",
    (
        (r"conv3d_0c_1x1\.conv3d\.(weight|bias)", r"logits.\1"),
        (r"conv3d_(\d[abc])_\dx\d\.conv3d\.weight", r"features.conv_\1.conv.weight"),
        (rf"conv3d_(\d[abc])_\dx\d\.batch3d\.{_BN}", r"features.conv_\1.bn.\2"),
        *(
            rule
            for theirs, ours in (*_BRANCHES, ("branch_3.1", "b3b"))
            for rule in (
                (
                    rf"mixed_(\d[a-f])\.{re.escape(theirs)}\.conv3d\.weight",
                    rf"features.mixed_\1.{ours}.conv.weight",
                ),
                (
                    rf"mixed_(\d[a-f])\.{re.escape(theirs)}\.batch3d\.{_BN}",
                    rf"features.mixed_\1.{ours}.bn.\2",
                ),
            )
        ),
    ),
)
LAYOUTS: dict[str, tuple[Layout, ...]] = {
    "ir_csn_152": (_MMACTION,),
    "ip_csn_152": (_MMACTION_IP,),
    "i3d_rgb": (_PIERGIAJ, _HASSONY2),
}
"""Layouts of other publishers for each network."""


def to_native(
    architecture: str, tensors: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], str | None]:
    """A state dict under the names of this package.

    Returns:
        the state dict, and the name of its former layout; None if nothing was renamed.

    Example: ir_csn_152, "backbone.layer1.0.conv2.0.conv.weight" -> "layer1.0.conv2.0.weight",
        "mmaction2".
    """
    for layout in LAYOUTS.get(architecture, ()):
        # one name is enough to recognise a layout
        if any(re.fullmatch(layout.mark, key) for key in tensors):
            return {_renamed(key, layout): value for key, value in tensors.items()}, layout.name
    return dict(tensors), None


def _renamed(key: str, layout: Layout) -> str:
    for pattern, replacement in layout.rules:
        if found := re.fullmatch(pattern, key):
            return found.expand(replacement)
    return key
