"""The timecode of the first frame, from files that have one; and an edit list of a transport stream
whose clock wraps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.media.boxes import timecode_base
from scsampler_cli.media.index import scan
from scsampler_cli.media.start_timecode import _from_message
from scsampler_cli.output.cuts import edl, ffmetadata, srt
from scsampler_cli.pipeline.video import Video
from tests.synthetic import static, tone, write_video


def written(
    path: Path,
    timecode: str | None,
    codec: str = "libx264",
    fps: Fraction = Fraction(25),
    size: tuple[int, int] = (64, 96),
    options: dict[str, str] | None = None,
) -> Path:
    """Twelve frames and a timecode in the place that the container has for it."""
    with av.open(str(path), "w") as box:
        stream = box.add_stream(codec, rate=fps, options=options or {})
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        for metadata in (box.metadata, stream.metadata) if timecode else ():
            metadata["timecode"] = timecode
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(np.zeros((*size, 3), np.uint8), "rgb24")
            frame.pts, frame.time_base = number, 1 / fps
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [
        *(
            ("v.mov", "libx264", (64, 96)),
            ("v.mp4", "libx264", (64, 96)),
            ("v.mkv", "libx264", (64, 96)),
        ),
        *(
            ("v.avi", "libx264", (64, 96)),
            ("v.mxf", "mpeg2video", (64, 96)),
            ("v.gxf", "mpeg2video", (576, 720)),
        ),
        ("v.dv", "dvvideo", (576, 720)),
    ],
)
def test_each_container_tells_it(
    tmp_path: Path, name: str, codec: str, size: tuple[int, int]
) -> None:
    path = written(tmp_path / name, "01:02:03:04", codec, size=size)
    assert scan(path).info.timecode == "01:02:03:04"
    assert Video(path).facts()["timecode"] == "01:02:03:04"


@pytest.mark.parametrize(
    ("fps", "text"), [(30, "01:00:00;02"), (30, "01:00:00:02"), (60, "10:11:12;58")]
)
def test_drop_frame_is_told_apart(tmp_path: Path, fps: int, text: str) -> None:
    path = written(tmp_path / "v.mov", text, fps=Fraction(fps * 1000, 1001))
    assert scan(path).info.timecode == text
    assert timecode_base(path) == fps


def test_a_track_that_counts_every_second_frame_is_counted_in_frames(tmp_path: Path) -> None:
    path = written(tmp_path / "v.mov", "01:00:00:20", fps=Fraction(50))
    data = bytearray(path.read_bytes())
    entry = data.rindex(
        b"tmcd"
    )  # in the description of the samples; others name the track's handler
    assert data[entry + 28] == 50
    data[entry + 24 : entry + 29] = bytes([0, 0, 2, 0, 25])
    path.write_bytes(data)
    # FFmpeg divides the frame number by the track's rate: 01:00:00:20 of 50 is 02:00:00:20 of 25
    assert timecode_base(path) == 25
    assert scan(path).info.timecode == "02:00:00:40"


@pytest.mark.parametrize("name", ["v.mpg", "v.ts", "v.mkv", "v.m2v"])
def test_mpeg2_tells_it_in_its_groups_of_pictures(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, None, "mpeg2video", options={"gop_timecode": "01:02:03:04"})
    assert scan(path).info.timecode == "01:02:03:04"
    path = written(
        tmp_path / name,
        None,
        "mpeg2video",
        Fraction(30000, 1001),
        options={"gop_timecode": "01:02:03;04", "bf": "2"},
    )
    assert scan(path).info.timecode == "01:02:03;04"


def test_a_message_of_h264_or_hevc_is_read_as_smpte_12m_has_it() -> None:
    """Number of timecodes, then: frames, seconds, minutes and hours, in binary coded decimals."""
    words = np.array([1, 1 << 30 | 0x14 << 24 | 0x33 << 16 | 0x22 << 8 | 0x11, 0, 0], np.uint32)
    assert _from_message(words.tobytes()) == "11:22:33;14"
    words[1] &= ~np.uint32(1 << 30)
    assert _from_message(words.tobytes()) == "11:22:33:14"
    assert _from_message(np.zeros(4, np.uint32).tobytes()) == ""


@pytest.mark.parametrize("text", ["25:00:00:00", "01:02", "noon", "01:60:00:00"])
def test_what_is_no_timecode_is_none(tmp_path: Path, text: str) -> None:
    """Matroska takes any text."""
    assert scan(written(tmp_path / "v.mkv", text)).info.timecode is None


def test_without_one_there_is_none(tmp_path: Path) -> None:
    assert scan(written(tmp_path / "v.mov", None)).info.timecode is None
    assert timecode_base(written(tmp_path / "v.mov", None)) is None
    assert timecode_base(written(tmp_path / "v.mkv", "01:02:03:04")) is None


def clips_of(video: Video) -> list[dict[str, object]]:
    spans = [video.span(clip) for clip in range(len(video.grid))]
    return [
        {
            "clip": span.index,
            "start_s": float(span.start),
            "end_s": float(span.end),
            # touching clips of one label are one event
            "label": "ab"[span.index % 2],
            "probability": 0.5,
        }
        for span in spans
    ]


@pytest.mark.parametrize(
    ("suffix", "codec"), [("ts", "libx264"), ("ts", "mpeg2video"), ("m2ts", "libx264")]
)
@pytest.mark.parametrize("before_s", [0.5, 2.7, 30])
def test_a_clock_that_wraps_gives_no_negative_times(
    tmp_path: Path, suffix: str, codec: str, before_s: float
) -> None:
    """The 33 bits of MPEG-TS end after 26 hours and a half; the first frame is 0 in edit lists,
    subtitles and chapters."""
    path = write_video(
        tmp_path / f"v.{suffix}",
        static(100, 64, 96),
        codec=codec,
        audio=tone(4, 300, 48_000),
        rate_hz=48_000,
        options={"g": "10"},
        container_options={"output_ts_offset": str(2**33 / 90_000 - before_s)},
    )
    video = Video(path)
    made = {"path": str(path), "clips": clips_of(video), "video": video.facts()}
    assert len(made["clips"]) == 6
    lines = edl.render(made).splitlines()
    events = [line.split()[4:6] for line in lines if line[:3].isdigit()]
    assert events[0] == ["00:00:00:00", "00:00:00:16"]
    assert events[5] == ["00:00:03:05", "00:00:03:21"]
    subtitles = srt.render(made)
    assert "00:00:00," in subtitles.splitlines()[1]
    assert "START=0\n" in ffmetadata.render(made)
    assert "-" not in subtitles.replace(" --> ", "")


@pytest.mark.parametrize("text", ["99:99:99:99", "hello", "01:02:03"])
def test_a_tag_that_is_no_timecode_has_a_note(tmp_path: Path, text: str) -> None:
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        box.metadata["timecode"] = text
        for _ in range(4):
            box.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        box.mux(stream.encode(None))
    index = scan(path)
    assert index.info.timecode is None
    assert any(repr(text) in note and "timecode" in note for note in index.notes)
