"""Lists of true segments: where in which video an action is seen.

A list is annotations of ActivityNet, an export of Label Studio with labels of parts, or CSV with a
header, in one of two forms:

- `path,label,start_s,end_s`: a row for each segment. A row without a label says that the video, or
  this stretch of it, shows no action.
- `path,start_s,end_s,kind`: a row for each piece of a video, as a script that joins footage writes
  them. Pieces of the kind "action" show what the video is labelled with; those that follow one
  another directly are one segment.

Further columns are ignored. Times are seconds from the beginning of the video.
Not handled here: labels of whole videos (`read_list`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from scsampler_cli.datasets import activitynet, label_studio
from scsampler_cli.datasets.activitynet import ANY_SUFFIX, PREFIX
from scsampler_cli.datasets.example import Problem
from scsampler_cli.datasets.label_studio_file import find_file
from scsampler_cli.datasets.list_text import columns, lines, table
from scsampler_cli.datasets.lookup import Lookup
from scsampler_cli.errors import InputError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import check_read, is_url

ACTION = "action"
"""Kind of a piece that shows what the video is labelled with."""
OF_VIDEO = ""
"""In place of the label of a segment: it is that of its video."""
_TOUCHING_S = 1e-3
"""Seconds between two pieces that follow one another directly; lists round their times."""


class TrueSegment(NamedTuple):
    """A stretch of a video in which an action is seen."""

    label: str
    """Its class, or OF_VIDEO."""
    start_s: float
    """Seconds from the beginning of the video."""
    end_s: float
    """Seconds, exclusive; larger than the start."""


Segments = dict[str, tuple[TrueSegment, ...]]
"""Absolute path of a video -> its segments in time order; empty for one that shows no action."""


@dataclass(frozen=True)
class SegmentList:
    """The result of reading a list of segments."""

    segments: Segments
    problems: Sequence[Problem] = ()
    """Rows that were left out."""
    notes: Sequence[str] = ()
    """Notes for the user."""


def read_segments(path: str | Path, root: str | Path | None = None) -> SegmentList:
    """Read a list of true segments. Bad rows become problems, not errors.

    Args:
        path: the list.
        root: folder that relative paths begin in; None for that of the list.

    Raises:
        InputError: the list does not exist, cannot be read, is of no known form, or names no video.
    """
    path = Path(path)
    check_read(path)
    check_readable(path)
    listing = _reader_of(path)(path, path.parent if root is None else Path(root))
    if not listing.segments:
        # the first row may say why
        reason = f": {listing.problems[0]}" if listing.problems else ""
        raise InputError(
            f"{path} names no video with its segments{reason}",
            code="segments-empty",
            hint="one row for each segment, as path,label,start_s,end_s, or one annotation",
        )
    return listing


def _reader_of(path: Path) -> Callable[[Path, Path], SegmentList]:
    """The reader of a list's form.

    Raises:
        InputError: it is of no known form, or not text.
    """
    line = next(lines(path, []), (0, ""))[1]
    if activitynet.is_line_of_form(line):
        return _read_activitynet
    if label_studio.is_line_of_form(line):
        return _read_label_studio
    first = columns(line)
    if {"path", "start_s", "end_s"} <= set(first) and {"label", "kind"} & set(first):
        return _read_csv
    raise InputError(
        f"{path}: unknown form of a list of segments",
        code="segments-format-unknown",
        hint="CSV with the first line path,label,start_s,end_s; annotations of ActivityNet, or an "
        "export of Label Studio",
    )


def _read_activitynet(path: Path, root: Path) -> SegmentList:
    problems: list[Problem] = []
    files, found, hidden = Lookup(root), {}, 0
    for video in activitynet.annotated_videos(path, problems):
        # its annotations are not published: that does not say that it shows no action
        if not video.parts and video.is_test:
            hidden += 1
            continue
        # where there is no such file, the path ends in ID.*
        name = os.path.abspath(activitynet.video_file(video, files))  # noqa: PTH100 (faster)
        found[name] = tuple(sorted((TrueSegment(*part) for part in video.parts), key=_by_time))
    notes = [f"videos of the test split without annotations: {hidden} left out"] if hidden else []
    return SegmentList(found, problems, notes)


def _read_label_studio(path: Path, root: Path) -> SegmentList:
    problems: list[Problem] = []
    found = {}
    for task in label_studio.labelled_tasks(path, problems):
        parts = task.parts_in_seconds()
        name = os.path.abspath(find_file(task.video, root))  # noqa: PTH100 (faster)
        reason = ""
        if parts is None:
            reason = f"frames, and no frame rate in the column {label_studio.FPS}"
        elif task.choices and not parts:
            reason = "a label of the whole video alone"
        elif name in found:
            reason = "an earlier task has the same video"
        if parts is None or reason:
            what = f"{task.name}: {reason}"
            problems.append(Problem(path.name, 0, what, code="list-row-invalid"))
            continue
        found[name] = tuple(sorted((TrueSegment(*part) for part in parts), key=_by_time))
    return SegmentList(found, problems)


def _read_csv(path: Path, root: Path) -> SegmentList:
    problems: list[Problem] = []
    found: dict[str, list[TrueSegment]] = {}
    has_labels = "label" in columns(next(lines(path, []))[1])
    for line, (name, start, end, label, kind) in table(
        path, ("path", "start_s", "end_s"), ("label", "kind"), problems=problems
    ):
        row = _Row(name, start, end, label=label, kind=kind)
        if reason := row.problem(has_labels):
            problems.append(Problem(path.name, line, reason, code="list-row-invalid"))
            continue
        # as in lists of videos: an absolute path stays as it is
        video = os.path.abspath(os.path.join(root, name))  # noqa: PTH100, PTH118 (faster)
        of_video = found.setdefault(video, [])
        if row.is_action(has_labels):
            of_video.append(TrueSegment(label, float(start), float(end)))

    notes: list[str] = []
    if not has_labels:
        joined = {video: _joined(segments) for video, segments in found.items()}
        fewer = sum(map(len, found.values())) - sum(map(len, joined.values()))
        if fewer:
            notes.append(f"pieces that follow another one directly: {fewer}, joined with it")
        found = joined
    return SegmentList(
        {video: tuple(sorted(segments, key=_by_time)) for video, segments in found.items()},
        problems,
        notes,
    )


class _Row(NamedTuple):
    """The cells of a row."""

    name: str
    start: str
    end: str
    label: str
    kind: str

    def is_action(self, has_labels: bool) -> bool:
        """Whether the row is a segment; else it only says that the video is listed."""
        return bool(self.label) if has_labels else self.kind.lower() == ACTION

    def problem(self, has_labels: bool) -> str:
        """Why the row cannot be used; "" where it can."""
        if not self.name:
            return "path is empty"
        if is_url(self.name):
            return f"a URL, and only local files are read: {self.name}"
        # a video without any action needs no times
        if not self.start and not self.end and not self.is_action(has_labels):
            return ""
        try:
            start, end = float(self.start), float(self.end)
        except ValueError:
            return f"start_s {self.start!r} and end_s {self.end!r}: not numbers of seconds"
        if not (isfinite(start) and isfinite(end) and 0 <= start < end):
            return f"a segment from {self.start} to {self.end} s"
        return ""


def _by_time(segment: TrueSegment) -> tuple[float, float]:
    return segment.start_s, segment.end_s


def _joined(pieces: list[TrueSegment]) -> list[TrueSegment]:
    """Segments in time order; pieces that touch are one."""
    ordered = sorted(pieces, key=_by_time)
    found = ordered[:1]
    for piece in ordered[1:]:
        last = found[-1]
        if piece.start_s - last.end_s <= _TOUCHING_S:
            found[-1] = last._replace(end_s=max(last.end_s, piece.end_s))
        else:
            found.append(piece)
    return found


def segments_of(
    listing: SegmentList, labels: Mapping[str, str]
) -> dict[str, tuple[TrueSegment, ...]]:
    """The segments of some videos, each with a label.

    A video is found by its path, links followed. Where none is found so, because the list was
    written for another folder or another machine, videos are found by their file names, with as
    many of their folders as tell the videos of the list apart.

    Args:
        listing: a list of segments.
        labels: path of a video -> its label.

    Returns:
        path of each video that the list has -> its segments; others are missing.
    """
    names = {os.path.realpath(name): name for name in listing.segments}
    of_video = {video: names.get(os.path.realpath(video)) for video in labels}
    if not any(of_video.values()):
        of_video = _by_ends(list(listing.segments), list(labels))
    found = {}
    for video, name in of_video.items():
        if name is not None:
            segments = listing.segments[name]
            found[video] = tuple(
                s if s.label else s._replace(label=labels[video]) for s in segments
            )
    return found


def _by_ends(names: Sequence[str], videos: Sequence[str]) -> dict[str, str | None]:
    """Name in a list of each video, by the ends of their paths; None where no name has this end, or
    several videos have it.
    """
    # a list of IDs does not know the suffixes of the files
    has_ids = any(name.endswith(ANY_SUFFIX) for name in names)
    longest = max(len(Path(name).parts) for name in names)
    for count in range(1, longest + 1):
        by_end = {_end(name, count, has_ids): name for name in names}
        # else this part of the paths does not tell them apart
        if len(by_end) == len(names):
            break
    ends = {video: _end(video, count, has_ids) for video in videos}
    shared = Counter(ends.values())
    return {video: by_end.get(end) if shared[end] == 1 else None for video, end in ends.items()}


def _end(path: str, count: int, by_id: bool) -> tuple[str, ...]:
    """The last parts of a path; with `by_id` the name of the file as an ID of ActivityNet."""
    *folders, name = Path(path).parts[-count:]
    return (*folders, Path(name).stem.removeprefix(PREFIX) if by_id else name)
