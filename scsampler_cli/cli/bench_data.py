"""The data sets that `scsampler bench` compares on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.bench.plan import Data
from scsampler_cli.cli import console, engines, environment
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.run_progress import RunBars
from scsampler_cli.errors import InputError
from scsampler_cli.files.urls import check_read, local_path

if TYPE_CHECKING:
    from scsampler_cli.datasets.segment_list import SegmentList

DEMO_SEED, DEMO_TRAIN_SEED = 9000, 9500
"""Other seeds than those of the videos that the bundled networks were trained on."""
DEMO_NAME = "demo"
DEMO_COMPARED, DEMO_TRAINED = 12, 6
"""Number of generated videos to compare on, and for Empirical."""


def data_set(text: str, options: BenchOptions) -> Data:
    """The data set of "PATH" or "NAME=PATH". Rows that cannot be used are printed and recorded.

    Raises:
        InputError: the list cannot be read, is empty, or has no videos to compare.
    """
    from scsampler_cli.datasets.read_list import read

    # URLs have ":" and may have "=", so that they are refused before the text is split
    check_read(text)
    name, equals, rest = text.partition("=")
    # a file may have "=" in its name
    has_name = bool(equals) and not Path(text).exists()
    path = local_path(rest) if has_name else Path(text)
    # nothing is trained: a list without training videos is no error
    listing = read(path, learnt=False)
    for problem in listing.problems:
        console.say(f"skipped: {problem}")
    for note in listing.notes:
        console.on_note(note)
    title = name if path != Path(text) else path.stem
    # the rows of the list that the report names as left out
    rejected = tuple(
        {"path": str(problem), "label": "", "reason": problem.what} for problem in listing.problems
    )
    if not listing.examples:
        raise InputError(
            f"{path} lists no videos that could be read",
            code="no-usable-videos",
            hint="the rows that were skipped are named above",
        )
    if not listing.split_given and not listing.train_given:
        # a list without splits: all of its videos are compared
        return Data(title, listing.examples, (), rejected=rejected)

    compared = [example for example in listing.examples if example.split == "val"]
    train = [example for example in listing.examples if example.split == "train"]
    if not listing.split_given or not compared:
        raise InputError(
            f"{path} has no videos of the split val",
            code="no-evaluated-videos",
            hint="those are compared; without the column split, all are compared",
        )
    return Data(title, compared, train if options.empirical else (), rejected=rejected)


def segment_list(options: BenchOptions) -> SegmentList | None:
    """The true segments; None without a list. Rows that cannot be used are printed.

    Raises:
        InputError: the list cannot be read, or names no video.
    """
    from scsampler_cli.datasets.segment_list import read_segments

    if options.true_segments is None:
        return None
    listing = read_segments(options.true_segments)
    for problem in listing.problems:
        console.say(f"skipped: {problem}")
    for note in listing.notes:
        console.on_note(note)
    return listing


def demo_data(options: BenchOptions, bars: RunBars) -> Data:
    """The generated videos: `DEMO_COMPARED` to compare on, and `DEMO_TRAINED` for Empirical.

    No bundled network was trained on them.
    """
    from scsampler_cli.datasets.generated import demo_set

    with engines.open_rendering_pool("bench", options.jobs) as pool:
        make = partial(
            demo_set,
            environment.demo_dir(),
            trimmed=False,
            progress=lambda done, total: bars("generating", done, total),
            pool=pool,
        )
        # two videos of each class with 60 s each to compare on; one with 40 s for Empirical
        compared = make(2, DEMO_SEED, seconds=60, split="val")
        train = make(1, DEMO_TRAIN_SEED, seconds=40, split="train")
    return Data(DEMO_NAME, compared, train if options.empirical else ())
