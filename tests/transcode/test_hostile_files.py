"""Whatever a video is called and whatever it holds: that file is read and nothing else, and no
shell is near."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import ffmpeg
import pytest

from scsampler_cli.config import DEFAULT_READING
from scsampler_cli.errors import InputError, ProgramError, ScsamplerError, VideoError
from scsampler_cli.media.index import scan
from scsampler_cli.transcode.normalise import normalise
from scsampler_cli.transcode.program import find_ffmpeg, name_of, run
from scsampler_cli.transcode.reel import write_reel
from scsampler_cli.transcode.source import demuxer_of, source
from tests.media.test_local_files import LISTS, targets
from tests.synthetic import static, write_video
from tests.transcode.numbered import shown

SPANS = [(Fraction(0), Fraction(1))]


@pytest.mark.parametrize(
    "name",
    [
        b"a; touch PWNED.mp4",
        b"$(touch PWNED).mp4",
        b"-y.mp4",
        b"-i",
        b"new\nline.mp4",
        b"frame%03d.mp4",
        b"a[1]*?{x}.mp4",
        b"concat:a.mp4|b.mp4",
        b"file:x.mp4",
        b"http:.mp4",
        b"pipe:0.mp4",
        b"q'uo\"te\\.mp4",
        b"caf\xe9\xff.mp4",
        "日本.mp4".encode(),
    ],
)
def test_any_name_is_a_name(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    """Read and written, relative to the folder that we are in."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    own = os.fsdecode(name)
    (tmp_path / "in" / own).write_bytes(secret.read_bytes())
    monkeypatch.chdir(tmp_path / "in")
    suffix = "" if own.endswith(".mp4") else ".mp4"
    write_reel(Path(own), Path("../out", f"{own}{suffix}"), SPANS, video_stream=0, audio_stream=0)
    normalise(Path(own), Path(f"{own}.small.mp4"), video_stream=0, audio_stream=0)
    assert len(scan(tmp_path / "out" / f"{own}{suffix}").timeline) == 10
    assert len(scan(Path(f"{own}.small.mp4")).timeline) == 10
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{own}{suffix}"]
    assert {path.name for path in Path().iterdir()} == {own, f"{own}.small.mp4"}


@pytest.mark.parametrize("target", ["file", "http", "concat"])
@pytest.mark.parametrize("name", LISTS)
def test_a_file_that_names_others_is_not_followed(
    tmp_path: Path, secret: Path, door: tuple[int, list[object]], name: str, target: str
) -> None:
    path = tmp_path / name
    path.write_text(LISTS[name].format(target=targets(secret, door[0])[target]))
    index = scan(secret)
    for work in (write_reel, normalise):
        arguments = (path, tmp_path / "o.mp4", SPANS)[: 3 if work is write_reel else 2]
        with pytest.raises(VideoError, match="it is not followed") as caught:
            work(*arguments, video_stream=0, audio_stream=None, index=index)
        assert caught.value.hint
        for demuxer in (
            "hls",
            "concat",
            "dash",
            "sdp",
        ):  # nor where a caller says that it should be
            with pytest.raises(VideoError, match="it is not followed"):
                work(*arguments, video_stream=0, audio_stream=None, index=index, demuxer=demuxer)
        with pytest.raises(ProgramError):  # nor where it is taken for a video
            work(
                *arguments,
                video_stream=0,
                audio_stream=None,
                index=index,
                demuxer="mov,mp4,m4a,3gp,3g2,mj2",
            )
    assert door[1] == []
    assert list(tmp_path.iterdir()) == [path]


def test_the_program_would_follow_them(tmp_path: Path, secret: Path) -> None:
    """Otherwise the test above would prove nothing."""
    path = tmp_path / "list.ffconcat"
    path.write_text(LISTS["list.ffconcat"].format(target=secret))
    graph = ffmpeg.input(name_of(path), safe=0).output(
        name_of(tmp_path / "o.mp4"), **{"fps_mode:v": "passthrough"}
    )
    run(graph, find_ffmpeg())
    assert len(scan(tmp_path / "o.mp4").timeline) == 10


def test_the_network_is_out_of_reach_whatever_the_graph_asks(
    tmp_path: Path, secret: Path, door: tuple[int, list[object]]
) -> None:
    graph = source(secret, demuxer_of(secret, DEFAULT_READING), DEFAULT_READING)
    graph.node.kwargs["filename"] = f"http://127.0.0.1:{door[0]}/v.mp4"
    with pytest.raises(ProgramError):
        run(graph.output(name_of(tmp_path / "o.mp4")), find_ffmpeg())
    assert door[1] == []
    del graph.node.kwargs["protocol_whitelist"]
    with pytest.raises(ProgramError):
        run(graph.output(name_of(tmp_path / "o.mp4")), find_ffmpeg())
    assert len(door[1]) >= 1  # otherwise the test would prove nothing


def test_an_external_track_of_a_mov_is_not_opened(tmp_path: Path, secret: Path) -> None:
    """A data reference to another file, as in `tests/media/test_local_files.py`."""
    data = write_video(tmp_path / "v.mov", static(10, 64, 64)).read_bytes()
    entry = data.index(b"url ", data.index(b"dref"))
    path = tmp_path / "v.mov"
    path.write_bytes(data[:entry] + b"url " + bytes(4) + data[entry + 8 :])
    try:
        made = write_reel(path, tmp_path / "o.mp4", SPANS, video_stream=0, audio_stream=None)
    except ScsamplerError:
        return
    assert shown(made.path)[0] == shown(tmp_path / "v.mov")[0]


def test_a_missing_file_and_a_pipe_are_input_errors(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for name in ("none.mp4", "http://127.0.0.1/v.mp4", "pipe.mp4"):
        with pytest.raises(InputError):
            write_reel(
                tmp_path / name, tmp_path / "o.mp4", SPANS, video_stream=0, audio_stream=None
            )
        with pytest.raises(InputError):
            normalise(tmp_path / name, tmp_path / "o.mp4", video_stream=0, audio_stream=None)


def test_pictures_that_are_too_large_are_refused(secret: Path, tmp_path: Path) -> None:
    small = replace(DEFAULT_READING, max_pixels=100)
    with pytest.raises(VideoError, match="the limit is 100"):
        write_reel(
            secret, tmp_path / "o.mp4", SPANS, video_stream=0, audio_stream=None, reading=small
        )
