"""The generated data set: one video for `classify --demo`, many for `train --demo` and `bench --demo`.

Videos are kept in a folder of the caller's choice and made once; a file's name says all that it depends on.
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
"""Raise it when the generator changes, so that cached videos are made anew."""
SECONDS = 60.0
LABEL = "spinning"
SEED = 2019

_Facts = tuple[str, int, float, bool]
"""(label, seed, seconds, trimmed)."""

Progress = Callable[[int, int], None]
"""Told (done, total)."""


def demo_video(
    folder: Path,
    label: str = LABEL,
    seed: int = SEED,
    *,
    seconds: float = SECONDS,
    trimmed: bool = False,
) -> tuple[Path, DemoVideo]:
    """A generated video and what it shows, made unless it already exists.

    Raises:
        OutputError: it cannot be written.
    """
    path = _place(folder, label, seed, seconds=seconds, trimmed=trimmed)
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
        facts.write_text(json.dumps(asdict(video)))
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            code="write-failed",
            hint="set XDG_CACHE_HOME to a folder that you may write to",
        ) from error
    return path, video


def _place(folder: Path, label: str, seed: int, *, seconds: float, trimmed: bool) -> Path:
    kind = "trimmed" if trimmed else "untrimmed"
    return folder / f"v{VERSION}_{kind}_{label}_{seed}_{seconds:g}s.mp4"


def _is_made(path: Path) -> bool:
    return path.is_file() and path.with_suffix(".json").is_file()


@dataclass(frozen=True)
class _Part:
    """`per_class` videos of each class, seeds counting from `seed`."""

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
    """`per_class` videos of each class, seeds counting from `seed`; made by a pool, or here one after the other."""
    return _rendered(
        folder, [_Part(per_class, seed, seconds, trimmed=trimmed, split=split)], progress, pool=pool
    )


def training_set(
    folder: Path, trimmed: bool, progress: Progress, *, pool: Rounds | None = None
) -> list[Example]:
    """What the shipped demo networks are trained on.

    A classifier learns from short trimmed videos (24 of each class, 6 for validation). Samplers see the former and 8 untrimmed
    videos of each class, where most clips show nothing: that is what teaches them to be unsure there. They are measured on 4
    further untrimmed videos of each class. `pool` as in `demo_set`.
    """
    parts = [_Part(24, 1000, 6, trimmed=True, split="train")]
    if trimmed:
        parts.append(_Part(6, 2000, 6, trimmed=True, split="val"))
    else:
        parts += [
            _Part(8, 3000, 40, trimmed=False, split="train"),
            _Part(4, 4000, 60, trimmed=False, split="val"),
        ]
    return _rendered(folder, parts, progress, pool=pool)


def _rendered(
    folder: Path, parts: list[_Part], progress: Progress, *, pool: Rounds | None
) -> list[Example]:
    wanted = [
        (part, part.seed + i, label)
        for part in parts
        for i in range(part.per_class)
        for label in LABELS
    ]
    examples: list[Example] = []
    todo: dict[Path, _Facts] = {}
    for part, seed, label in wanted:
        path = _place(folder, label, seed, seconds=part.seconds, trimmed=part.trimmed)
        examples.append(Example(path, label, part.split))
        if not _is_made(path):
            todo[path] = (label, seed, part.seconds, part.trimmed)
    for done, _ in enumerate(_made(folder, todo, pool), start=len(wanted) - len(todo) + 1):
        progress(done, len(wanted))
    return examples


def _made(folder: Path, todo: dict[Path, _Facts], pool: Rounds | None) -> Iterator[None]:
    """Make videos, given as path -> arguments of `demo_video`; yields after each."""
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
    label, seed, seconds, trimmed = todo[path]
    demo_video(folder, label, seed, seconds=seconds, trimmed=trimmed)
    return DONE
