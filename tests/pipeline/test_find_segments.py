"""Segments of real videos, by each of the three sources, and videos that are unsure."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli import (
    AnswerSettings,
    ClassifyResult,
    InputSpec,
    SegmentSettings,
    SelectionSettings,
    SettingsError,
    Tagger,
)
from scsampler_cli.errors import ClassifierError
from tests.output.searching import write
from tests.synthetic import write_video

FRAMES, FPS = 16, 25
SPEC = InputSpec(frames=FRAMES, crop=(32, 32))
LABELS = ["day", "dusk", "night"]
CLIP_S = Fraction(FRAMES, FPS)


def scenes(path: Path, *levels: int) -> Path:
    """A video with one grey level a clip."""
    grey = (np.full((64, 96, 3), each, np.uint8) for each in levels for _ in range(FRAMES))
    write_video(path, grey, options={"g": "1", "x264-params": "bframes=0"})
    return path


DARK, DUSK, DAY = 20, 120, 235
LEVELS = [DARK] * 4 + [DAY] * 3 + [DARK] * 5 + [DUSK] * 4 + [DARK] * 4
"""Twenty clips: day in 4 to 6, dusk in 12 to 15."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes(tmp_path_factory.mktemp("segments") / "v.mp4", *LEVELS)


def brightness(clips: np.ndarray) -> np.ndarray:
    return np.asarray(clips.mean(axis=(1, 2, 3, 4)))


def by_brightness(clips: np.ndarray) -> np.ndarray:
    """Day, dusk, or night where it is dark."""
    level = brightness(clips)
    rows = np.full((len(clips), 3), 0.02)
    rows[np.arange(len(clips)), np.where(level > 180, 0, np.where(level > 70, 1, 2))] = 0.96
    return rows


def tagger(function: Callable[..., np.ndarray] = by_brightness, **arguments: object) -> Tagger:
    arguments = {"background": "night", "segments": True, "k": 4} | arguments
    return Tagger(function, labels=LABELS, spec=SPEC, device="cpu", **arguments)  # type: ignore[arg-type]


def parts(result: ClassifyResult) -> list[tuple[str, Fraction, Fraction]]:
    assert result.segments is not None
    return [(each.label, each.exact_start, each.exact_end) for each in result.segments]


def test_with_a_background_class_all_clips_are_answered(video: Path) -> None:
    result = tagger().tag(video)
    assert parts(result) == [
        ("day", 4 * CLIP_S, 7 * CLIP_S),
        ("dusk", 12 * CLIP_S, 16 * CLIP_S),
    ]
    assert [each.clips for each in result.segments or ()] == [(4, 5, 6), (12, 13, 14, 15)]
    assert all(each.probability > 0.6 for each in result.segments or ())
    assert result.settings["segments"] == {"max_clips": None, "source": "answers"}
    # the tags still rest on the selected clips
    assert len(result.clips) == 4


def test_a_function_without_background_class_answers_as_many_clips_as_are_allowed(
    video: Path,
) -> None:
    asked = []

    def counting(clips: np.ndarray) -> np.ndarray:
        asked.append(len(clips))
        return by_brightness(clips)

    result = tagger(counting, background=None, segments=SegmentSettings(max_clips=9)).tag(video)
    assert sum(asked) == 9
    assert result.settings["segments"] == {"max_clips": 9, "source": "pictures"}
    assert len(result.clips) == 4
    # the brightest scene stands out in the answers on nine of the twenty clips
    assert "day" in [each.label for each in result.segments or ()]
    # answered clips that a segment rests on were classified
    assert all(each.clips for each in result.segments or ())


def test_all_clips_are_answered_where_as_many_are_allowed(video: Path) -> None:
    """Twenty clips, at most twenty: there is nothing to carry over."""
    asked = []

    def counting(clips: np.ndarray) -> np.ndarray:
        asked.append(len(clips))
        return by_brightness(clips)

    result = tagger(counting, background=None).tag(video)
    assert sum(asked) == 20
    found = parts(result)
    assert ("day", 4 * CLIP_S, 7 * CLIP_S) in found
    assert ("dusk", 12 * CLIP_S, 16 * CLIP_S) in found


