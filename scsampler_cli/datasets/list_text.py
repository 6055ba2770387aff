"""Text files as lines, CSV files as rows: what cannot be read in them becomes a problem with its line number.

But: what the lines mean is the forms' affair.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from scsampler_cli.datasets.example import Problem
from scsampler_cli.errors import InputError, read_code
from scsampler_cli.files.text_files import encoding_of

_HEAD = 1 << 16


def lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, stripped, with their numbers from 1.

    Args:
        path: a text file in UTF-8, UTF-16 or UTF-32; with or without a byte order mark, with any kind of line end.
        problems: where lines that do not fit the encoding are entered.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        with path.open("rb") as raw:
            head = raw.read(_HEAD)
            encoding, mark = encoding_of(head, str(path), len(head) < _HEAD)
            raw.seek(mark)
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
    """Whether it holds no bytes that could not be decoded (they stand in it as halves of surrogate pairs), and no zero."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def columns(line: str) -> list[str]:
    """Column names of a CSV header, in lower case; none where it is not CSV."""
    try:
        return [name.lower() for name in _cells(line)]
    except csv.Error:
        return []


def table(
    path: Path, needed: Sequence[str], optional: Sequence[str], *, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV file with their line numbers: the needed cells, then the optional ones, "" where there is no such column.

    A row is one line: a quote that is not closed spoils its own row and none of the following.

    Args:
        path: with a header.
        needed: columns.
        optional: columns; any others are passed over.
        problems: where bad rows are entered.

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
    places = [names.index(name) if name in names else None for name in (*needed, *optional)]
    for number, line in listed:
        try:
            row = _cells(line)
        except csv.Error as error:
            problems.append(
                Problem(path.name, number, f"not a CSV row ({error})", code="list-row-invalid")
            )
            continue
        if len(row) == len(names):
            yield number, ["" if place is None else row[place] for place in places]
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
    # a reader for every line is slow, and only quotes need one
    row = (
        next(csv.reader([line], strict=True, skipinitialspace=True))
        if '"' in line
        else line.split(",")
    )
    return [cell.strip() for cell in row]


def beside(path: Path, word: str, others: Sequence[str]) -> Path | None:
    """The file in the same folder whose name has one of the others instead of the word: train.csv -> val.csv."""
    before, found, after = path.name.rpartition(word)
    candidates = [path.with_name(before + other + after) for other in others] if found else []
    # os.path's isfile says no where pathlib's raises: names too long, folders that may not be entered
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)  # noqa: PTH113
