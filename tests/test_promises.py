"""What version 1 promises stays: names of users' programs, and files that they have.

`golden/public_names.toml` lists the names. A name that is added is no failure, one that is gone is.
The files in `golden` were written by version 1; every later version 1.x reads them.
"""

import inspect
import json
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import scsampler_cli
from scsampler_cli import Scorer, Tagger, read_features
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import OPTIONAL
from scsampler_cli.cli.app import app
from scsampler_cli.cli.help_pages import RENAMED
from scsampler_cli.model_zoo.bundled_weights import sampler_files
from scsampler_cli.output import schemas
from scsampler_cli.output.csv_rows import csv_columns
from scsampler_cli.output.found_writers import CSV_COLUMNS
from tests.synthetic import pan, write_video
from tests.test_troubleshooting import documented_codes

GOLDEN = Path(__file__).parent / "golden"
PROMISED: dict[str, Any] = tomllib.loads((GOLDEN / "public_names.toml").read_text())
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
RECORDS = tuple(PROMISED["records"])
CSV = {
    "classify video": csv_columns("classify", 1),
    "classify clips": csv_columns("classify", 1, "clips"),
    "classify segments": csv_columns("classify", 1, "segments"),
    "score video": csv_columns("score", 1),
    "extract video": csv_columns("extract", 1),
    "find": list(CSV_COLUMNS),
}


def test_the_public_names_are_there() -> None:
    promised = {*PROMISED["arguments"], *PROMISED["members"]}
    assert promised - set(dir(scsampler_cli)) == set()


@pytest.mark.parametrize("name", PROMISED["arguments"])
def test_arguments_keep_their_names(name: str) -> None:
    known = inspect.signature(getattr(scsampler_cli, name)).parameters
    assert [word for word in PROMISED["arguments"][name].split() if word not in known] == []


def members(name: str) -> set[str]:
    """Methods, properties and fields of a class, and what its constructor sets."""
    owner = getattr(scsampler_cli, name)
    found = set(dir(owner)) | set(getattr(owner, "__annotations__", {}))
    if is_dataclass(owner):
        found |= {field.name for field in fields(owner)}
    if isinstance(owner, type) and issubclass(owner, scsampler_cli.ScsamplerError):
        found |= set(vars(owner("words", hint="more words")))
    if owner is scsampler_cli.Features:
        found |= set(vars(read_features(GOLDEN / "v1.scf")))
    return found


@pytest.mark.parametrize("name", PROMISED["members"])
def test_classes_keep_their_attributes(name: str) -> None:
    assert set(PROMISED["members"][name].split()) - members(name) == set()


@pytest.mark.parametrize("module", PROMISED["modules"])
def test_documented_modules_keep_their_names(module: str) -> None:
    found = import_module(module)
    assert [name for name in PROMISED["modules"][module].split() if not hasattr(found, name)] == []


def test_a_plug_in_may_have_the_same_attributes() -> None:
    assert set(PROMISED["classifier"]["optional_attributes"].split()) <= set(OPTIONAL)


@pytest.mark.parametrize("command", PROMISED["options"])
def test_commands_keep_their_options(command: str) -> None:
    # former names work, too, and stay promised
    known = set(RENAMED.get(command, {}))
    for parameter in COMMANDS[command].params:
        known |= {*parameter.opts, *parameter.secondary_opts}
    assert set(PROMISED["options"][command].split()) - known == set()


@pytest.mark.parametrize("place", PROMISED["choices"])
def test_options_keep_their_choices(place: str) -> None:
    command, option = place.split()
    (parameter,) = (each for each in COMMANDS[command].params if option in each.opts)
    offered = parameter.display_type(typer.Context(COMMANDS[command])).strip("<>").split("|")
    assert set(PROMISED["choices"][place].split()) - set(offered) == set()


def keys(node: dict[str, Any], known: dict[str, Any], place: str) -> Iterator[tuple[str, bool]]:
    """(place of a key in the records of a schema, whether it is always there)."""
    if "$ref" in node:
        node = known[node["$ref"].rpartition("/")[2]]
    for choice in node.get("anyOf", ()):
        yield from keys(choice, known, place)
    for name, value in node.get("properties", {}).items():
        inner = f"{place}.{name}" if place else name
        yield inner, name in node.get("required", ())
        yield from keys(value, known, inner)
    if "items" in node:
        yield from keys(node["items"], known, f"{place}[]")


@pytest.mark.parametrize("record", RECORDS)
def test_records_keep_their_keys(record: str) -> None:
    command, kind = record.split()
    schema = schemas.schema(command)
    # the record of `find` is the document itself
    node = schema["$defs"].get(kind, schema)
    found = dict(keys(node, schema["$defs"], ""))
    # keys that every record has, if it has what they are in; and others
    always = PROMISED["records"][record]["always"].split()
    sometimes = PROMISED["records"][record]["sometimes"].split()
    assert [key for key in (*always, *sometimes) if key not in found] == []
    assert [key for key in always if not found[key]] == []


@pytest.mark.parametrize("rows", PROMISED["csv"])
def test_new_columns_of_csv_come_at_the_end(rows: str) -> None:
    promised = PROMISED["csv"][rows].split()
    assert CSV[rows][: len(promised)] == promised


def test_names_of_classifiers_and_bundled_samplers_stay() -> None:
    assert set(PROMISED["names"]["classifiers"].split()) - set(registry.listing()) == set()
    for name in PROMISED["names"]["samplers"].split():
        assert sampler_files(name, ("rgb", "if", "md", "rgbr", "mel"))


def test_codes_of_errors_stay() -> None:
    assert set(PROMISED["names"]["errors"].split()) - set(documented_codes()) == set()


# Files


@pytest.mark.parametrize("suffix", ["scf", "npz"])
def test_a_feature_file_of_version_1_is_read(suffix: str) -> None:
    """40 frames of 96 x 64 pixels at 25 frames/s whose content moves to the right, with a tone."""
    features = read_features(GOLDEN / f"v1.{suffix}")
    assert features.header["video"]["frames"] == 40
    first, second = features.clips()
    assert (first.exact_start, second.exact_end) == (Fraction(0), Fraction(32, 25))
    for clip in (first, second):
        assert clip["rgb"].shape == (1, 32, 48, 3)
        assert clip["mel"].shape == (1, 40, 200)
        # three pixels a frame to the right
        assert np.median(clip["md"][..., 0].astype(np.float32)) == pytest.approx(3, abs=0.25)


def test_a_feature_file_of_version_1_is_scored() -> None:
    scorer = Scorer(visual_sampler="demo", audio_sampler="demo", device="cpu", precision="fp32")
    result = scorer.score(GOLDEN / "v1.scf")
    assert [clip.clip for clip in result.clips] == [0, 1]
    assert all(clip.visual is not None and clip.audio is not None for clip in result.clips)


def test_a_weight_file_of_version_1_is_read(tmp_path: Path) -> None:
    """A classifier and its sampler that were trained on content that moves left, and right."""
    video = write_video(tmp_path / "v.mp4", pan(40, 3, 0, 64, 96))
    tagger = Tagger(GOLDEN / "v1.safetensors", k=1, device="cpu", precision="fp32")
    result = tagger.tag(video)
    assert {label for label, _ in result.tags} == {"left", "right"}
    assert [sampler["input"] for sampler in result.samplers] == ["rgb"]
    # numbers and texts alone: what another program reads
    assert json.loads(json.dumps(result.record()))["status"] == "ok"
