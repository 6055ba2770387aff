"""Which clips are drawn: balanced, repeatable, shared out without loss."""

from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.cache.video_cache import Entry
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import InputError
from scsampler_cli.train.draw import Drawer, in_oracle
from scsampler_cli.train.videos import TrainVideo
from tests.train.conftest import settings


def video(label: int, per_clip: list[int], f_y: list[float] | None = None) -> TrainVideo:
    offsets = np.concatenate([[0], np.cumsum(per_clip)])
    entry = Entry(np.zeros((offsets[-1], 2), np.int8), offsets, ())
    probabilities = None if f_y is None else np.array([[w, 1 - w] for w in f_y], np.float32)
    return TrainVideo(
        Example(Path("v.mp4"), "ab"[label], "train"),
        label,
        {"md": entry},
        probabilities=probabilities,
        classifier_label=0,
    )


def test_classes_are_drawn_equally_often_and_clips_without_rows_never() -> None:
    videos = [video(0, [4] * 50), video(0, [4] * 40), video(1, [0, 4, 0])]
    drawer = Drawer(videos, settings("md", batch=50, per_epoch=1000))
    draws = drawer.steps(1)
    assert [len(draw.videos) for draw in draws] == [50] * 20
    chosen = np.concatenate([draw.videos for draw in draws])
    clips = np.concatenate([draw.clips for draw in draws])
    assert 0.4 < (chosen == 2).mean() < 0.6
    assert set(clips[chosen == 2]) == {1}
    assert 0.4 < (chosen == 0).sum() / (chosen != 2).sum() < 0.7, (
        "clips of one class are drawn equally often"
    )


def test_an_epoch_is_the_same_every_time_and_unlike_the_next() -> None:
    videos = [video(0, [1] * 9), video(1, [1] * 9)]
    first, again, second = (Drawer(videos, settings("md")).steps(epoch) for epoch in (1, 1, 2))
    assert all(
        (a.clips == b.clips).all() and (a.videos == b.videos).all()
        for a, b in zip(first, again, strict=True)
    )
    assert any((a.clips != b.clips).any() for a, b in zip(first, second, strict=True))


def test_ranking_draws_several_clips_of_each_video_and_no_video_without_differences() -> None:
    flat = video(0, [1] * 9, [0.5] * 9)
    videos = [flat, video(0, [1] * 9, [0.1] * 8 + [0.9]), video(1, [1] * 9, [0.2, 0.8] + [0.1] * 7)]
    chosen = settings("md", objective="sal-rank", batch=16, per_epoch=64)
    drawer = Drawer(videos, chosen)
    assert chosen.clips_in_row == 4
    for draw in drawer.steps(1):
        assert 0 not in draw.videos
        for start in range(0, 16, 4):
            assert len(set(draw.videos[start : start + 4])) == 1
            assert len(set(draw.clips[start : start + 4])) == 4


def test_processes_share_a_step_without_loss_and_keep_videos_whole() -> None:
    videos = [video(c, [1] * 9, [0.1] * 8 + [0.9]) for c in (0, 1)]
    chosen = settings("md", objective="sal-rank", batch=16)
    (draw, *_) = Drawer(videos, chosen).steps(1)
    shares = [draw.share(rank, 2, chosen.clips_in_row) for rank in (0, 1)]
    assert [len(share.videos) for share in shares] == [8, 8]
    assert sorted(np.concatenate([s.clips for s in shares])) == sorted(draw.clips)
    assert shares[0].clips.tolist() == [*draw.clips[0:4], *draw.clips[8:12]]


def test_the_oracle_marks_the_clips_with_the_largest_f_y() -> None:
    videos = [video(0, [1] * 4, [0.1, 0.9, 0.3, 0.8]), video(1, [1] * 4, [0.7, 0.1, 0.6, 0.2])]
    drawer = Drawer(videos, settings("md", objective="sal-cl", batch=8))
    (draw, *_) = drawer.steps(1)
    expected = [
        int(c) in ({1, 3}, {0, 2})[int(v)] for v, c in zip(draw.videos, draw.clips, strict=True)
    ]
    assert in_oracle(videos, draw, 2).tolist() == expected


@pytest.mark.parametrize(
    ("videos", "objective"),
    [
        ([video(0, [1] * 4), video(0, [1] * 4)], "ac"),
        ([video(0, [1] * 4), video(1, [0] * 4)], "ac"),
        ([video(0, [1] * 4, [0.5] * 4), video(1, [1] * 4, [0.1, 0.2, 0.3, 0.9])], "sal-rank"),
    ],
)
def test_there_must_be_two_classes_with_something_to_learn(
    videos: list[TrainVideo], objective: str
) -> None:
    with pytest.raises(InputError, match="can be used for training"):
        Drawer(videos, settings("md", objective=objective))
