"""Tasks with pre-annotations for Label Studio: a person corrects what the classifier found.

The regions are those of its control tag `TimelineLabels` on a `Video`. They are in frames from 1 at
the frame rate in the task: the tag `Video` needs `frameRate="$fps"`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import IO, Any
from urllib.parse import quote_from_bytes

from scsampler_cli.config import __version__
from scsampler_cli.output.cuts.timecode import Rate, exact_rate
from scsampler_cli.output.exchange.labelled_stretches import (
    LabelledStretch,
    labelled_stretches,
    omitted,
)
from scsampler_cli.output.stretches import Record

CONTROL, OBJECT = "actions", "video"
"""Names of the control tag and of the object tag in the labelling configuration."""
LOCAL_FILES = "/data/local-files/?d="
"""Address under which Label Studio serves a file below LOCAL_FILES_DOCUMENT_ROOT."""


class LabelStudioWriter:
    """An array of tasks, one for each video that did not fail.

    Args:
        stream: the output.
        on_note: called with a note on clips of a video that are left out.
    """

    def __init__(self, stream: IO[str], on_note: Callable[[str], object]) -> None:
        self._stream, self._on_note, self._count = stream, on_note, 0

    def write(self, record: Record) -> None:
        """Add the task of one video."""
        # there is nothing to label in a video that cannot be read
        if record["status"] != "ok":
            return
        self._count += 1
        text = json.dumps(_task(record, self._count), indent=2, ensure_ascii=False)
        # tasks are written as they come, and not held until the end
        self._stream.write(("[\n" if self._count == 1 else ",\n") + text)
        if note := omitted(record):
            self._on_note(f"{record['path']}: {note}")

    def close(self) -> None:
        """Close the array."""
        self._stream.write("\n]\n" if self._count else "[]\n")


def _task(record: Record, number: int) -> dict[str, Any]:
    rate = exact_rate(record["video"]["fps"])
    best = record["tags"][0]
    is_confident = record.get("confident", True)
    regions = [
        _region(stretch, rate, f"{number}-{place}")
        for place, stretch in enumerate(labelled_stretches(record), start=1)
    ]
    prediction = {
        "model_version": f"scsampler {__version__}, {record['classifier']['name']}",
        "score": record.get("confidence", best["probability"]),
        "result": regions,
    }
    data = {
        OBJECT: address(record["path"]),
        "fps": float(rate.real),
        # columns of the list of tasks
        "predicted_label": best["label"] if is_confident else None,
        "predicted_probability": best["probability"],
    }
    return {"data": data, "predictions": [prediction]}


def _region(stretch: LabelledStretch, rate: Rate, name: str) -> dict[str, Any]:
    # frames count from 1, and both ends are part of the region
    start = max(1, rate.frame(stretch.start) + 1)
    return {
        "id": f"scsampler-{name}",
        "from_name": CONTROL,
        "to_name": OBJECT,
        "type": "timelinelabels",
        "score": stretch.probability,
        "value": {
            "ranges": [{"start": start, "end": max(start, rate.frame(stretch.end))}],
            "timelinelabels": [stretch.label],
        },
    }


def address(path: str) -> str:
    """The address under which Label Studio serves a file.

    A relative path counts from its LOCAL_FILES_DOCUMENT_ROOT, an absolute one from `/`.
    """
    return LOCAL_FILES + quote_from_bytes(os.fsencode(os.path.normpath(path)).lstrip(b"/"))
