"""The list of classifiers, and the check of one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import inspection, registry
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.model_zoo import public
from scsampler_cli.model_zoo.weights_info import WeightsInfo

CPU = torch.device("cpu")
PAPERS = {"mc3_18", "r3d_18", "r2plus1d_18", "r2plus1d_34", "i3d_rgb", "ir_csn_152", "ip_csn_152"}


def test_the_papers_six_and_torchvisions_others_have_names() -> None:
    assert PAPERS | {"s3d", "mvit_v1_b", "mvit_v2_s", "swin3d_t", "swin3d_s", "swin3d_b"} <= set(
        registry.names()
    )
    assert set(BUILTINS) | {"demo", "actions6"} == {
        name
        for name, points in registry.listing().items()
        if registry.owner(points[0]) == registry.OWN
    }
    assert set(BUILTINS) == set(public.PUBLIC) - {"resnet18"}


@pytest.mark.parametrize("name", ["demo", "actions6", "ir_csn_152"])
def test_what_is_listed_is_what_is_loaded(name: str) -> None:
    found = inspection.record_by_name(name)
    if name in BUILTINS:
        spec, labels = BUILTINS[name].spec, BUILTINS[name].classes
    else:
        loaded = registry.load(name, CPU, torch.float32)
        spec, labels = loaded.spec, len(loaded.labels)
    assert (found["frames"], found["stride"], found["size"]) == (
        spec.frames,
        spec.stride,
        list(spec.crop),
    )
    assert found["labels"] == labels
    assert found["gmacs"] > 0
    assert found["mparams"] > 0
    assert found["distribution"] == "scsampler"


def test_weights_are_bundled_cached_or_downloadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert inspection.record_by_name("demo")["weights"] == "bundled"
    assert inspection.record_by_name("mc3_18")["weights"] == "downloadable"
    path = public.cached_path("mc3_18")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"there")
    assert inspection.record_by_name("mc3_18")["weights"] == "cached"
    assert inspection.record_by_name("mc3_18")["url"].endswith(path.name)
    monkeypatch.setattr(inspection, "bundled_file", lambda name: tmp_path / name)
    assert inspection.record_by_name("demo")["weights"] == "missing"


class Plug:
    """A classifier that answers as it is told."""

    labels, weights = ("a", "b"), WeightsInfo("none", None)
    spec = InputSpec(frames=2, resize=8, crop=(8, 8))

    def __init__(self, how: str) -> None:
        self.name, self._how, self._calls = how, how, 0

    def classify(self, clips: np.ndarray) -> np.ndarray:
        self._calls += 1
        share = clips.astype(np.float64).std(axis=(1, 2, 3, 4)) / 255
        if self._how == "same":
            share = np.full(len(clips), 0.5)
        elif self._how == "batch":
            share = share + 0.1 * (len(clips) == 1)
        elif self._how == "fickle":
            share = share + 0.001 * self._calls
        rows = np.stack([share, 1 - share], axis=1)
        return (
            rows * 2 if self._how == "sum" else rows * np.nan if self._how == "nan" else rows
        ).astype(np.float32)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("good", None),
        ("sum", "not probabilities"),
        ("same", "all clips get the same answer"),
        ("batch", "alone and in a batch"),
        ("nan", "not finite"),
    ],
)
def test_a_check_finds_what_is_wrong(how: str, problem: str | None) -> None:
    with np.errstate(all="ignore"):
        found = inspection.run_check(Plug(how))
    if problem is None:
        assert found["problems"] == []
    else:
        assert any(problem in said for said in found["problems"]), found["problems"]
    assert found["not_a_number"] == (8 if how == "nan" else 0)
    assert found["clips_per_s"] > 0
    if how == "good":
        assert 0 < found["lowest"] < found["highest"] < 1
        assert found["sums"] == pytest.approx([1, 1])
        assert found["repeatable"]


def test_an_answer_that_changes_is_said() -> None:
    assert not inspection.run_check(Plug("fickle"))["repeatable"]


def test_known_clips_are_always_the_same_and_differ() -> None:
    first, again = (inspection.known_clips(InputSpec(3, crop=(16, 24))) for _ in range(2))
    assert first.shape == (4, 3, 16, 24, 3)
    assert np.array_equal(first, again)
    assert len({clip.tobytes() for clip in first}) == 4
    assert not np.array_equal(first[0, 0], first[0, 1])
    assert first.min() < 10
    assert first.max() > 245


def test_inspecting_goes_on_behind_a_broken_one() -> None:
    errors: list[ScsamplerError] = []

    def load(name: str) -> Plug:
        return Plug("good" if name.endswith("good") else "same")

    names = ["m:good", "nothing/such", "m:same"]
    real = registry.find
    records = list(
        inspection.inspect(
            names,
            lambda name: load(name) if ":" in name else real(name),
            True,
            failed=errors.append,
        )
    )
    assert [record["status"] for record in records] == ["ok", "error", "error"]
    assert [record["name"] for record in records] == ["m:good", "nothing/such", "m:same"]
    assert len(errors) == 2
    assert records[2]["check"]["tells_apart"] is False
