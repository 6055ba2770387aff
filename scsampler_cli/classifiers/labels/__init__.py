"""Class names of the outputs of a network, in order: named lists, text files, and lists as text.

The names of Kinetics-400 come from torchvision. `sports1m.txt` is the list of the data set
(Karpathy et al., CVPR 2014; CC BY 3.0). The names of IG65M's classes (hashtags) are not published:
they are numbers here.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from scsampler_cli.dependencies import loading
from scsampler_cli.errors import InputError
from scsampler_cli.files.text_files import read_text
from scsampler_cli.files.urls import check_read

NAMES = ("kinetics400", "sports1m")
"""Names of lists."""


# "names.txt", and not "Mr. Bean"
_SUFFIX = re.compile(r"\.\w{1,5}$")


def read_labels(name: str | Path) -> tuple[str, ...]:
    """Class names of a named list, of a text file with one name per line, or of a list as text.

    Args:
        name: one of NAMES, the path of a file, or names with commas between them; a name that has a
            comma itself is in double quotes.

    Raises:
        InputError: the file cannot be read, or a list is empty, or has a name twice or an empty
            one.

    Example: 'a goal, "a red, round ball"' -> ("a goal", "a red, round ball").
    """
    # a file of that name must be given with its folder: ./kinetics400
    if str(name) in NAMES:
        return named_labels(str(name))
    if not str(name).strip():
        raise InputError(
            "the list of labels is empty",
            code="labels-invalid",
            hint="give names with commas between them, or the name of a file",
        )
    if is_list(name):
        return listed(str(name))
    # refuses URLs
    check_read(name)
    try:
        text = read_text(Path(name))
    except (OSError, InputError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(
            f"labels {name}: {why}",
            code="labels-invalid",
            hint="it was taken for a text file with one name per line; a name that looks like a "
            f"file is in double quotes; or {' or '.join(NAMES)}",
        ) from error
    return distinct([line.strip() for line in text.splitlines() if line.strip()], str(name))


def named_by(labels: str | Path | Sequence[str] | None) -> tuple[str, ...] | None:
    """Class names that are a list already, or what `read_labels` takes; None for None."""
    if labels is None or not isinstance(labels, str | Path):
        return None if labels is None else tuple(labels)
    return read_labels(labels)


def label_files(*options: str | Path | Sequence[str] | None) -> list[Path]:
    """The files among options that name labels, whether they exist or not."""
    return [
        Path(option)
        for option in options
        if isinstance(option, str | Path) and not is_list(option) and str(option) not in NAMES
    ]


def is_list(name: str | Path) -> bool:
    """True for names with commas between them, or a single name; False for the name of a file."""
    text = str(name)
    # a path of the library is always a file
    if isinstance(name, Path) or _is_file(text):
        return False
    # quotes are for names that look like a file, too
    if "," in text or text.lstrip().startswith('"'):
        return True
    return bool(text.strip()) and not ("/" in text or "\\" in text or _SUFFIX.search(text))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        # a name that is too long for a file, or that has a null character
        return False


def listed(text: str) -> tuple[str, ...]:
    """Names with commas between them, or on lines of their own.

    Raises:
        InputError: one is empty, or listed twice, or a quote is not closed.
    """
    try:
        rows = list(csv.reader(text.splitlines(), skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise InputError(
            f"labels {text!r}: {error}",
            code="labels-invalid",
            hint='a name with a comma is in double quotes, as in "a red, round ball", a dog',
        ) from error
    names = [name.strip() for row in rows for name in row]
    if "" in names:
        raise InputError(
            f"labels {text!r}: label {names.index('') + 1} is empty",
            code="labels-invalid",
            hint="leave out commas at the start and at the end",
        )
    return distinct(names, repr(text))


def names_of(labels: str | tuple[str, ...], source: str) -> tuple[str, ...]:
    """Class names from the spec field `labels`: a list, the name of a list, or a file.

    Args:
        labels: value of the field.
        source: where it comes from, for the error.

    Raises:
        InputError: as `read_labels` and `distinct`.
    """
    return read_labels(labels) if isinstance(labels, str) else distinct(list(labels), source)


def distinct(names: list[str], source: str) -> tuple[str, ...]:
    """The names, checked to be different.

    Raises:
        InputError: a name is listed twice, or there are none.
    """
    # two classes of one name could not be distinguished in results
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
            # imported here: usage errors must not wait for torch
            from torchvision.models.video import R3D_18_Weights

        return tuple(R3D_18_Weights.KINETICS400_V1.meta["categories"])
    return tuple((files(__package__) / f"{name}.txt").read_text(encoding="utf-8").split("\n")[:-1])


def numbered_labels(count: int, what: str = "class") -> tuple[str, ...]:
    """Numbers as class names: "class 0", "class 1", ..."""
    return tuple(f"{what} {i}" for i in range(count))
