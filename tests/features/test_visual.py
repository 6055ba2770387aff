"""The compressed reader against synthetic video with a known answer, codec by codec."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.config import FeatureSettings
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.features.visual import read_visual
from scsampler_cli.media.coded import ReadReport
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.timeline import ClipGrid
from tests.synthetic import pan, static, texture, tiles, write_video

ALL = FeatureSettings(inputs=("if", "md", "rgbr"), p_frames=0, short_side=0)
QUIET = {"x265-params": "log-level=none"}

NATIVE = [
    ("libx264", {"bf": "0"}, "mp4"),
    ("libx264", {"bf": "1"}, "mp4"),
    ("libx264", {"bf": "3"}, "mp4"),
    ("libx264", {}, "mkv"),
    ("mpeg4", {}, "mp4"),
    ("mpeg4", {"bf": "2"}, "avi"),
    ("mpeg2video", {}, "mpg"),
    ("mpeg2video", {"bf": "2"}, "ts"),
]
REENCODED = [
    ("libx265", QUIET, "mp4"),
    ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "b": "2M"}, "webm"),
    ("libsvtav1", {"preset": "12"}, "mp4"),
    ("mjpeg", {}, "avi"),
    ("libx264", {"g": "1"}, "mp4"),
]


def read(
    path: Path, settings: FeatureSettings = ALL, frames: int = 16
) -> tuple[list[ClipVisual], StreamIndex, ReadReport]:
    index, report = scan(path), ReadReport()
    grid = ClipGrid(index.timeline, frames)
    return (
        list(
            read_visual(path, index, grid, clips=range(len(grid)), settings=settings, report=report)
        ),
        index,
        report,
    )


def encode(
    tmp_path: Path, frames, codec: str, options: dict[str, str], suffix: str, **more
) -> Path:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    return write_video(
        tmp_path / f"video.{suffix}", frames, codec=codec, options=options, pix_fmt=pix_fmt, **more
    )


def motion(clips: list[ClipVisual]) -> np.ndarray:
    return np.concatenate([clip.motion for clip in clips]).astype(float)


@pytest.mark.parametrize(("codec", "options", "suffix"), NATIVE)
def test_a_pan_is_read_back_from_codecs_with_vectors(
    tmp_path: Path, codec: str, options: dict, suffix: str
) -> None:
    clips, index, report = read(encode(tmp_path, pan(48, 3, -2), codec, options, suffix))
    assert index.info.has_vectors
    assert motion(clips).shape[1:] == (12, 16, 2)
    per_frame = np.abs(np.median(motion(clips), axis=(1, 2)) - [3, -2]).max(axis=1)
    assert (
        np.mean(per_frame <= 0.25) >= 0.9
    )  # an encoder that is short of bits misses a frame now and then
    assert report.notes() == []


@pytest.mark.parametrize(("codec", "options", "suffix"), REENCODED)
def test_a_pan_is_read_back_by_reencoding_where_there_are_none(
    tmp_path: Path, codec: str, options: dict, suffix: str
) -> None:
    clips, index, _ = read(encode(tmp_path, pan(48, 3, -2), codec, options, suffix))
    assert not index.info.has_vectors
    assert len(motion(clips)) >= 40
    per_frame = np.abs(np.median(motion(clips), axis=(1, 2)) - [3, -2]).max(axis=1)
    assert np.mean(per_frame <= 0.5) >= 0.9


@pytest.mark.parametrize(
    ("height", "width", "cells"),
    [(480, 640, (16, 22)), (720, 1280, (16, 29)), (1088, 1440, (17, 23))],
)
def test_a_large_picture_is_reencoded_small_and_its_motion_is_still_in_its_own_pixels(
    tmp_path: Path, height: int, width: int, cells: tuple[int, int]
) -> None:
    clips, _, _ = read(encode(tmp_path, pan(20, 3, -2, height, width), "mjpeg", {"q": "2"}, "avi"))
    assert clips[0].motion.shape[1:3] == cells
    assert (clips[0].height, clips[0].width) == (height, width)
    per_frame = np.abs(np.median(motion(clips), axis=(1, 2)) - [3, -2]).max(axis=1)
    assert np.mean(per_frame <= 0.5) >= 0.9


@pytest.mark.parametrize("preset", ["medium", "slower", "veryslow"])
def test_blocks_predicted_from_far_back_are_read_back_too(tmp_path: Path, preset: str) -> None:
    """Slow presets keep 8 and 16 references, and hard edges make x264 use them."""
    path = encode(
        tmp_path, pan(48, 3, -2, 160, 192, look=tiles), "libx264", {"preset": preset}, "mp4"
    )
    clips, index, _ = read(path)
    assert index.info.references >= 4
    inner = motion(clips)[:, 1:-1, 1:-1]
    assert np.abs(np.median(inner, axis=(1, 2)) - [3, -2]).max() <= 0.25
    assert np.mean(np.abs(inner - [3, -2]).max(axis=-1) <= 0.25) >= 0.9


@pytest.mark.parametrize(
    ("codec", "options", "suffix"),
    [("mpeg2video", {}, "mkv"), ("mpeg1video", {}, "mpg"), ("mpeg4", {"bf": "2"}, "mkv")],
)
def test_a_last_frame_without_vectors_is_left_out_not_read_as_still(
    tmp_path: Path, codec: str, options: dict, suffix: str
) -> None:
    """FFmpeg exports none for the frame that these decoders hold back to the end."""
    clips, _, _ = read(encode(tmp_path, pan(16, 3, -2), codec, options, suffix))
    assert len(motion(clips)) >= 3
    assert np.abs(np.median(motion(clips), axis=(1, 2)) - [3, -2]).max() <= 0.25


def test_a_mirrored_picture_is_read_mirrored(tmp_path: Path) -> None:
    """A front camera's display matrix: left and right change places."""
    path = encode(tmp_path, pan(32, 3, -2, 128, 256), "libx264", {}, "mp4", rotation=180)
    plain = read(path)[0]
    half_turn = (-(1 << 16)).to_bytes(4, "big", signed=True)
    data = path.read_bytes()
    at = (
        data.index(b"tkhd") + 4 + 40
    )  # version and flags, times, id, layer: then the matrix, nine numbers of 4 bytes
    assert data[at : at + 4] == data[at + 16 : at + 20] == half_turn
    path.write_bytes(
        data[: at + 16] + (1 << 16).to_bytes(4, "big") + data[at + 20 :]
    )  # y is no longer turned
    clips, index, _ = read(path)
    assert index.info.orientation.mirrored
    assert np.array_equal(clips[0].iframes, plain[0].iframes[:, ::-1])
    assert np.abs(np.median(motion(clips), axis=(0, 1, 2)) - [-3, -2]).max() <= 0.25


