"""The generated data set: one video for `classify --demo`, many for `train --demo` and `bench --demo`.

Videos are kept in a folder of the caller's choice and made once; a file's name says all that it depends on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import OutputError
from scsampler_cli.media.demo import LABELS, DemoVideo, write_demo_video
from scsampler_cli.workers import default_jobs, mapped

VERSION = 1
"""Raise it when the generator changes, so that cached videos are made anew."""
SECONDS = 60.0
LABEL = "spinning"
SEED = 2019

Progress = Callable[[int, int], None]
"""Told (done, total)."""


def demo_video(
    folder: Path, label: str = LABEL, seed: int = SEED, seconds: float = SECONDS, trimmed: bool = False
) -> tuple[Path, DemoVideo]:
    """A generated video and what it shows, made unless it is there already.

    Raises:
        OutputError: it cannot be written.
    """
    kind = "trimmed" if trimmed else "untrimmed"
    path = folder / f"v{VERSION}_{kind}_{label}_{seed}_{seconds:g}s.mp4"
    facts = path.with_suffix(".json")
    if path.is_file() and facts.is_file():
        known = json.loads(facts.read_text())
        segments = tuple((start, end) for start, end in known["segments"])
        return path, DemoVideo(known["label"], known["seconds"], segments)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part_{path.name}")
        video = write_demo_video(part, label, seed, seconds, trimmed)
        part.replace(path)
        facts.write_text(json.dumps(asdict(video)))
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            hint="set XDG_CACHE_HOME to a folder that you may write to",
        ) from error
    return path, video


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
    seconds: float,
    trimmed: bool,
    split: str,
    progress: Progress,
    jobs: int | None = 1,
) -> list[Example]:
    """`per_class` videos of each class, seeds counting from `seed`; made by `jobs` processes, None: as many as are worth it."""
    return _rendered(folder, [_Part(per_class, seed, seconds, trimmed, split)], progress, jobs)


def training_set(folder: Path, trimmed: bool, progress: Progress, jobs: int | None = 1) -> list[Example]:
    """What the shipped demo networks are trained on.

    A classifier learns from short trimmed videos (24 of each class, 6 for validation). Samplers see the former and 8 untrimmed
    videos of each class, where most clips show nothing: that is what teaches them to be unsure there. They are measured on 4
    further untrimmed videos of each class. `jobs` as in `demo_set`.
    """
    parts = [_Part(24, 1000, 6, True, "train")]
    if trimmed:
        parts.append(_Part(6, 2000, 6, True, "val"))
    else:
        parts += [_Part(8, 3000, 40, False, "train"), _Part(4, 4000, 60, False, "val")]
    return _rendered(folder, parts, progress, jobs)


def _rendered(folder: Path, parts: list[_Part], progress: Progress, jobs: int | None) -> list[Example]:
    wanted = [(part, part.seed + i, label) for part in parts for i in range(part.per_class) for label in LABELS]
    examples = []
    for example in mapped(partial(_example, folder), wanted, jobs or default_jobs(len(wanted))):
        examples.append(example)
        progress(len(examples), len(wanted))
    return examples


def _example(folder: Path, wanted: tuple[_Part, int, str]) -> Example:
    part, seed, label = wanted
    path, _ = demo_video(folder, label, seed, part.seconds, part.trimmed)
    return Example(path, label, part.split)
