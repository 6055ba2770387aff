"""The JSON Schemas that ship fit the records that are written, and nothing else."""

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scsampler_cli import config
from scsampler_cli.errors import SettingsError, VideoError
from scsampler_cli.output import records as report
from scsampler_cli.output import schemas
from tests.cli.running import DEMO, Run

Record = dict[str, Any]
SAMPLERS = ["--visual-sampler", "demo", "--audio-sampler", "demo"]
OPTIONAL = {
    "ffmpeg",
    "source",
    "run",
    "sha256",
    "demo",
    "rendered",
    "file_start_s",
    "timecode",
    "packets",
    "picture",
    "picture_gap",
    "picture_gap_s",
    "own_pictures",
    "saliency",
    "files",
}
OPTIONAL |= {"device", "precision", "confidence"}
# elsewhere these keys are required
OPTIONAL_AT = {("clips", "predicted"), ("selection", "why")}
OPEN = ("versions", "timings_s")
CHECKS = {command: Draft202012Validator(schemas.schema(command)) for command in schemas.COMMANDS}


def problems(command: str, record: Record) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in CHECKS[command].iter_errors(record)]


def lines(result: subprocess.CompletedProcess[str]) -> list[Record]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def records(
    run: Run, videos: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Record]]:
    """Records of every kind, as the commands write them."""
    folder = tmp_path_factory.mktemp("all")
    shutil.copytree(videos, folder / "videos")
    (folder / "videos" / "bad.mp4").write_text("this is text")
    made = {
        "classify": lines(
            run("classify", folder / "videos", *DEMO, *SAMPLERS, "--hash", "--format", "jsonl")
        )
    }
    made["classify"].append(
        json.loads(run("classify", "--demo", "--k", "3", "--format", "json").stdout)
    )
    loud = folder / "videos" / "loud.mp4"
    for options in (["--strategy", "search"], ["--strategy", "visual", "--diverse"]):
        searched = run("classify", loud, *DEMO, *options, "--k", "auto", "--format", "json")
        made["classify"].append(json.loads(searched.stdout))
    made["classify"].append(
        json.loads(run("classify", folder / "none.mp4", "--format", "json").stdout)
    )
    features = [
        "extract",
        folder / "videos",
        "-o",
        folder / "features",
        "--render",
        "1",
        "--format",
        "jsonl",
    ]
    made["extract"] = lines(run(*features))
    cascade = ["--packet-sampler", "auto", "--cascade", "--k", "1", "--candidates", "2"]
    made["score"] = lines(run("score", folder / "videos", *SAMPLERS, *cascade, "--format", "jsonl"))
    stored = sorted((folder / "features").rglob("*.scf"))
    made["score"] += lines(
        run("score", *stored, *SAMPLERS, "--strategy", "av-convex-list", "--format", "jsonl")
    )
    return made


@pytest.mark.parametrize("command", schemas.COMMANDS)
def test_every_record_that_is_written_fits_its_schema(
    records: dict[str, list[Record]], command: str
) -> None:
    Draft202012Validator.check_schema(CHECKS[command].schema)
    assert {record["status"] for record in records[command]} == {"ok", "error"}
    assert {record["schema"] for record in records[command]} == {f"scsampler.{command}/1"}
    assert [problems(command, record) for record in records[command]] == [[]] * len(
        records[command]
    )


def test_the_records_tried_are_of_every_kind(records: dict[str, list[Record]]) -> None:
    tagged, scored, extracted = (
        [record for record in records[command] if record["status"] == "ok"]
        for command in schemas.COMMANDS
    )
    assert {record["video"]["audio"] is None for record in tagged} == {True, False}
    assert any("demo" in record for record in tagged)
    assert any("sha256" in record["source"] for record in tagged if record["source"])
    assert any("packets" in clip for record in scored for clip in record["clips"])
    assert any(record["path"].endswith(".scf") for record in scored)
    selections = [record["settings"]["selection"] for record in tagged]
    assert {"search", "visual"} == {each["strategy"] for each in selections if "asked" in each}
    assert any(each["diverse"] for each in selections)
    assert any("confidence" in record["saliency"] for record in tagged)
    assert all("rendered" in record for record in extracted)


@pytest.mark.parametrize("command", schemas.COMMANDS)
def test_a_key_that_is_missing_or_unknown_is_found(
    records: dict[str, list[Record]], command: str
) -> None:
    tried = 0
    for record in records[command]:
        for place in objects(record):
            other = copy.deepcopy(record)
            at(other, place)["something"] = 1
            assert problems(command, other), place
            for key in set(at(record, place)) - OPTIONAL:
                if (next((step for step in reversed(place) if step != 0), ""), key) in OPTIONAL_AT:
                    continue
                other = copy.deepcopy(record)
                del at(other, place)[key]
                assert problems(command, other), (*place, key)
                tried += 1
    assert tried > 50


