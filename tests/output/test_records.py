"""Records: fixed keys, rounded numbers, no NaN; and numbers with their nouns."""

import ast
import json
from fractions import Fraction
from pathlib import Path

import scsampler_cli
from scsampler_cli.errors import VideoError
from scsampler_cli.output.records import ScoredClip, SelectedClip, failure, versions
from scsampler_cli.text import counted, plural, score, seconds


def test_numbers_are_rounded_and_nan_is_null() -> None:
    assert seconds(Fraction(1, 3)) == 0.333333
    assert score(0.12345678) == 0.123457
    assert score(float("nan")) is None
    assert score(None) is None


def test_a_taken_clip() -> None:
    clip = SelectedClip(
        2,
        Fraction(32, 25),
        Fraction(48, 25),
        first_frame=32,
        frames=16,
        visual=0.5,
        audio=float("nan"),
        reason="visual #1",
        label="a",
        probability=0.25,
    )
    assert clip.record() == {
        "clip": 2,
        "start_s": 1.28,
        "end_s": 1.92,
        "first_frame": 32,
        "frames": 16,
        "visual": 0.5,
        "audio": None,
        "why": "visual #1",
        "label": "a",
        "probability": 0.25,
    }


def test_a_scored_clip_is_valid_json() -> None:
    clip = ScoredClip(
        0,
        Fraction(0),
        Fraction(1),
        first_frame=0,
        visual=float("nan"),
        audio=None,
        rank=1,
        selected=False,
        reason=None,
    )
    assert json.loads(json.dumps(clip.record(), allow_nan=False))["rank"] == 1


def test_failures_carry_the_hint() -> None:
    record = failure("classify", "a.mp4", VideoError("a.mp4: broken\nbadly", hint="try this"))
    assert record["schema"] == "scsampler.classify/1"
    assert record["status"] == "error"
    assert record["error"] == {
        "type": "VideoError",
        "code": "video",
        "message": "a.mp4: broken badly",
        "hint": "try this",
    }
    assert "unexpected ValueError" in failure("score", "b", ValueError("x"))["error"]["message"]


def test_versions_name_what_computed() -> None:
    found = versions("8.1")
    assert found["ffmpeg"] == "8.1"
    assert {"scsampler", "torch", "torchvision", "torchaudio", "av", "numpy"} <= set(found)


PLURALS = {
    "error": "errors",
    "thread": "threads",
    "warning": "warnings",
    "actor": "actors",
    "class": "classes",
    "clip": "clips",
    "file": "files",
    "frame": "frames",
    "group": "groups",
    "input": "inputs",
    "label": "labels",
    "note": "notes",
    "packet": "packets",
    "part": "parts",
    "path": "paths",
    "process": "processes",
    "record": "records",
    "round": "rounds",
    "row": "rows",
    "run": "runs",
    "segment": "segments",
    "stream": "streams",
    "stretch": "stretches",
    "time": "times",
    "video": "videos",
}
"""Of every noun that the package counts."""


def nouns() -> set[str]:
    """The last words of all that is handed to `counted`."""
    found = set()
    for path in Path(scsampler_cli.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            # other functions are called counted, too, and take something else
            if (
                isinstance(call, ast.Call)
                and ast.unparse(call.func) in ("counted", "report.counted")
                and len(call.args) == 2
            ):
                noun = call.args[1]
                last = noun.values[-1] if isinstance(noun, ast.JoinedStr) else noun
                assert isinstance(last, ast.Constant), f"{path}: {ast.unparse(call)}"
                found.add(str(last.value).split()[-1])
    return found


def test_every_noun_that_is_counted_has_its_plural() -> None:
    assert nouns() <= set(PLURALS), "say its plural above"
    for noun, several in PLURALS.items():
        assert counted(1, noun) == f"1 {noun}"
        for number in (0, 2, 3):
            assert counted(number, noun) == f"{number} {several}"
    assert counted(2, "audio stream") == "2 audio streams"


def test_regular_plurals() -> None:
    several = {
        "process": "processes",
        "class": "classes",
        "batch": "batches",
        "box": "boxes",
        "entry": "entries",
    }
    several |= {"day": "days", "crash": "crashes", "frame": "frames"}
    assert {noun: plural(noun) for noun in several} == several
