"""Damage is counted once, however many passes meet it; what is whole counts as whole."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.media.damage import Damage
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.video import Video, visual_clips
from scsampler_cli.samplers.scoring import Samplers, load_audio, load_visual
from scsampler_cli.timeline import FrameTimeline
from tests.synthetic import pan, texture, tone, write_video

STRICT = ReadSettings(strict=True)
CPU, FP32 = torch.device("cpu"), torch.float32


class Grey:
    """A classifier that looks at everything."""

    name, labels = "grey", ("bright", "dark")
    spec = InputSpec(frames=8, stride=1, resize=16, crop=(16, 16))
    weights = WeightsInfo("none", None)

    def classify(self, clips: np.ndarray) -> np.ndarray:
        bright = clips.mean(axis=(1, 2, 3, 4)) / 255
        return np.stack([bright, 1 - bright], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def samplers() -> Samplers:
    return Samplers(load_visual("demo", CPU, FP32), load_audio("demo", CPU, FP32))


def classify(
    path: Path, samplers: Samplers, strategy: str = "dense", reading: ReadSettings | None = None
) -> dict:
    selection = SelectionSettings(strategy=strategy)
    return stages.classify(
        path,
        samplers,
        Grey(),
        features=FeatureSettings(),
        selection=selection,
        reading=reading or ReadSettings(),
    ).record()


def spoiled(path: Path, packets: set[int], kind: str = "video") -> Path:
    """Packets overwritten with zeros where they lie in the file; 16 bytes at their beginning stay
    out of it."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as box:
        stream = box.streams.get({kind: 0})[0]
        places = [(packet.pos, packet.size) for packet in box.demux(stream) if packet.size]
    for number in packets:
        pos, size = places[number]
        data[pos : pos + size] = bytes(size)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("packets", [{35, 40, 50}, {3, 20, 40}, {0, 1, 63}], ids=str)
def test_each_damaged_packet_counts_once_over_all_passes(
    tmp_path: Path, samplers: Samplers, packets: set[int]
) -> None:
    """Scoring and classifying meet the same three packets, and so does indexing when they are among
    the first 32."""
    path = write_video(
        tmp_path / "v.mp4",
        (texture(64, 64, i) for i in range(64)),
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    spoiled(path, packets)
    record = classify(path, samplers)
    assert (record["decode_errors"], record["frames_missing"]) == (3, 3)
    keys = list(record)
    assert keys[keys.index("video") :][:3] == ["video", "decode_errors", "frames_missing"]
    assert any("3 packets could not be decoded" in note for note in record["notes"])
    assert any("neighbouring frames are used" in n for n in record["notes"]) == (min(packets) > 32)


def test_damaged_sound_is_counted_too(tmp_path: Path, samplers: Samplers) -> None:
    path = write_video(tmp_path / "v.mp4", pan(64, 1, 0, 64, 64), audio=tone(2.56, 440))
    whole = classify(path, samplers, "av-union-list")
    assert (whole["decode_errors"], whole["frames_missing"]) == (0, 0)
    spoiled(path, {5, 6}, "audio")
    record = classify(path, samplers, "av-union-list")
    assert (record["decode_errors"], record["frames_missing"]) == (2, 0)
    assert any("2 packets of sound could not be decoded" in note for note in record["notes"])


def test_a_packet_that_only_one_pass_meets_is_counted(tmp_path: Path) -> None:
    """The frames behind the last whole clip are read by nobody but the index."""
    path = write_video(
        tmp_path / "v.mp4",
        (texture(64, 64, i) for i in range(20)),
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    spoiled(path, {18})
    video = Video(path, 16)
    list(visual_clips(video, FeatureSettings()))
    assert (video.decode_errors, video.frames_missing) == (1, 1)


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        ("mp4", "libx264", {"movflags": "faststart"}),
        ("avi", "mpeg4", {}),
        ("mp4", "libx265", {"movflags": "faststart"}),
    ],
)
def test_frames_that_a_cut_off_file_lacks_are_counted(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str], samplers: Samplers
) -> None:
    encoder = {"x265-params": "log-level=none:keyint=10"} if codec == "libx265" else {"g": "10"}
    path = write_video(
        tmp_path / f"v.{suffix}",
        pan(100, 1, 0, 64, 64),
        codec=codec,
        options=encoder,
        container_options=options,
    )
    assert classify(path, samplers, "visual", STRICT)["frames_missing"] == 0
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 5])
    video = Video(path)
    list(visual_clips(video, FeatureSettings()))
    assert video.frames_missing >= 100 - len(video.index.timeline) > 20
    with pytest.raises(VideoError, match=r"could not be decoded, \d+ frames are missing") as caught:
        classify(path, samplers, "visual", STRICT)
    assert "strict" in (caught.value.hint or "")