@pytest.mark.parametrize("command", schemas.COMMANDS)
def test_a_value_of_the_wrong_type_is_found(records: dict[str, list[Record]], command: str) -> None:
    for record in records[command]:
        for place in objects(record):
            for key in at(record, place):
                other = copy.deepcopy(record)
                at(other, place)[key] = ["wrong", {"type": True}]
                assert problems(command, other), (*place, key)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("tags.0.probability", 1.5),
        ("clips.0.visual", -0.1),
        ("clips.0.first_frame", 1.5),
        ("video.width", 0),
        ("video.motion_vectors", "guessed"),
        ("settings.selection.strategy", "best"),
        ("settings.selection.strategy", "auto"),
        ("settings.selection.asked", []),
        ("settings.selection.asked", [{"clip": 0, "predicted": 1.5, "observed": 0.5}]),
        ("settings.selection.stopped", "without the clips that were asked"),
        ("classifier.sha256", "ab"),
        ("run", "x" * 16),
        ("status", "failed"),
        ("schema", "scsampler.score/1"),
        ("path", ""),
        ("saliency", {"visual": [0.5] * 59, "audio": None}),
        ("saliency", {"visual": None}),
        ("files", {"report": 1}),
    ],
)
def test_a_value_out_of_its_range_is_found(
    records: dict[str, list[Record]], place: str, value: object
) -> None:
    record = copy.deepcopy(
        next(record for record in records["classify"] if record["status"] == "ok")
    )
    *way, key = [int(step) if step.isdigit() else step for step in place.split(".")]
    at(record, tuple(way))[key] = value
    assert problems("classify", record)


def test_saliency_over_time_and_made_files_are_allowed(records: dict[str, list[Record]]) -> None:
    for command in ("classify", "score"):
        record = next(record for record in records[command] if record["status"] == "ok")
        more = {
            "saliency": {"visual": [0.5, None] * 30, "audio": None},
            "files": {"report": "a.html", "reel": "a.mp4"},
        }
        assert problems(command, {**record, **more}) == []


def test_a_failure_is_no_result_and_a_result_no_failure(records: dict[str, list[Record]]) -> None:
    for command in schemas.COMMANDS:
        good, bad = (
            next(r for r in records[command] if r["status"] == status) for status in ("ok", "error")
        )
        assert problems(command, {**good, "status": "error"})
        assert problems(command, {**bad, "status": "ok"})
        assert problems(command, {**good, "error": bad["error"]})
        hintless = report.failure(command, "x.mp4", VideoError("no", hint=None))
        assert problems(command, hintless) == []


def test_the_schemas_know_what_the_settings_know() -> None:
    shared = [CHECKS[command].schema["$defs"] for command in schemas.COMMANDS]
    # a record has the strategy and the aggregate that "auto" stands for
    strategies = shared[0]["selection"]["properties"]["strategy"]["enum"]
    assert ["auto", *strategies] == list(config.STRATEGIES)
    answer = shared[0]["result"]["properties"]["settings"]["properties"]["answer"]["properties"]
    assert answer["spatial"]["enum"] == list(config.SPATIAL)
    assert ["auto", *answer["aggregate"]["enum"]] == list(config.AGGREGATES)
    assert shared[0]["sampler"]["properties"]["input"]["enum"] == [*config.INPUTS, "packets"]
    for name in set.union(*map(set, shared)) - {"result", "failure"}:
        said = [defs[name] for defs in shared if name in defs]
        assert all(other == said[0] for other in said), name


@pytest.mark.parametrize("command", [*schemas.COMMANDS, *schemas.DOCUMENTS])
def test_the_schema_is_printed_without_torch(command: str) -> None:
    code = (
        "import sys; sys.argv = ['scsampler', *sys.argv[1:]]\n"
        "from scsampler_cli.cli.app import run\n"
        "code = run(); assert not {'torch', 'av', 'rich'} & set(sys.modules); sys.exit(code)"
    )
    arguments = [sys.executable, "-c", code, command, "there-is-no-such-file.mp4", "--schema"]
    printed = subprocess.run(arguments, capture_output=True, encoding="utf-8", check=True).stdout
    assert json.loads(printed) == schemas.schema(command)
    assert schemas.schema(command)["$id"] == f"urn:scsampler:schema:{command}:1"


def test_a_command_without_records_of_videos_has_no_schema() -> None:
    with pytest.raises(SettingsError, match="has no schema"):
        schemas.schema("train")


def objects(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to all objects in a record whose keys are known, of lists to that in the first item."""
    if isinstance(value, dict):
        yield place
        for key, inner in value.items():
            if key not in OPEN:
                yield from objects(inner, (*place, key))
    elif isinstance(value, list) and value:
        yield from objects(value[0], (*place, 0))


def at(record: Record, place: tuple[Any, ...]) -> Any:
    value: Any = record
    for step in place:
        value = value[step]
    return value
