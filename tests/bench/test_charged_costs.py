"""The demo is charged what a classifier of real actions costs, and says so."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from torch import nn

from scsampler_cli.bench import random_weights, stand_in
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.charged_costs import charge_note, charged, charged_as
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run
from scsampler_cli.bench.run_folder import load, save
from scsampler_cli.bench.summary import summarise
from scsampler_cli.bench.table import Row
from scsampler_cli.classifiers.networks import build
from tests.bench.making import costs, run, video

# the last of ten clips shows the class, and the sampler knows it
VIDEOS = [video(0, [[0.2, 0.8]] * 9 + [[0.9, 0.1]], [0.1] * 9 + [0.9]) for _ in range(8)]
CHEAP = run(VIDEOS, measured=costs(classify_s=0.0001))
MEASURED = {"status": "ok", "classify_s": 2.0, "classify_one_s": 2.5, "gmacs": 40.52}


def verdict(of_run: Run) -> str:
    return summarise([of_run], Plan(k=1)).sections[0].verdict


def dense(of_run: Run) -> Row:
    table = summarise([of_run], Plan(k=1)).sections[0].tables[0]
    [row] = [row for row in table.rows if row["key"] == "dense"]
    return row


def test_a_cheap_classifier_is_charged_and_the_sampler_pays_off() -> None:
    assert "times slower" in verdict(CHEAP)
    of_run = charged(CHEAP, MEASURED)
    assert charged_as(CHEAP) is None
    assert charged_as(of_run) == "R(2+1)D-18"
    text = verdict(of_run)
    assert "times faster" in text
    assert "more accurate than Dense, and faster" in text
    assert "The times are those of R(2+1)D-18 in place of the demo's classifier." in text
    row, before = dense(of_run), dense(CHEAP)
    # ten clips
    assert row["gmacs"] == pytest.approx(405.2)
    assert row["classify_s"] == pytest.approx(20.0)
    # the answers are those of the classifier itself
    assert before["top1"] == row["top1"]


def test_the_note_has_the_numbers_and_only_the_demo_has_a_note(tmp_path: Path) -> None:
    of_run = charged(CHEAP, MEASURED)
    note = charge_note(of_run)
    assert note is not None
    assert note.endswith("2.00 s and 40.5 GMACs.")
    assert note in summarise([of_run], Plan(k=1)).sections[0].tables[0].notes
    assert charge_note(CHEAP) is None
    # a replay says it, too
    save([of_run], Plan(k=1), tmp_path / "known")
    [again] = load(tmp_path / "known")
    assert charge_note(again) == note


def test_the_network_is_timed_in_batches_and_clip_by_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[tuple[str, int]] = []

    def small(name: str, classes: int) -> nn.Module:
        built.append((name, classes))
        return build("tiny3d", classes)

    # the same path with a network that takes a moment
    monkeypatch.setattr(random_weights, "build", small)
    models = cast(Models, SimpleNamespace(device="cpu", precision="float32"))
    progress: Callable[..., None] = lambda *_: None  # noqa: E731
    record = stand_in.time_stand_in(models, Path("v.mp4"), progress, threads=1)
    assert built == [("r2plus1d_18", 400)]
    assert record["status"] == "ok"
    assert record["gmacs"] == 40.52
    assert 0 < record["classify_s"] < 5
    assert 0 < record["classify_one_s"] < 5
