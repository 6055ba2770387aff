"""Found clips and the result of `find`: their JSON form, their schema, and one line for people."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scsampler_cli import Finder
from scsampler_cli.output import schemas
from scsampler_cli.output.found_writers import CSV_COLUMNS
from tests.find.colours import ColourModel, colour_video
from tests.output.finding import CLIPS, found, result

SCHEMA = schemas.schema("find")
CHECK = Draft202012Validator(SCHEMA)


def problems(record: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in CHECK.iter_errors(record)]


def test_a_found_clip_has_rounded_and_exact_times() -> None:
    assert CLIPS[0].record() == {
        "rank": 1,
        "path": "a/dive.mp4",
        "start_s": 13.5,
        "end_s": 15.333333,
        "exact_s": ["27/2", "46/3"],
        "clip": 3,
        "clips": 4,
        "picture_s": 13.5,
        "similarity": 0.4,
        "probability": None,
    }
    assert CLIPS[1].record()["picture_s"] is None
    assert found(1, "a", 0, 1, probability=1 / 3).record()["probability"] == 0.333333


def test_both_are_one_line() -> None:
    assert repr(CLIPS[0]) == "FoundClip(rank 1, 'a/dive.mp4', 13.50-15.33 s, similarity 0.400)"
    expected = "FindResult('a dog jumps into water', 3 found clips, 2 videos, 1 failed)"
    assert repr(result()) == expected
    assert repr(result(failures=())).endswith("2 videos)")
    assert len(repr(result(sentence="a dog\n" * 100))) < 150


def test_the_record_fits_its_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    surest = found(1, "v.mp4", -1, 1, probability=0.5, clip=0)
    for each in (
        result(),
        result(clips=(surest,), files={"report": "found.html", "reel": "found.mp4"}),
        result(clips=(), videos=0, embedded=0, model={}, settings={}, versions={}, timings_s={}),
        result(clips=(found(1, "v.mp4", 0, 1, similarity=float("nan")),)),
    ):
        assert problems(json.loads(json.dumps(each.record(), allow_nan=False))) == []


@pytest.mark.parametrize("is_whole", [False, True])
def test_what_is_found_in_a_real_video_fits_the_schema(tmp_path: Path, is_whole: bool) -> None:
    video = colour_video(tmp_path / "v.mp4", ["red", "blue", "red"])
    model = ColourModel(reads_clips=is_whole, sigmoid=True)
    finder = Finder(model, cache=tmp_path / "cache", device="cpu")
    record = finder.find("red", [video, tmp_path / "missing.mp4"]).record()
    assert len(record["clips"]) > 0
    assert len(record["failures"]) == 1
    assert problems(json.loads(json.dumps(record, allow_nan=False))) == []


@pytest.mark.parametrize("place", [(), ("clips", 0), ("model",), ("failures", 0), ("settings",)])
def test_a_key_that_is_missing_or_unknown_is_found(place: tuple[Any, ...]) -> None:
    keys = at(result().record(), place).keys()
    assert len(keys) > 3
    for key in keys:
        record = copy.deepcopy(result().record())
        del at(record, place)[key]
        assert problems(record), key
    record = copy.deepcopy(result().record())
    at(record, place)["something"] = 1
    assert problems(record)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("clips", 0, "rank"), 0),
        (("clips", 0, "similarity"), 1.5),
        (("clips", 0, "probability"), -0.1),
        (("clips", 0, "exact_s"), ["1/3"]),
        (("clips", 0, "exact_s"), ["0.5", "1"]),
        (("clips", 0, "clips"), 0),
        (("model", "sha256"), "ab"),
        (("model",), {"name": "clip"}),
        (("settings", "find", "top"), 0),
        (("settings", "precision"), "int8"),
        (("failures", 0, "status"), "ok"),
        (("status",), "error"),
        (("sentence",), ""),
        (("files",), {"thumbnails": "a.jpg"}),
    ],
)
def test_a_value_out_of_its_range_is_found(place: tuple[Any, ...], value: object) -> None:
    record = copy.deepcopy(result().record())
    *way, key = place
    at(record, tuple(way))[key] = value
    assert problems(record)


def test_the_schema_describes_every_column_and_shares_what_others_say() -> None:
    described = {"sentence", *SCHEMA["$defs"]["found_clip"]["properties"]}
    assert set(CSV_COLUMNS) <= described
    others = schemas.schema("classify")["$defs"]
    for name in ("error", "notes", "timings", "versions"):
        assert SCHEMA["$defs"][name] == others[name]


def at(record: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        record = record[step]
    return record
