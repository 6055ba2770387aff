"""That saliency is learnt: of videos whose second half moves, for a classifier that is sure of what
moves."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.config import FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.pipeline.video import Video, visual_clips
from scsampler_cli.samplers.scoring import load_visual
from tests.synthetic import pan, write_video
from tests.train.conftest import QUICK, SMALL, Brightness, Seen, context, settings, train


class Moving(Brightness):
    """Sure of "right" and of "down" alike where there is motion, and of neither where there is
    none."""

    labels = ("down", "right", "nothing")  # type: ignore[assignment]

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        p = np.tanh(np.abs(np.diff(clips.astype(np.float32), axis=1)).mean(axis=(1, 2, 3, 4)) / 10)
        return np.stack([p / 2, p / 2, 1 - p], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    """Sixteen videos of six clips, the last three of which move."""
    folder = tmp_path_factory.mktemp("halves")
    found = []
    for i in range(8):
        for label, (dx, dy) in {"right": (4, 0), "down": (0, 4)}.items():
            frames = list(pan(48, dx, dy, 64, 96, seed=9 * i + dx))
            path = write_video(folder / f"{label}{i}.mp4", [frames[0]] * 48 + frames)
            found.append(Example(path, label, "val" if i == 7 else "train"))
    return found


@pytest.mark.parametrize("objective", ["sal-rank", "sal-cl"])
def test_clips_that_the_classifier_is_sure_of_score_higher_in_new_videos(
    halves: list[Example], tmp_path: Path, objective: str
) -> None:
    recipe = replace(QUICK, epochs=8, schedule="one-cycle", learning_rate=0.002)
    chosen = settings(
        "md",
        objective=objective,
        recipe=recipe,
        per_epoch=480,
        batch=48,
        clips_per_video=6,
        k=3,
        margin=0.3,
        architecture="shufflenet26",
    )
    output = tmp_path / "w.safetensors"
    train(chosen, halves, Moving(), context(output, Cache(tmp_path / "cache")), Seen().callbacks())
    sampler = load_visual(str(output), torch.device("cpu"), torch.float32)
    assert sampler is not None
    for example in (e for e in halves if e.split == "val"):
        video = Video(example.path, SMALL.frames, SMALL.stride)
        scores = [
            score
            for _, score in sampler.score(
                visual_clips(video, FeatureSettings(inputs=("md",), p_frames=4))
            )
        ]
        assert min(scores[3:]) > max(scores[:3])
