"""Text files as lines, CSV files as rows, and JSON files. Bad lines become problems with their line
numbers.

Not handled here: the meaning of the lines.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scsampler_cli.datasets.example import Problem
from scsampler_cli.errors import InputError, read_code
from scsampler_cli.files.text_files import encoding_of

# bytes of a file that decide its encoding
_HEAD = 1 << 16


def lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, stripped, with their numbers from 1.

    Args:
        path: a text file in UTF-8, UTF-16 or UTF-32, with or without a byte order mark, with any
            line ends.
        problems: gets the lines that are invalid in the encoding.

    Raises:
        InputError: it cannot be read, or is not text.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(_HEAD)
            encoding, mark = encoding_of(head, str(path), len(head) < _HEAD)
            raw.seek(mark)
            # invalid bytes become halves of surrogate pairs: only their lines are lost
            errors = "surrogateescape" if encoding == "utf-8" else "surrogatepass"
            wrong = "not UTF-8" if encoding == "utf-8" else "characters that cannot be decoded"
            for number, line in enumerate(io.TextIOWrapper(raw, encoding, errors), 1):
                if not is_text(line):
                    problems.append(Problem(path.name, number, wrong, code="list-row-invalid"))
                elif line := line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: damaged text ({error.encoding}: {error.reason})",
            code="damaged-text",
            hint="save it as UTF-8",
        ) from error
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}",
            code=read_code(error),
            hint="check the path and its permissions",
        ) from error


def is_text(text: str) -> bool:
    """Whether a text has no zero character, and no undecoded bytes."""
    try:
        # undecoded bytes are halves of surrogate pairs, which UTF-8 does not encode
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def columns(line: str) -> list[str]:
    """Column names of a CSV header, in lower case; [] where it is not CSV."""
    try:
        return [name.lower() for name in _cells(line)]
    except csv.Error:
        return []


def table(
    path: Path, needed: Sequence[str], optional: Sequence[str], *, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file.

    A row is one line: an unclosed quote spoils its own row only.

    Args:
        path: CSV file with a header.
        needed: columns that must exist.
        optional: columns that may be missing; all other columns are ignored.
        problems: gets the bad rows.

    Yields:
        line number; and the needed cells, then the optional ones, "" for a missing column.

    Raises:
        InputError: it cannot be read, or lacks a needed column.
    """
    listed = lines(path, problems)
    names = columns(next(listed, (0, ""))[1])
    if missing := sorted(set(needed) - set(names)):
        raise InputError(
            f"{path}: no column {' and '.join(missing)}",
            code="list-format-unknown",
            hint=f"the first line, with commas: {','.join((*needed, *optional))}",
        )
    # position of each column, None for a missing one
    positions = [names.index(name) if name in names else None for name in (*needed, *optional)]
    for number, line in listed:
        try:
            row = _cells(line)
        except csv.Error as error:
            problems.append(
                Problem(path.name, number, f"not a CSV row ({error})", code="list-row-invalid")
            )
            continue
        if len(row) == len(names):
            yield number, ["" if position is None else row[position] for position in positions]
        else:
            problems.append(
                Problem(
                    path.name,
                    number,
                    f"columns: {len(row)} instead of {len(names)}",
                    code="list-row-invalid",
                )
            )


def _cells(line: str) -> list[str]:
    # only quotes need a CSV reader, which is slow to make for every line
    if '"' in line:
        row = next(csv.reader([line], strict=True, skipinitialspace=True))
    else:
        row = line.split(",")
    return [cell.strip() for cell in row]


def partner_file(path: Path, word: str, others: Sequence[str]) -> Path | None:
    """The file in the same folder that has another word in its name; None where there is none.

    Example: train.csv, "train", ["val", "test"] -> val.csv, or else test.csv.
    """
    # the last occurrence: a name such as train_v2_train.csv
    before, found, after = path.name.rpartition(word)
    candidates = [path.with_name(before + other + after) for other in others] if found else []
    # os.path.isfile is False where pathlib raises: names too long, folders that may not be entered
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)  # noqa: PTH113


def json_document(path: Path, problems: list[Problem]) -> Any:
    """The value of a JSON file.

    Args:
        path: a text file as for `lines`.
        problems: gets the lines that are invalid in the encoding.

    Raises:
        InputError: it cannot be read, or is not JSON.
    """
    # a string of JSON has no line break in it, so that lines can be stripped
    text = "\n".join(line for _, line in lines(path, problems))
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # the position counts lines that are not blank
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise InputError(
            f"{path}: not JSON ({reason})",
            code="list-format-unknown",
            hint="export it again; the file may be cut off",
        ) from error
