"""Calibration: the error by hand, the temperature of known logits, and a whole run."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers import registry
from scsampler_cli.datasets.example import Example
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.train import calibrate
from scsampler_cli.train.calibrate import Answers, calibration_error, fit_temperature
from scsampler_cli.train.export import digest
from tests.train.conftest import Seen, context, settings, train


def test_the_calibration_error_by_hand() -> None:
    """Bins of 1/15: 0.9 in the 14th with three of four right, 0.62 in the 10th with one of two."""
    p = np.array([0.9, 0.9, 0.9, 0.9, 0.62, 0.62])
    probabilities = np.stack([p, 1 - p], axis=1)
    labels = np.array([0, 0, 0, 1, 0, 1])
    by_hand = 4 / 6 * abs(0.75 - 0.9) + 2 / 6 * abs(0.5 - 0.62)
    assert calibration_error(probabilities, labels) == pytest.approx(by_hand)
    # the two unsure answers alone
    assert calibration_error(probabilities[4:], labels[4:]) == pytest.approx(0.12)
    weights = np.array([0, 0, 0, 0, 0.25, 0.75])
    assert calibration_error(probabilities, labels, weights) == pytest.approx(0.62 - 0.25)


def test_gaps_in_opposite_directions_cancel_within_a_bin_and_not_between_bins() -> None:
    within = np.array([[0.91, 0.09], [0.93, 0.07]])
    assert calibration_error(within, np.array([0, 1])) == pytest.approx(0.92 - 0.5)
    between = np.array([[0.91, 0.09], [0.55, 0.45]])
    assert calibration_error(between, np.array([1, 0])) == pytest.approx((0.91 + 0.45) / 2)


def known(scale: float, per_video: int = 1) -> Answers:
    """Clips whose labels occur exactly as often as probabilities of 0.5, 0.8 and 0.9 say."""
    log_p, labels = [], []
    for p in (0.5, 0.8, 0.9):
        for number in range(10):
            logits = scale * np.log([p, 1 - p])
            log_p.append(logits - np.logaddexp(*logits))
            labels.append(int(number >= round(10 * p)))
    count = len(labels)
    return Answers(np.array(log_p), np.array(labels), np.arange(count) // per_video)


def test_logits_that_are_three_times_too_large_give_the_temperature_three() -> None:
    answers = known(3.0)
    temperature = fit_temperature(answers)
    assert temperature == pytest.approx(3.0, abs=1e-3)
    assert calibration_error(answers.probabilities(temperature), answers.labels) < 1e-3
    assert fit_temperature(known(1.0)) == pytest.approx(1.0, abs=1e-3)
    assert fit_temperature(known(0.5)) == pytest.approx(0.5, abs=1e-3)


def test_a_long_video_counts_as_much_as_a_short_one() -> None:
    """A video of one clip, and the same video with its clip ten times, give the same number."""
    short = known(2.0)
    videos = np.concatenate([np.zeros(10, np.int64), np.arange(len(short.labels))[1:]])
    rows = np.concatenate([np.zeros(10, np.int64), np.arange(len(short.labels))[1:]])
    long = Answers(short.log_p[rows], short.labels[rows], videos)
    assert fit_temperature(long) == pytest.approx(fit_temperature(short), abs=1e-6)
    assert calibration_error(long.probabilities(), long.labels, long.weights) == pytest.approx(
        calibration_error(short.probabilities(), short.labels)
    )


def test_few_videos_that_are_all_right_do_not_make_it_certain() -> None:
    log_p = np.log([[0.7, 0.3]] * 3)
    answers = Answers(log_p, np.zeros(3, np.int64), np.arange(3))
    confidence = answers.probabilities(fit_temperature(answers)).max(axis=1).mean()
    # the rule of succession: four of five
    assert confidence == pytest.approx(0.8, abs=1e-6)
    # nor is an answer made less sure than training made it
    surer = Answers(np.log([[0.95, 0.05]] * 3), answers.labels, answers.videos)
    assert fit_temperature(surer) == pytest.approx(1.0, abs=1e-6)


def test_probabilities_of_videos_are_the_means_over_their_clips() -> None:
    p = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    answers = Answers(np.log(p), np.array([0, 0, 1]), np.array([0, 0, 1]))
    probabilities, labels, weights = answers.of_videos()
    assert probabilities == pytest.approx(np.array([[0.7, 0.3], [0.2, 0.8]]))
    assert labels.tolist() == [0, 1]
    assert weights.tolist() == [0.5, 0.5]
    right = calibrate.right_by_class(answers, 1.0, ["a", "b", "c"])
    assert right == {"a": {"videos": 1, "right": 1}, "b": {"videos": 1, "right": 1}}


def test_background_is_no_tag_of_a_video_of_a_class() -> None:
    # one clip each: the class "a" is second to the background, and the background is sure
    p = np.array([[0.3, 0.1, 0.6], [0.08, 0.02, 0.9]])
    answers = Answers(np.log(p), np.array([0, 2]), np.array([0, 1]))
    labels = ["a", "b", "background"]
    right = calibrate.right_by_class(answers, 1.0, labels, background=2)
    assert right == {"a": {"videos": 1, "right": 1}, "background": {"videos": 1, "right": 1}}
    plain = calibrate.right_by_class(answers, 1.0, labels)
    assert plain["a"] == {"videos": 1, "right": 0}


@pytest.mark.parametrize("architecture", ["tiny3d", "lite0"])
def test_a_run_puts_the_temperature_into_the_last_layer(
    examples: list[Example],
    cache: Cache,
    tmp_path: Path,
    architecture: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    init = ("imagenet",) if architecture == "lite0" else ("scratch",)
    chosen = settings("classifier", architecture=architecture, init=init)
    found = {}
    for name, temperature in (("plain", 1.0), ("warm", 2.0)):
        monkeypatch.setattr(calibrate, "fit_temperature", lambda _, t=temperature: t)
        output = tmp_path / f"{name}.safetensors"
        summary = train(chosen, examples, None, context(output, cache), Seen().callbacks())
        found[name] = read_weights(output)
        assert summary["calibration"] == found[name].metadata["calibration"]
        assert summary["calibration"]["temperature"] == temperature
        assert (summary["calibration"]["videos"], summary["calibration"]["bins"]) == (2, 15)
        assert sum(row["videos"] for row in summary["held_out"].values()) == 2
        assert found[name].metadata["sha256"] == digest(found[name].tensors)
        json.dumps(summary)
    for name, value in found["plain"].tensors.items():
        halved = 2 if name in ("fc.weight", "fc.bias") else 1
        torch.testing.assert_close(
            value.float(), found["warm"].tensors[name].float() * halved, rtol=1e-3, atol=1e-6
        )
    clips = np.random.default_rng(0).integers(0, 255, (2, 8, 32, 32, 3), np.uint8)
    p, q = (
        registry.load(
            str(tmp_path / f"{name}.safetensors"), torch.device("cpu"), torch.float32
        ).classify(clips)
        for name in ("plain", "warm")
    )
    root = np.sqrt(p)
    assert q == pytest.approx(root / root.sum(axis=1, keepdims=True), abs=2e-3)


def test_without_validation_videos_there_is_no_calibration_and_a_note(
    examples: list[Example], cache: Cache, tmp_path: Path
) -> None:
    seen, output = Seen(), tmp_path / "w.safetensors"
    learnt = [example for example in examples if example.split == "train"]
    summary = train(settings("classifier"), learnt, None, context(output, cache), seen.callbacks())
    assert "calibration" not in summary
    assert "calibration" not in read_weights(output).metadata
    assert "no validation videos: the probabilities are not calibrated" in seen.notes
