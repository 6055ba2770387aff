"""Damage that FFmpeg tells of, although it decodes something all the same, is counted, once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.config import FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.packet_errors import packet_key
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.video import Video, audio_clips, visual_clips
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.timeline import FrameTimeline
from tests.synthetic import pan, texture, tone, write_video

STRICT = ReadSettings(strict=True)
TS_PACKET = 188


def read(path: Path) -> Video:
    """The video after a pass over its picture and one over its sound."""
    video = Video(path, 8)
    list(visual_clips(video, FeatureSettings()))
    list(audio_clips(video))
    return video


def counts(path: Path) -> tuple[int, int]:
    video = read(path)
    return video.decode_errors, video.frames_missing


def broadcast(
    path: Path, codec: str = "libx264", options: dict[str, str] | None = None, sound: bool = False
) -> Path:
    """100 frames in MPEG-TS that change so much that each takes several packets of it."""
    frames = (np.roll(texture(96, 128, i), i, axis=0) for i in range(100))
    audio = tone(4, 440) if sound else None
    return write_video(
        path, frames, codec=codec, options=options or {"g": "12"}, audio=audio, audio_codec="mp2"
    )


def lose(path: Path, kind: str, chosen: Callable[[list[bool]], list[int]]) -> Path:
    """Leave out packets of MPEG-TS.

    Args:
        path: the file, changed in place.
        kind: "video" or "audio".
        chosen: given for each packet of that stream whether a picture begins with it, which ones
            are lost.
    """
    with av.open(str(path)) as box:
        pid = box.streams.get({kind: 0})[0].id
    packets = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, TS_PACKET)
    mine = np.flatnonzero((packets[:, 1].astype(int) & 0x1F) << 8 | packets[:, 2] == pid)
    begins = (packets[mine, 1] & 0x40).astype(bool).tolist()
    path.write_bytes(np.delete(packets, mine[chosen(begins)], axis=0).tobytes())
    return path


def second_packet_of(*pictures: int) -> Callable[[list[bool]], list[int]]:
    return lambda begins: [int(np.flatnonzero(begins)[picture]) + 1 for picture in pictures]


def all_packets_of(picture: int) -> Callable[[list[bool]], list[int]]:
    def chosen(begins: list[bool]) -> list[int]:
        at = np.flatnonzero(begins)
        return list(range(at[picture], at[picture + 1]))

    return chosen


CODECS = {
    "libx264": {"g": "12", "bf": "2"},
    "mpeg2video": {"g": "12", "bf": "2"},
    "mpeg4": {"g": "12", "bf": "2"},
    "libx265": {"x265-params": "log-level=none:keyint=12:bframes=2:pools=1"},
}


@pytest.mark.parametrize("codec", CODECS)
def test_a_packet_lost_within_a_picture_is_counted(tmp_path: Path, codec: str) -> None:
    path = broadcast(tmp_path / "v.ts", codec, CODECS[codec])
    assert counts(path) == (0, 0)
    lose(path, "video", second_packet_of(40, 70))
    video = read(path)
    assert video.decode_errors >= 2
    assert any("damaged" in note or "could not be decoded" in note for note in video.notes)
    with pytest.raises(VideoError, match="came damaged or could not be decoded"):
        replaced(video).check_whole()


def replaced(video: Video) -> Video:
    """The same one, read with `strict`."""
    object.__setattr__(video.index, "reading", STRICT)
    return video


@pytest.mark.parametrize("codec", CODECS)
def test_a_picture_lost_as_a_whole_is_missing(tmp_path: Path, codec: str) -> None:
    path = lose(broadcast(tmp_path / "v.ts", codec, CODECS[codec]), "video", all_packets_of(50))
    video = read(path)
    assert video.decode_errors >= 1
    assert len(video.index.timeline) == 99
    # of HEVC the pictures that refer to it do not come either
    assert video.frames_missing >= 1 if codec == "libx265" else video.frames_missing == 1
    assert any("1 frame lost next to damaged packets" in note for note in video.notes)


def test_the_count_is_that_of_the_notes_whatever_is_asked(tmp_path: Path) -> None:
    path = lose(broadcast(tmp_path / "v.ts"), "video", second_packet_of(20, 45, 75))
    out = tmp_path / "v.scf"
    extracted = stages.extract(path, out, FeatureSettings(), clip_frames=8, frame_stride=1).record()
    scored = stages.score(
        path,
        Samplers(None, None),
        FeatureSettings(),
        clip_frames=8,
        frame_stride=1,
        selection=SelectionSettings(strategy="uniform"),
    ).record()
    for record in (extracted, scored):
        assert (record["decode_errors"], record["frames_missing"]) == (3, 0)
        assert "3 packets damaged or cut off" in record["notes"]
    with pytest.raises(VideoError, match="3 packets came damaged"):
        stages.extract(
            path,
            tmp_path / "w.scf",
            FeatureSettings(),
            clip_frames=8,
            frame_stride=1,
            reading=STRICT,
        )
    uniform = SelectionSettings(strategy="uniform")
    with pytest.raises(VideoError, match="3 packets came damaged"):
        stages.score(
            path,
            Samplers(None, None),
            FeatureSettings(),
            clip_frames=8,
            frame_stride=1,
            selection=uniform,
            reading=STRICT,
        )
    with pytest.raises(VideoError, match="3 packets"):
        stages.score(
            out,
            Samplers(None, None),
            FeatureSettings(),
            clip_frames=8,
            frame_stride=1,
            selection=uniform,
            reading=STRICT,
        )


def test_lost_packets_of_the_sound_are_counted(tmp_path: Path) -> None:
    path = broadcast(tmp_path / "v.ts", sound=True)
    assert counts(path) == (0, 0)
    lose(path, "audio", lambda begins: [len(begins) // 3, 2 * len(begins) // 3])
    video = read(path)
    assert video.decode_errors >= 2
    assert video.frames_missing == 0
    assert any("of sound" in note for note in video.notes), video.notes


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "flv"])
def test_what_the_decoder_fills_in_is_counted_where_no_container_tells_it(
    tmp_path: Path, suffix: str
) -> None:
    """The end of a picture is spoiled: the decoder makes up for it and refuses nothing."""
    path = write_video(
        tmp_path / f"v.{suffix}",
        (np.roll(texture(96, 128, i), i, axis=0) for i in range(60)),
        options={"g": "12", "bf": "0"},
    )
    assert counts(path) == (0, 0)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as box:
        packets = [(packet.pos, packet.size) for packet in box.demux(video=0) if packet.size]
    for number in (30, 41):
        pos, size = packets[number]
        data[pos + size // 2 : pos + size - 8] = bytes([0x55]) * (size - 8 - size // 2)
    path.write_bytes(data)
    video = read(path)
    assert video.decode_errors == 2
    assert any("2 packets" in note for note in video.notes)


def test_a_picture_that_is_cut_off_counts_once(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mp4",
        pan(50, 1, 0, 64, 64),
        codec="mpeg4",
        container_options={"movflags": "faststart"},
    )
    with av.open(str(path)) as box:
        packets = [(packet.pos, packet.size) for packet in box.demux(video=0) if packet.size]
    pos, size = packets[30]
    path.write_bytes(path.read_bytes()[: pos + size // 2])
    assert read(path).decode_errors == 1


def test_a_file_that_starts_between_two_keyframes_is_not_called_damaged_for_that(
    tmp_path: Path,
) -> None:
    """Its first frames are counted as missing, and no packet is."""
    path = broadcast(tmp_path / "v.ts", options={"g": "25", "bf": "0", "sc_threshold": "0"})
    packets = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, TS_PACKET)
    with av.open(str(path)) as box:
        at = [packet.pos for packet in box.demux(video=0) if packet.size][30]
    path.write_bytes(packets[:3].tobytes() + packets[at // TS_PACKET :].tobytes())
    video = read(path)
    assert not any("damaged" in note for note in video.notes)


@pytest.mark.parametrize("strategy", ["dense", "uniform"])
def test_what_lacks_its_references_behind_a_seek_is_no_damage(
    tmp_path: Path, strategy: str
) -> None:
    """Open groups of pictures: those shown before a keyframe refer to what a seek leaves out."""
    params = "open-gop=1:bframes=3:keyint=20:min-keyint=20:scenecut=0"
    path = write_video(tmp_path / "v.mp4", pan(120, 1, 1, 96, 128), options={"x264-params": params})
    video = Video(path, 8)
    clips = np.arange(0, len(video.grid), 1 if strategy == "dense" else 5)
    list(visual_clips(video, FeatureSettings(), clips))
    assert (video.decode_errors, video.frames_missing) == (0, 0)


def packet(number: int, corrupt: bool = False) -> av.Packet:
    made = av.Packet(b"x")
    made.pts = made.dts = number
    made.is_corrupt = corrupt
    return made


def found(frames: int, pts: list[int], marked: set[int]) -> Damage:
    damage = Damage()
    times = np.array(pts, np.int64)
    damage.set_timeline(FrameTimeline(times, int(times[-1]) + 1, Fraction(1, 25)), False)
    for number in range(frames):
        damage.picture.marked.add(packet(number, number in marked))
    return damage


def test_one_damage_that_is_told_in_several_ways_counts_once() -> None:
    damage = found(10, list(range(10)), {3, 6})
    assert damage.decode_errors == 2
    damage.refuse_picture(packet(3), "x")
    damage.refuse_picture(packet(7), "x")  # right behind a marked one: what was lost is lost of it
    damage.picture.add_concealed(packet_key(packet(4)))
    assert damage.decode_errors == 2
    damage.picture.add_concealed(packet_key(packet(9)))
    assert damage.decode_errors == 3
    found_again = [
        damage.picture.marked.add(packet(number, number in {3, 6})) for number in range(10)
    ]
    assert (len(found_again), damage.decode_errors) == (10, 3)


def test_frames_are_missed_in_gaps_beside_damage_alone() -> None:
    whole = list(range(100))
    gap = [*range(40), *range(43, 100)]
    assert found(97, gap, {39}).frames_missing == 3
    assert found(97, gap, set()).frames_missing == 0  # it may have been recorded so
    assert found(97, gap, {90}).frames_missing == 0
    assert found(100, whole, {39}).frames_missing == 0
    later = [*range(40), *range(4000, 4060)]
    assert found(100, later, {39}).frames_missing == 0  # a clock that was set anew
    unsteady = np.cumsum(np.tile([1, 2, 1, 4], 25)).tolist()
    assert found(100, unsteady, {50}).frames_missing == 0
