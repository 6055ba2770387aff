"""A search from the file to the tags: the asked clips, the record, replaced clips."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli import InputSpec, Scorer, SelectionSettings, SettingsError, Tagger
from scsampler_cli.config import AnswerSettings, FeatureSettings
from scsampler_cli.errors import FeatureFileError
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.video import Video, visual_clips
from tests.output.searching import BRIGHT, FRAMES, answer, write
from tests.synthetic import pan, tone, write_video

SPEC = InputSpec(frames=FRAMES, crop=(32, 32))
LABELS = ["day", "night", "none"]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("search") / "v.mp4")


def tagger(k: int | str | None = None, **arguments: object) -> Tagger:
    return Tagger(answer, k=k, labels=LABELS, spec=SPEC, device="cpu", **arguments)  # type: ignore[arg-type]


def test_a_function_of_other_classes_is_searched_and_a_line_says_why(video: Path) -> None:
    lines: list[str] = []
    result = tagger(8, log=lines.append).tag(video)
    assert any(line.startswith("strategy search: no sampler was trained for") for line in lines)
    selection = result.settings["selection"]
    assert selection["strategy"] == "search"
    assert selection["why"] in lines
    assert result.settings["answer"]["aggregate"] == "odds"
    assert [network["objective"] for network in result.samplers] == ["features"]
    # JSON, as all records
    assert json.loads(json.dumps(result.record()))["settings"] == result.record()["settings"]


def test_the_record_has_every_asked_clip_in_order(video: Path) -> None:
    result = tagger(8).tag(video)
    asked = result.settings["selection"]["asked"]
    assert [each["clip"] for each in asked] == [clip.clip for clip in result.clips]
    assert [each["predicted"] is None for each in asked] == [True] * 4 + [False] * 4
    assert all(0 <= each["observed"] <= 1 for each in asked)
    assert result.settings["selection"]["stopped"] is None
    assert [clip.reason for clip in result.clips][3:5] == ["evenly spaced #4", "search #5"]
    # what is believed of all clips, asked or not
    assert len(result.scored) == 12
    assert all(0 <= (clip.confidence or 0) <= 1 for clip in result.scored)
    assert [clip.rank for clip in result.scored if clip.clip == asked[0]["clip"]] == [1]


def test_the_same_video_gives_the_same_record(video: Path) -> None:
    one, two = (tagger(6).tag(video).record() for _ in range(2))
    for record in (one, two):
        del record["timings_s"]
    assert one == two


def test_all_clips_are_asked_where_there_are_fewer_than_k(video: Path) -> None:
    result = tagger(50).tag(video)
    assert sorted(clip.clip for clip in result.clips) == list(range(12))


def test_a_clip_that_cannot_be_decoded_is_replaced(tmp_path: Path) -> None:
    whole = tagger(4).tag(write(tmp_path / "whole.mp4"))
    damaged_clip = whole.clips[0].clip
    result = tagger(4).tag(write(tmp_path / "damaged.mp4", damaged=damaged_clip))
    decoded = [clip for clip in result.clips if clip.label is not None]
    assert len(decoded) == 4
    assert len(result.clips) == 5
    observed = {each["clip"]: each["observed"] for each in result.settings["selection"]["asked"]}
    assert observed[damaged_clip] is None


def test_as_many_clips_as_it_takes(video: Path) -> None:
    def sure(clips: np.ndarray) -> np.ndarray:
        return np.tile([0.9, 0.05, 0.05], (len(clips), 1))

    result = Tagger(sure, "auto", labels=LABELS, spec=SPEC, device="cpu").tag(video)
    selection = result.settings["selection"]
    assert (selection["k"], selection["stops_early"]) == (20, True)
    assert 4 <= len(result.clips) < 12
    assert "probability" in selection["stopped"]
    assert len(selection["asked"]) == len(result.clips)

    def torn(clips: np.ndarray) -> np.ndarray:
        bright = clips.mean(axis=(1, 2, 3, 4)) / 255 > 0.3
        return np.where(bright[:, None], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1])

    undecided = Tagger(torn, "auto", labels=LABELS, spec=SPEC, device="cpu").tag(video)
    assert len(undecided.clips) > len(result.clips)


def test_strategies_that_rank_stop_early_too(video: Path) -> None:
    def sure(clips: np.ndarray) -> np.ndarray:
        return np.tile([0.9, 0.05, 0.05], (len(clips), 1))

    plan = SelectionSettings(strategy="visual", k=10, stops_early=True)
    result = Tagger(sure, labels=LABELS, spec=SPEC, selection=plan, device="cpu").tag(video)
    assert 4 <= len(result.clips) < 10
    assert [clip.reason for clip in result.clips][:2] == ["visual #1", "visual #2"]
    assert "probability" in result.settings["selection"]["stopped"]


def test_a_sampler_that_is_named_guides_the_search(video: Path) -> None:
    plan = SelectionSettings(strategy="search", k=4)
    result = tagger(selection=plan, visual_sampler="actions6").tag(video)
    # a sampler knows more than even spacing, and its clips are combined as any sampler's
    assert not any(clip.reason.startswith("evenly") for clip in result.clips)
    assert result.settings["answer"]["aggregate"] == "mean"
    assert all(clip.visual is not None for clip in result.clips)
    assert any("not trained for" in note for note in result.notes)
    assert [network["objective"] for network in result.samplers] == ["ac", "features"]


def test_a_diverse_selection_takes_other_clips_than_the_best(video: Path) -> None:
    def selected(diverse: bool) -> list[int]:
        plan = SelectionSettings(strategy="visual", k=4, diverse=diverse)
        return [clip.clip for clip in tagger(selection=plan).tag(video).clips]

    plain, diverse = selected(False), selected(True)
    assert diverse[0] == plain[0]
    assert np.diff(sorted(diverse)).min() >= np.diff(sorted(plain)).min()
    # scoring marks the same clips
    plan = SelectionSettings(strategy="visual", k=4, diverse=True)
    scored = Scorer(plan, device="cpu").score(video)
    ranked = sorted((clip for clip in scored.clips if clip.selected), key=lambda clip: clip.rank)
    assert [clip.clip for clip in ranked] == diverse


def test_the_aggregate_can_be_named(video: Path) -> None:
    mean = tagger(8, answer=AnswerSettings(aggregate="mean")).tag(video)
    odds = tagger(8).tag(video)
    assert [clip.clip for clip in mean.clips] == [clip.clip for clip in odds.clips]
    # three of twelve clips are bright: their class is what differs from the usual
    assert odds.tags[0][0] == "day"
    assert odds.tags != mean.tags
    assert set(BRIGHT) & {clip.clip for clip in odds.clips}


@pytest.mark.parametrize("k", ["ten", 0, 2.5])
def test_a_wrong_number_of_clips_is_refused(k: object) -> None:
    with pytest.raises(SettingsError):
        tagger(k)  # type: ignore[arg-type]


def test_scoring_has_no_classifier() -> None:
    with pytest.raises(SettingsError, match="scoring has none"):
        Scorer(SelectionSettings(strategy="search"))
    with pytest.raises(SettingsError, match="scoring has none"):
        Scorer(SelectionSettings(stops_early=True))


def test_an_option_without_effect_on_a_search_is_refused(video: Path) -> None:
    four = FeatureSettings(p_frames=4)
    with pytest.raises(SettingsError, match="p_frames has no effect"):
        tagger(4, features=four)
    with pytest.raises(SettingsError, match="cannot tell when aggregate 'max'"):
        tagger("auto", answer=AnswerSettings(aggregate="max"))


def test_a_feature_file_gives_the_same_diverse_clips_without_a_visual_sampler(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "v.mp4", pan(160, 3, 0, 64, 96), audio=tone(6.4, 800))
    plan = SelectionSettings(strategy="audio", k=3, diverse=True)
    scorer = Scorer(plan, visual_sampler="none", audio_sampler="demo", device="cpu")
    features = FeatureSettings(inputs=("rgb", "mel"))
    stages.extract(path, tmp_path / "v.scf", features, clip_frames=16, frame_stride=1)
    of_video, of_file = (scorer.score(each) for each in (path, tmp_path / "v.scf"))
    taken = [[clip.clip for clip in each.clips if clip.selected] for each in (of_video, of_file)]
    assert taken[0] == taken[1]
    # without pictures in the file there is an error, no quiet choice by time alone
    only_sound = tmp_path / "sound.scf"
    stages.extract(
        path, only_sound, FeatureSettings(inputs=("mel",)), clip_frames=16, frame_stride=1
    )
    with pytest.raises(FeatureFileError, match="rgb"):
        scorer.score(only_sound)


@pytest.fixture(scope="module")
def long_gops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 clips of four frames; a keyframe every five seconds, which shows 13 of 31 clips."""
    path = tmp_path_factory.mktemp("long") / "v.mp4"
    frames = pan(480, 1, 0, 64, 96)
    options = {"x264-params": "keyint=125:min-keyint=125:scenecut=0"}
    return write_video(path, frames, options=options)


