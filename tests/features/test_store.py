"""The feature file: what goes in comes out; what is not whole is refused."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scsampler_cli.errors import FeatureFileError, OutputError
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.store import FeatureWriter, read_header, read_sound, read_visual, sniff

HEADER = {"settings": {"p_frames": 4}, "clips": [[0, 0, 16, "0", "16/25"]]}


def visual(clip: int, frames: int = 2) -> ClipVisual:
    rng = np.random.default_rng(clip)
    return ClipVisual(
        clip,
        240,
        320,
        iframes=rng.integers(0, 256, (1, 6, 8, 3), np.uint8),
        motion=rng.normal(size=(frames, 3, 4, 2)).astype(np.float16),
        residual=rng.integers(-128, 128, (frames, 6, 8, 3)).astype(np.int8),
    )


def write(path: Path, clips: int = 2) -> Path:
    with FeatureWriter(path, HEADER) as writer:
        for i in range(clips):
            writer.visual(visual(i))
        writer.sound(ClipAudio(0, np.ones((40, 200), np.float32), 0.75))
        writer.sound(ClipAudio(1, None, 0.0))
        writer.notes, writer.decode_errors, writer.frames_missing = ["a note"], 3, 4
    return path


def same(a: ClipVisual, b: ClipVisual) -> bool:
    return (a.clip, a.height, a.width) == (b.clip, b.height, b.width) and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        and getattr(a, name).dtype == getattr(b, name).dtype
        for name in ("iframes", "motion", "residual")
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = write(tmp_path / "v.scf")
    assert sniff(path)
    assert read_header(path) == ({**HEADER, "decode_errors": 3, "frames_missing": 4}, ["a note"])
    assert all(same(a, visual(i)) for i, a in enumerate(read_visual(path)))
    heard, silent = read_sound(path)
    assert heard.mel is not None
    assert heard.mel.shape == (40, 200)
    assert heard.cover == 0.75
    assert silent.mel is None
    assert not list(tmp_path.glob("*.part"))


def test_pictures_are_read_back_and_shared_again(tmp_path: Path) -> None:
    path = tmp_path / "v.scf"
    red, blue = (np.full((1, 6, 8, 3), level, np.uint8) for level in (10, 200))
    sources = ["keyframe", "earlier keyframe", "decoded", "", "decoded"]
    pictures = [red, red, blue, red[:0], red.copy()]
    with FeatureWriter(path, HEADER) as writer:
        for i, (picture, source) in enumerate(zip(pictures, sources, strict=True)):
            frame = 16 * i if source else -1
            clip = replace(visual(i), pictures=picture, picture_frame=frame, picture_source=source)
            writer.visual(clip)
    stored = list(read_visual(path))
    assert [clip.picture_source for clip in stored] == sources
    assert [clip.picture_frame for clip in stored] == [0, 16, 32, -1, 64]
    for clip, picture in zip(stored, pictures, strict=True):
        assert np.array_equal(clip.pictures, picture)
    assert stored[0].pictures is stored[1].pictures
    assert stored[4].pictures is not stored[0].pictures


def test_a_file_of_the_version_before_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "v.scf")
    data = path.read_bytes()
    path.write_bytes(data[:8] + struct.pack("<H", 2) + data[10:])
    with pytest.raises(FeatureFileError, match="has version 2 of the feature format") as error:
        read_header(path)
    assert error.value.hint == "extract the features again"


@settings(max_examples=30, deadline=None)
@given(
    motion=arrays.arrays(
        np.float16, arrays.array_shapes(min_dims=4, max_dims=4, min_side=0, max_side=4)
    ),
    residual=arrays.arrays(
        np.int8, arrays.array_shapes(min_dims=4, max_dims=4, min_side=0, max_side=4)
    ),
    clip=st.integers(0, 2**31),
)
def test_any_arrays_survive(
    tmp_path_factory: pytest.TempPathFactory, motion, residual, clip: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "v.scf"
    original = ClipVisual(
        clip, 1, 1, iframes=np.zeros((0, 1, 1, 3), np.uint8), motion=motion, residual=residual
    )
    with FeatureWriter(path, {}) as writer:
        writer.visual(original)
    (found,) = read_visual(path)
    assert found.motion.tobytes() == motion.tobytes()
    assert found.residual.tobytes() == residual.tobytes()
    assert found.motion.shape == motion.shape


def test_the_same_features_give_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.scf").read_bytes() == write(tmp_path / "b.scf").read_bytes()


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "v.scf", 1).read_bytes()
    cut = tmp_path / "cut.scf"
    for length in range(0, len(data), 7):
        cut.write_bytes(data[:length])
        with pytest.raises(FeatureFileError) as caught:
            read_header(cut)
        assert caught.value.hint
    cut.write_bytes(data + b"x")
    with pytest.raises(FeatureFileError, match="its end"):
        read_header(cut)


def test_a_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "v.scf", 1).read_bytes()
    bad = tmp_path / "bad.scf"
    for at in range(8, len(data), 11):
        bad.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(FeatureFileError):
            read_header(bad)


def test_another_version_is_refused_by_number(tmp_path: Path) -> None:
    data = bytearray(write(tmp_path / "v.scf").read_bytes())
    data[8:10] = struct.pack("<H", 99)
    (tmp_path / "v.scf").write_bytes(data)
    with pytest.raises(FeatureFileError, match="version 99"):
        read_header(tmp_path / "v.scf")


def test_huge_lengths_are_not_believed(tmp_path: Path) -> None:
    data = bytearray(write(tmp_path / "v.scf").read_bytes())
    data[10:14] = struct.pack("<I", 2**31)
    (tmp_path / "v.scf").write_bytes(data)
    with pytest.raises(FeatureFileError, match="damaged"):
        read_header(tmp_path / "v.scf")


def test_other_files_are_not_feature_files(tmp_path: Path) -> None:
    (tmp_path / "v.scf").write_bytes(b"RIFF....AVI LIST")
    assert not sniff(tmp_path / "v.scf")
    assert not sniff(tmp_path / "missing.scf")
    with pytest.raises(FeatureFileError, match="not a feature file"):
        read_header(tmp_path / "v.scf")
    with pytest.raises(FeatureFileError, match=r"missing\.scf"):
        read_header(tmp_path / "missing.scf")


def test_an_exception_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), FeatureWriter(tmp_path / "v.scf", {}):
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        FeatureWriter(tmp_path / "file" / "v.scf", {})