def test_the_bundled_classifier_and_its_sampler_find_segments_by_saliency(tmp_path: Path) -> None:
    """What it finds in grey frames does not matter: nothing, or something with its clips."""
    path = scenes(tmp_path / "v.mp4", *[DARK, DAY] * 8)
    limited = Tagger("actions6", k=2, segments=SegmentSettings(max_clips=4), device="cpu")
    result = limited.tag(path)
    assert result.settings["segments"] == {"max_clips": 4, "source": "saliency"}
    assert all(each.clips for each in result.segments or ())
    free = Tagger("actions6", k=2, segments=True, device="cpu").tag(path)
    assert free.settings["segments"]["source"] == "answers"


def test_a_network_that_costs_little_answers_all_clips(video: Path) -> None:
    result = Tagger("demo", k=2, segments=True, device="cpu").tag(video)
    assert result.settings["segments"]["source"] == "answers"


@pytest.mark.parametrize("strategy", ["uniform", "dense", "random"])
def test_baselines_find_segments_too(video: Path, strategy: str) -> None:
    plan = SelectionSettings(strategy=strategy, k=4)
    result = tagger(selection=plan, k=None).tag(video)
    assert [label for label, _, _ in parts(result)] == ["day", "dusk"]


def test_a_clip_that_cannot_be_decoded_is_no_evidence(tmp_path: Path) -> None:
    path = write(tmp_path / "damaged.mp4", damaged=4)
    # bright clips are 4, 5 and 9; of these 5 and 9 are left, each too short to be a segment
    assert "day" not in [label for label, _, _ in parts(tagger().tag(path))]
    whole = tagger().tag(write(tmp_path / "whole.mp4"))
    assert ("day", 4 * CLIP_S, 6 * CLIP_S) in parts(whole)


def test_without_segments_the_record_has_none(video: Path) -> None:
    result = tagger(segments=False).tag(video)
    assert result.segments is None
    assert "segments" not in result.record()
    assert result.settings["segments"] is None


def test_segments_are_json(video: Path) -> None:
    record = json.loads(json.dumps(tagger().tag(video).record()))
    first = record["segments"][0]
    assert (first["start_s"], first["end_s"], first["label"]) == (2.56, 4.48, "day")
    assert first["exact_s"] == ["64/25", "112/25"]
    assert first["clips"] == [4, 5, 6]


def test_a_cascade_has_no_segments() -> None:
    plan = SelectionSettings(strategy="visual", k=4, candidates=8)
    with pytest.raises(SettingsError, match="cascade") as caught:
        tagger(selection=plan, k=None, packet_sampler="actions6")
    assert caught.value.code == "segments-unsupported"


@pytest.mark.parametrize("number", [0, -1, True, 2.5])
def test_the_most_clips_are_a_whole_number(number: object) -> None:
    with pytest.raises(SettingsError):
        SegmentSettings(max_clips=number)  # type: ignore[arg-type]


DENSE = SelectionSettings(strategy="dense")


@pytest.mark.parametrize("chosen", [{"k": 10}, {"k": "auto"}, {"k": None, "selection": DENSE}])
def test_the_limit_counts_the_selected_clips(chosen: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="at most 9 clips may be classified, and ") as refused:
        tagger(segments=SegmentSettings(max_clips=9), **chosen)
    assert refused.value.code == "segments-limit"


def test_one_path_is_not_a_list_of_them(video: Path) -> None:
    for path in (video, str(video)):
        with pytest.raises(SettingsError, match="not a list of paths"):
            next(tagger().stream(path))  # type: ignore[arg-type]


