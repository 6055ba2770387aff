"""Selected clips: the right frames, each needed GOP once, nothing else."""

from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.index import scan
from scsampler_cli.timeline import ClipGrid
from tests.synthetic import texture, write_video


def numbered(frames: int, height: int = 64, width: int = 64):
    """Frame i shows the number i as grey level 2 i, which survives any codec."""
    return (np.full((height, width, 3), 2 * i, np.uint8) for i in range(frames))


def read(path: Path, clips: list[int], frames: int = 16, stride: int = 1):
    index, report = scan(path), FramesReport()
    grid = ClipGrid(index.timeline, frames, stride)
    found = dict(read_clips(path, index, grid, clips=clips, fit=lambda frame: frame, report=report))
    return found, report


@pytest.mark.parametrize(
    ("codec", "options", "suffix"),
    [
        ("libx264", {"g": "20", "sc_threshold": "0"}, "mp4"),
        ("libx264", {"g": "30", "flags": "-cgop", "x264-params": "open-gop=1"}, "mkv"),
        ("libx264", {"g": "20"}, "ts"),
        ("mpeg4", {"g": "12", "bf": "2"}, "avi"),
        ("mpeg2video", {"g": "12", "bf": "2"}, "mpg"),
        ("libx265", {"x265-params": "log-level=none:keyint=20"}, "mp4"),
        ("libvpx-vp9", {"g": "20", "deadline": "realtime", "cpu-used": "8"}, "webm"),
    ],
)
def test_the_frames_are_the_ones_asked_for(
    tmp_path: Path, codec: str, options: dict, suffix: str
) -> None:
    path = write_video(tmp_path / f"v.{suffix}", numbered(120), codec=codec, options=options)
    found, report = read(path, [6, 1, 2, 4])
    assert list(found) == [1, 2, 4, 6]
    for clip, frames in found.items():
        assert frames.shape == (16, 64, 64, 3)
        levels = frames.mean(axis=(1, 2, 3)) / 2
        assert np.abs(levels - (16 * clip + np.arange(16))).max() < 2.5
    assert report.notes() == []


def test_a_stride_takes_every_other_frame(tmp_path: Path) -> None:
    found, _ = read(write_video(tmp_path / "v.mp4", numbered(100)), [1], frames=8, stride=3)
    assert np.abs(found[1].mean(axis=(1, 2, 3)) / 2 - (24 + 3 * np.arange(8))).max() < 2


def test_no_more_is_decoded_than_the_gops_that_hold_the_clips(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(120), codec="mpeg4", options={"g": "12"})
    _, report = read(path, [0, 5])  # frames 0-15 in GOPs 0-23; frames 80-95 in GOPs 72-95
    assert report.decoded <= 24 + 24
    _, all_of_it = read(path, list(range(7)))
    assert all_of_it.decoded <= 120


def test_a_short_video_repeats_its_last_frame(tmp_path: Path) -> None:
    found, report = read(write_video(tmp_path / "v.mp4", numbered(5)), [0])
    assert np.abs(found[0].mean(axis=(1, 2, 3)) / 2 - np.minimum(np.arange(16), 4)).max() < 2
    assert report.repeated == 0


def test_pixels_equal_a_plain_decode(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", (texture(96, 128, i) for i in range(32)))
    found, _ = read(path, [1])
    with av.open(str(path)) as box:
        plain = [frame.to_ndarray(format="rgb24") for frame in box.decode(video=0)]
    assert np.array_equal(found[1], np.stack(plain[16:32]))


def test_undecodable_clips_are_left_out_and_named(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mp4",
        (texture(64, 64, i) for i in range(64)),
        codec="mpeg4",
        options={"g": "16"},
    )
    index, report = scan(path), FramesReport()
    data = path.read_bytes()
    path.write_bytes(
        data[: len(data) * 2 // 5]
    )  # the index is gone now too: nothing at all can be read
    grid = ClipGrid(index.timeline, 16)
    with pytest.raises(Exception, match="not a video"):
        dict(read_clips(path, index, grid, clips=[3], fit=lambda frame: frame, report=report))
