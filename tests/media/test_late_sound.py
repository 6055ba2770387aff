"""Sound that FFmpeg knows nothing of when it opens the file: it begins late, or is not
announced."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.media.audio import RATE_HZ, AudioReport, read_audio
from scsampler_cli.media.audio_probe import AudioInfo, probe_audio, sound_stream_options
from scsampler_cli.media.damage import Damage
from scsampler_cli.pipeline.video import Video, audio_clips
from scsampler_cli.transcode.normalise import normalise
from scsampler_cli.transcode.reel import write_reel
from tests.synthetic import static, tone, write_video

LATE_S = 36
"""FFmpeg looks for streams in the first 30 seconds or 5 MB of MPEG-TS and MPEG-PS."""


def late(path: Path, codec: str, picture: str = "mpeg2video", rate: int = 48000) -> Path:
    """A video of 44 s with 2 s of sound from `LATE_S` on."""
    return write_video(
        path,
        static(44 * 25, 48, 64),
        codec=picture,
        audio=np.stack([tone(2, 440, rate)] * 2),
        rate_hz=rate,
        audio_codec=codec,
        layout="stereo",
        audio_start=LATE_S,
    )


def rates_at_opening(path: Path) -> list[int]:
    with av.open(str(path)) as box:
        return [stream.codec_context.sample_rate for stream in box.streams.audio]


def heard(path: Path, info: AudioInfo) -> tuple[float, float]:
    """(seconds at which the sound begins, seconds of it)."""
    report, damage = AudioReport(), Damage()
    blocks = list(read_audio(path, info, report, damage=damage))
    assert report.notes() == list(damage.notes()) == []
    return blocks[0].start / RATE_HZ, sum(len(block.samples) for block in blocks) / RATE_HZ


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("ts", "aac"),
        ("ts", "mp2"),
        ("ts", "ac3"),
        ("ts", "libmp3lame"),
        ("ts", "libopus"),
        ("m2ts", "aac"),
        ("mpg", "mp2"),
        ("mpg", "ac3"),
        ("vob", "ac3"),
    ],
)
def test_sound_that_begins_late_is_heard(tmp_path: Path, suffix: str, codec: str) -> None:
    path = late(tmp_path / f"v.{suffix}", codec)
    assert rates_at_opening(path) == [48000 if codec == "libopus" else 0]
    info, why_not, notes = probe_audio(path)
    assert info is not None
    assert (why_not, notes) == (None, ())
    assert (info.rate_hz, info.channels, info.stream) == (48000, 2, 0)
    start, seconds = heard(path, info)
    clock = float(Video(path).index.timeline.time(0))
    assert start - clock == pytest.approx(LATE_S, abs=0.1)
    assert seconds == pytest.approx(2, abs=0.1)


def test_clips_before_and_behind_it_are_without_sound(tmp_path: Path) -> None:
    video = Video(late(tmp_path / "v.ts", "aac"), 25)
    with_sound = [clip.clip for clip in audio_clips(video) if clip.mel is not None]
    assert with_sound == [36, 37]
    assert "42 clips without sound" in video.notes


def unannounced(path: Path) -> Path:
    """Sound in the middle of an MPEG-PS, more than 5 MB behind its beginning and well before its
    end."""
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    return write_video(
        path,
        (noise for _ in range(45)),
        fps=5,
        codec="mpeg2video",
        options={"flags": "+qscale", "global_quality": "118", "g": "1"},
        audio=tone(0.4, 440, 48000),
        rate_hz=48000,
        audio_codec="mp2",
        audio_start=6,
    )


def test_a_stream_that_is_not_announced_is_found(tmp_path: Path) -> None:
    path = unannounced(tmp_path / "v.mpg")
    assert rates_at_opening(path) == []
    info = probe_audio(path).info
    assert info == AudioInfo("mp2", 48000, 1, stream=0)
    start, seconds = heard(path, info)
    assert start == pytest.approx(float(Video(path).index.timeline.time(0)) + 6, abs=0.1)
    assert seconds == pytest.approx(0.4, abs=0.1)
    assert probe_audio(path, ReadSettings(audio_stream=0)).info == info
    with pytest.raises(VideoError, match="1 audio stream"):
        probe_audio(path, ReadSettings(audio_stream=1))


def test_a_table_of_streams_that_gains_sound_on_the_way_is_followed(tmp_path: Path) -> None:
    silent = write_video(tmp_path / "a.ts", static(100, 48, 64), codec="mpeg2video")
    loud = write_video(
        tmp_path / "b.ts",
        static(50, 48, 64),
        codec="mpeg2video",
        audio=tone(2, 440),
        container_options={"output_ts_offset": "4"},
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(silent.read_bytes() * 4 + loud.read_bytes() + silent.read_bytes() * 4)
    info = probe_audio(path).info
    assert info is not None
    assert heard(path, info)[1] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("codec", ["aac", "ac3"])
def test_rate_and_channels_may_change_on_the_way(tmp_path: Path, codec: str) -> None:
    first = write_video(
        tmp_path / "a.ts",
        static(50, 48, 64),
        audio=tone(2, 440, 44100),
        rate_hz=44100,
        audio_codec=codec,
    )
    second = write_video(
        tmp_path / "b.ts",
        static(50, 48, 64),
        audio=np.stack([tone(2, 440, 48000)] * 2),
        rate_hz=48000,
        audio_codec=codec,
        layout="stereo",
        container_options={"output_ts_offset": "2"},
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    info = probe_audio(path).info
    assert info is not None
    blocks = list(read_audio(path, info, AudioReport(), damage=Damage()))
    samples = np.concatenate([block.samples for block in blocks])
    assert len(samples) / RATE_HZ == pytest.approx(4, abs=0.1)
    for second_half in (False, True):
        piece = (
            samples[RATE_HZ * 5 // 2 :][:RATE_HZ]
            if second_half
            else samples[RATE_HZ // 2 :][:RATE_HZ]
        )
        spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
        assert spectrum.argmax() * RATE_HZ / len(piece) == pytest.approx(440, abs=3)


def sound_of(path: Path) -> AudioInfo | None:
    return probe_audio(path).info


@pytest.mark.parametrize("span", [(0, 1), (6, 7)])
def test_a_reel_has_the_sound_that_is_not_announced(tmp_path: Path, span: tuple[int, int]) -> None:
    path = unannounced(tmp_path / "v.mpg")
    origin = Video(path).index.timeline.time(0)
    spans = [(origin + span[0], origin + span[1])]
    reel = write_reel(path, tmp_path / "reel.mp4", spans, video_stream=0, audio_stream=0)
    assert reel.frames == 5
    info = sound_of(reel.path)
    assert info is not None
    loud = [
        abs(block.samples).max()
        for block in read_audio(reel.path, info, AudioReport(), damage=Damage())
    ]
    assert (max(loud) > 0.2) == (span == (6, 7))


def test_a_video_written_anew_keeps_late_sound_in_its_place(tmp_path: Path) -> None:
    path = late(tmp_path / "v.ts", "aac")
    made = normalise(path, tmp_path / "n.mp4", video_stream=0, audio_stream=0)
    assert made.audio == "copied"
    info = sound_of(made.path)
    assert info is not None
    start, seconds = heard(made.path, info)
    first = Video(made.path).index.timeline.time(0)
    assert start - float(first) == pytest.approx(LATE_S, abs=0.1)
    assert seconds == pytest.approx(2, abs=0.1)


def test_sound_that_is_announced_needs_no_search(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", static(10, 48, 64), audio=tone(0.4, 440))
    assert sound_stream_options(path, 0) == {}
    options = sound_stream_options(late(tmp_path / "v.ts", "aac"), 0)
    assert float(Fraction(options["probesize"])) > 5e6
