"""What `scsampler bench` does: data sets, models, the measuring, and where the report goes.

Imports torch only where something is measured; a replay never does.
"""

from __future__ import annotations

import csv
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli import console
from scsampler_cli.bench.request import Data, Plan, Wishes
from scsampler_cli.cli import environment, models
from scsampler_cli.config import AUDIO, VISUAL, FeatureSettings
from scsampler_cli.errors import InputError, OutputError, SettingsError
from scsampler_cli.report import counted
from scsampler_cli.shipped import SETS, sampler_files, set_files
from scsampler_cli.workers import default_jobs

if TYPE_CHECKING:
    from scsampler_cli.bench.knowledge import Run
    from scsampler_cli.bench.measure import Measuring, Models
    from scsampler_cli.bench.summary import Summary
    from scsampler_cli.classifiers.base import ClipClassifier
    from scsampler_cli.datasets.example import Example

DEMO_SEED, DEMO_TRAIN_SEED = 9000, 9500
DEMO_NAME = "demo"


@dataclass(frozen=True)
class Given:
    """The options of `scsampler bench`, by their names."""

    data: list[str] | None
    demo: bool
    replay: list[Path] | None
    pool: str
    k: int
    seed: int
    draws: int
    empirical: bool
    classifier: list[str] | None
    weights: Path | None
    labels: Path | None
    visual_sampler: str
    audio_sampler: str
    sampler: list[str] | None
    joint: str
    network: list[Path] | None
    p_frames: int
    device: str
    precision: str
    timed: int
    sheet: int
    sheet_of: list[Path] | None
    cache: Path | None
    keep_features: bool
    jobs: int | None
    output: Path | None
    resume: bool
    form: str | None
    speed_: bool
    minutes: float
    size: str
    codec: str
    repeats: int
    quiet: bool
    debug: bool

    @property
    def classifiers(self) -> list[str]:
        """Names of the classifiers; the demo has its own."""
        return self.classifier or ["demo" if self.demo else "auto"]


def run(given: Given) -> bool:
    """Compare, print and write; returns whether something had to be left out.

    Raises:
        ScsamplerError: nothing could be compared.
    """
    plan = Plan(given.k, given.seed, given.draws)
    if given.output is not None:
        _check_folder(given.output, given.resume)
    if given.replay:
        from scsampler_cli.bench import folder
        from scsampler_cli.bench.output import KNOWN

        runs, problems = [run for path in given.replay for run in folder.load(path / KNOWN)], 0
    else:
        read = [] if given.demo else [_data(text, given) for text in given.data or ()]
        runs = _measured([data for data, _ in read] or [_demo_data(given)], given, plan)
        problems = sum(bad for _, bad in read)
    _report(runs, plan, given)
    return bool(problems or any(run.failures for run in runs))


def _check_folder(output: Path, resume: bool) -> None:
    """Say before anything is measured that the report could not be written, or would replace another.

    Raises:
        OutputError: it is a file, or a folder with something in it.
    """
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file", hint="the report is a folder: name another one with -o")
    try:
        if output.is_dir() and any(output.iterdir()) and not resume:
            raise OutputError(
                f"{output} is not empty", hint="--resume goes on in it, what is known is not measured again"
            )
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror or error}", hint="name another folder") from error


def _measured(sets: Sequence[Data], given: Given, plan: Plan) -> list[Run]:
    """Every data set under every classifier that knows its labels."""
    runs = []
    for name in given.classifiers:
        classifier = models.load_classifier(
            name, given.weights, given.labels, given.device, given.precision, given.quiet
        )
        loaded = load_networks(given, classifier)
        for data in sets:
            if not any(example.label in classifier.labels for example in data.examples):
                console.say(f"note: {classifier.name} knows no label of {data.name}: not compared")
                continue
            runs.append(_collect(data, loaded, given, plan))
    if not runs:
        raise InputError("no classifier knows a label of any data set", hint="choose another --classifier")
    return runs


def _collect(data: Data, loaded: Models, given: Given, plan: Plan) -> Run:
    from scsampler_cli.bench.collect import collect
    from scsampler_cli.errors import ScsamplerError

    with console.Bars(given.quiet) as bars:

        def failed(example: Example, error: ScsamplerError) -> None:
            with bars.hidden():
                console.show_error(error, "" if str(example.path) in str(error) else f"{example.path}: ")

        measuring = measuring_of(given, len(data.examples), bars)
        wishes = Wishes(given.timed, given.sheet, frozenset(path.resolve() for path in given.sheet_of or ()))
        return collect(data, loaded, measuring, plan, wishes, failed, command_line())


def measuring_of(given: Given, videos: int, bars: console.Bars) -> Measuring:
    """Cache, features and processes that the options ask for."""
    from scsampler_cli.bench.measure import Measuring
    from scsampler_cli.cache import Cache

    cache = Cache(given.cache or environment.cache_dir() / "train")
    features = FeatureSettings(p_frames=given.p_frames)
    return Measuring(cache, features, given.keep_features, given.jobs or default_jobs(videos), bars)


