"""Sound of any layout, rate and place on the clock becomes mono 16 kHz blocks."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.errors import InputError, VideoError
from scsampler_cli.media.audio import RATE_HZ, AudioBlock, AudioReport, read_audio
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.damage import Damage
from tests.synthetic import static, tone, write_video


def listen(path: Path, report: AudioReport, damage: Damage | None = None) -> list[AudioBlock]:
    info = probe_audio(path).info
    assert info is not None
    return list(read_audio(path, info, report, damage=damage or Damage()))


def heard(path: Path) -> tuple[int, np.ndarray, list]:
    report, damage = AudioReport(), Damage()
    blocks = listen(path, report, damage)
    assert report.notes() == list(damage.notes()) == []
    assert all(a.start + len(a.samples) <= b.start for a, b in itertools.pairwise(blocks))
    return blocks[0].start, np.concatenate([block.samples for block in blocks]), blocks


@pytest.mark.parametrize(
    ("codec", "suffix", "rate", "layout"),
    [
        ("aac", "mp4", 22050, "mono"),
        ("aac", "mp4", 48000, "stereo"),
        ("aac", "mkv", 48000, "5.1"),
        ("libopus", "webm", 48000, "stereo"),
        ("mp2", "mpg", 44100, "stereo"),
    ],
)
def test_a_tone_keeps_its_pitch_place_and_level(
    tmp_path: Path, codec: str, suffix: str, rate: int, layout: str
) -> None:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    sound = np.repeat(tone(2, 1000, rate)[None], channels, axis=0)
    video = {"mpg": "mpeg2video", "webm": "libvpx-vp9"}.get(suffix, "libx264")
    options = {"deadline": "realtime", "cpu-used": "8"} if suffix == "webm" else {}
    path = write_video(
        tmp_path / f"v.{suffix}",
        static(50, 64, 64),
        codec=video,
        options=options,
        audio=sound,
        rate_hz=rate,
        audio_codec=codec,
        layout=layout,
    )
    info, why_not, notes = probe_audio(path)
    assert info is not None
    assert why_not is None
    assert notes == ()
    assert (info.rate_hz, info.channels) == (rate, channels)
    _, samples, _ = heard(path)
    assert len(samples) == pytest.approx(2 * RATE_HZ, rel=0.06)
    middle = samples[RATE_HZ // 2 : 3 * RATE_HZ // 2]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert spectrum.argmax() * RATE_HZ / len(middle) == pytest.approx(1000, abs=3)
    assert 0.15 < np.abs(middle).max() <= 1


def write_track(path: Path, blocks: list[tuple[int, np.ndarray]], rate: int = 16000) -> Path:
    """PCM in Matroska with time stamps of our own, in milliseconds."""
    with av.open(str(path), "w") as box:
        track = box.add_stream("pcm_s16le", rate=rate, layout="mono")
        for at_ms, samples in blocks:
            block = av.AudioFrame.from_ndarray(
                (samples * 32767).astype(np.int16)[None], "s16", "mono"
            )
            block.sample_rate, block.pts, block.time_base = (
                rate,
                at_ms * rate // 1000,
                Fraction(1, rate),
            )
            box.mux(track.encode(block))
        box.mux(track.encode(None))
    return path


def test_a_late_track_and_a_gap_stay_where_they_are(tmp_path: Path) -> None:
    second = tone(1, 300, 16000)
    path = write_track(tmp_path / "a.mkv", [(2000, second), (5000, second)])
    _, _, blocks = heard(path)
    covered = np.zeros(7 * RATE_HZ, bool)
    for block in blocks:
        covered[block.start : block.start + len(block.samples)] = True
    edges = np.flatnonzero(np.diff(covered.astype(int))) + 1
    assert np.abs(edges - np.array([2, 3, 5, 6]) * RATE_HZ).max() <= RATE_HZ // 100


def test_jitter_of_the_stamps_is_closed(tmp_path: Path) -> None:
    piece = tone(0.1, 300, 16000)
    path = write_track(tmp_path / "a.mkv", [(i * 100 + (i % 2) * 7, piece) for i in range(10)])
    _, samples, blocks = heard(path)
    assert len(samples) == pytest.approx(RATE_HZ, abs=200)
    assert blocks[-1].start + len(blocks[-1].samples) == blocks[0].start + len(samples)


def test_no_track_is_none(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", static(10, 64, 64))
    assert probe_audio(path) == (None, "no sound", ())


def test_what_is_not_media_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("hello")
    with pytest.raises(VideoError, match="Invalid data"):
        probe_audio(tmp_path / "x.mp4")
    with pytest.raises(InputError, match="No such file"):
        probe_audio(tmp_path / "missing.mp4")


def test_a_track_that_cannot_be_decoded_is_not_called_silence(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.avi",
        static(10, 64, 64),
        codec="mpeg4",
        audio=tone(0.4, 300),
        audio_codec="mp2",
    )
    data = path.read_bytes()
    at = data.index(b"strf", data.index(b"auds")) + 8  # WAVEFORMATEX begins with the format tag
    path.write_bytes(data[:at] + b"\x34\x12" + data[at + 2 :])
    assert probe_audio(path) == (None, "its sound cannot be decoded", ())


def test_damage_is_counted_and_the_rest_is_heard(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.ts", static(100, 64, 64), audio=tone(4, 500), audio_codec="mp2"
    )
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 3, len(data) // 2, 7):
        data[at] ^= 0xFF
    path.write_bytes(data)
    report = AudioReport()
    total = sum(len(block.samples) for block in listen(path, report))
    assert total > RATE_HZ


def test_a_clock_that_starts_anew_goes_on_and_it_is_said(tmp_path: Path) -> None:
    part = write_video(
        tmp_path / "part.ts",
        static(60, 64, 64),
        codec="mpeg2video",
        audio=tone(2.4, 500),
        audio_codec="mp2",
    )
    once = heard(part)
    (tmp_path / "joined.ts").write_bytes(part.read_bytes() * 2)
    report = AudioReport()
    blocks = listen(tmp_path / "joined.ts", report)
    assert blocks[0].start == once[0]
    assert sum(len(block.samples) for block in blocks) == pytest.approx(2 * len(once[1]), rel=0.05)
    assert (report.misplaced, report.restarts) == (
        1,
        1,
    )  # the first frame back there might have been a stray
    assert len(report.notes()) == 2
