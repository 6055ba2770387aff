"""Names, plug-ins, broken plug-ins, conflicts: with real distributions on the path."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import probabilities_of
from scsampler_cli.errors import ClassifierError, SettingsError

CPU, FP32 = torch.device("cpu"), torch.float32

PLUGIN = """
import numpy as np
from scsampler_cli.classifiers.base import InputSpec, WeightsInfo

class Brightness:
    name, labels = "brightness", ("dark", "bright")
    spec = InputSpec(frames=2, resize=8, crop=(8, 8))
    weights = WeightsInfo("none", None)

    def __init__(self, *_, **__):
        pass

    def classify(self, clips):
        bright = clips.mean(axis=(1, 2, 3, 4)) / 255
        return np.stack([1 - bright, bright], axis=1).astype(np.float32)

def factory(device, dtype, weights=None, labels=None):
    return Brightness()

def wrong(device, dtype, weights=None, labels=None):
    return "not a classifier"
"""


def install(root: Path, dist: str, points: dict[str, str]) -> None:
    """A minimal installed distribution."""
    info = root / f"{dist}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
    lines = [f"[{registry.GROUP}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bright_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("bright_plugin", None)


def test_the_built_ins_come_by_the_same_door() -> None:
    assert {"actions6", "demo", "mc3_18", "r2plus1d_18", "r3d_18"} <= set(registry.names())


def test_a_plug_in_is_found_and_works(site: Path) -> None:
    install(site, "bright", {"brightness": "bright_plugin:factory"})
    assert "brightness" in registry.names()
    assert "bright_plugin" not in sys.modules  # listing imports nothing
    classifier = registry.load("brightness", CPU, FP32)
    assert classifier.classify(np.full((1, 2, 8, 8, 3), 255, np.uint8)).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("bright_plugin:missing", "AttributeError"),
        ("no_such_module:factory", "ModuleNotFoundError"),
        ("bright_plugin:wrong", "returned str"),
    ],
)
def test_a_broken_plug_in_is_named_and_harms_nothing_else(
    site: Path, value: str, reason: str
) -> None:
    install(site, "bright", {"oops": value, "brightness": "bright_plugin:factory"})
    with pytest.raises(ClassifierError, match=f"'oops' is broken.*{reason}"):
        registry.load("oops", CPU, FP32)
    assert registry.load("brightness", CPU, FP32).name == "brightness"


def test_one_name_of_two_distributions_names_both(site: Path) -> None:
    install(site, "first", {"twice": "bright_plugin:factory"})
    install(site, "second", {"twice": "bright_plugin:wrong"})
    with pytest.raises(ClassifierError, match=r"first .* and second "):
        registry.load("twice", CPU, FP32)


def test_an_unknown_name_lists_the_known_and_the_nearest() -> None:
    with pytest.raises(SettingsError, match="'mc3_81'") as caught:
        registry.load("mc3_81", CPU, FP32)
    assert "did you mean mc3_18?" in str(caught.value.hint)
    assert "actions6" in str(caught.value.hint)


def test_a_factory_is_found_by_its_module(site: Path) -> None:
    classifier = registry.load("bright_plugin:factory", CPU, FP32)
    assert classifier.name == "brightness"
    with pytest.raises(
        ClassifierError, match=r"'bright_plugin:missing' is broken: AttributeError"
    ) as caught:
        registry.load("bright_plugin:missing", CPU, FP32)
    assert "module bright_plugin" in str(caught.value.hint)
    with pytest.raises(ClassifierError, match="'nowhere:factory' is broken: ModuleNotFoundError"):
        registry.load("nowhere:factory", CPU, FP32)


def test_what_a_plug_in_prints_goes_to_standard_error(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = PLUGIN.replace(
        "def classify(self, clips):", "def classify(self, clips):\n        print('asked')"
    )
    (site / "loud_plugin.py").write_text("print('imported')\n" + text)
    install(site, "loud", {"loud": "loud_plugin:factory"})
    classifier = registry.load("loud", CPU, FP32)
    probabilities_of(classifier, np.zeros((1, 2, 8, 8, 3), np.uint8))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "imported\nasked\n"
    sys.modules.pop("loud_plugin")


def test_a_plug_in_that_takes_a_built_ins_name_is_the_one_to_go(site: Path) -> None:
    install(site, "greedy", {"mc3_18": "bright_plugin:factory"})
    with pytest.raises(
        ClassifierError, match=r"claimed by .*scsampler.* and |claimed by greedy"
    ) as caught:
        registry.find("mc3_18")
    assert caught.value.hint == "uninstall greedy"


def test_two_distributions_with_the_same_factory_are_a_conflict_too(site: Path) -> None:
    install(site, "first", {"twice": "bright_plugin:factory"})
    install(site, "second", {"twice": "bright_plugin:factory"})
    with pytest.raises(ClassifierError, match=r"claimed by first .* and second "):
        registry.find("twice")


def test_a_name_a_file_a_folder_and_the_cache_are_told_apart(tmp_path: Path) -> None:
    assert registry.find(str(tmp_path / "gone.onnx")) == tmp_path / "gone.onnx"
    assert registry.find(str(tmp_path)) == tmp_path
    assert registry.find("hf:org/model") == "hf:org/model"
    with pytest.raises(ClassifierError, match=r"folder without a config\.json"):
        registry.load(str(tmp_path), CPU, FP32)
    for name in ("no/such/folder", "a b:c", ":x", "x:"):
        with pytest.raises(SettingsError, match="unknown classifier"):
            registry.find(name)
