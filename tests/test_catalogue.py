"""The list of weight files: what ships, what is public, what was named."""

import json
from pathlib import Path

import pytest
import torch

from scsampler_cli import catalogue as module
from scsampler_cli import public
from scsampler_cli.catalogue import catalogue
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.shipped import shipped_dir
from scsampler_cli.tables import csv_columns, csv_rows, weights_table
from scsampler_cli.weightfile import read_weights, write_weights


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def nothing_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "shipped_dir", lambda: tmp_path / "none")


def listed(*files: Path) -> list[dict]:
    errors: list[ScsamplerError] = []
    records = list(catalogue(files, errors.append))
    assert errors == []
    json.dumps(records)
    return records


def sampler(path: Path, **more: object) -> Path:
    meta = {"kind": "sampler", "input": "md", "arch": "resnet18", "objective": "sal-rank", "labels": ["a", "b"], **more}
    write_weights(path, {"w": torch.ones(3)}, meta)
    return path


def test_what_ships_is_listed_with_its_whole_metadata() -> None:
    records = {record["name"]: record for record in listed() if record["where"] == "shipped"}
    assert set(records) == {path.stem for path in shipped_dir().glob("*.safetensors")}
    for record in records.values():
        file = read_weights(Path(record["path"]))
        assert record["metadata"] == file.metadata
        assert record["sha256"] == file.info.sha256
        assert record["bytes"] == Path(record["path"]).stat().st_size
    assert (records["demo_md"]["kind"], records["demo_md"]["arch"]) == ("md", "shufflenet26")
    assert (records["demo_classifier"]["kind"], records["demo_classifier"]["labels"]) == ("classifier", 6)
    assert records["demo_mel"]["data"] == "generated demo videos, trimmed and untrimmed"


@pytest.mark.usefixtures("nothing_ships")
def test_public_weights_are_cached_or_missing() -> None:
    path = public.cached_path("resnet18")
    path.parent.mkdir(parents=True)
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    records = {record["name"]: record for record in listed()}
    assert list(records) == list(public.PUBLIC)
    cached, missing = records["resnet18"], records["mc3_18"]
    assert (cached["where"], cached["kind"], cached["data"], cached["labels"]) == ("cached", "start", "ImageNet", 1000)
    assert cached["sha256"] == read_weights(path).info.sha256
    assert (missing["where"], missing["kind"], missing["data"], missing["labels"]) == (
        "missing", "classifier", "Kinetics-400", 400,
    )  # fmt: skip
    assert missing["bytes"] is None
    assert missing["sha256"] is None
    assert missing["metadata"]["url"].endswith(Path(missing["path"]).name)


@pytest.mark.usefixtures("nothing_ships")
def test_named_files_are_shown_alone_with_what_they_say(tmp_path: Path) -> None:
    said = {"text": "two classes", "videos": {"train": 9}}
    named = sampler(tmp_path / "mine.safetensors", data=said)
    torch.save({"state_dict": {"fc.bias": torch.zeros(2)}}, tmp_path / "bare.pth")
    mine, bare = listed(named, tmp_path / "bare.pth")
    assert (mine["name"], mine["where"], mine["kind"], mine["objective"]) == (str(named), "file", "md", "sal-rank")
    assert (mine["data"], mine["labels"]) == ("two classes", 2)
    assert mine["metadata"]["data"] == said
    assert (bare["kind"], bare["arch"], bare["labels"], bare["data"], bare["metadata"]) == (None, None, None, None, {})
    assert len(bare["sha256"]) == 64


@pytest.mark.usefixtures("nothing_ships")
def test_a_file_that_cannot_be_read_is_a_record_and_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"garbage" * 9)
    files = [tmp_path / "bad.safetensors", tmp_path / "gone.pth", sampler(tmp_path / "good.safetensors")]
    errors: list[ScsamplerError] = []
    records = list(catalogue(files, errors.append))
    failed = [record for record in records if record["status"] == "error"]
    assert [(record["where"], record["path"]) for record in failed] == [("file", str(path)) for path in files[:2]]
    assert [record["error"]["message"] for record in failed] == [str(error) for error in errors]
    assert records[-1]["status"] == "ok"


@pytest.mark.usefixtures("nothing_ships")
def test_a_damaged_download_is_one_failed_record() -> None:
    public.cached_path("r3d_18").parent.mkdir(parents=True)
    public.cached_path("r3d_18").write_bytes(b"garbage" * 9)
    records = list(catalogue([], lambda error: None))
    assert [record["path"] for record in records if record["status"] == "error"] == [str(public.cached_path("r3d_18"))]
    assert len(records) == len(public.PUBLIC)


@pytest.mark.usefixtures("nothing_ships")
def test_the_table_has_a_line_for_each_in_straight_columns(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"garbage" * 9)
    long = sampler(tmp_path / "esc\x1b.safetensors", data="word " * 20)
    records = list(catalogue([long, tmp_path / "bad.safetensors"], lambda error: None))
    lines = weights_table(records).splitlines()
    assert len(lines) == 1 + 2
    assert "esc\\x1b.safetensors" in lines[-2]
    assert records[-2]["sha256"][:12] in lines[-2]
    assert records[-2]["sha256"][:13] not in lines[-2]
    assert lines[-2].endswith("...")
    where = lines[0].index("where")
    assert [line[where:].split()[0] for line in lines[1:]] == ["file"] * 2
    assert "error: weight file" in lines[-1]


@pytest.mark.usefixtures("nothing_ships")
def test_csv_rows_have_the_columns(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"garbage" * 9)
    files = [sampler(tmp_path / "good.safetensors"), tmp_path / "bad.safetensors"]
    good, bad = (next(csv_rows(record)) for record in catalogue(files, lambda error: None))
    assert set(good) == set(csv_columns("weights", 0)) - {"error"}
    assert good["sha256"] == read_weights(files[0]).info.sha256
    assert (bad["status"], bad["name"], bad["where"]) == ("error", str(files[1]), "file")
    assert "damaged" in str(bad["error"])