@pytest.mark.parametrize(
    ("codec", "limit"), [("mpeg4", 0.6), ("libx264", 0.85), ("mpeg2video", 0.6), ("libx265", 0.6)]
)
@pytest.mark.parametrize("short_side", [0, 128])
def test_residuals_are_smaller_than_frame_differences(
    tmp_path: Path, codec: str, limit: float, short_side: int
) -> None:
    path = encode(tmp_path, pan(32, 3, -2), codec, QUIET if codec == "libx265" else {}, "mp4")
    clips, _, _ = read(path, FeatureSettings(inputs=("rgbr",), p_frames=0, short_side=short_side))
    left = np.concatenate([clip.residual for clip in clips]).astype(int)
    first, second = (np.asarray(f, dtype=int) for f in pan(2, 3, -2))
    difference = np.abs(
        second - first
    ).mean()  # a lower bound at 128 px, where the same pan is half as many pixels
    assert np.abs(left).mean() <= limit * difference


@pytest.mark.parametrize("codec", ["mpeg4", "libx264", "libvpx-vp9"])
def test_a_static_scene_has_neither_motion_nor_residual(tmp_path: Path, codec: str) -> None:
    suffix = "webm" if codec == "libvpx-vp9" else "mp4"
    clips, _, _ = read(encode(tmp_path, static(32), codec, {"b": "2M"}, suffix))
    assert np.abs(motion(clips)).mean() < 0.05
    assert np.abs(np.concatenate([clip.residual for clip in clips]).astype(int)).mean() < 1.5


