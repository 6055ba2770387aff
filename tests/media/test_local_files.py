"""Opening a file opens that file: no network, no other file, whatever it says and whatever it is
called."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.config import DEFAULT_READING
from scsampler_cli.errors import InputError, ScsamplerError, VideoError
from scsampler_cli.media.index import scan
from scsampler_cli.media.sandbox import open_local
from scsampler_cli.pipeline.video import Video
from tests.synthetic import static, write_video

LISTS = {
    "hls.m3u8": (
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-VERSION:3\n#EXTINF:9,\n{target}\n"
        "#EXT-X-ENDLIST\n"
    ),
    "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
    "dash.mpd": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000">'
        "<BaseURL>{target}</BaseURL><SegmentBase/></Representation>"
        "</AdaptationSet></Period></MPD>\n"
    ),
    "list.ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "call.sdp": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    ),
    "subtitles.idx": "# VobSub index file, v7 (do not modify this line!)\n",
}


def targets(secret: Path, port: int) -> dict[str, str]:
    return {
        "file": str(secret),
        "http": f"http://127.0.0.1:{port}/video.mp4",
        "tcp": f"tcp://127.0.0.1:{port}",
        "concat": f"concat:{secret}|{secret}",
        "subfile": f"subfile,,start,0,end,0,,:{secret}",
        "data": "data:text/plain;base64,aGVsbG8=",
    }


@pytest.mark.parametrize("target", ["file", "http", "tcp", "concat", "subfile", "data"])
@pytest.mark.parametrize("name", LISTS)
def test_a_file_that_names_others_is_not_followed(
    tmp_path: Path, secret: Path, door: tuple[int, list[object]], name: str, target: str
) -> None:
    port, knocks = door
    path = tmp_path / name
    path.write_text(LISTS[name].format(target=targets(secret, port)[target]))
    read = _accessed(secret)
    with pytest.raises(VideoError, match="it is not followed") as caught:
        scan(path)
    assert caught.value.hint
    assert knocks == []
    assert not read()


def test_the_door_hears_ffmpeg_and_the_lists_are_ones_that_it_would_follow(
    tmp_path: Path, secret: Path, door: tuple[int, list[object]]
) -> None:
    """Otherwise the test above would prove nothing."""
    port, knocks = door
    with pytest.raises(av.error.FFmpegError):
        av.open(f"http://127.0.0.1:{port}/video.mp4", timeout=5)
    assert len(knocks) >= 1
    for name in ("hls.m3u8", "list.ffconcat"):
        (tmp_path / name).write_text(LISTS[name].format(target=secret))
        with av.open(
            str(tmp_path / name),
            options={"safe": "0", "allowed_extensions": "ALL", "extension_picky": "0"},
        ) as box:
            assert len(box.streams.video) == 1
    if _times_are_kept(secret):
        read = _accessed(secret)
        secret.read_bytes()
        assert read()


def _accessed(path: Path):
    """Tells whether a file was read since. The time of the last reading is set back first, else it
    may not be written anew."""
    os.utime(path, (1, path.stat().st_mtime))
    if not _times_are_kept(path):
        return lambda: False
    os.utime(path, (1, path.stat().st_mtime))
    return lambda: path.stat().st_atime != 1


def _times_are_kept(path: Path) -> bool:
    path.read_bytes()
    return path.stat().st_atime != 1


@pytest.mark.parametrize(
    "name",
    ["http:{port}.mp4", "http:", "concat:a.mp4|b.mp4", "subfile,,start,0,end,9,,:x", "pipe:0"],
)
def test_a_protocol_as_a_name_is_a_missing_file(
    tmp_path: Path, door: tuple[int, list[object]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in (
        Path(name),
        Path(f"http://127.0.0.1:{door[0]}/v.mp4"),
        Path(f"tcp://127.0.0.1:{door[0]}"),
    ):
        with pytest.raises(InputError, match="No such file") as caught:
            scan(path)
        assert caught.value.hint
    assert door[1] == []


def test_an_external_track_of_a_mov_is_not_opened(tmp_path: Path, secret: Path) -> None:
    """A data reference to another file, absolute and beside it."""
    whole = write_video(tmp_path / "v.mov", static(10, 64, 64))
    data = whole.read_bytes()
    at = data.index(b"dref")
    # one entry of 12 bytes "url " with the flag for "in this file": another kind and no flag make
    # it external
    for name in (b"alis", b"url "):
        path = tmp_path / f"{name.strip().decode()}.mov"
        entry = data.index(name if name in data else b"url ", at)
        path.write_bytes(data[:entry] + name + bytes(4) + data[entry + 8 :])
        read = _accessed(secret)
        try:
            found = len(scan(path).timeline)
        except VideoError:
            found = 0
        assert found in (0, 10)  # what is in the file itself, or an error; nothing from elsewhere
        assert not read()


def picture(path: Path, grey: int, codec: str = "png", pix_fmt: str = "rgb24") -> None:
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as box:
        stream = box.add_stream(codec, rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = pix_fmt
        box.mux(
            stream.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), grey, np.uint8), "rgb24"))
        )
        box.mux(stream.encode(None))


def test_a_pattern_as_a_name_is_one_file(tmp_path: Path) -> None:
    for i in range(1, 6):
        picture(tmp_path / f"frame{i:03d}.png", 40 * i)
    for name in ("frame%03d.png", "frame*.png", "frame00[1-3].png", "frame{001,002}.png"):
        with pytest.raises(InputError, match="No such file"):
            scan(tmp_path / name)
        (tmp_path / "own.png").unlink(missing_ok=True)
        picture(tmp_path / "own.png", 200)
        (tmp_path / "own.png").rename(tmp_path / name)
        with open_local(tmp_path / name, DEFAULT_READING) as box:
            levels = [frame.to_ndarray(format="gray").mean() for frame in box.decode(video=0)]
        assert levels == pytest.approx([200], abs=20)
        assert len(scan(tmp_path / name).timeline) == 1


def test_pictures_of_a_format_without_a_mark_are_one_file(tmp_path: Path) -> None:
    for i in range(3):
        picture(tmp_path / f"p{i}.tga", 100, "targa", "bgr24")
    assert len(scan(tmp_path / "p0.tga").timeline) == 1


@pytest.mark.parametrize(
    "name",
    [
        b"sp ace.mp4",
        b"new\nline.mp4",
        b"-dash.mp4",
        b"per%03dcent.mp4",
        b"co:lon.mp4",
        b"http:.mp4",
        b"q'uo\"te.mp4",
        b"back\\slash.mp4",
        b"a[1]*?{x}.mp4",
        b"pipe|d.mp4",
        b"caf\xe9.mp4",
        b"\xff\xfe%d.mp4",
        "日本.mp4".encode(),
        b"no ending",
        b"#hash?query=1.mp4",
    ],
)
def test_any_name_is_a_name(tmp_path: Path, secret: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(secret.read_bytes())
    video = Video(path)
    assert len(video.index.timeline) == 10
    assert video.audio is not None


def test_a_gif_whose_name_is_a_pattern_is_read_whole(tmp_path: Path) -> None:
    path = write_video(tmp_path / "cat.gif", static(6, 32, 32), codec="gif", pix_fmt="rgb8")
    path = path.rename(tmp_path / "cat%03d.gif")
    assert len(scan(path).timeline) == 6


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mp4").mkdir()
    for path in (tmp_path / "pipe.mp4", tmp_path / "folder.mp4", Path("/dev/zero")):
        with pytest.raises(InputError, match="not a file") as caught:
            scan(path)
        assert caught.value.hint


def test_a_missing_file_and_one_without_permission_are_not_called_damaged(
    tmp_path: Path, secret: Path
) -> None:
    with pytest.raises(InputError, match="No such file"):
        scan(tmp_path / "v.mp4")
    path = tmp_path / "locked.mp4"
    path.write_bytes(secret.read_bytes())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InputError, match="Permission"):
        scan(path)


def test_too_many_open_files_are_not_the_files_fault(secret: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(InputError, match=os.strerror(errno.EMFILE)) as caught:
            scan(secret)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "try again" in (caught.value.hint or "")
    assert len(scan(secret).timeline) == 10


def test_errors_have_one_line_and_a_hint(tmp_path: Path) -> None:
    for content in (
        b"",
        b"\0" * 100,
        b"ffconcat",
        b"<?xml version='1.0'?><html/>",
        b"RIFF" + bytes(40),
    ):
        (tmp_path / "v.mp4").write_bytes(content)
        with pytest.raises(ScsamplerError) as caught:
            scan(tmp_path / "v.mp4")
        assert caught.value.hint
        assert "\n" not in str(caught.value)
