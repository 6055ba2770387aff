"""`Finder`: what is found in real videos, by hand and by a model that has learnt shapes."""

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from numpy.typing import NDArray

from scsampler_cli import Finder, FindResult, FindSettings, ReadSettings, SettingsError
from scsampler_cli.errors import ClassifierError, InputError
from scsampler_cli.find.embedding_model import EmbeddingModel
from scsampler_cli.output.schemas import schema
from tests.find.colours import ColourModel, colour_video

EVERYTHING = FindSettings(top=99, apart_s=0)


def finder(tmp_path: Path, model: ColourModel | None = None, **how: object) -> Finder:
    chosen = ColourModel() if model is None else model
    return Finder(chosen, cache=tmp_path / "cache", device="cpu", precision="fp32", **how)  # type: ignore[arg-type]


def found(result: FindResult) -> list[tuple[str, float, float]]:
    return [(Path(clip.path).stem, clip.start, clip.end) for clip in result.clips]


@pytest.fixture
def videos(tmp_path: Path) -> list[Path]:
    """Eight seconds each: blue with red from the fourth to the sixth, and green with a red end."""
    first = colour_video(tmp_path / "first.mp4", ["blue"] * 4 + ["red"] * 2 + ["blue"] * 2, 1)
    second = colour_video(tmp_path / "second.mp4", ["green"] * 7 + ["red"], 1)
    return [first, second]


def test_by_hand(tmp_path: Path, videos: list[Path]) -> None:
    result = finder(tmp_path, settings=FindSettings(top=2, apart_s=1)).find("a red thing", videos)
    # of the two red seconds of the first video one is found: they are next to each other
    assert sorted(found(result)) in (
        [("first", 4, 5), ("second", 7, 8)],
        [("first", 5, 6), ("second", 7, 8)],
    )
    assert [clip.rank for clip in result.clips] == [1, 2]
    assert all(clip.similarity == pytest.approx(1, abs=0.01) for clip in result.clips)
    assert all(clip.probability is None for clip in result.clips)
    assert (result.videos, result.embedded, result.failures) == (2, 2, ())
    assert result.notes == ("it knows three colours",)
    assert result.settings["find"] == {
        "top": 2,
        "apart_s": 1,
        "picture_gap": 2.0,
        "prompts": ["{}"],
    }
    assert result.settings["device"] == "cpu"
    assert result.model == {
        "name": "colours",
        "weights": "colours.safetensors",
        "sha256": "0" * 64,
        "dimensions": 3,
    }
    assert set(result.timings_s) == {"cache", "index", "embed", "compare"}
    assert list(Draft202012Validator(schema("find")).iter_errors(result.record())) == []


def test_clips_that_share_a_keyframe_are_one_found_clip(tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["red"] * 8, keyframes_s=4)
    model = ColourModel()
    result = finder(tmp_path, model, settings=EVERYTHING).find("red", path)
    # the keyframes at 0 and 4 s stand for their clip and for two more, which begin at most two
    # seconds later; the last clip before the next keyframe has a picture of its own
    clips = sorted(result.clips, key=lambda clip: clip.exact_start)
    assert [(clip.start, clip.end, clip.clip, clip.clips) for clip in clips] == [
        (0, 3, 0, 3),
        (3, 4, 3, 1),
        (4, 7, 4, 3),
        (7, 8, 7, 1),
    ]
    assert [clip.exact_picture for clip in clips][::2] == [0, 4]
    assert all(3 <= float(clip.exact_picture or 0) < 4 for clip in clips[1:2])
    assert model.seen == 4


def test_a_picture_gap_of_zero_gives_each_clip_its_own_picture(tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["red", "red", "blue", "blue"], keyframes_s=4)
    wide = finder(tmp_path).find("blue", path)
    # the keyframe at 0 s stands for the third second, too, which is blue
    assert found(wide)[0] == ("v", 3, 4)
    narrow = finder(tmp_path, settings=FindSettings(picture_gap=0, apart_s=0, top=2))
    assert sorted(found(narrow.find("blue", path))) == [("v", 2, 3), ("v", 3, 4)]


def test_times_are_on_the_clock_of_the_file_and_exact(tmp_path: Path) -> None:
    times = [300 + 3 * number for number in range(48)]
    path = colour_video(
        tmp_path / "v.mkv", ["blue", "red", "blue"], 1, pts=times, time_base=Fraction(1, 48)
    )
    best = finder(tmp_path, settings=FindSettings(top=1)).find("red", path).clips[0]
    # 16 frames of 1/16 s after 300/48 s
    assert float(best.exact_start) == pytest.approx(7.25, abs=1e-3)
    assert best.exact_end - best.exact_start == pytest.approx(1, abs=2e-3)


def test_a_model_of_whole_clips_gets_all_of_them(tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["blue"] * 5 + ["red"], keyframes_s=4)
    model = ColourModel(reads_clips=True, sigmoid=True)
    result = finder(tmp_path, model, settings=EVERYTHING).find("red", path)
    assert model.seen == 6
    best = result.clips[0]
    assert (best.start, best.end, best.clip, best.clips) == (5, 6, 5, 1)
    assert best.exact_picture is None
    assert best.probability == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-3)
    assert "picture_gap" not in result.settings["find"]