def test_iframes_are_what_a_plain_decode_shows(tmp_path: Path) -> None:
    path = encode(tmp_path, pan(32, 1, 0), "mpeg4", {"g": "16"}, "mp4")
    clips, _, _ = read(path)
    with av.open(str(path)) as box:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in box.decode(video=0)]
    assert [len(clip.iframes) for clip in clips] == [1, 1]
    for clip, at in zip(clips, (0, 16), strict=True):
        assert np.abs(clip.iframes[0] - frames[at]).mean() < 1


def test_at_most_the_asked_number_of_p_frames_one_in_each_part(tmp_path: Path) -> None:
    path = encode(tmp_path, pan(64, 1, 0), "mpeg4", {"g": "300"}, "mp4")
    clips, _, _ = read(path, FeatureSettings(inputs=("md", "rgbr"), p_frames=4, short_side=64))
    assert (
        [len(clip.motion) for clip in clips]
        == [len(clip.residual) for clip in clips]
        == [4, 4, 4, 4]
    )
    assert clips[0].residual.shape[1:] == (64, 85, 3)
    assert len(clips[0].iframes) == 0


def test_inputs_that_were_not_asked_for_are_empty(tmp_path: Path) -> None:
    path = encode(tmp_path, pan(16, 1, 0), "mpeg4", {}, "mp4")
    (clip,), _, _ = read(path, FeatureSettings(inputs=("md",), p_frames=0, short_side=0))
    assert len(clip.motion) > 10
    assert len(clip.residual) == len(clip.iframes) == 0


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    path = encode(tmp_path, pan(48, 3, -2), "libx264", {}, "mp4")
    first, second = read(path)[0], read(path)[0]
    for a, b in zip(first, second, strict=True):
        assert a.motion.tobytes() == b.motion.tobytes()
        assert a.residual.tobytes() == b.residual.tobytes()


@pytest.mark.parametrize(("rotation", "expected"), [(90, (-2, -3)), (180, (-3, 2)), (-90, (2, 3))])
def test_rotation_metadata_turns_pictures_and_vectors(
    tmp_path: Path, rotation: int, expected: tuple[int, int]
) -> None:
    """A pan of (+3, -2) in a picture that a player turns counter-clockwise by `rotation`
    degrees."""
    path = encode(tmp_path, pan(32, 3, -2, 128, 256), "libx264", {}, "mp4", rotation=rotation)
    clips, index, _ = read(path)
    tall = rotation != 180
    assert index.info.size == ((256, 128) if tall else (128, 256))
    assert clips[0].residual.shape[1:3] == index.info.size
    assert clips[0].motion.shape[1:3] == ((16, 8) if tall else (8, 16))
    assert np.abs(np.median(motion(clips), axis=(0, 1, 2)) - expected).max() <= 0.25


def test_wide_pixels_widen_the_picture_and_its_horizontal_motion(tmp_path: Path) -> None:
    path = encode(
        tmp_path, pan(32, 3, -2, 128, 128), "libx264", {}, "mp4", pixel_aspect=Fraction(2)
    )
    clips, index, _ = read(path)
    assert index.info.size == (128, 256)
    assert clips[0].residual.shape[1:3] == (128, 256)
    assert np.abs(np.median(motion(clips), axis=(0, 1, 2)) - [6, -2]).max() <= 0.25


