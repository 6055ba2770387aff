"""Opening files: what is no video is refused in one line, and no other file is opened."""

from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.errors import VideoError
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.index import scan
from tests.synthetic import static, tone, write_video


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("text.mp4", b"this is a text file\n" * 50, "not a video"),
        ("zeros.mp4", bytes(5000), "not a video"),
        ("noise.avi", np.random.default_rng(0).bytes(5000), "not a video"),
    ],
)
def test_other_things_under_a_videos_name_are_refused(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match=word) as caught:
        scan(tmp_path / name)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.m4a"), "w") as box:
        track = box.add_stream("aac", rate=22050, layout="mono")
        for at in range(0, 22050, 1024):
            block = av.AudioFrame.from_ndarray(tone(1, 440)[None, at : at + 1024], "fltp", "mono")
            block.sample_rate, block.pts = 22050, at
            box.mux(track.encode(block))
        box.mux(track.encode(None))
    with pytest.raises(VideoError, match="no video stream"):
        scan(tmp_path / "a.m4a")


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    video = write_video(tmp_path / "secret.mp4", static(10, 64, 64), audio=tone(0.4, 300))
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\n{video}\n#EXT-X-ENDLIST\n")
    (tmp_path / "full.m3u8").write_text(
        # one that FFmpeg would follow
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{video}\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "list.ffconcat").write_text(f"ffconcat version 1.0\nfile '{video}'\n")
    for name in ("list.m3u8", "full.m3u8", "list.ffconcat"):
        with pytest.raises(VideoError, match="a playlist"):
            scan(tmp_path / name)
        with pytest.raises(VideoError, match="a playlist"):
            probe_audio(tmp_path / name)


def test_metadata_in_another_encoding_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    with av.open(str(path), "w") as box:
        box.metadata["title"] = "cafe au lait"
        video = box.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        for picture in static(5, 64, 64):
            box.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        box.mux(video.encode(None))
    data = path.read_bytes()
    assert b"cafe au lait" in data
    path.write_bytes(data.replace(b"cafe au lait", b"caf\xe9 au lait"))
    assert len(scan(path).timeline) == 5