def brief(k: int, **arguments: object) -> Tagger:
    spec = InputSpec(frames=4, crop=(32, 32))
    return Tagger(answer, k=k, labels=LABELS, spec=spec, device="cpu", **arguments)  # type: ignore[arg-type]


def test_a_search_of_a_long_video_chooses_among_clips_that_a_keyframe_shows(
    long_gops: Path,
) -> None:
    result = brief(2).tag(long_gops)
    (note,) = [note for note in result.notes if "the search chooses among" in note]
    # clips that begin at most two seconds after frames 0, 125, 250 and 375, or hold one of them
    near = [clip for clip in range(120) if _is_near(clip)]
    assert f"chooses among {len(near)} of 120 clips" in note
    first, later = result.clips
    assert first.reason == "evenly spaced #1"
    assert later.clip in near
    read = {clip.clip for clip in result.scored if clip.picture is not None}
    assert read == set(near)


@pytest.mark.parametrize(
    ("k", "more"),
    [
        pytest.param(6, {}, id="too few clips at keyframes"),
        pytest.param(2, {"segments": True}, id="segments"),
        pytest.param(2, {"features": FeatureSettings(picture_gap=2)}, id="a gap that was set"),
    ],
)
def test_else_it_chooses_among_all(long_gops: Path, k: int, more: dict[str, object]) -> None:
    result = brief(k, **more).tag(long_gops)
    assert not [note for note in result.notes if "the search chooses among" in note]
    assert all(clip.picture for clip in result.scored)


def test_each_clip_has_a_picture_of_its_own_where_segments_are_looked_for(long_gops: Path) -> None:
    usual, own = brief(6), brief(6, segments=True)
    assert own.features == replace(usual.features, own_pictures=True)
    sources = [
        [visual.picture_source for visual in visual_clips(Video(long_gops, 4), settings)]
        for settings in (replace(each.features, inputs=("rgb",)) for each in (usual, own))
    ]
    assert sources[0].count("earlier keyframe") == sum(map(_is_near, range(120))) - 4
    # four clips have a keyframe in them
    assert sources[1].count("keyframe") == 4
    assert sources[1].count("decoded") == 116
    record = own.tag(long_gops).record()
    assert record["settings"]["features"]["own_pictures"] is True
    assert record["video"]["picture_gap_s"] == 0


def _is_near(clip: int) -> bool:
    """Whether a clip of `long_gops` is shown by a keyframe, at most two seconds old."""
    return 4 * clip % 125 <= 50 or (4 * clip + 3) % 125 < 4