def command_line() -> str:
    """How the program was called, for the report."""
    return shlex.join(["scsampler", *sys.argv[1:]])


def _data(text: str, given: Given) -> tuple[Data, int]:
    """A data set by its path, or NAME=PATH; and how many rows were no use."""
    from scsampler_cli.datasets.reading import read

    name, named, rest = text.partition("=")
    path = Path(rest) if named and not Path(text).exists() else Path(text)
    listing = read(path, learnt=False)
    for problem in listing.problems:
        console.say(f"skipped: {problem}")
    for note in () if given.quiet else listing.notes:
        console.say(f"note: {note}")
    title = name if path != Path(text) else path.stem
    if not listing.split_given:
        return Data(title, listing.examples, ()), len(listing.problems)
    sides = {side: [e for e in listing.examples if e.split == side] for side in ("train", "val")}
    if not sides["val"]:
        hint = "those are compared; leave the column out to compare all"
        raise InputError(f"{path} has no videos of the split val", hint=hint)
    return Data(title, sides["val"], sides["train"] if given.empirical else ()), len(listing.problems)


def _demo_data(given: Given) -> Data:
    """Twelve videos to compare on, and six for Empirical, that no shipped network was trained on."""
    from scsampler_cli.demo import demo_set

    with console.Bars(given.quiet) as bars:
        folder = environment.demo_dir()
        examples, train = (
            demo_set(folder, count, seed, seconds, False, split, lambda n, of: bars("rendering", n, of), given.jobs)
            for count, seed, seconds, split in ((2, DEMO_SEED, 60, "val"), (1, DEMO_TRAIN_SEED, 40, "train"))
        )
    return Data(DEMO_NAME, examples, train if given.empirical else ())


def load_networks(given: Given, classifier: ClipClassifier) -> Models:
    """Every sampler network that the options name, for one classifier."""
    from scsampler_cli.bench.models import assemble
    from scsampler_cli.device import pick_device, pick_dtype
    from scsampler_cli.samplers.scoring import load_network

    where = pick_device(given.device)
    dtype = pick_dtype(given.precision, where)
    auto = "demo" if classifier.name == "demo" else models.AUTO_SET
    visual = auto if given.visual_sampler == "auto" else given.visual_sampler
    audio = (auto if set_files(auto, AUDIO) else "none") if given.audio_sampler == "auto" else given.audio_sampler
    main = [*sampler_files(visual, VISUAL), *sampler_files(audio, AUDIO)]
    others = dict(_named_sampler(text) for text in given.sampler or ())
    joint = [Path(part) for part in given.joint.split(",") if part]
    groups = {name: [load_network(path, where, dtype) for path in paths] for name, paths in others.items()}
    parts = [[load_network(path, where, dtype) for path in paths] for paths in (main, joint, given.network or ())]
    return assemble(classifier, str(dtype).removeprefix("torch."), parts[0], groups, parts[1], parts[2])


def _named_sampler(text: str) -> tuple[str, list[Path]]:
    """NAME=FILE,FILE, or NAME=SET.

    Raises:
        SettingsError: something else.
    """
    name, named, spec = text.partition("=")
    if not named or not name or not spec:
        raise SettingsError(f"--sampler {text!r} has no name", hint="--sampler NAME=FILE[,FILE...]")
    if spec in SETS:
        return name, set_files(spec, (*VISUAL, *AUDIO))
    return name, sampler_files(spec, VISUAL)


def _report(runs: Sequence[Run], plan: Plan, given: Given) -> None:
    from scsampler_cli.bench import folder, output
    from scsampler_cli.bench.summary import pooled, summarise

    shown = [*runs, pooled(runs, given.pool)] if given.pool else runs
    summary = summarise(shown, plan)
    created = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if given.output is not None:
        folder.save(runs, given.output / output.KNOWN)
        output.write(summary, given.output, created, command_line())
        if not given.quiet:
            console.say(f"report: {given.output / 'report.html'}")
    _print(summary, given.form or "table", {"created": created, "command": command_line()})
    left_out = sum(len(run.failures) for run in runs)
    if left_out:
        console.say(f"left out: {counted(left_out, 'video')}, named above and in the report")


def _print(summary: Summary, form: str, about: dict[str, str]) -> None:
    if form == "json":
        typer.echo(json.dumps({**about, **summary.record()}, indent=1))
    elif form == "jsonl":
        for row in _rows(summary):
            typer.echo(json.dumps(row))
    elif form == "csv":
        rows = list(_rows(summary))
        writer = csv.DictWriter(
            sys.stdout, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)
    else:
        typer.echo("\n\n".join(_texts(summary)))


def _rows(summary: Summary) -> Iterator[dict[str, Any]]:
    """A row for each strategy of each run."""
    for section in summary.sections:
        for row in section.tables[0].rows:
            yield {"data": section.run.data, "classifier": section.run.classifier["name"], **row}


def _texts(summary: Summary) -> Iterator[str]:
    from scsampler_cli.bench.output import text_of

    yield from map(text_of, summary.across)
    for section in summary.sections:
        yield f"== {section.run.name} =="
        yield from map(text_of, section.tables)
        yield section.verdict
