"""Videos to measure speed on, in every codec, and plain reading."""

from pathlib import Path

import pytest

from scsampler_cli.media import plain
from scsampler_cli.media.index import scan
from scsampler_cli.media.sample import ENCODERS, write_sample
from scsampler_cli.media.video_info import VECTOR_CODECS


@pytest.mark.parametrize("codec", ENCODERS)
def test_every_codec_is_what_it_says(tmp_path: Path, codec: str) -> None:
    told: list[tuple[int, int]] = []
    write_sample(
        tmp_path / "v.mp4",
        1.5,
        96,
        height=64,
        codec=codec,
        progress=lambda done, total: told.append((done, total)),
    )
    index = scan(tmp_path / "v.mp4")
    assert index.info.codec == codec
    assert index.info.size == (64, 96)
    assert len(index.timeline) == 45
    assert float(index.timeline.duration) == pytest.approx(1.5)
    assert told == [(0, 45), (30, 45)]
    assert plain.decode(tmp_path / "v.mp4") == 45
    assert plain.demux(tmp_path / "v.mp4") >= 45
    assert (plain.vectors(tmp_path / "v.mp4") > 0) == (codec in VECTOR_CODECS)


def test_the_same_arguments_give_the_same_video(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_sample(tmp_path / name, 0.5, 64, height=64, codec="mpeg4", progress=lambda *_: None)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("gop", "keyframes"), [("default", [0, 180]), ("2s", [0, 60, 120, 180]), ("10s", [0])]
)
def test_keyframes_come_at_cuts_or_as_often_as_requested(
    tmp_path: Path, gop: str, keyframes: list[int]
) -> None:
    """A cut after six seconds, at 30 frames/s."""
    path = tmp_path / "v.mp4"
    write_sample(path, 6.5, 64, height=64, codec="h264", gop=gop, progress=lambda *_: None)
    assert scan(path).keyframes.tolist() == keyframes
