"""Lists of Sports-1M (Karpathy et al. 2014, "Large-scale Video Classification with Convolutional
Neural Networks").

A line is `https://www.youtube.com/watch?v=ID 12,13`: a video and the numbers of its labels.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from scsampler_cli.datasets.list_text import lines, partner_file
from scsampler_cli.datasets.lookup import Lookup
from scsampler_cli.datasets.rows import Row, Rows

# file with the label names, one per line
NAMES = "labels.txt"
# an address of YouTube, or the ID alone
_VIDEO = re.compile(r"(?:https?://\S*[?&]v=|https?://youtu\.be/)?([A-Za-z0-9_-]+)(?:[&#?]\S*)?")
_NUMBERS = re.compile(r"[0-9]{1,9}(?:\s*,\s*[0-9]{1,9})*")
# characters of an ID of YouTube
_ID_LENGTH = 11


def is_line_of_form(line: str) -> bool:
    """Whether a line has this form: an address, or an ID of the right length with numbers."""
    video, numbers = _parts(line)
    return "://" in line or (len(video) == _ID_LENGTH and bool(numbers))


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list such as train_partition.txt, and test_partition.txt in the same folder, which is
    used for validation.

    Of several labels the first is used. Label names come from labels.txt in the same folder or, as
    published, in the folder above; without it the number is the name. Videos are ID.* in the root
    or in a folder of their label.

    Args:
        path: text file with one video per line.
        root: folder of the videos.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read.
    """
    names = _names(path, rows)
    files = Lookup(root)
    partner = partner_file(path, "train", ["test"])
    several = _read(path, files, names, split="train" if partner else "", rows=rows)
    if partner:
        several += _read(partner, files, names, split="val", rows=rows)
        rows.notes.append(f"{partner.name} is used for validation")
    if several:
        rows.notes.append(f"videos with several labels: {several}; the first label is used")


def _names(path: Path, rows: Rows) -> dict[int, str]:
    """Label number, from 0, -> name; {} without a file of names."""
    for candidate in (path.with_name(NAMES), path.absolute().parent.parent / NAMES):
        # os.path.isfile is False where pathlib raises
        if os.path.isfile(candidate):  # noqa: PTH113
            return {line - 1: name for line, name in lines(candidate, rows.problems)}
    return {}


def _read(path: Path, files: Lookup, names: dict[int, str], *, split: str, rows: Rows) -> int:
    """Add the videos of one list.

    Returns:
        number of videos with several labels.
    """
    several = 0
    source = path.name
    for line, text in lines(path, rows.problems):
        video, numbers = _parts(text)
        if not video or not numbers:
            rows.refuse(
                source,
                line,
                f"not of the form 'https://www.youtube.com/watch?v=ID 12,13': {text!r}",
                code="list-row-invalid",
            )
        elif names and numbers[0] not in names:
            rows.refuse(
                source, line, f"label {numbers[0]} is not in {NAMES}", code="class-list-mismatch"
            )
        else:
            label = names.get(numbers[0], str(numbers[0]))
            found = files.find([((), video), ((label,), video)])
            several += len(numbers) > 1
            # for the message on a missing file
            path_text = found or os.path.join(files.root, f"{video}.*")  # noqa: PTH118
            rows.add(Row(source, line, path_text, label=label, split=split))
    return several


def _parts(line: str) -> tuple[str, list[int]]:
    """Video ID, "" without one; and label numbers, [] without any."""
    address, *listed = line.split(None, 1)
    video = _VIDEO.fullmatch(address)
    numbers = listed[0] if listed and _NUMBERS.fullmatch(listed[0]) else ""
    return video[1] if video else "", [int(number) for number in numbers.split(",") if number]