def test_the_order_of_the_videos_does_not_matter(tmp_path: Path, videos: list[Path]) -> None:
    one = finder(tmp_path, settings=EVERYTHING).find("red", videos)
    other = finder(tmp_path, settings=EVERYTHING).find("red", videos[::-1])
    assert one.clips == other.clips
    assert len(one.clips) == 16


def test_batches_are_bounded_and_progress_counts_the_clips(tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["red", "blue"] * 20, keyframes_s=1)
    model = ColourModel()
    told: list[tuple[str, int, int]] = []
    finder(tmp_path, model).find("red", [path], lambda *report: told.append(report))
    assert model.batches == [16, 16, 8]
    assert told == [
        ("index", 40, 40),
        ("embed", 16, 40),
        ("embed", 32, 40),
        ("embed", 40, 40),
        ("find", 1, 1),
    ]


def test_failures_are_collected_and_the_others_are_searched(
    tmp_path: Path, videos: list[Path]
) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    paths = [tmp_path / "text.mp4", videos[0], tmp_path / "missing.mp4", tmp_path]
    result = finder(tmp_path).find("red", paths)
    assert (result.videos, len(result.failures)) == (1, 3)
    assert result.clips
    codes = {Path(each.path).name: each.record()["error"]["code"] for each in result.failures}
    assert codes["text.mp4"] == "not-a-video"
    assert codes["missing.mp4"] == "file-missing"
    assert all(each.command == "find" for each in result.failures)


def test_where_all_fail_the_model_is_known_all_the_same(tmp_path: Path) -> None:
    result = finder(tmp_path).find("red", tmp_path / "missing.mp4")
    assert (result.clips, result.videos) == ((), 0)
    assert result.model["name"] == "colours"
    assert result.versions["ffmpeg"]
    assert list(Draft202012Validator(schema("find")).iter_errors(result.record())) == []


def test_one_path_a_list_and_a_path_named_twice(tmp_path: Path, videos: list[Path]) -> None:
    search = finder(tmp_path)
    assert search.find("red", videos[0]).clips == search.find("red", [str(videos[0])]).clips
    twice = search.find("red", [videos[0], f"{videos[0].parent}/./{videos[0].name}"])
    assert (twice.videos, twice.embedded) == (1, 0)
    assert twice.notes[0] == "1 path named twice, searched once"


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("", "sentence-invalid"),
        (" \n", "sentence-invalid"),
        ("red \udcff", "sentence-invalid"),
        (b"red", "arguments-invalid"),
        (None, "arguments-invalid"),
    ],
)
def test_what_is_no_sentence_is_refused(tmp_path: Path, sentence: object, code: str) -> None:
    with pytest.raises(SettingsError) as caught:
        finder(tmp_path).find(sentence, "v.mp4")  # type: ignore[arg-type]
    assert caught.value.code == code


def test_options_without_effect_are_refused(tmp_path: Path) -> None:
    whole = ColourModel(reads_clips=True)
    with pytest.raises(SettingsError, match="picture_gap has no effect"):
        finder(tmp_path, whole, settings=FindSettings(picture_gap=5))
    with pytest.raises(SettingsError, match="audio_stream has no effect"):
        finder(tmp_path, reading=ReadSettings(audio_stream=0))
    with pytest.raises(SettingsError, match="spec of its own"):
        finder(tmp_path, spec_fields=("frames=8",))
    with pytest.raises(SettingsError, match="no videos"):
        finder(tmp_path).find("red", [])


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    assert isinstance(ColourModel(), EmbeddingModel)
    with pytest.raises(SettingsError, match="a float is not a text-image model"):
        Finder(0.5, cache=tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("fault", ["length", "shape", "nan"])
def test_a_model_that_returns_no_unit_vectors_is_an_error(tmp_path: Path, fault: str) -> None:
    class Broken(ColourModel):
        def of_pictures(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
            rows = super().of_pictures(pictures)
            broken = {"length": rows * 2, "shape": rows[:, :2], "nan": rows * np.nan}
            return broken[fault]

    path = colour_video(tmp_path / "v.mp4", ["red"] * 2)
    result = finder(tmp_path, Broken()).find("red", path)
    (failure,) = result.failures
    assert isinstance(failure.error, ClassifierError)
    assert failure.error.code == "embedding-invalid"
    assert list((tmp_path / "cache").rglob("*-*")) == []


def test_the_default_model_is_looked_for_in_the_cache_of_hugging_face(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError) as caught:
        Finder(cache=tmp_path / "cache")
    assert "hf download openai/clip-vit-base-patch32" in str(caught.value.hint)


def test_the_default_folder_is_that_of_train(monkeypatch: pytest.MonkeyPatch) -> None:
    from scsampler_cli.cli.environment import train_cache_dir

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert Finder(ColourModel()).cache == train_cache_dir()


def test_it_is_shown_in_a_short_line(tmp_path: Path) -> None:
    assert repr(finder(tmp_path)) == "Finder('colours', top 20, cpu fp32)"
    assert re.fullmatch(
        r"FindResult\('red', 0 found clips, 0 videos, 1 failed\)",
        repr(finder(tmp_path).find("red", tmp_path / "missing.mp4")),
    )


def test_a_folder_is_not_searched_and_called_one(tmp_path: Path, videos: list[Path]) -> None:
    result = finder(tmp_path).find("a red thing", [tmp_path, videos[0]])
    assert [str(failure.error) for failure in result.failures] == [
        f"{tmp_path} is a folder, and folders are not searched"
    ]
    assert result.videos == 1
