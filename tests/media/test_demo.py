"""The generated videos: labelled, untrimmed, decodable, the same every time."""

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.datasets.generated import demo_set, demo_video
from scsampler_cli.media.demo import FPS, LABELS, write_demo_video
from scsampler_cli.media.index import scan


def test_it_is_an_ordinary_untrimmed_video(tmp_path: Path) -> None:
    shown = write_demo_video(tmp_path / "v.mp4", "sliding", 1, seconds=20)
    index = scan(tmp_path / "v.mp4")
    assert len(index.timeline) == 20 * FPS
    assert index.info.codec == "h264"
    with av.open(str(tmp_path / "v.mp4")) as box:
        kinds = {frame.pict_type for frame in box.decode(video=0)}
        assert box.streams.audio[0].codec_context.name == "aac"
    assert {1, 2, 3} <= {int(kind) for kind in kinds}  # I-, P- and B-frames
    action = sum(end - start for start, end in shown.segments)
    assert 0.3 * 20 <= action <= 0.3 * 20 + 5  # the last stretch may run over
    assert all(0 <= start < end <= 20 for start, end in shown.segments)


def pictures(path: Path) -> np.ndarray:
    """int16 [T, h, w]: all pictures in grey."""
    with av.open(str(path)) as box:
        return np.array([f.to_ndarray(format="gray") for f in box.decode(video=0)], np.int16)


def sound(path: Path) -> np.ndarray:
    with av.open(str(path)) as box:
        return np.concatenate([frame.to_ndarray()[0] for frame in box.decode(audio=0)])


def test_the_same_seed_is_the_same_video(tmp_path: Path) -> None:
    """Of some hundred videos x264 encodes one with a block that differs by up to three levels, from
    the same pictures, with the same options and one thread: so files are not compared."""
    for name in ("a", "b"):
        write_demo_video(tmp_path / f"{name}.mp4", "bouncing", 5, seconds=4)
    write_demo_video(tmp_path / "c.mp4", "bouncing", 6, seconds=4)
    a, b, c = (pictures(tmp_path / f"{name}.mp4") for name in "abc")
    assert np.abs(a - b).max() <= 8
    assert np.abs(a - b).mean() < 0.01
    assert np.abs(a - c).mean() > 5
    heard = [sound(tmp_path / f"{name}.mp4") for name in "abc"]
    assert np.array_equal(heard[0], heard[1])
    assert not np.array_equal(heard[0], heard[2])


@pytest.mark.parametrize("label", LABELS)
def test_the_action_moves_and_sounds_and_the_rest_hardly(tmp_path: Path, label: str) -> None:
    shown = write_demo_video(tmp_path / "v.mp4", label, 3, seconds=24)
    with av.open(str(tmp_path / "v.mp4")) as box:
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in box.decode(video=0)]
    with av.open(str(tmp_path / "v.mp4")) as box:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in box.decode(audio=0)])
    change = np.array([np.abs(b - a).mean() for a, b in itertools.pairwise(frames)])
    loud = np.array(
        [np.sqrt(np.mean(sound[i * 882 : (i + 1) * 882] ** 2)) for i in range(len(change))]
    )
    inside = np.zeros(len(change), bool)
    for start, end in shown.segments:
        inside[round(start * FPS) + 1 : round(end * FPS) - 1] = True
    assert np.median(change[inside]) > 3 * np.median(change[~inside]) + 0.3
    assert np.median(loud[inside]) > np.median(loud[~inside])


def test_a_video_is_made_once(tmp_path: Path) -> None:
    path, shown = demo_video(tmp_path, "zooming", 1, seconds=4)
    stamp = path.stat().st_mtime_ns
    again, same = demo_video(tmp_path, "zooming", 1, seconds=4)
    assert (again, same) == (path, shown)
    assert path.stat().st_mtime_ns == stamp
    assert not list(tmp_path.glob("part_*"))


def test_a_set_has_every_class_and_other_seeds_for_validation(tmp_path: Path) -> None:
    examples = demo_set(
        tmp_path, 1, 7, seconds=1, trimmed=True, split="val", progress=lambda done, total: None
    )
    assert [example.label for example in examples] == list(LABELS)
    assert all(example.split == "val" and example.path.is_file() for example in examples)
