"""Label lists by name: the class names that the outputs of public networks stand for, in their order.

Kinetics-400 comes from torchvision; `sports1m.txt` is the data set's own list (Karpathy et al., CVPR 2014). Nobody has published the
names of IG65M's classes (hashtags), so they are numbers.
"""

from __future__ import annotations

from importlib.resources import files

from torchvision.models.video import R3D_18_Weights

NAMES = ("kinetics400", "sports1m")
"""Lists that can be asked for by name."""


def named_labels(name: str) -> tuple[str, ...]:
    """The class names of one of NAMES: 400 or 487."""
    if name == "kinetics400":
        return tuple(R3D_18_Weights.KINETICS400_V1.meta["categories"])
    return tuple((files(__package__) / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1])


def numbered_labels(count: int, data: str = "class") -> tuple[str, ...]:
    """Names for classes that have none: "class 0", "class 1", ..."""
    return tuple(f"{data} {i}" for i in range(count))
