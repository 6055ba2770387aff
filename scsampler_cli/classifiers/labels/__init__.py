"""Label lists, by name or from a text file: the class names that the outputs of a network stand for, in their order.

Kinetics-400's come from torchvision; `sports1m.txt` is the data set's own list (Karpathy et al., CVPR 2014; CC BY 3.0). Nobody
has published the names of IG65M's classes (hashtags), so they are numbers.
"""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

from scsampler_cli.dependencies import loading
from scsampler_cli.errors import InputError
from scsampler_cli.files.text_files import read_text
from scsampler_cli.files.urls import check_read

NAMES = ("kinetics400", "sports1m")
"""Lists that can be asked for by name."""


def read_labels(name: str | Path) -> tuple[str, ...]:
    """Class names: those of one of NAMES, or of a text file with one a line.

    Raises:
        InputError: the file cannot be read, is empty, or a name stands in it twice.
    """
    if str(name) in NAMES:
        return named_labels(str(name))
    check_read(name)
    try:
        text = read_text(Path(name))
    except (OSError, InputError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"labels {name}: {why}",
            code="labels-invalid",
            hint=f"a text file with one class name per line, or {' or '.join(NAMES)}",
        ) from error
    return distinct([line.strip() for line in text.splitlines() if line.strip()], str(name))


def names_of(given: str | tuple[str, ...], source: str) -> tuple[str, ...]:
    """The class names that a description gives: a list, a list's name, or a file.

    Raises:
        InputError: as `read_labels` and `distinct`.
    """
    return read_labels(given) if isinstance(given, str) else distinct(list(given), source)


def distinct(names: list[str], source: str) -> tuple[str, ...]:
    """The names, each of which must stand there once.

    Raises:
        InputError: one is listed twice, or there are none.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice or not names:
        what = f"{twice[0]!r} is listed twice" if twice else "it lists no name"
        raise InputError(
            f"labels {source}: {what}",
            code="labels-invalid",
            hint="give every class a name of its own",
        )
    return tuple(names)


def named_labels(name: str) -> tuple[str, ...]:
    """The class names of one of NAMES: 400 or 487."""
    if name == "kinetics400":
        with loading("torchvision", "the class names of Kinetics-400"):
            from torchvision.models.video import (
                R3D_18_Weights,  # usage errors must not wait for torch
            )

        return tuple(R3D_18_Weights.KINETICS400_V1.meta["categories"])
    return tuple((files(__package__) / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1])


def numbered_labels(count: int, what: str = "class") -> tuple[str, ...]:
    """Names for classes that have none: "class 0", "class 1", ..."""
    return tuple(f"{what} {i}" for i in range(count))
