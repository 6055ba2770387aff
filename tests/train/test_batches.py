"""What networks see while they learn: crops of the right place and size, motion that is mirrored
with the picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.datasets.example import Example
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline.video import Video, visual_clips
from scsampler_cli.samplers.network_inputs import visual_input
from scsampler_cli.train import augment
from scsampler_cli.train.batches import centre_crops, grid_clips, load
from scsampler_cli.train.draw import Draw, generator
from scsampler_cli.train.fill_cache import read_all
from scsampler_cli.train.validate import baselines
from scsampler_cli.train.videos import TrainVideo, VideoNeeds, open_all
from tests.batch.here import Here
from tests.train.conftest import SMALL, settings


def made(kind: str, values: np.ndarray) -> TrainVideo:
    entry = Entry(values, np.arange(len(values) + 1), ())
    return TrainVideo(
        Example(Path("v.mp4"), "a", "train"),
        0,
        {kind: entry},
        probabilities=None,
        classifier_label=None,
    )


ONE = Draw(np.zeros(1, np.int64), np.zeros(1, np.int64))


def test_paper_crops_are_windows_of_what_is_stored() -> None:
    motion = np.random.default_rng(0).uniform(-1, 1, (1, 2, 16, 20)).astype(np.float16)
    stored = torch.from_numpy(motion[0]).float()
    windows = {
        tuple(stored[:, y : y + 14, x : x + 14].flatten().tolist())
        for y in range(3)
        for x in range(7)
    }
    mirrored = {
        tuple(
            (stored[:, y : y + 14, x : x + 14].flip(-1) * torch.tensor([-1.0, 1.0]).view(2, 1, 1))
            .flatten()
            .tolist()
        )
        for y in range(3)
        for x in range(7)
    }
    seen = [
        load([made("md", motion)], ONE, settings("md"), rng=generator(0, i))["md"].values[0]
        for i in range(60)
    ]
    keys = {tuple(view.flatten().tolist()) for view in seen}
    assert keys <= windows | mirrored
    assert len(keys & windows) > 5
    assert len(keys & mirrored) > 5


@pytest.mark.parametrize("mode", ["paper", "strong"])
@pytest.mark.parametrize(
    ("kind", "stored", "shape"),
    [
        ("rgbr", np.full((1, 3, 128, 171), -20, np.int8), (3, 112, 112)),
        ("if", np.full((1, 3, 128, 171), 200, np.uint8), (3, 112, 112)),
        ("md", np.full((1, 2, 16, 21), 0.25, np.float16), (2, 14, 14)),
        (
            "mel",
            np.random.default_rng(0).normal(size=(1, 1, 40, 200)).astype(np.float16),
            (1, 40, 200),
        ),
        ("packets", np.random.default_rng(0).normal(size=(1, 9, 80)).astype(np.float16), (9, 80)),
    ],
)
def test_every_input_has_the_network_s_shape(
    kind: str, stored: np.ndarray, shape: tuple[int, ...], mode: str
) -> None:
    inputs = load([made(kind, stored)], ONE, settings(kind, augment=mode), rng=generator(0, 1))[
        kind
    ]
    assert inputs.values.shape == (1, *shape)
    assert inputs.values.dtype == torch.float32
    assert inputs.values.isfinite().all()
    assert inputs.rows.tolist() == [0]


def test_sizes_are_changed_where_there_are_any_and_shares_never() -> None:
    packets = torch.zeros(1, 9, 80)
    packets[:, [1, 8], :40] = 1.0  # keyframes alone, and nothing known in the second half
    changed = augment.size_jittered(packets, generator(0, 1)) - packets
    assert changed[:, 0, :40].abs().min() > 0
    assert not changed[:, 1:].any()
    assert not changed[..., 40:].any()


def test_clips_without_an_input_are_left_out_and_the_others_keep_their_place() -> None:
    sound = np.zeros((1, 1, 40, 200), np.float16)
    silent = TrainVideo(
        Example(Path("v.mp4"), "a", "train"),
        0,
        {"mel": Entry(sound[:0], np.array([0, 0]), ())},
        probabilities=None,
        classifier_label=None,
    )
    draw = Draw(np.array([0, 1, 0]), np.zeros(3, np.int64))
    inputs = load([silent, made("mel", sound)], draw, settings("mel"), rng=generator(0, 1))
    assert inputs["mel"].rows.tolist() == [1]


def test_a_classifier_s_clip_starts_at_any_frame_and_crops_all_frames_alike() -> None:
    frames = np.zeros((40, 36, 60, 3), np.uint8)
    frames[..., 0] = np.arange(40)[:, None, None]  # red tells the time
    frames[..., 1] = np.arange(36)[None, :, None]  # green the row
    frames[..., 2] = np.arange(60)[None, None, :]  # blue the column
    spec_settings = settings("classifier")
    starts = set()
    for i in range(80):
        clip = load([made("frames", frames)], ONE, spec_settings, rng=generator(0, i))[
            "classifier"
        ].values[0]
        mean, std = (torch.tensor(v).view(3, 1, 1, 1) for v in (SMALL.mean, SMALL.std))
        raw = ((clip * std + mean) * 255).round()
        assert raw.shape == (3, 8, 32, 32)
        times = raw[0, :, 0, 0]
        assert (times.diff() == SMALL.stride).all()
        assert (raw[1] == raw[1, :1]).all(), "one crop for all frames"
        assert (raw[2] == raw[2, :1]).all(), "one flip for all frames"
        starts.add(int(times[0]))
    assert min(starts) == 0
    assert max(starts) == 40 - 8 * SMALL.stride
    assert len(starts) > 12


def test_mixing_blends_inputs_and_labels_by_the_same_weight() -> None:
    inputs, targets = torch.eye(4), torch.eye(4)
    values, labels = augment.mixup(inputs, targets, np.random.default_rng(3))
    assert torch.equal(values, labels)
    assert labels.sum(dim=1).tolist() == pytest.approx([1] * 4)


def test_a_small_picture_is_stretched_to_the_crop() -> None:
    view = augment.cropped(
        torch.ones(1, 3, 20, 30), (32, 32), np.random.default_rng(0), strong=False
    )
    assert view.shape == (1, 3, 32, 32)
    assert view.unique().tolist() == [1]


def test_at_test_time_networks_see_what_scoring_shows_them(
    examples: list[Example], cache: Cache
) -> None:
    needs = VideoNeeds(("md", "rgbr"), SMALL, 4)
    read_all(
        examples[:1],
        needs,
        cache,
        pool=Here(),
        progress=lambda *_: None,
        on_failure=lambda *_: pytest.fail("unreadable"),
    )
    (stored,) = open_all(examples[:1], ["down", "right"], needs, cache=cache, classifier=None)
    from scsampler_cli.config import FeatureSettings

    video = Video(examples[0].path, SMALL.frames, SMALL.stride)
    clips = list(visual_clips(video, FeatureSettings(inputs=("md", "rgbr"))))
    assert stored.clips == len(clips) == 5
    for clip in clips:
        assert centre_crops(stored, "md", clip.clip).numpy() == pytest.approx(
            visual_input(clip, "md").numpy(), abs=1e-3
        )
        # residuals are stored rounded to whole grey levels
        direct, held = visual_input(clip, "rgbr"), centre_crops(stored, "rgbr", clip.clip)
        assert (direct - held).abs().max() <= 0.51 / (255 * 0.226)


def test_grid_clips_are_what_the_classifier_will_see(examples: list[Example], cache: Cache) -> None:
    from scsampler_cli.classifiers.geometry import normalise
    from scsampler_cli.pipeline.video import clip_frames

    needs = VideoNeeds(("frames",), SMALL, 4)
    read_all(
        examples[:1],
        needs,
        cache,
        pool=Here(),
        progress=lambda *_: None,
        on_failure=lambda *_: pytest.fail("unreadable"),
    )
    (stored,) = open_all(examples[:1], ["down", "right"], needs, cache=cache, classifier=None)
    seen = np.stack(
        [frames for _, frames in clip_frames(Video(examples[0].path, 8, 2), range(5), SMALL)]
    )
    expected = normalise(seen, SMALL, torch.device("cpu"))
    assert torch.equal(grid_clips(stored, settings("classifier"), range(5)), expected)


def test_the_background_class_of_the_classifier_is_left_out_of_the_baselines() -> None:
    """Clips (0.3, 0.1, 0.6) and (0.2, 0.1, 0.7) of a video of the first class."""
    clips = np.array([[0.3, 0.1, 0.6], [0.2, 0.1, 0.7]], np.float32)
    plain = replace(made("md", np.zeros((2, 2, 16, 20))), probabilities=clips, classifier_label=0)
    known = replace(plain, classifier_background=2)
    assert baselines([plain], settings("md"))["dense"] == 0
    assert baselines([known], settings("md"))["dense"] == 1


def test_a_video_is_no_background_to_the_classifier(examples: list[Example], cache: Cache) -> None:
    needs = VideoNeeds(("frames",), SMALL, 4)
    read_all(
        examples[:1],
        needs,
        cache,
        pool=Here(),
        progress=lambda *_: None,
        on_failure=lambda *_: pytest.fail("unreadable"),
    )
    label = examples[0].label
    facts = ClassifierFacts(
        "f", ("other", label), SMALL, weights=WeightsInfo("none", None), background="other"
    )
    for background, found in (("other", (1, 0)), (label, (None, 1)), (None, (1, None))):
        classifier = replace(facts, background=background)
        (video,) = open_all(
            examples[:1], ["down", "right"], needs, cache=cache, classifier=classifier
        )
        assert (video.classifier_label, video.classifier_background) == found