@pytest.mark.parametrize(("height", "width"), [(98, 130), (34, 66), (16, 16)])
def test_odd_sizes_make_whole_grids(tmp_path: Path, height: int, width: int) -> None:
    clips, _, _ = read(encode(tmp_path, pan(20, 1, 1, height, width), "libx264", {}, "mp4"))
    assert clips[0].motion.shape[1:3] == (-(-height // 16), -(-width // 16))
    assert clips[0].residual.shape[1:3] == (height, width)


@pytest.mark.parametrize("frames", [1, 2, 15, 16, 17, 33])
def test_every_length_gives_every_clip(tmp_path: Path, frames: int) -> None:
    clips, index, _ = read(encode(tmp_path, pan(frames, 1, 0, 64, 64), "libx264", {}, "mp4"))
    assert len(index.timeline) == frames
    assert [clip.clip for clip in clips] == list(range(max(1, frames // 16)))


def test_a_hole_in_the_file_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    path = encode(
        tmp_path, (texture(96, 128, i // 4) for i in range(96)), "mpeg4", {"g": "12"}, "avi"
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 3000] = bytes(3000)
    path.write_bytes(data)
    clips, index, _ = read(path)
    assert len(clips) == len(index.timeline) // 16
    assert sum(len(clip.motion) for clip in clips) > 40


@pytest.mark.parametrize(
    ("codec", "options", "suffix"),
    [
        ("libx264", {"g": "40", "bf": "3"}, "mp4"),
        ("mpeg4", {"g": "12"}, "avi"),
        ("libx265", QUIET, "mp4"),
    ],
)
def test_some_clips_are_read_by_decoding_their_gops_alone(
    tmp_path: Path, codec: str, options: dict, suffix: str
) -> None:
    path = encode(
        tmp_path, pan(240, 3, -2), codec, {**options, "g": options.get("g", "40")}, suffix
    )
    every, index, whole = read(path)
    report, grid, wanted = ReadReport(), ClipGrid(index.timeline, 16), [1, 12, 13]
    some = list(read_visual(path, index, grid, clips=wanted, settings=ALL, report=report))
    assert [clip.clip for clip in some] == wanted
    assert report.frames <= whole.frames / 2
    assert index.damage.frames_missing == 0
    if index.info.has_vectors:
        for clip in some:
            assert np.array_equal(clip.motion, every[clip.clip].motion)
            assert np.array_equal(clip.residual, every[clip.clip].residual)
    else:
        assert np.abs(np.median(motion(some), axis=(0, 1, 2)) - [3, -2]).max() <= 0.25


def test_a_single_pass_reads_all_clips_of_many_short_gops(tmp_path: Path) -> None:
    path = encode(tmp_path, pan(96, 3, -2), "libx264", {"g": "16", "bf": "0"}, "mp4")
    _, _, report = read(path)
    assert (
        report.frames == 96
    )  # no frame twice: GOPs that begin where clips do are no reason to seek


@pytest.mark.parametrize(("codec", "options"), [("libx264", {"g": "20"}), ("mpeg4", {"bf": "2"})])
def test_positions_are_those_of_the_i_frames_and_p_frames(
    tmp_path: Path, codec: str, options: dict[str, str]
) -> None:
    path = encode(tmp_path, pan(48, 2, 0, 64, 96), codec, options, "mp4")
    with av.open(str(path)) as box:
        kinds = [frame.pict_type for frame in box.decode(video=0)]
    clips, _, _ = read(path)
    # AVPictureType of FFmpeg
    for kind, positions, pictures in (
        (1, [clip.iframe_positions for clip in clips], [clip.iframes for clip in clips]),
        (2, [clip.p_frame_positions for clip in clips], [clip.motion for clip in clips]),
    ):
        expected = [at for at, found in enumerate(kinds) if found == kind]
        assert np.concatenate(positions).tolist() == expected
        assert [len(part) for part in positions] == [len(part) for part in pictures]
