"""Which of several streams is read, who says so, and that every pass reads the same one."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.features.mel import BANDS
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.video import Video, audio_clips, visual_clips
from scsampler_cli.samplers.scoring import Samplers
from tests.synthetic import tone, write_video


class Half:
    """A classifier that knows nothing."""

    name, labels = "half", ("a", "b")
    spec = InputSpec(frames=8, stride=1, resize=16, crop=(16, 16))
    weights = WeightsInfo("none", None)

    def classify(self, clips: np.ndarray) -> np.ndarray:
        return np.full((len(clips), 2), 0.5, np.float32)


def grey(level: int, frames: int, height: int = 64):
    return (np.full((height, 64, 3), level, np.uint8) for _ in range(frames))


def join(path: Path, *sources: Path) -> Path:
    """All streams of all files, in their order."""
    with av.open(str(path), "w") as box:
        copies = []
        for source in sources:
            given = av.open(str(source))
            copies.append(
                (
                    given,
                    {
                        stream.index: box.add_stream_from_template(stream)
                        for stream in given.streams
                    },
                )
            )
        for given, streams in copies:
            for packet in given.demux():
                if packet.size:
                    packet.stream = streams[packet.stream.index]
                    box.mux(packet)
            given.close()
    return path


@pytest.fixture(scope="module", params=["mkv", "mp4", "ts"])
def several(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of grey 200 and of 40, at different lengths and sizes, and a low and a high tone."""
    folder = tmp_path_factory.mktemp("several")
    first = write_video(folder / "a.mkv", grey(200, 48), audio=tone(2, 300), options={"g": "8"})
    second = write_video(
        folder / "b.mkv", grey(40, 32, 48), codec="mpeg2video", audio=tone(2, 3000), rate_hz=22050
    )
    return join(folder / f"v.{request.param}", first, second)


def shown(video: Video) -> float:
    report = FramesReport()
    clips = dict(
        read_clips(
            video.path,
            video.index,
            video.grid,
            clips=[1],
            fit=lambda picture: picture,
            report=report,
        )
    )
    return float(clips[1].mean())


@pytest.mark.parametrize(("asked", "frames", "level"), [(None, 48, 200), (0, 48, 200), (1, 32, 40)])
def test_every_pass_reads_the_stream_asked_for(
    several: Path, asked: int | None, frames: int, level: int
) -> None:
    video = Video(several, 8, reading=ReadSettings(video_stream=asked))
    assert len(video.index.timeline) == frames
    clips = list(visual_clips(video, FeatureSettings(inputs=("if",), p_frames=0, short_side=0)))
    assert clips[0].iframes[0].mean() == pytest.approx(level, abs=3)
    assert shown(video) == pytest.approx(level, abs=3)
    assert video.facts()["stream"] == (asked or 0)
    assert video.facts()["codec"] == ("h264", "mpeg2video")[asked or 0]
    told = any("2 video streams: the first, number 0, is read" in note for note in video.notes)
    assert told == (asked is None)
    assert (video.decode_errors, video.frames_missing) == (0, 0)


@pytest.mark.parametrize("asked", [None, 0, 1])
def test_the_sound_asked_for_is_heard(several: Path, asked: int | None) -> None:
    video = Video(several, 8, reading=ReadSettings(audio_stream=asked))
    assert video.facts()["audio"]["stream"] == (asked or 0)
    mel = next(clip.mel for clip in audio_clips(video) if clip.mel is not None)
    loudest = int(mel.mean(axis=1).argmax())
    assert (loudest > BANDS // 2) == (asked == 1)
    told = any("2 audio streams: the first, number 0, is read" in note for note in video.notes)
    assert told == (asked is None)


def test_a_stream_that_is_not_there(several: Path, tmp_path: Path) -> None:
    with pytest.raises(
        VideoError, match="has 2 video streams, there is no video stream 3"
    ) as caught:
        Video(several, reading=ReadSettings(video_stream=3))
    assert "0 to 1" in (caught.value.hint or "")
    with pytest.raises(VideoError, match="has 2 audio streams, there is no audio stream 2"):
        Video(several, reading=ReadSettings(audio_stream=2))
    silent = write_video(tmp_path / "v.mp4", grey(10, 10))
    with pytest.raises(
        VideoError, match="has 0 audio streams, there is no audio stream 0"
    ) as caught:
        Video(silent, reading=ReadSettings(audio_stream=0))
    assert caught.value.hint


def test_the_record_names_the_streams(several: Path) -> None:
    record = stages.classify(
        several,
        Samplers(None, None),
        Half(),
        features=FeatureSettings(),
        selection=SelectionSettings(strategy="uniform", k=2),
        reading=ReadSettings(video_stream=1, audio_stream=1),
    ).record()
    assert record["video"]["stream"] == 1
    assert record["video"]["audio"]["stream"] == 1
    assert record["video"]["frames"] == 32


@pytest.fixture
def covered(tmp_path: Path) -> Path:
    """Cover art, which comes first, and a video."""
    cover = write_video(tmp_path / "c.mkv", grey(90, 1), codec="mjpeg", pix_fmt="yuvj420p")
    video = write_video(tmp_path / "a.mkv", grey(200, 24))
    path = tmp_path / "v.mp4"
    with av.open(str(cover)) as art, av.open(str(video)) as given, av.open(str(path), "w") as box:
        first = box.add_stream_from_template(art.streams.video[0])
        first.disposition = av.stream.Disposition.attached_pic
        second = box.add_stream_from_template(given.streams.video[0])
        for source, target in ((art, first), (given, second)):
            for packet in source.demux():
                if packet.size:
                    packet.stream = target
                    box.mux(packet)
    with av.open(str(path)) as box:
        attached = [
            bool(s.disposition & av.stream.Disposition.attached_pic) for s in box.streams.video
        ]
    assert sum(attached) == 1
    return path


def test_cover_art_is_passed_over_and_can_be_asked_for(covered: Path) -> None:
    with av.open(str(covered)) as box:
        art = next(
            i
            for i, s in enumerate(box.streams.video)
            if s.disposition & av.stream.Disposition.attached_pic
        )
    video = Video(covered, 8)
    assert len(video.index.timeline) == 24
    assert video.info.stream == 1 - art
    assert not any("video streams" in note for note in video.notes)
    asked = Video(covered, 8, reading=ReadSettings(video_stream=art))
    assert len(asked.index.timeline) == 1
    assert len(list(visual_clips(asked, FeatureSettings()))) == 1
    assert (asked.decode_errors, asked.frames_missing) == (0, 0)


def test_a_picture_stream_without_a_decoder_is_passed_over(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.avi", grey(200, 24), codec="mjpeg", pix_fmt="yuvj420p")
    second = write_video(tmp_path / "b.avi", grey(40, 24), codec="mpeg4")
    path = join(tmp_path / "v.avi", first, second)
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"QQQQ"))
    video = Video(path, 8)
    assert video.info.codec == "mpeg4"
    assert video.info.stream == 1
    assert shown(video) == pytest.approx(40, abs=3)
    with pytest.raises(VideoError, match="no decoder"):
        Video(path, 8, reading=ReadSettings(video_stream=0))


def test_progress_tells_the_length_once_when_it_is_known(several: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    stages.score(
        several,
        Samplers(None, None),
        FeatureSettings(),
        clip_frames=16,
        frame_stride=1,
        selection=SelectionSettings(strategy="uniform"),
        progress=lambda *step: steps.append(step),
    )
    assert steps[0] == ("index", 2, 2)
    assert [step for step in steps if step[0] == "index"] == steps[:1]
