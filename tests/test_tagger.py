"""The library as the README shows it: three lines, a stream, a function as classifier.

Nothing is printed.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import scsampler_cli
from scsampler_cli import (
    ClassifyResult,
    Failure,
    InputSpec,
    Scorer,
    SelectionSettings,
    SettingsError,
    Tagger,
)
from scsampler_cli.errors import ClassifierError, InputError
from tests.synthetic import pan, static, tone, write_video

SPEC = InputSpec(frames=8, stride=2, resize=16, crop=(16, 16))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tagger") / "v.mp4"
    write_video(path, [*static(32), *pan(48, 2, 0)], audio=tone(3.0, 440))
    return path


def brightness(clips: NDArray[np.uint8]) -> NDArray[np.float64]:
    """float64 [N, 2]: how bright, and how dark."""
    assert clips.dtype == np.uint8
    assert clips.shape[1:] == (8, 16, 16, 3)
    light = clips.mean(axis=(1, 2, 3, 4)) / 255
    return np.stack([light, 1 - light], axis=1)


def test_three_lines_tag_a_video(video: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tagger = Tagger("demo", k=3, device="cpu")
    result = tagger.tag(video)
    assert isinstance(result, ClassifyResult)
    assert result.label == result.tags[0][0]
    assert len(result.clips) == 3
    assert len(result.scored) == 5
    assert sum(clip.selected for clip in result.scored) == 3
    assert capfd.readouterr() == ("", "")


def test_a_function_may_have_a_background_class(video: Path) -> None:
    def thirds(clips: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.tile([0.15, 0.6, 0.25], (len(clips), 1))

    labels = ["a", "none of these", "b"]
    plan = SelectionSettings(strategy="uniform", k=2)
    tagger = Tagger(
        thirds, labels=labels, spec=SPEC, background="none of these", selection=plan, device="cpu"
    )
    result = tagger.tag(video)
    # 0.25 / 0.4 and 0.15 / 0.4
    assert [label for label, _ in result.tags] == ["b", "a"]
    assert [p for _, p in result.tags] == pytest.approx([0.625, 0.375])
    assert result.background == pytest.approx(0.6)
    assert {clip.label for clip in result.clips} == {"none of these"}
    assert tagger.identity["classifier"]["background"] == "none of these"
    plain = Tagger(thirds, labels=labels, spec=SPEC, k=2, device="cpu").tag(video)
    assert (plain.background, len(plain.tags)) == (None, 3)
    for classifier, words in (("demo", "states whether"), (tagger.classifier, "of its own")):
        with pytest.raises(SettingsError, match=words):
            Tagger(classifier, background="a", device="cpu")


def test_nothing_but_background_is_said(video: Path) -> None:
    def nothing(clips: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.tile([0.0, 0.0, 1.0], (len(clips), 1))

    tagger = Tagger(nothing, labels=["a", "b", "c"], spec=SPEC, background="c", k=2, device="cpu")
    result = tagger.tag(video)
    assert result.tags == (("a", 0.0), ("b", 0.0))
    assert result.background == 1
    assert any("nothing but background" in note for note in result.notes)


def test_a_function_is_a_classifier(video: Path) -> None:
    tagger = Tagger(brightness, labels=["bright", "dark"], spec=SPEC, k=2, device="cpu")
    result = tagger.tag(str(video))
    assert {label for label, _ in result.tags} == {"bright", "dark"}
    assert sum(probability for _, probability in result.tags) == pytest.approx(1)
    assert result.classifier["name"] == "brightness"
    assert result.classifier["frames"] == 8


def test_an_object_with_classify_is_a_classifier(video: Path) -> None:
    ready = Tagger(brightness, labels=["bright", "dark"], spec=SPEC, device="cpu").classifier
    assert Tagger(ready, k=1, device="cpu").tag(video).classifier["name"] == "brightness"


def test_a_stream_goes_on_after_a_failure_and_takes_paths_as_they_come(
    video: Path, tmp_path: Path
) -> None:
    asked = []

    def paths() -> object:
        for path in (video, tmp_path / "none.mp4", video):
            asked.append(path)
            yield path

    stream = Tagger(brightness, labels=["a", "b"], spec=SPEC, k=1, device="cpu").stream(paths())  # type: ignore[arg-type]
    assert isinstance(next(stream), ClassifyResult)
    assert len(asked) == 1
    second, third = stream
    assert isinstance(second, Failure)
    assert isinstance(second.error, InputError)
    assert second.record()["status"] == "error"
    assert isinstance(third, ClassifyResult)


def test_the_scorer_gives_what_the_tagger_chooses_from(video: Path) -> None:
    plan = SelectionSettings(k=2)
    samplers = {"visual_sampler": "demo", "audio_sampler": "demo", "device": "cpu"}
    scored = Scorer(plan, clip_frames=8, frame_stride=2, **samplers).score(video)
    tagged = Tagger(brightness, labels=["a", "b"], spec=SPEC, selection=plan, **samplers).tag(video)
    assert scored.clips == tagged.scored
    assert {clip.clip for clip in tagged.clips} == {
        clip.clip for clip in scored.clips if clip.selected
    }


def test_the_command_line_gives_the_same_record(video: Path) -> None:
    import json

    command = [
        sys.executable,
        "-m",
        "scsampler_cli",
        "classify",
        str(video),
        "--classifier",
        "demo",
        "--k",
        "3",
    ]
    shown = subprocess.run(
        [*command, "--device", "cpu", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
    )
    record, mine = json.loads(shown.stdout), Tagger("demo", 3, device="cpu").tag(video).record()
    for name in ("timings_s", "run", "source", "ffmpeg"):
        record.pop(name)
    mine.pop("timings_s")
    assert mine == record


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"classifier": brightness}, "needs labels"),
        ({"classifier": brightness, "labels": ["a", "a"]}, "not all different"),
        ({"classifier": 5}, "is not a classifier"),
        ({"labels": ["a"]}, "labels need a classifier"),
        ({"classifier": "demo", "k": 3, "selection": SelectionSettings()}, "both given"),
        ({"classifier": "demo", "device": "tpu"}, "unknown device"),
        ({"classifier": "nonsense"}, "unknown classifier"),
    ],
)
def test_what_cannot_be_is_said(arguments: dict[str, object], word: str) -> None:
    with pytest.raises(SettingsError, match=word) as caught:
        Tagger(**arguments)  # type: ignore[arg-type]
    assert caught.value.hint


def test_a_function_that_fails_is_named(video: Path) -> None:
    def broken(clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.zeros((1, 1), np.float32)

    with pytest.raises(ClassifierError, match="'broken'"):
        Tagger(broken, labels=["a", "b"], spec=SPEC, k=2, device="cpu").tag(video)


def test_every_public_name_is_there_and_no_other() -> None:
    for name in scsampler_cli.__all__:
        assert getattr(scsampler_cli, name)
    with pytest.raises(AttributeError, match="Taggr"):
        scsampler_cli.Taggr  # noqa: B018


def test_importing_the_package_imports_no_torch() -> None:
    code = "import scsampler_cli, sys; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_types_reach_the_users_programs(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from pathlib import Path\n"
        "from scsampler_cli import Failure, Tagger\n"
        "tagger = Tagger('demo', k=10, weights='w.pth', visual_sampler=Path('s.safetensors'))\n"
        "label: str | None = tagger.tag(Path('video.mp4')).label\n"
        "start: float = tagger.tag('video.mp4').clips[0].start\n"
        "for result in tagger.stream(['a.mp4', 'b.mp4']):\n"
        "    failed = result.error if isinstance(result, Failure) else ''\n"
        "    best = 0.0 if isinstance(result, Failure) else result.tags[0][1] + 0.5\n"
        "    print(result.path, failed, best)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(program)],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stdout
