"""Claims of frames are found before FFmpeg believes them."""

from pathlib import Path

import pytest

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import LimitError
from scsampler_cli.media.boxes import claimed_frames
from scsampler_cli.media.index import scan
from tests.synthetic import pan, tone, write_video


def claiming(path: Path, frames: int) -> Path:
    data = bytearray(path.read_bytes())
    at = data.index(b"stsz")
    data[at + 12 : at + 16] = frames.to_bytes(4, "big")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_frames_are_those_of_the_picture(tmp_path: Path, options: dict[str, str]) -> None:
    sound = {"audio": tone(2, 400), "audio_codec": "pcm_s16le"}
    path = write_video(
        tmp_path / "a.mov", pan(30, 1, 1, 64, 64), container_options=options, **sound
    )
    assert claimed_frames(path) == 30


@pytest.mark.parametrize("frames", [20_000_000, 150_000_000, 10**9, 2**32 - 1])
def test_a_claim_of_very_many_frames_is_refused(tmp_path: Path, frames: int) -> None:
    path = claiming(
        write_video(tmp_path / "a.mov", pan(30, 1, 1, 64, 64), codec="rawvideo", pix_fmt="rgb24"),
        frames,
    )
    with pytest.raises(
        LimitError, match=f"claims {frames} frames, the limit is 10000000"
    ) as refused:
        scan(path)
    assert "raise the limit" in str(refused.value.hint)


def test_a_limit_that_is_raised_is_not_in_the_way(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", pan(30, 1, 1, 64, 64))
    with pytest.raises(LimitError):
        scan(path, ReadSettings(max_frames=29))
    assert len(scan(path, ReadSettings(max_frames=30)).timeline) == 30


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.ts"])
def test_other_containers_claim_nothing_here(tmp_path: Path, name: str) -> None:
    assert claimed_frames(write_video(tmp_path / name, pan(30, 1, 1, 64, 64))) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\x08ftyp",
        b"\0\0\0\x01moov" + bytes(8),
        b"\0\0\0\0moov\0\0\0\x08trak",
        b"\xff\xff\xff\xffmoov" * 9,
        b"\0\0\0\0moov" * 5000,
    ],
)
def test_damaged_boxes_claim_nothing_and_end(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    assert claimed_frames(tmp_path / "a.mp4") == 0
