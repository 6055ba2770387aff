"""A worker process imports nothing of the command line: neither Typer, nor Rich, nor `cli`; and
what makes pictures only where they are requested.
"""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.batch.bounds import Bounds
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.process_map import Loading, Making
from scsampler_cli.batch.task import Task
from scsampler_cli.bench.load_models import LoadModels, NetworkOptions
from scsampler_cli.config import AnswerSettings, FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.config.find_settings import FindSettings
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.tasks import Classify, Extract, Find, Score
from scsampler_cli.train.load_classifier import LoadClassifier
from tests.batch.module_lists import WithModules, modules_after

DEMO = ModelOptions(
    classifier="demo",
    visual_sampler="demo",
    audio_sampler="none",
    packet_sampler="none",
    device="cpu",
)
SELECTION = SelectionSettings(strategy="visual", k=1)

make_classify = partial(
    Classify,
    models=DEMO,
    features=FeatureSettings(),
    selection=SELECTION,
    answer=AnswerSettings(),
    reading=ReadSettings(),
    top=1,
    demo=None,
    segments=None,
    artifacts=Artifacts(),
)
make_score = partial(
    Score,
    models=replace(DEMO, classifier="auto"),
    features=FeatureSettings(),
    selection=SELECTION,
    reading=ReadSettings(),
    clip_frames=16,
    frame_stride=1,
    artifacts=Artifacts(),
)


def worker_modules(task: Task, video: Path, *more: object) -> list[str]:
    """Modules of a worker process that has done the task."""
    with WorkerPool(
        task,
        1,
        Bounds(0, None),
        note=lambda _: None,
        detail=lambda _: None,
        watch=lambda *_, **__: None,
    ) as pool:
        (outcome,) = pool.run([(0, video)], *more)
    assert outcome.record["status"] == "ok", outcome.record
    return list(outcome.record["modules"])


@pytest.mark.parametrize("make", [make_classify, make_score], ids=["classify", "score"])
def test_tagging_and_scoring(videos: Path, make: "partial[Classify] | partial[Score]") -> None:
    assert worker_modules(WithModules(make()), videos / "loud.mp4") == []


def test_what_makes_artifacts_is_imported_where_they_are_requested(
    videos: Path, tmp_path: Path
) -> None:
    video, sheet = videos / "loud.mp4", tmp_path / "loud.jpg"
    task = WithModules(make_classify(artifacts=Artifacts(thumbnails={video: sheet})))
    assert "matplotlib" in worker_modules(task, video)
    assert sheet.is_file()


def test_extracting(videos: Path, tmp_path: Path) -> None:
    video = videos / "loud.mp4"
    target = tmp_path / "loud.scf"
    task = Extract(
        output=target,
        targets={video: target},
        features=FeatureSettings(inputs=("md",)),
        reading=ReadSettings(),
        clip_frames=16,
        frame_stride=1,
        clip_stride=1,
        render=None,
        reencode=False,
    )
    assert worker_modules(WithModules(task), video) == []


def test_finding(shapes: Path, colour_clip: Path, tmp_path: Path) -> None:
    task = Find(
        sentence="a red circle",
        classifier=str(colour_clip),
        spec=(),
        settings=FindSettings(),
        reading=ReadSettings(),
        cache=tmp_path,
        device="cpu",
        precision="auto",
    )
    assert worker_modules(WithModules(task), shapes / "a.mp4") == []


@pytest.mark.parametrize(
    "task",
    [
        Loading("train", LoadClassifier(DEMO)),
        Loading("train", LoadClassifier(None)),
        Loading("bench", LoadModels(NetworkOptions(models=DEMO))),
        Making("bench"),
    ],
    ids=["train", "train without a classifier", "bench", "generated videos"],
)
def test_training_and_benchmarks(videos: Path, task: Task) -> None:
    assert worker_modules(task, videos / "loud.mp4", modules_after) == []


SPY = """
import json, os, sys
from pathlib import Path

def factory(device, dtype, weights=None, labels=None):
    names = ("scsampler_cli.cli", "typer", "rich")
    found = sorted(name for name in sys.modules if name.startswith(names))
    Path(__file__).with_name(f"{os.getpid()}.json").write_text(json.dumps(found))
    from scsampler_cli.classifiers import registry
    return registry.load("demo", device, dtype)
"""


def test_the_command_itself(videos: Path, cache: Path, tmp_path: Path) -> None:
    """The worker process of a real command also imports the main module of the program."""
    (tmp_path / "spy.py").write_text(SPY)
    words = ["classify", str(videos), "--classifier", "spy:factory", "--device", "cpu"]
    words += ["--jobs", "2", "-o", str(tmp_path / "tags.jsonl")]
    result = subprocess.run(
        [sys.executable, "-m", "scsampler_cli", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cache,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "HOME": str(cache), "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    found = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    assert len(found) >= 2
    assert all(names == [] for names in found), found
