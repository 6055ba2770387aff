"""Generated videos: one for `classify --demo`, many for `train --demo` and `bench --demo`.

They are made once, in a folder of the caller. The name of a file holds all that it depends on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from scsampler_cli.batch.process_map import DONE, Rounds
from scsampler_cli.batch.task import Record
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import OutputError
from scsampler_cli.media.demo import LABELS, DemoVideo, write_demo_video

VERSION = 1
"""Raise it when the generator changes, so that cached videos are made again."""
SECONDS = 60.0
LABEL = "spinning"
SEED = 2019

# (label, seed, seconds, trimmed): arguments of `demo_video`
_Facts = tuple[str, int, float, bool]

Progress = Callable[[int, int], None]
"""(done, total), in videos."""


def demo_video(
    folder: Path,
    label: str = LABEL,
    seed: int = SEED,
    *,
    seconds: float = SECONDS,
    trimmed: bool = False,
) -> tuple[Path, DemoVideo]:
    """A generated video, made unless it exists.

    Args:
        folder: of the videos.
        label: the class.
        seed: of the random numbers.
        seconds: length of the video.
        trimmed: True if the action fills the whole video.

    Returns:
        path, and the contents of the video.

    Raises:
        OutputError: it cannot be written.
    """
    path = _path(folder, label, seed, seconds=seconds, trimmed=trimmed)
    facts = path.with_suffix(".json")
    if _is_made(path):
        known = json.loads(facts.read_text())
        segments = tuple((start, end) for start, end in known["segments"])
        return path, DemoVideo(known["label"], known["seconds"], segments)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part_{path.name}")
        video = write_demo_video(part, label, seed, seconds=seconds, trimmed=trimmed)
        part.replace(path)
        # written last: without it the video counts as not made
        facts.write_text(json.dumps(asdict(video)))
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            code="write-failed",
            hint="set XDG_CACHE_HOME to a folder that you may write to",
        ) from error
    return path, video


def _path(folder: Path, label: str, seed: int, *, seconds: float, trimmed: bool) -> Path:
    kind = "trimmed" if trimmed else "untrimmed"
    return folder / f"v{VERSION}_{kind}_{label}_{seed}_{seconds:g}s.mp4"


def _is_made(path: Path) -> bool:
    return path.is_file() and path.with_suffix(".json").is_file()


@dataclass(frozen=True)
class _Part:
    """`per_class` videos of each class, with seeds from `seed` on."""

    per_class: int
    seed: int
    seconds: float
    trimmed: bool
    split: str


def demo_set(
    folder: Path,
    per_class: int,
    seed: int,
    *,
    seconds: float,
    trimmed: bool,
    split: str,
    progress: Progress,
    pool: Rounds | None = None,
) -> list[Example]:
    """Generated videos of all classes.

    Args:
        folder: of the videos.
        per_class: videos of each class.
        seed: of the first video of each class; the others count up.
        seconds: length of a video.
        trimmed: True if the action fills the whole video.
        split: of all videos.
        progress: called after each video that is made.
        pool: makes the videos in several processes; None makes them here, one after another.

    Raises:
        OutputError: a video cannot be written.
    """
    return _rendered(
        folder, [_Part(per_class, seed, seconds, trimmed=trimmed, split=split)], progress, pool=pool
    )


def training_set(
    folder: Path, trimmed: bool, progress: Progress, *, pool: Rounds | None = None
) -> list[Example]:
    """The data set of the bundled demo networks.

    A classifier is trained on short trimmed videos: 24 of each class, and 6 for validation.
    Samplers are trained on the same 24, and on 8 untrimmed videos of each class. There most clips
    show no action, and the sampler learns low scores for them. Validation uses 4 further untrimmed
    videos of each class. `pool` is that of `demo_set`.
    """
    return _rendered(folder, _training_parts(trimmed), progress, pool=pool)


def training_counts(trimmed: bool) -> tuple[int, int]:
    """Numbers of videos of `training_set` to learn from, and for validation."""
    numbers = {"train": 0, "val": 0}
    for part in _training_parts(trimmed):
        numbers[part.split] += part.per_class * len(LABELS)
    return numbers["train"], numbers["val"]


def _training_parts(trimmed: bool) -> list[_Part]:
    # seeds of the parts are far apart: no video is in two of them
    parts = [_Part(24, 1000, 6, trimmed=True, split="train")]
    if trimmed:
        parts.append(_Part(6, 2000, 6, trimmed=True, split="val"))
    else:
        parts += [
            _Part(8, 3000, 40, trimmed=False, split="train"),
            _Part(4, 4000, 60, trimmed=False, split="val"),
        ]
    return parts


def _rendered(
    folder: Path, parts: list[_Part], progress: Progress, *, pool: Rounds | None
) -> list[Example]:
    """Make the missing videos of all parts."""
    examples: list[Example] = []
    todo: dict[Path, _Facts] = {}
    for part in parts:
        for seed in range(part.seed, part.seed + part.per_class):
            for label in LABELS:
                path = _path(folder, label, seed, seconds=part.seconds, trimmed=part.trimmed)
                examples.append(Example(path, label, part.split))
                if not _is_made(path):
                    todo[path] = (label, seed, part.seconds, part.trimmed)
    # progress counts the videos that existed before
    for done, _ in enumerate(_make_all(folder, todo, pool), start=len(examples) - len(todo) + 1):
        progress(done, len(examples))
    return examples


def _make_all(folder: Path, todo: dict[Path, _Facts], pool: Rounds | None) -> Iterator[None]:
    """Make videos, given as path -> arguments of `demo_video`; yield after each."""
    if pool is None:
        for facts in todo.values():
            label, seed, seconds, trimmed = facts
            demo_video(folder, label, seed, seconds=seconds, trimmed=trimmed)
            yield
        return
    for outcome in pool.each(list(todo), partial(_make, folder=folder, todo=todo)):
        if outcome.error is not None:
            raise outcome.error
        yield


def _make(
    loaded: object, path: Path, progress: object, *, folder: Path, todo: dict[Path, _Facts]
) -> Record:
    """Make one video in a worker process (`process_map.Do`)."""
    label, seed, seconds, trimmed = todo[path]
    demo_video(folder, label, seed, seconds=seconds, trimmed=trimmed)
    return DONE