def test_a_video_without_any_class_is_unsure_with_a_limit(tmp_path: Path, video: Path) -> None:
    dark = scenes(tmp_path / "dark.mp4", *[DARK] * 8)
    limit = AnswerSettings(min_probability=0.5)
    unsure = tagger(answer=limit).tag(dark)
    assert (unsure.label, unsure.confident) == (None, False)
    assert unsure.confidence < 0.1
    record = unsure.record()
    assert (record["label"], record["confident"]) == (None, False)
    assert record["settings"]["answer"]["min_probability"] == 0.5
    # never dropped: the tags are there
    assert len(record["tags"]) == 2
    assert record["segments"] == []

    sure = tagger(answer=limit, k=20).tag(video)
    assert (sure.label, sure.confident) == ("dusk", True)
    # without a limit every video has a label
    assert tagger().tag(dark).label is not None


def test_a_clear_segment_makes_a_video_confident(video: Path) -> None:
    """Dusk is in four of twenty clips: not sure by the mean over ten, but plain to see."""
    plan = SelectionSettings(strategy="dense")
    limit = AnswerSettings(min_probability=0.6)
    unsure = tagger(selection=plan, k=None, answer=limit, segments=False).tag(video)
    assert (unsure.label, unsure.confident) == (None, False)
    assert unsure.confidence == pytest.approx((4 * 0.96 + 6 * 0.02) / 10)
    sure = tagger(selection=plan, k=None, answer=limit).tag(video)
    assert (sure.label, sure.confident) == ("dusk", True)
    mostly = "the selected clips are mostly background (63%): perhaps the video shows "
    assert f"{mostly}none of the classes" in unsure.notes
    assert f"{mostly}the classes in short segments alone" in sure.notes
    assert sure.confidence == next(s.probability for s in sure.segments or () if s.label == "dusk")
    strict = AnswerSettings(min_probability=0.95)
    assert not tagger(selection=plan, k=None, answer=strict).tag(video).confident


def test_the_limit_is_the_classifiers_own_unless_the_user_gives_one(video: Path) -> None:
    bundled = Tagger("actions6", k=2, device="cpu")
    own = bundled.answer.min_probability
    assert own is not None
    assert 0.2 <= own <= 0.5
    none = Tagger("actions6", k=2, device="cpu", answer=AnswerSettings(min_probability=0))
    result = none.tag(video)
    assert result.confident
    assert result.settings["answer"]["min_probability"] is None


class WithLimit:
    """A plug-in that states a limit of its own."""

    name, labels, spec = "mine", tuple(LABELS), SPEC

    def __init__(self, limit: object) -> None:
        from scsampler_cli.classifiers.base import WeightsInfo

        self.weights, self.min_probability = WeightsInfo("mine", None), limit

    def classify(self, clips: np.ndarray) -> np.ndarray:
        return by_brightness(clips)


def test_a_plug_in_may_state_its_limit(video: Path) -> None:
    assert Tagger(WithLimit(0.3), k=2, device="cpu").answer.min_probability == 0.3  # type: ignore[arg-type]
    options = AnswerSettings(temperature=2.0)
    adjusted = Tagger(WithLimit(0.3), k=2, device="cpu", answer=options)  # type: ignore[arg-type]
    assert adjusted.answer.min_probability == 0.3
    for wrong in (1.5, -0.1, float("nan"), "high", True):
        with pytest.raises(ClassifierError, match="min_probability") as caught:
            Tagger(WithLimit(wrong), k=2, device="cpu")  # type: ignore[arg-type]
        assert caught.value.code == "min-probability-invalid"


@pytest.mark.parametrize("wrong", ["yes", 1, {"max_clips": 3}])
def test_segments_are_true_false_or_settings(wrong: object) -> None:
    with pytest.raises(SettingsError, match="SegmentSettings"):
        tagger(segments=wrong)


@pytest.mark.parametrize("limit", [-0.1, 1.1, float("nan")])
def test_a_limit_is_a_probability(limit: float) -> None:
    with pytest.raises(SettingsError, match="min_probability"):
        AnswerSettings(min_probability=limit)
