"""Folders of videos: LABEL/video, or train/LABEL/video and val/LABEL/video."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from scsampler_cli.datasets.list_text import is_text
from scsampler_cli.datasets.lookup import has_video_suffix, is_video
from scsampler_cli.datasets.rows import SIDES, Row, Rows
from scsampler_cli.errors import InputError, read_code
from scsampler_cli.files.walk import is_hidden, shortened, walk


def read(root: Path, rows: Rows) -> None:
    """Read a folder of videos. Label folders lie in the root or in train and val; videos lie below
    them at any depth.

    Files that are not videos are skipped; hidden files and folders are skipped with a note, and a
    folder "test" is left out. Without a folder for validation the videos have no split.

    Args:
        root: the folder; links to folders outside are followed, each folder once.
        rows: gets the videos.

    Raises:
        InputError: there is no folder in it, or it cannot be read.
    """
    source = root.name or str(root)
    search = _Search(root, source, rows)
    folders = search.folders(root)
    if not folders:
        raise InputError(
            f"{root}: no folder of videos in it",
            code="list-format-unknown",
            hint="one folder for each label: LABEL/video.mp4",
        )
    if _are_splits(folders):
        _read_splits(root, folders, search)
    else:
        search.labels(root, folders, "")
    if search.loose:
        rows.notes.append(f"videos beside the folders of the labels: {search.loose} left out")


def _are_splits(folders: list[str]) -> bool:
    """Whether folders are splits and not labels."""
    # a class may have the name "train", but hardly another one the name "val"
    sides = {SIDES.get(folder.lower()) for folder in folders}
    return {"train", "val"} <= sides or (None not in sides and sides != {"test"})


def _read_splits(root: Path, folders: list[str], search: _Search) -> None:
    sides = {folder: SIDES.get(folder.lower()) for folder in folders}
    for folder, side in sides.items():
        if side is None:
            search.refuse(f"{folder}: neither train nor val", code="list-row-left-out")
        elif side == "test":
            search.rows.notes.append(f"test split: the folder {folder} is left out")
        else:
            # without a validation folder, `assign_splits` takes a part of the training videos
            split = side if "val" in sides.values() else ""
            search.labels(root / folder, search.folders(root / folder), split)


class _Search:
    """State of one walk through a data set."""

    def __init__(self, root: Path, source: str, rows: Rows) -> None:
        self.root = root
        self.source = source
        self.rows = rows
        self.loose = 0
        """Number of videos in no label folder."""
        # folder without links -> folder as it was named first
        self._walked: dict[str, str] = {}

    def refuse(self, what: str, *, code: str) -> None:
        """Add a problem. It belongs to no line."""
        self.rows.refuse(self.source, 0, what, code=code)

    def folders(self, folder: Path) -> list[str]:
        """Names of the folders in a folder that are not hidden, sorted."""
        try:
            # names only: Path.iterdir makes an object for each of a million files
            names = sorted(os.listdir(folder))  # noqa: PTH208
        except OSError as error:
            raise InputError(
                f"{folder}: {error.strerror}",
                code=read_code(error),
                hint="check the folder and its permissions",
            ) from error
        # os.path.isdir is False where pathlib raises: for links that lead to themselves
        found = [name for name in names if os.path.isdir(folder / name)]  # noqa: PTH112
        hidden = [name for name in found if is_hidden(name)]
        if hidden:
            self.rows.notes.append(f"{folder}: hidden folders left out: {shortened(hidden)}")
        self.loose += sum(map(is_video, set(names) - set(found)))
        return [name for name in found if name not in hidden]

    def labels(self, parent: Path, labels: list[str], split: str) -> None:
        """Add the videos of each label."""
        for label in labels:
            if not is_text(label):
                self.refuse(f"{parent / label}: a label must be UTF-8", code="list-row-invalid")
            elif first := self._walked_before(parent / label):
                self.refuse(
                    f"{parent / label}: the same folder as {first}", code="list-row-left-out"
                )
            else:
                self._label(parent / label, label, split)

    def _walked_before(self, folder: Path) -> str:
        """The folder above, or walked before, that this one is a link to; "" for none."""
        real = os.path.realpath(folder)
        above = os.path.realpath(folder.parent)
        if Path(above).is_relative_to(real):
            return real
        first = self._walked.setdefault(real, str(folder))
        return "" if first == str(folder) else first

    def _label(self, folder: Path, label: str, split: str) -> None:
        """Add the videos of one label."""
        # a problem with a video counts, too: the folder is then not empty
        before = len(self.rows.accepted) + len(self.rows.problems)
        for path in self._videos(folder):
            self.rows.add(Row(self.source, 0, path, label=label, split=split))
        if before == len(self.rows.accepted) + len(self.rows.problems):
            self.refuse(f"{folder}: no video in this folder", code="no-video-files")

    def _videos(self, folder: Path) -> Iterator[str]:
        """Paths of the videos below a folder."""
        searched = walk(
            str(folder),
            lambda path: has_video_suffix(os.path.basename(path)),  # noqa: PTH119 (quicker)
            str(self.root),
        )
        self.rows.notes += searched.notes
        for each in searched.found:
            if each.error is None:
                yield each.path
            else:
                self.refuse(
                    f"{each.path}: {each.error.strerror or each.error}", code=read_code(each.error)
                )
