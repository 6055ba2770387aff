"""A strategy whose sampler cannot run on a video.

It is an error where that was its only sampler, and a note where it was one of two.
"""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli import (
    FallbackWarning,
    InputSpec,
    Scorer,
    SelectionSettings,
    SettingsError,
    Tagger,
)
from scsampler_cli.errors import ScsamplerError, VideoError
from tests.cli.running import Run, check_failure
from tests.synthetic import pan, static, tone, write_video

SPEC = InputSpec(8, 2, 36, crop=(32, 32))
COMBINED = ("av-union-list", "av-intersect-list", "av-convex-list", "av-convex-score")


def brightness(clips: NDArray[np.uint8]) -> NDArray[np.float64]:
    bright = clips.reshape(len(clips), -1).mean(axis=1) / 255
    return np.stack([bright, 1 - bright], axis=1)


def tagger(strategy: str, **more: str) -> Tagger:
    return Tagger(
        brightness,
        labels=["bright", "dark"],
        spec=SPEC,
        device="cpu",
        selection=SelectionSettings(strategy=strategy, k=2),
        **more,
    )  # type: ignore[arg-type]


def scorer(strategy: str, **more: str) -> Scorer:
    return Scorer(SelectionSettings(strategy=strategy, k=2), device="cpu", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(
        tmp_path_factory.mktemp("loud") / "v.mp4", pan(80, 3, 0, 64, 96), audio=tone(3.2, 800)
    )


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(
        tmp_path_factory.mktemp("silent") / "v.mkv", pan(80, 0, 2, 64, 96), codec="mpeg4"
    )


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One frame: nothing moves, and there is no residual."""
    return write_video(
        tmp_path_factory.mktemp("still") / "v.mp4", static(1, 64, 96), audio=tone(0.3, 800)
    )


MAKERS = pytest.mark.parametrize("make", [tagger, scorer])
NOTHING = {"visual_sampler": "none", "audio_sampler": "none"}


@MAKERS
@pytest.mark.parametrize(
    ("strategy", "samplers", "word"),
    [
        ("audio", {}, "needs an audio sampler"),  # the set that is taken unasked has none
        ("audio", {"audio_sampler": "none"}, "needs an audio sampler"),
        ("visual", {"visual_sampler": "none"}, "needs a visual sampler"),
        ("packets", {"packet_sampler": "none"}, "needs a packet sampler"),
        *((strategy, NOTHING, "needs a visual or an audio sampler") for strategy in COMBINED),
        ("av-union-list", {"visual_sampler": "none"}, "needs a visual or an audio sampler"),
    ],
)
def test_without_the_sampler_it_goes_by_a_selection_is_wrong_use(
    make: type, strategy: str, samplers: dict[str, str], word: str
) -> None:
    with pytest.raises(SettingsError, match=word) as caught:
        make(strategy, **samplers)
    assert caught.value.hint


@MAKERS
@pytest.mark.parametrize("strategy", ["uniform", "random", "dense"])
def test_baselines_need_none(make: type, strategy: str, silent: Path) -> None:
    ready = make(strategy, **NOTHING)
    result = ready.tag(silent) if isinstance(ready, Tagger) else ready.score(silent)
    assert result.notes == ()


@MAKERS
@pytest.mark.parametrize("strategy", COMBINED)
def test_what_a_combination_lost_is_in_the_notes(
    make: type, strategy: str, loud: Path, silent: Path
) -> None:
    def notes(path: Path, **samplers: str) -> str:
        ready = make(strategy, **samplers)
        result = ready.tag(path) if isinstance(ready, Tagger) else ready.score(path)
        # the function has other classes than the samplers, which is a note of its own
        return "; ".join(note for note in result.notes if "was not trained for" not in note)

    assert f"no audio sampler: {strategy} uses the visual sampler alone" in notes(loud)
    hearing = {"audio_sampler": "demo"}
    assert notes(loud, **hearing) == ""
    assert f"no audio scores: {strategy} used the visual sampler alone" in notes(silent, **hearing)
    deaf = {**hearing, "visual_sampler": "none"}
    assert f"no visual sampler: {strategy} uses the audio sampler alone" in notes(loud, **deaf)
    assert "no clip could be scored" in notes(silent, **deaf)


@MAKERS
def test_a_file_that_has_nothing_for_the_one_sampler_fails(
    make: type, loud: Path, silent: Path, still: Path, tmp_path: Path
) -> None:
    def run(ready: Tagger | Scorer, path: Path) -> None:
        ready.tag(path) if isinstance(ready, Tagger) else ready.score(path)

    by_sound, by_picture = (
        make("audio", audio_sampler="demo"),
        make("visual", visual_sampler="demo"),
    )
    run(by_sound, loud)
    run(by_picture, silent)
    with pytest.raises(VideoError, match="no clip has sound") as caught:
        run(by_sound, silent)
    assert "choose another strategy" in str(caught.value.hint)
    with pytest.raises(VideoError, match="no clip has picture data"):
        run(by_picture, still)
    run(make("av-union-list", visual_sampler="demo", audio_sampler="demo"), still)


def test_a_feature_file_without_sound_fails_too(silent: Path, tmp_path: Path) -> None:
    from scsampler_cli.config import FeatureSettings
    from scsampler_cli.pipeline import stages

    stages.extract(silent, tmp_path / "v.scf", FeatureSettings(), clip_frames=16, frame_stride=1)
    with pytest.raises(VideoError, match="no clip has sound"):
        scorer("audio", visual_sampler="demo", audio_sampler="demo").score(tmp_path / "v.scf")


@pytest.mark.parametrize(
    ("strategy", "samplers", "word"),
    [
        (
            "uniform",
            {"visual_sampler": "demo"},
            "visual_sampler has no effect with strategy 'uniform'",
        ),
        (
            "visual",
            {"audio_sampler": "demo"},
            "audio_sampler has no effect with strategy 'visual'",
        ),
        (
            "audio",
            {"visual_sampler": "demo", "audio_sampler": "demo"},
            "visual_sampler has no effect",
        ),
        ("av-union-list", {"packet_sampler": "actions6"}, "packet_sampler has no effect"),
    ],
)
def test_a_sampler_that_is_not_looked_at_is_refused(
    strategy: str, samplers: dict[str, str], word: str
) -> None:
    with pytest.raises(SettingsError, match=word):
        tagger(strategy, **samplers)


def test_whose_scores_are_shown_all_the_same_is_not(loud: Path) -> None:
    result = scorer("uniform", visual_sampler="demo", audio_sampler="demo").score(loud)
    assert all(clip.visual is not None and clip.audio is not None for clip in result.clips)


@pytest.mark.parametrize("more", [{"alpha": 0.5}, {"k_visual": 1}])
def test_weights_between_two_need_both(more: dict[str, float]) -> None:
    strategy = "av-union-list" if "k_visual" in more else "av-convex-list"
    selection = SelectionSettings(strategy=strategy, k=2, **more)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="no effect without an audio sampler"):
        Scorer(selection, device="cpu")
    Scorer(selection, device="cpu", audio_sampler="demo")


def test_from_the_command_line_one_is_wrong_use_and_the_other_a_record(
    run: Run, loud: Path, silent: Path
) -> None:
    check_failure(run("score", loud, "--strategy", "audio"), 2, "needs an audio sampler")
    check_failure(
        run(
            "classify",
            loud,
            "--classifier",
            "demo",
            "--strategy",
            "visual",
            "--visual-sampler",
            "none",
        ),
        2,
        "needs a",
    )
    both = run(
        "score", loud, silent, "--strategy", "audio", "--audio-sampler", "demo", "--format", "jsonl"
    )
    assert both.returncode == 3
    assert [line.split('"status": ')[1][:5] for line in both.stdout.splitlines()] == [
        '"ok",',
        '"erro',
    ]


def offline(cache: Path) -> dict[str, str]:
    """An environment in which no weights can be had."""
    nowhere = "http://127.0.0.1:9"
    return {
        **os.environ,
        "TORCH_HOME": str(cache),
        "https_proxy": nowhere,
        "HTTPS_PROXY": nowhere,
        "no_proxy": "",
    }


def test_a_classifier_in_place_of_another_is_told_to_programs_and_in_notes(
    loud: Path, tmp_path: Path
) -> None:
    code = (
        "import sys, warnings\nfrom scsampler_cli import FallbackWarning, Tagger\n"
        "with warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n    tagger = Tagger(k=1, device='cpu')\n"
        "(warning,) = [w for w in seen if issubclass(w.category, FallbackWarning)]\n"
        "assert warning.filename == '<string>', warning.filename\n"
        "assert tagger.tag(sys.argv[1]).notes[0] == str(warning.message), str(warning.message)\n"
        "print(warning.message)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(loud)],
        env=offline(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("classifier actions6 (6 classes) in place of mc3_18: ")


def test_so_it_is_by_the_command_line_once_and_in_every_record(
    loud: Path, silent: Path, tmp_path: Path
) -> None:
    import json

    command = [
        sys.executable,
        "-m",
        "scsampler_cli",
        "classify",
        str(loud),
        str(silent),
        "-k",
        "1",
        "--format",
        "jsonl",
    ]
    result = subprocess.run(
        command, env=offline(tmp_path), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    told = "classifier actions6 (6 classes) in place of mc3_18: "
    assert result.stderr.count(told) == 1
    assert "FallbackWarning" not in result.stderr
    assert [
        json.loads(line)["notes"][0].startswith(told) for line in result.stdout.splitlines()
    ] == [True, True]


def test_a_classifier_that_was_named_is_no_second_choice() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FallbackWarning)
        Tagger("actions6", k=1, device="cpu")
    assert issubclass(FallbackWarning, UserWarning)
    assert not issubclass(FallbackWarning, ScsamplerError)
