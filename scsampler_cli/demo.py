"""The generated data set: one video for `classify --demo`, many for `train --demo` and `bench --demo`.

Videos are kept in a folder of the caller's choice and made once; a file's name says all that it depends on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import OutputError
from scsampler_cli.media.demo import LABELS, DemoVideo, write_demo_video

VERSION = 1
"""Raise it when the generator changes, so that cached videos are made anew."""
SECONDS = 60.0
LABEL = "spinning"
SEED = 2019


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


def demo_set(
    folder: Path,
    per_class: int,
    seed: int,
    seconds: float,
    trimmed: bool,
    split: str,
    progress: Callable[[int, int], None],
) -> list[Example]:
    """`per_class` videos of each class, seeds counting from `seed`; progress is (done, total)."""
    examples = []
    for i in range(per_class):
        for label in LABELS:
            path, _ = demo_video(folder, label, seed + i, seconds, trimmed)
            examples.append(Example(path, label, split))
            progress(len(examples), per_class * len(LABELS))
    return examples


def training_set(folder: Path, trimmed: bool, progress: Callable[[int, int], None]) -> list[Example]:
    """What the shipped demo networks are trained on.

    A classifier learns from short trimmed videos (24 of each class, 6 for validation). Samplers see the former and 8 untrimmed
    videos of each class, where most clips show nothing: that is what teaches them to be unsure there. They are measured on 4
    further untrimmed videos of each class.
    """
    per_class = (24, 6) if trimmed else (24, 8, 4)
    total, done = len(LABELS) * sum(per_class), 0

    def count(_: int, __: int) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    examples = demo_set(folder, 24, 1000, 6, True, "train", count)
    if trimmed:
        return examples + demo_set(folder, 6, 2000, 6, True, "val", count)
    examples += demo_set(folder, 8, 3000, 40, False, "train", count)
    return examples + demo_set(folder, 4, 4000, 60, False, "val", count)
