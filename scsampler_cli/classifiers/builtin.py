"""The built-in classifiers: six of the paper (Sec. 4.1, App. A.1), and others of torchvision.

Each has public weights. The factory of a classifier is the attribute of its name in this module;
the entry points of this package use these attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.labels import named_labels, numbered_labels
from scsampler_cli.classifiers.network import NetworkClassifier, from_file
from scsampler_cli.dependencies import loading
from scsampler_cli.model_zoo.public import IG65M, IMAGENET, KINETICS, SPORTS1M, fetch

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Builtin:
    """Facts about a built-in classifier, known without its weights."""

    network: str
    """One of `networks.ARCHITECTURES`."""
    spec: InputSpec
    data: str
    """Data set of the last training of its public weights."""
    classes: int
    gmacs: float
    """Multiply-adds of one clip, in 10^9."""
    mparams: float
    """Parameters with these classes, in 10^6."""
    note: str = ""
    """Source of geometry and normalisation."""


def _torchvision(
    name: str, spec: InputSpec, gmacs: float, *, mparams: float, note: str = "torchvision"
) -> Builtin:
    return Builtin(name, spec, KINETICS, classes=400, gmacs=gmacs, mparams=mparams, note=note)


# specs that several networks share
_PAPER = "torchvision; App. A.2"
"""Note of the 18-layer networks, which take 16 adjacent frames as in the paper (App. A.2)."""
_S3D = InputSpec(128, 2, (256, 256), crop=(224, 224))
_MVIT = InputSpec(16, 4, 256, crop=(224, 224), mean=(0.45, 0.45, 0.45), std=(0.225, 0.225, 0.225))
_SWIN = InputSpec(32, 2, 256, crop=(224, 224), mean=IMAGENET_MEAN, std=IMAGENET_STD)
_IG65M_CLIP = InputSpec(8)
_CSN = InputSpec(32, 2, 256, crop=(224, 224), mean=IMAGENET_MEAN, std=IMAGENET_STD)
_CSN_SPORTS1M = InputSpec(32, 2, 256, crop=(224, 224))
_I3D = InputSpec(64, 1, 256, crop=(224, 224), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
_AS_VMZ = "VMZ; ImageNet's mean and std for what began on IG65M, as mmaction2 found"
BUILTINS: dict[str, Builtin] = {
    "mc3_18": _torchvision("mc3_18", InputSpec(), 43.34, mparams=11.70, note=_PAPER),
    "r3d_18": _torchvision("r3d_18", InputSpec(), 40.70, mparams=33.37, note=_PAPER),
    "r2plus1d_18": _torchvision("r2plus1d_18", InputSpec(), 40.52, mparams=31.51, note=_PAPER),
    "r2plus1d_34": Builtin(
        "r2plus1d_34",
        _IG65M_CLIP,
        KINETICS,
        classes=400,
        gmacs=38.09,
        mparams=63.70,
        note="VMZ, ig65m-pytorch",
    ),
    "r2plus1d_34_32": Builtin(
        "r2plus1d_34",
        InputSpec(32),
        KINETICS,
        classes=400,
        gmacs=152.36,
        mparams=63.70,
        note="VMZ, ig65m-pytorch",
    ),
    "r2plus1d_34_ig65m": Builtin(
        "r2plus1d_34",
        _IG65M_CLIP,
        IG65M,
        classes=359,
        gmacs=38.09,
        mparams=63.68,
        note="VMZ, ig65m-pytorch",
    ),
    "r2plus1d_34_32_ig65m": Builtin(
        "r2plus1d_34",
        InputSpec(32),
        IG65M,
        classes=487,
        gmacs=152.36,
        mparams=63.74,
        note="VMZ, ig65m-pytorch",
    ),
    "i3d_rgb": Builtin(
        "i3d_rgb",
        _I3D,
        KINETICS,
        classes=400,
        gmacs=111.15,
        mparams=12.70,
        note="Carreira and Zisserman; pytorch-i3d",
    ),
    "i3d_rgb_hassony2": Builtin(
        "i3d_rgb",
        _I3D,
        KINETICS,
        classes=400,
        gmacs=111.15,
        mparams=12.70,
        note="kinetics_i3d_pytorch",
    ),
    "ir_csn_152": Builtin(
        "ir_csn_152", _CSN, KINETICS, classes=400, gmacs=74.05, mparams=29.70, note=_AS_VMZ
    ),
    "ir_csn_152_from_sports1m": Builtin(
        "ir_csn_152", _CSN_SPORTS1M, KINETICS, classes=400, gmacs=74.05, mparams=29.70, note="VMZ"
    ),
    "ir_csn_152_sports1m": Builtin(
        "ir_csn_152", _CSN_SPORTS1M, SPORTS1M, classes=487, gmacs=74.05, mparams=29.88, note="VMZ"
    ),
    "ip_csn_152": Builtin(
        "ip_csn_152", _CSN, KINETICS, classes=400, gmacs=83.29, mparams=33.02, note=_AS_VMZ
    ),
    "ip_csn_152_from_sports1m": Builtin(
        "ip_csn_152", _CSN_SPORTS1M, KINETICS, classes=400, gmacs=83.29, mparams=33.02, note="VMZ"
    ),
    "ip_csn_152_sports1m": Builtin(
        "ip_csn_152", _CSN_SPORTS1M, SPORTS1M, classes=487, gmacs=83.29, mparams=33.19, note="VMZ"
    ),
    "s3d": _torchvision("s3d", _S3D, 143.83, mparams=8.32),
    "mvit_v1_b": _torchvision("mvit_v1_b", _MVIT, 70.60, mparams=36.61),
    "mvit_v2_s": _torchvision("mvit_v2_s", _MVIT, 64.22, mparams=34.54),
    "swin3d_t": _torchvision("swin3d_t", _SWIN, 87.76, mparams=28.16),
    "swin3d_s": _torchvision("swin3d_s", _SWIN, 165.68, mparams=49.82),
    "swin3d_b": _torchvision("swin3d_b", _SWIN, 281.33, mparams=88.05),
    "swin3d_b_22k": _torchvision("swin3d_b", _SWIN, 281.33, mparams=88.05),
}
"""Built-in classifiers by name. Costs hold for the geometry in the entry, as torch counts them.
Geometry and costs of torchvision's networks are constants, since importing torchvision takes
seconds; tests compare them with the values of torch and torchvision."""


def data_labels(data: str, classes: int) -> tuple[str, ...]:
    """Class names of the data set `data`; numbers where they are not published."""
    # all public weights for Kinetics have the classes in this order
    if data == KINETICS:
        return named_labels("kinetics400")
    if data == IMAGENET:
        with loading("torchvision", "the class names of ImageNet"):
            from torchvision.models import ResNet18_Weights

        return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
    if data == SPORTS1M:
        return named_labels("sports1m")
    return numbered_labels(classes, f"{data} class")


def load(
    name: str,
    device: torch.device,
    dtype: torch.dtype,
    *,
    weights: Path | None = None,
    labels: Sequence[str] | None = None,
) -> NetworkClassifier:
    """A built-in classifier by name.

    Args:
        name: one of BUILTINS.
        device: device of the network.
        dtype: precision of the network.
        weights: weight file in a known layout (`state_dicts`); None for the public weights.
        labels: class names; None for those of the data set, if their number is right.

    Raises:
        WeightsError: the weights cannot be downloaded or read, or do not fit.
        ClassifierError: the number of labels is wrong.
    """
    known = BUILTINS[name]
    # downloads the public weights, unless they are cached
    path = weights or fetch(name)
    # used where the file has as many classes
    fallback = data_labels(known.data, known.classes)
    classifier = from_file(
        path,
        device,
        dtype,
        architecture=known.network,
        labels=labels,
        fallback_labels=fallback,
        spec=known.spec,
    )
    # a weight file of scsampler has a name of its own, unless it has this one's architecture
    if weights is None or known.network != name:
        classifier.name = name
    return classifier


def __getattr__(name: str) -> Any:
    """The factory of a built-in, which the entry points name."""
    # Python asks for other attributes, too, such as __path__
    if name not in BUILTINS:
        raise AttributeError(f"no built-in classifier {name!r}")

    def factory(
        device: torch.device,
        dtype: torch.dtype,
        weights: Path | None = None,
        *,
        labels: Sequence[str] | None = None,
    ) -> NetworkClassifier:
        return load(name, device, dtype, weights=weights, labels=labels)

    return factory
