"""The gap follows the keyframes of a video: long where they lie at cuts, short where they are
regular."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from scsampler_cli.config import FeatureSettings
from scsampler_cli.features.picture_gap import (
    LONG_GAP_S,
    REGULAR_GAP_S,
    automatic_gap,
    gap_in_force,
)
from scsampler_cli.media.index import scan
from scsampler_cli.pipeline.video import Video, visual_clips


def _scenes(
    path: Path,
    lengths: list[int],
    x264: str,
    *,
    at_cuts: bool = False,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """Scenes of noise patterns, each of some frames at 25 a second.

    `at_cuts` puts keyframes at cuts, as scene detection does with footage.
    """
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=25, options={"x264-params": x264})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        number = 0
        for length in lengths:
            tile = rng.integers(0, 255, (6, 8, 3), np.uint8)
            picture = np.kron(tile, np.ones((size[1] // 6, size[0] // 8, 1), np.uint8))
            for at in range(length):
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                if at_cuts and at == 0:
                    frame.pict_type = PictureType.I
                frame.pts, frame.time_base = number, Fraction(1, 25)
                number += 1
                box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    return path


CUTS = "scenecut=0:keyint=250"
SCENES = [60, 90, 40, 120, 75, 55, 100, 80, 65, 45, 90]


def test_keyframes_at_cuts_stand_for_the_whole_scene(tmp_path: Path) -> None:
    path = _scenes(tmp_path / "cuts.mp4", SCENES, CUTS, at_cuts=True)
    index = scan(path)
    assert index.keyframes.tolist() == np.cumsum([0, *SCENES[:-1]]).tolist()
    assert automatic_gap(index) == LONG_GAP_S

    video = Video(path)
    sources = {
        c.clip: c.picture_source for c in visual_clips(video, FeatureSettings(inputs=("rgb",)))
    }
    assert "decoded" not in sources.values()
    assert video.facts()["picture_gap_s"] == LONG_GAP_S


@pytest.mark.parametrize("x264", ["scenecut=0:keyint=50", "scenecut=0:keyint=250", "keyint=1"])
def test_regular_keyframes_do_not(tmp_path: Path, x264: str) -> None:
    path = _scenes(tmp_path / "regular.mp4", SCENES, x264)
    assert automatic_gap(scan(path)) == REGULAR_GAP_S
    video = Video(path)
    list(visual_clips(video, FeatureSettings(inputs=("rgb",))))
    assert video.facts()["picture_gap_s"] == REGULAR_GAP_S


def test_a_few_keyframes_prove_nothing(tmp_path: Path) -> None:
    path = _scenes(tmp_path / "short.mp4", SCENES[:4], CUTS, at_cuts=True)
    assert automatic_gap(scan(path)) == REGULAR_GAP_S


def test_a_gap_of_the_user_is_kept(tmp_path: Path) -> None:
    path = _scenes(tmp_path / "cuts.mp4", SCENES, CUTS, at_cuts=True)
    video = Video(path)
    settings = FeatureSettings(inputs=("rgb",), picture_gap=0)
    sources = [c.picture_source for c in visual_clips(video, settings)]
    assert "earlier keyframe" not in sources
    assert video.facts()["picture_gap_s"] == 0


def test_large_pictures_are_decoded_sparingly(tmp_path: Path) -> None:
    fast = f"{CUTS}:ref=1:bframes=0"
    large = _scenes(tmp_path / "4k.mp4", [2], fast, size=(3840, 2160))
    assert automatic_gap(scan(large)) == LONG_GAP_S
    full_hd = _scenes(tmp_path / "hd.mp4", [2], fast, size=(1920, 1080))
    assert automatic_gap(scan(full_hd)) == REGULAR_GAP_S


def test_a_picture_of_each_clip_is_not_for_large_videos(tmp_path: Path) -> None:
    path = _scenes(tmp_path / "cuts.mp4", SCENES, CUTS, at_cuts=True)
    assert gap_in_force(scan(path), None, own=True) == 0
    assert gap_in_force(scan(path), 1.5, own=True) == 1.5
    large = _scenes(tmp_path / "4k.mp4", [2], f"{CUTS}:ref=1:bframes=0", size=(3840, 2160))
    assert gap_in_force(scan(large), None, own=True) == LONG_GAP_S
