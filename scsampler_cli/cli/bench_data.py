"""The data sets that `scsampler bench` compares on."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.bench.plan import Data
from scsampler_cli.cli import console, engines, environment
from scsampler_cli.cli.bench_options import BenchOptions
from scsampler_cli.cli.progress import Bars
from scsampler_cli.errors import InputError
from scsampler_cli.files.urls import check_read, local_path

DEMO_SEED, DEMO_TRAIN_SEED = 9000, 9500
DEMO_NAME = "demo"


def data_set(text: str, given: BenchOptions) -> Data:
    """A data set by its path, or NAME=PATH; what was no use in its list is said, and kept for the report.

    Raises:
        InputError: the list cannot be read, is empty, or has no videos to compare.
    """
    from scsampler_cli.datasets.read_list import read

    check_read(text)
    name, named, rest = text.partition("=")
    path = local_path(rest) if named and not Path(text).exists() else Path(text)
    listing = read(path, learnt=False)
    for problem in listing.problems:
        console.say(f"skipped: {problem}")
    for note in () if given.quiet else listing.notes:
        console.say(f"note: {note}")
    title = name if path != Path(text) else path.stem
    rejected = tuple(
        {"path": str(problem), "label": "", "reason": problem.what} for problem in listing.problems
    )
    if not listing.examples:
        raise InputError(
            f"{path} lists no videos that could be read",
            code="no-usable-videos",
            hint="what was skipped is named above",
        )
    if not listing.split_given and not listing.train_given:
        return Data(title, listing.examples, (), rejected=rejected)
    sides = {side: [e for e in listing.examples if e.split == side] for side in ("train", "val")}
    if not listing.split_given or not sides["val"]:
        hint = "those are compared; leave the column out to compare all"
        raise InputError(
            f"{path} has no videos of the split val", code="no-evaluated-videos", hint=hint
        )
    return Data(title, sides["val"], sides["train"] if given.empirical else (), rejected=rejected)


def demo_data(given: BenchOptions) -> Data:
    """Twelve videos to compare on, and six for Empirical, that no shipped network was trained on."""
    from scsampler_cli.datasets.generated import demo_set

    with (
        Bars(given.quiet) as bars,
        engines.making("bench", given.jobs, console.notes(given.quiet)) as pool,
    ):
        folder = environment.demo_dir()
        examples, train = (
            demo_set(
                folder,
                count,
                seed,
                seconds=seconds,
                trimmed=False,
                split=split,
                progress=lambda n, of: bars("rendering", n, of),
                pool=pool,
            )
            for count, seed, seconds, split in (
                (2, DEMO_SEED, 60, "val"),
                (1, DEMO_TRAIN_SEED, 40, "train"),
            )
        )
    return Data(DEMO_NAME, examples, train if given.empirical else ())
