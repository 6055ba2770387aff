"""Exports of Label Studio, in its formats JSON and JSON-MIN.

Read are `Choices` of a whole video, frames of `TimelineLabels`, and seconds of `Labels` on an audio
track. A task may also have the columns `split` and `group` of other lists, and `fps`, the frame
rate at which the frames were labelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets.activitynet import number
from scsampler_cli.datasets.example import Problem
from scsampler_cli.datasets.label_studio_file import find_file, names_video
from scsampler_cli.datasets.labelled_parts import Part, PartCounts, longest_label
from scsampler_cli.datasets.list_text import is_text, json_document
from scsampler_cli.datasets.rows import Row, Rows
from scsampler_cli.errors import InputError

_BEGINNING = re.compile(r"\[\s*(\{|$)")
# keys of JSON-MIN that are neither data nor labels
_FACTS = frozenset("id annotator annotation_id created_at updated_at lead_time agreement".split())
FPS = "fps"
"""Column of a task with the frame rate of its video."""


class LabelledTask(NamedTuple):
    """A video, and what one annotator said of it."""

    name: str
    """How messages name the task."""
    data: dict[str, Any]
    """Columns of the task; of JSON-MIN with the labels."""
    video: str
    """Address of the video, as the task has it."""
    choices: tuple[str, ...]
    """Labels of the whole video."""
    frames: tuple[Part, ...]
    """Parts in frames from 0."""
    seconds: tuple[Part, ...]
    """Parts in seconds."""
    others: int = 0
    """Number of further annotations of the same task."""

    @property
    def label(self) -> str:
        """The label of the video: a choice, or else the label of the longest time; "" for none."""
        if self.choices:
            return self.choices[0]
        parts = self.frames or self.seconds
        return longest_label(parts) if parts else ""

    def text(self, column: str) -> str:
        """A column of the task; "" where it is no text."""
        value = self.data.get(column)
        return value.strip() if isinstance(value, str) and is_text(value) else ""

    def parts_in_seconds(self) -> tuple[Part, ...] | None:
        """All parts in seconds; None where there are frames and no frame rate."""
        if not self.frames:
            return self.seconds
        rate = self._rate()
        if rate is None:
            return None
        converted = (
            part._replace(start=part.start / rate, end=part.end / rate) for part in self.frames
        )
        return (*converted, *self.seconds)

    def _rate(self) -> float | None:
        value = self.data.get(FPS)
        try:
            # tasks that were imported as CSV have text
            rate = number(float(value) if isinstance(value, str) else value)
        except ValueError:
            return None
        return rate if rate and rate > 0 else None


def is_line_of_form(line: str) -> bool:
    """Whether a file with this first line is an array of JSON."""
    return _BEGINNING.match(line) is not None


def read(path: Path, root: Path, rows: Rows) -> None:
    """Read a list.

    Of several choices the first is the label; without one it is the label that has the most time.
    In training a video that was annotated without a label is background.

    Args:
        path: JSON file.
        root: folder of the videos. It has the path that a task names, or the name of its file.
        rows: gets the videos.

    Raises:
        InputError: it cannot be read, or is no array.
    """
    counts = PartCounts()
    again = several = unlabelled = 0
    for task in labelled_tasks(path, rows.problems):
        again += task.others > 0
        several += len(task.choices) > 1
        if not task.label and not rows.takes_background:
            rows.refuse(path.name, 0, f"{task.name} has no label", code="list-row-invalid")
            continue
        unlabelled += not task.label
        parts = task.parts_in_seconds()
        # a choice is of the whole video
        if not task.choices and (task.frames or task.seconds):
            counts.add(parts or task.frames, number(task.data.get("duration")) if parts else None)
        row = Row(
            path.name,
            0,
            find_file(task.video, root),
            label=task.label or BACKGROUND,
            split=task.text("split"),
            group=task.text("group"),
            is_background=not task.label,
        )
        rows.add(row)
    if several:
        rows.notes.append(f"videos with several choices: {several}; the first is used")
    if again:
        rows.notes.append(
            f"videos that were annotated more than once: {again}; the first annotation is used"
        )
    rows.notes += counts.notes(rows.takes_background)
    if unlabelled:
        rows.notes.append(f"videos without a label: {unlabelled}, taken as background")


def labelled_tasks(path: Path, problems: list[Problem]) -> list[LabelledTask]:
    """The annotated tasks of an export; others become problems.

    Raises:
        InputError: it cannot be read, or is no array.
    """
    document = json_document(path, problems)
    if not isinstance(document, list):
        raise InputError(
            f"{path}: no array of tasks",
            code="list-format-unknown",
            hint="export from Label Studio as JSON or JSON-MIN",
        )
    # task -> its place among the tasks; JSON-MIN has an element for each annotation of a task
    places: dict[int, int] = {}
    tasks: list[LabelledTask] = []
    for position, item in enumerate(document, start=1):
        task = _task(item, position) if isinstance(item, dict) else "not a task"
        if isinstance(task, str):
            what = f"task {_number(item, position)}: {task}"
            problems.append(Problem(path.name, 0, what, code="list-row-invalid"))
            continue
        known = item.get("id")
        is_again = isinstance(known, int) and "data" not in item and known in places
        if is_again:
            first = tasks[places[known]]
            tasks[places[known]] = first._replace(others=first.others + 1)
        else:
            places[known if isinstance(known, int) else -position] = len(tasks)
            tasks.append(task)
    return tasks


def _number(item: Any, position: int) -> Any:
    """The ID of a task, by which Label Studio shows it; else its place in the file."""
    known = item.get("id") if isinstance(item, dict) else None
    return known if isinstance(known, int) else position


def _task(item: dict[str, Any], position: int) -> LabelledTask | str:
    """An element of an export; what is wrong with it where it cannot be used."""
    is_full = isinstance(item.get("data"), dict)
    data = item["data"] if is_full else item
    videos = _videos(data)
    if len(videos) != 1:
        return f"{len(videos)} columns name a video" if videos else "no column names a video"
    results, others = _annotation(item) if is_full else (_outputs(item, videos[0]), 0)
    if results is None:
        return f"{data[videos[0]]} has no annotation"
    name = f"task {_number(item, position)} ({data[videos[0]]})"
    return LabelledTask(
        name,
        data,
        data[videos[0]],
        choices=tuple(_choices(results)),
        frames=tuple(_frames(results)),
        seconds=tuple(_seconds(results)),
        others=others,
    )


def _videos(data: dict[str, Any]) -> list[str]:
    """The columns that name a video; the column "video" alone where it is text."""
    texts = {key: value for key, value in data.items() if isinstance(value, str) and is_text(value)}
    if texts.get("video"):
        return ["video"]
    return [key for key, value in texts.items() if names_video(value)]


def _annotation(item: dict[str, Any]) -> tuple[list[dict[str, Any]] | None, int]:
    """The values of the first annotation that was not skipped, None without one; and the number of
    further annotations.
    """
    listed = item.get("annotations")
    done = [
        annotation
        for annotation in (listed if isinstance(listed, list) else [])
        if isinstance(annotation, dict) and not annotation.get("was_cancelled")
    ]
    if not done:
        return None, 0
    results = done[0].get("result")
    values = [
        result.get("value")
        for result in (results if isinstance(results, list) else [])
        if isinstance(result, dict)
    ]
    return [value for value in values if isinstance(value, dict)], len(done) - 1


def _outputs(item: dict[str, Any], video: str) -> list[dict[str, Any]]:
    """The values of an element of JSON-MIN, whose labels stand between its ID and the annotator.

    A single choice is a text there, several are {"choices": [...]}, and regions are an array.
    """
    keys = list(item)
    start = keys.index("id") + 1 if "id" in item else 0
    end = keys.index("annotator") if "annotator" in item else len(keys)
    found: list[dict[str, Any]] = []
    for key in keys[start:end]:
        if key == video or key in _FACTS:
            continue
        value = item[key]
        for each in value if isinstance(value, list) else [value]:
            found += [{"choices": [each]}] if isinstance(each, str) else []
            found += [each] if isinstance(each, dict) else []
    return found


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else []
    texts = [text.strip() for text in listed if isinstance(text, str) and is_text(text)]
    return [text for text in texts if text]


def _choices(values: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Labels of the whole video; a choice that belongs to a region has the region in its value."""
    for value in values:
        if not {"ranges", "start"} & value.keys():
            yield from _texts(value.get("choices"))


def _frames(values: Sequence[dict[str, Any]]) -> Iterator[Part]:
    """Parts of `TimelineLabels`: frames from 1, with both ends inside."""
    for value in values:
        ranges = value.get("ranges")
        for each in ranges if isinstance(ranges, list) else []:
            start, end = (
                number(each.get(name)) if isinstance(each, dict) else None
                for name in ("start", "end")
            )
            if start is not None and end is not None and 1 <= start <= end:
                for label in _texts(value.get("timelinelabels")):
                    yield Part(label, start - 1, end)


def _seconds(values: Sequence[dict[str, Any]]) -> Iterator[Part]:
    """Parts of `Labels` on an audio track, in seconds."""
    for value in values:
        start, end = number(value.get("start")), number(value.get("end"))
        if start is not None and end is not None and 0 <= start < end:
            for label in _texts(value.get("labels")):
                yield Part(label, start, end)
