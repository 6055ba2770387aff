"""The models of `bench --speed`: checked before a video is rendered, and with random weights."""

import json
from pathlib import Path

import pytest

from tests.cli.running import Run, check_failure

# of a size that no other test renders
RENDERED = ("--speed", "--minutes", "0.1", "--size", "128x66")
RANDOM = ("--weights", "random", "--device", "cpu")
NO_SAMPLER = ("--visual-sampler", "none", "--audio-sampler", "none")


def test_damaged_weights_are_found_before_a_video_is_rendered(run: Run, cache: Path) -> None:
    bad = cache / "bad.pth"
    bad.write_bytes(b"no weights")
    result = run("bench", *RENDERED, "--classifier", "r2plus1d_18", "--weights", bad)
    check_failure(result, 1, "bad.pth")
    assert not list(cache.rglob("*128x66*"))


def test_every_classifier_is_loaded_before_a_video_is_rendered(run: Run, cache: Path) -> None:
    bad = cache / "bad.safetensors"
    bad.write_bytes(b"no weights")
    result = run("bench", *RENDERED, "--classifier", "demo", "--classifier", bad)
    check_failure(result, 1, "bad.safetensors")
    assert not list(cache.rglob("*128x66*"))


def test_random_weights_are_said_in_the_record(run: Run, videos: Path) -> None:
    words = ("--speed", videos / "loud.mp4", "--classifier", "r3d_18", *RANDOM, *NO_SAMPLER)
    few = ("--k", "1", "--repeats", "1", "--dense-minutes", "0.01", "--format", "json")
    result = run("bench", *words, *few)
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)["runs"]
    assert one["classifier"] == "r3d_18 (random weights)"
    stages = {row["stage"]: row for row in one["stages"]["rows"]}
    assert stages["classifier"]["per_second"] > 0


@pytest.mark.parametrize("model", [(), ("--classifier", "demo"), ("--classifier", "x.pth")])
def test_random_weights_are_for_public_networks(run: Run, model: tuple[str, ...]) -> None:
    check_failure(
        run("bench", *RENDERED, *model, *RANDOM), 2, "needs a network with public weights"
    )


def test_random_weights_have_no_labels(run: Run) -> None:
    words = ("--classifier", "r3d_18", *RANDOM, "--labels", "a,b")
    check_failure(run("bench", *RENDERED, *words), 2, "--labels has no effect")


def test_a_file_of_that_name_is_not_taken_for_random_weights(run: Run, cache: Path) -> None:
    """Nor random weights for the file."""
    file = cache / "random"
    file.write_bytes(b"no weights")
    try:
        words = ("bench", *RENDERED, "--classifier", "r3d_18", "--weights")
        check_failure(run(*words, "random"), 2, "there is a file of that name")
        check_failure(run(*words, file), 1, f"weight file {file}")
    finally:
        file.unlink()


@pytest.mark.parametrize("command", [("classify", "x.mp4"), ("bench", "x.csv"), ("classifiers",)])
def test_random_is_a_file_everywhere_else(run: Run, command: tuple[str, ...]) -> None:
    words = ("--check",) if command[0] == "classifiers" else ("--classifier",)
    check_failure(run(*command, *words, "r3d_18", "--weights", "random"), 1, "weight file random")
