"""Records: fixed keys, rounded numbers, no NaN."""

import json
from fractions import Fraction

from scsampler_cli.errors import VideoError
from scsampler_cli.report import ScoredClip, TakenClip, failure, score, seconds, versions


def test_numbers_are_rounded_and_nan_is_null() -> None:
    assert seconds(Fraction(1, 3)) == 0.333333
    assert score(0.12345678) == 0.123457
    assert score(float("nan")) is None
    assert score(None) is None


def test_a_taken_clip() -> None:
    clip = TakenClip(2, Fraction(32, 25), Fraction(48, 25), 32, 16, 0.5, float("nan"), "visual #1", "a", 0.25)
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
    clip = ScoredClip(0, Fraction(0), Fraction(1), 0, float("nan"), None, 1, False, None)
    assert json.loads(json.dumps(clip.record(), allow_nan=False))["rank"] == 1


def test_failures_carry_the_hint() -> None:
    record = failure("classify", "a.mp4", VideoError("a.mp4: broken\nbadly", hint="try this"))
    assert record["schema"] == "scsampler.classify/1"
    assert record["status"] == "error"
    assert record["error"] == {"type": "VideoError", "message": "a.mp4: broken badly", "hint": "try this"}
    assert "unexpected ValueError" in failure("score", "b", ValueError("x"))["error"]["message"]


def test_versions_name_what_computed() -> None:
    found = versions("8.1")
    assert found["ffmpeg"] == "8.1"
    assert {"scsampler", "torch", "torchvision", "torchaudio", "av", "numpy"} <= set(found)
