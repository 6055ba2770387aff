"""Import paths that earlier versions documented: they work, and a warning names the new ones."""

import re
import subprocess
import sys
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest
import torch

from scsampler_cli import compat
from scsampler_cli.classifiers import builtin, registry
from scsampler_cli.output.records import ScoredClip, SelectedClip
from tests.classifiers.test_registry import install

CPU, FP32 = torch.device("cpu"), torch.float32

DOCUMENTED = {
    "video": ("Video", "visual_clips"),
    "jobs.cluster": ("records",),
    "schemas": ("schema",),
    "report": ("ClassifyResult", "ScoreResult", "Failure"),
    "classifiers.shipped": ("demo", "actions6"),
}
"""Old module -> the names that users were told to import from it."""

NEW = (
    "from scsampler_cli.batch.ray.cluster import records",
    "from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, WeightsInfo",
    "from scsampler_cli.classifiers.bundled import actions6, demo",
    "from scsampler_cli.config import FeatureSettings",
    "from scsampler_cli.output.records import ClassifyResult, Failure, ScoreResult",
    "from scsampler_cli.output.schemas import schema",
    "from scsampler_cli.pipeline.video import Video, visual_clips",
    "from scsampler_cli import Failure, InputSpec, Tagger",
)
"""Imports as they are documented now."""


@pytest.fixture
def forget_old_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python warns when it loads a module: one that is loaded already would pass in silence."""
    for old in compat.MOVED:
        monkeypatch.delitem(sys.modules, f"{compat.PACKAGE}.{old}", raising=False)


@pytest.mark.parametrize(("old", "new"), compat.MOVED.items())
@pytest.mark.usefixtures("forget_old_paths")
def test_an_old_path_gives_the_moved_module_and_warns(old: str, new: str) -> None:
    message = f"scsampler_cli.{old} has moved to scsampler_cli.{new}; {compat.REMOVAL}"
    with pytest.warns(DeprecationWarning, match=f"^{re.escape(message)}$"):
        module = import_module(f"scsampler_cli.{old}")
    assert module is import_module(f"scsampler_cli.{new}")


@pytest.mark.parametrize(("old", "names"), DOCUMENTED.items())
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_documented_names_are_there(old: str, names: tuple[str, ...]) -> None:
    module = import_module(f"scsampler_cli.{old}")
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.usefixtures("forget_old_paths")
def test_the_warning_points_at_the_line_of_the_user(tmp_path: Path) -> None:
    """By default Python shows a DeprecationWarning only where the program's own file causes it."""
    program = tmp_path / "mine.py"
    program.write_text("import json\nfrom scsampler_cli.schemas import schema\nschema('score')\n")
    result = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=True, timeout=60
    )
    first = result.stderr.splitlines()[0]
    assert first == (
        f"{program}:2: DeprecationWarning: "
        "scsampler_cli.schemas has moved to scsampler_cli.output.schemas; "
        "the old name will be removed in version 2.0, not before 2027-12-01"
    )


def test_the_new_paths_warn_of_nothing() -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", "\n".join(NEW)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_a_name_that_was_never_there_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"scsampler_cli\.videos"):
        import_module("scsampler_cli.videos")


def test_a_plug_in_may_name_a_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "others", {"mine": "scsampler_cli.classifiers.builtin:mc3_18"})
    monkeypatch.syspath_prepend(str(tmp_path))
    (point,) = registry.listing()["mine"]
    # the network itself needs weights that are not here: which one it would be is enough
    monkeypatch.setattr(builtin, "load", lambda name, *_, **__: name)
    assert registry.import_factory(point)(CPU, FP32) == "mc3_18"


@pytest.mark.usefixtures("forget_old_paths")
def test_a_plug_in_may_name_an_old_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "others", {"mine": "scsampler_cli.classifiers.shipped:demo"})
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.warns(DeprecationWarning, match=r"scsampler_cli\.classifiers\.bundled"):
        classifier = registry.load("mine", CPU, FP32)
    assert len(classifier.labels) == 6


def test_attributes_of_clips_have_their_old_names_too() -> None:
    times = {"exact_start": Fraction(0), "exact_end": Fraction(1), "first_frame": 0}
    scores = {"visual": 0.5, "audio": None}
    selected = SelectedClip(
        clip=3, **times, frames=16, **scores, reason="visual #1", label="a", probability=0.9
    )
    scored = ScoredClip(clip=3, **times, **scores, rank=1, selected=True, reason="visual #1")
    with pytest.warns(DeprecationWarning, match="called reason now; the old name will be removed"):
        assert selected.why == "visual #1"
    with pytest.warns(DeprecationWarning, match="called selected now"):
        assert scored.taken is True
    with pytest.warns(DeprecationWarning, match="called reason now"):
        assert scored.why == "visual #1"