def test_where_reading_stops_is_counted(tmp_path: Path, samplers: Samplers) -> None:
    """Matroska says nothing of frames; that it ends in the middle of something is an error of
    reading."""
    path = write_video(
        tmp_path / "v.mkv", pan(100, 1, 0, 64, 64), options={"g": "10"}, audio=tone(4, 440)
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 5])
    record = classify(path, samplers)
    assert record["decode_errors"] + record["frames_missing"] >= 1 or any(
        "cut off" in n for n in record["notes"]
    )


def test_strict_is_content_with_what_is_whole(tmp_path: Path, samplers: Samplers) -> None:
    path = write_video(
        tmp_path / "v.mkv", pan(40, 1, 0, 64, 64), options={"bf": "2"}, audio=tone(1.6, 440)
    )
    record = classify(path, samplers, "av-union-list", STRICT)
    assert (record["decode_errors"], record["frames_missing"]) == (0, 0)


def test_strict_leaves_no_feature_file_and_a_feature_file_knows_the_damage(
    tmp_path: Path, samplers: Samplers
) -> None:
    path = write_video(
        tmp_path / "v.avi",
        (texture(64, 64, i) for i in range(64)),
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    spoiled(path, {3, 20})
    out = tmp_path / "v.scf"
    with pytest.raises(VideoError, match="2 packets could not be decoded, 2 frames are missing"):
        stages.extract(path, out, FeatureSettings(), clip_frames=16, frame_stride=1, reading=STRICT)
    assert not out.exists()
    extracted = stages.extract(
        path, out, FeatureSettings(), clip_frames=16, frame_stride=1
    ).record()
    assert (extracted["decode_errors"], extracted["frames_missing"]) == (2, 2)
    visual = Samplers(samplers.visual, None)
    scored = stages.score(
        out,
        visual,
        FeatureSettings(),
        clip_frames=16,
        frame_stride=1,
        selection=SelectionSettings(strategy="visual"),
    ).record()
    assert (scored["decode_errors"], scored["frames_missing"]) == (2, 2)
    with pytest.raises(VideoError, match="2 packets"):
        stages.score(
            out,
            visual,
            FeatureSettings(),
            clip_frames=16,
            frame_stride=1,
            selection=SelectionSettings(strategy="visual"),
            reading=STRICT,
        )


def test_one_missing_frame_is_told_in_the_singular(tmp_path: Path, samplers: Samplers) -> None:
    path = write_video(
        tmp_path / "v.mp4",
        (texture(64, 64, i) for i in range(16)),
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    with pytest.raises(VideoError, match=r"1 packet could not be decoded, 1 frame is missing$"):
        classify(spoiled(path, {3}), samplers, reading=STRICT)


def test_a_million_refusals_alternate_with_frames(tmp_path: Path) -> None:
    """Many, not in a row: every other packet is damaged."""
    path = write_video(
        tmp_path / "v.mp4",
        (texture(16, 16, i) for i in range(400)),
        codec="mjpeg",
        pix_fmt="yuvj420p",
    )
    spoiled(path, set(range(1, 400, 2)))
    video = Video(path)
    list(visual_clips(video, FeatureSettings()))
    assert (video.decode_errors, video.frames_missing) == (200, 200)
    assert all(len(note) < 300 for note in video.notes)


def packet(pts: int | None, dts: int | None = None) -> av.Packet:
    made = av.Packet(b"x")
    made.pts, made.dts = pts, pts if dts is None else dts
    return made


def damage(frames: int = 10) -> Damage:
    found = Damage()
    found.set_timeline(FrameTimeline(np.arange(frames, dtype=np.int64), frames, Fraction(1)), False)
    return found


def test_a_frame_that_comes_in_another_pass_is_not_missing() -> None:
    found = damage()
    found.refuse_picture(packet(3), "x")
    assert (found.decode_errors, found.frames_missing) == (1, 1)
    found.mark_decoded(3)
    assert (found.decode_errors, found.frames_missing) == (1, 0)


def test_a_frame_that_is_missing_for_several_reasons_counts_once() -> None:
    found = damage()
    for position in (0, 1, 2, 4):
        found.mark_decoded(position)
    found.refuse_picture(packet(3), "x")
    found.refuse_picture(packet(3), "x")
    found.decoded_up_to = 5
    found.substituted = {3}
    assert (found.decode_errors, found.frames_missing) == (1, 1)


def test_packets_that_belong_to_no_frame_count_up_to_the_packets_that_are_too_many() -> None:
    found = damage()
    found.refuse_picture(packet(100), "x")
    found.refuse_picture(packet(None, 5), "x")
    assert found.frames_missing == 0
    found.surplus = 1
    assert found.frames_missing == 1
    found.surplus = 7
    assert found.frames_missing == 2
