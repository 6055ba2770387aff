"""Results as the evaluation of ActivityNet reads them (Heilbron et al. 2015, "ActivityNet").

One object has the results of all videos: `{"version", "results": {ID: [{"label", "score",
"segment": [start, end]}]}, "external_data"}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import IO

from scsampler_cli.config import __version__
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.exchange.labelled_stretches import labelled_stretches, omitted
from scsampler_cli.output.stretches import Record
from scsampler_cli.text import seconds

VERSION = "VERSION 1.3"
"""Of the format, as the files of ActivityNet name it."""
# a file of ActivityNet is named v_ID, with the ID of YouTube
_FILE_OF_ID = re.compile(r"v_([A-Za-z0-9_-]{11})")


def video_id(path: str) -> str:
    """The ID of a video: the name of its file without suffix.

    `v_` in front of an ID of YouTube is left out, since annotations have the ID alone.
    """
    name = PurePath(path).stem
    named = _FILE_OF_ID.fullmatch(name)
    return named[1] if named else name


def check_ids(paths: Iterable[str]) -> None:
    """Refuse videos that would have the same ID.

    Raises:
        SettingsError: two paths have the same ID.
    """
    known: dict[str, str] = {}
    for path in paths:
        _check_new(path, known)


def _check_new(path: str, known: dict[str, str]) -> str:
    """The ID of a path, which is added to those that are `known`: ID -> path."""
    name = video_id(path)
    first = known.setdefault(name, path)
    if first != path:
        raise SettingsError(
            f"{first} and {path} both have the ID {name} in results of ActivityNet",
            code="video-ids-repeated",
            hint="an ID is the name of a file without suffix: rename one, or write them to "
            "different files",
        )
    return name


class ActivityNetWriter:
    """Results of ActivityNet. A failed video has no entry, an unsure one an empty list.

    Args:
        stream: the output.
        on_note: called with a note on clips of a video that are left out.
    """

    def __init__(self, stream: IO[str], on_note: Callable[[str], object]) -> None:
        self._stream, self._on_note = stream, on_note
        # ID -> path
        self._known: dict[str, str] = {}
        self._details = f"scsampler {__version__}"

    def write(self, record: Record) -> None:
        """Add the results of one video.

        Raises:
            SettingsError: another video has the same ID.
        """
        if record["status"] != "ok":
            return
        if not self._known:
            self._details += f", classifier {_classifier(record)}"
        before = ",\n" if self._known else self._head()
        name = _check_new(record["path"], self._known)
        found = [
            {
                "label": stretch.label,
                "score": stretch.probability,
                "segment": [seconds(stretch.start), seconds(stretch.end)],
            }
            for stretch in labelled_stretches(record)
        ]
        # entries are written as they come, and not held until the end
        self._stream.write(f"{before}{_json(name)}: {_json(found)}")
        if note := omitted(record):
            self._on_note(f"{record['path']}: {note}")

    def close(self) -> None:
        """Close the object."""
        before = "\n" if self._known else self._head()
        # true: the weights come from other videos than those of ActivityNet
        external = _json({"used": True, "details": self._details})
        self._stream.write(f'{before}}},\n"external_data": {external}\n}}\n')

    def _head(self) -> str:
        return f'{{\n"version": {_json(VERSION)},\n"results": {{\n'


def _classifier(record: Record) -> str:
    facts = record["classifier"]
    digest = facts.get("sha256")
    return f"{facts['name']} (SHA-256 {digest})" if digest else str(facts["name"])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
