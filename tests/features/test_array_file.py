"""Feature files of NumPy: the arrays are those of .scf, and numpy reads them without pickle."""

import io
import json
import os
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.errors import FeatureFileError, OutputError
from scsampler_cli.features.array_file import ArrayFileWriter
from scsampler_cli.features.array_source import is_array_file
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.read_features import (
    ClipFeatures,
    Features,
    is_feature_file,
    read_features,
)
from scsampler_cli.features.store import FeatureWriter

HEADER = {
    "settings": {"inputs": ["rgb", "if", "md", "rgbr", "mel"]},
    "clips": [[0, 0, 16, "0", "16/30"], [2, 32, 16, "16/15", "8/5"], [4, 64, 9, "32/15", "7/3"]],
    "video": {"codec": "h264"},
}
SHARED = np.full((1, 6, 8, 3), 7, np.uint8)


def visual(clip: int, p_frames: int, iframes: int) -> ClipVisual:
    rng = np.random.default_rng(clip)
    return ClipVisual(
        clip,
        96,
        128,
        iframes=rng.integers(0, 256, (iframes, 6, 8, 3), np.uint8),
        # the grid of a clip before the first P-frame is not known yet
        motion=rng.normal(size=(p_frames, 3, 4, 2)).astype(np.float16)
        if p_frames
        else np.zeros((0, 6, 8, 2), np.float16),
        residual=rng.integers(-128, 128, (p_frames, 6, 8, 3)).astype(np.int8),
        pictures=SHARED,
        picture_frame=3,
        picture_source="keyframe" if clip == 0 else "earlier keyframe",
        iframe_positions=16 * clip + np.arange(iframes, dtype=np.int64),
        p_frame_positions=16 * clip + 1 + np.arange(p_frames, dtype=np.int64),
    )


CLIPS = [visual(0, 0, 1), visual(2, 3, 0), visual(4, 2, 2)]
SOUNDS = [
    ClipAudio(0, None, 0.0),
    ClipAudio(2, np.full((40, 200), 0.5, np.float32), 1.0),
    ClipAudio(4, np.full((40, 200), -1.0, np.float32), 0.25),
]


def write(path: Path, clips: list[ClipVisual] = CLIPS) -> Path:
    writer = ArrayFileWriter if path.suffix == ".npz" else FeatureWriter
    with writer(path, HEADER) as file:
        for clip in clips:
            file.visual(clip)
        for sound in SOUNDS:
            file.sound(sound)
        file.notes, file.decode_errors, file.frames_missing = ["a note"], 3, 4
    return path


@pytest.fixture(params=[".npz", ".scf"])
def features(request: pytest.FixtureRequest, tmp_path: Path) -> Features:
    return read_features(str(write(tmp_path / f"v{request.param}")))


def test_both_formats_give_the_same_arrays(tmp_path: Path) -> None:
    arrays, stored = (read_features(write(tmp_path / name)) for name in ("v.npz", "v.scf"))
    assert list(arrays) == list(stored)
    assert arrays.shapes == stored.shapes
    for name in arrays:
        assert arrays[name].dtype == stored[name].dtype
        assert np.array_equal(arrays[name], stored[name]), name
        assert arrays[name].shape == arrays.shapes[name]


def test_an_array_has_the_rows_of_all_clips_and_offsets_say_whose_they_are(
    features: Features,
) -> None:
    assert features["if_offsets"].tolist() == [0, 1, 1, 3]
    assert features["md_offsets"].tolist() == features["rgbr_offsets"].tolist() == [0, 0, 3, 5]
    first, end = features["md_offsets"][1:3]
    assert np.array_equal(features["md"][first:end], CLIPS[1].motion)
    assert features["md"].shape == (5, 3, 4, 2)
    assert features["md_frame"].tolist() == [33, 34, 35, 65, 66]
    assert features["if_frame"].tolist() == [0, 64, 65]


def test_a_shared_picture_is_stored_once_and_a_clip_without_sound_has_no_row(
    features: Features,
) -> None:
    assert features["rgb"].shape == (1, 6, 8, 3)
    assert features["rgb_row"].tolist() == [0, 0, 0]
    assert features["rgb_frame"].tolist() == [3, 3, 3]
    assert features["rgb_source"].tolist() == ["keyframe", "earlier keyframe", "earlier keyframe"]
    assert features["mel"].shape == (2, 40, 200)
    assert features["mel_row"].tolist() == [-1, 0, 1]
    assert features["mel_cover"].tolist() == [0, 1, 0.25]


def test_times_are_floats_and_exact_ones_are_beside_them(features: Features) -> None:
    assert features["clip"].tolist() == [0, 2, 4]
    assert features["first_frame"].tolist() == [0, 32, 64]
    assert features["frame_count"].tolist() == [16, 16, 9]
    assert features["start_s"].dtype == np.float64
    assert features["end_s"].tolist() == [16 / 30, 8 / 5, 7 / 3]
    assert features["start_exact"].tolist() == ["0", "16/15", "32/15"]
    assert features.notes == ["a note"]
    assert (features.header["decode_errors"], features.header["frames_missing"]) == (3, 4)
    assert features.header["video"] == {"codec": "h264"}
    assert len(repr(features).splitlines()) == 1
    assert "md [5, 3, 4, 2]" in repr(features)


def test_clips_come_one_by_one_with_their_rows(features: Features) -> None:
    found = list(features.clips())
    assert [clip.clip for clip in found] == [0, 2, 4]
    assert found[1].end == 8 / 5
    for clip, known, sound in zip(found, CLIPS, SOUNDS, strict=True):
        assert np.array_equal(clip["if"], known.iframes)
        assert np.array_equal(clip["md"], known.motion) or not len(known.motion)
        assert np.array_equal(clip["rgbr"], known.residual)
        assert np.array_equal(clip["rgb"], SHARED)
        assert len(clip["mel"]) == (sound.mel is not None)
    assert np.array_equal(found[2]["mel"][0], np.full((40, 200), -1.0, np.float32))


def test_numpy_reads_the_file_without_pickle(tmp_path: Path) -> None:
    with np.load(write(tmp_path / "v.npz"), allow_pickle=False) as loaded:
        header = json.loads(str(loaded["header"]))
        assert header["format"] == "scsampler features"
        assert header["notes"] == ["a note"]
        assert {name: loaded[name].dtype.str for name in ("if", "md", "rgbr", "mel")} == {
            "if": "|u1",
            "md": "<f2",
            "rgbr": "|i1",
            "mel": "<f4",
        }


def test_the_same_features_give_the_same_bytes_and_leave_no_other_file(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.npz").read_bytes(), write(tmp_path / "b.npz").read_bytes()
    assert one == two
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_a_file_of_earlier_versions_has_no_positions_of_frames(tmp_path: Path) -> None:
    none = np.zeros(0, np.int64)
    clips = [replace(clip, iframe_positions=none, p_frame_positions=none) for clip in CLIPS]
    assert read_features(write(tmp_path / "v.scf", clips))["md_frame"].tolist() == [-1] * 5


def test_after_an_error_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ArrayFileWriter(tmp_path / "v.npz", HEADER):
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []
    other = replace(CLIPS[2], motion=np.zeros((2, 5, 5, 2), np.float16))
    with pytest.raises(OutputError, match="several sizes"):
        write(tmp_path / "v.npz", [CLIPS[1], other])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot write"):
        ArrayFileWriter(tmp_path / "file" / "v.npz", HEADER)


def changed(path: Path, **arrays: np.ndarray | None) -> Path:
    """The file with other arrays; None leaves one out."""
    with np.load(path) as loaded:
        kept = {name: loaded[name] for name in loaded if name not in arrays}
    np.savez(path, **kept, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize(
    "arrays",
    [
        {"md": None},
        {"clip": None},
        {"md_offsets": np.array([0, 0, 3, 6])},
        {"md_offsets": np.array([0, 4, 3, 5])},
        {"md_offsets": np.array([0, 5])},
        {"mel_row": np.array([-1, 1, 0])},
        {"mel_row": np.array([-1, 0, 7])},
        {"start_s": np.zeros(2)},
        {"header": np.array("{")},
        {"header": np.array("[]")},
        {"header": np.array(json.dumps({"format": "scsampler features", "version": 99}))},
        {"md": np.array([{}], object)},
    ],
    ids=str,
)
def test_arrays_that_contradict_each_other_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray | None]
) -> None:
    path = write(tmp_path / "v.npz")
    assert is_feature_file(path)
    changed(path, **arrays)
    if list(arrays) == ["md"] and arrays["md"] is None:
        # what is not there was not extracted
        assert "md" not in read_features(path)
        return
    with pytest.raises(FeatureFileError) as caught:
        list(read_features(path).clips())
    assert caught.value.code == "feature-file-damaged"


def test_a_file_that_is_cut_off_or_has_changed_bits_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "v.npz")
    data = path.read_bytes()
    refused = 0
    for at in range(0, len(data), 97):
        path.write_bytes(data[:at])
        with pytest.raises(FeatureFileError):
            read_features(path)
        path.write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
        try:
            {**read_features(path)}
        except FeatureFileError:
            refused += 1
    assert refused > len(data) // 97 // 2


def test_what_is_no_feature_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    (tmp_path / "text.npz").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "plain.npz", "w") as archive:
        archive.writestr("a.txt", "x")
    for name in ("other.npz", "text.npz", "plain.npz"):
        assert not is_array_file(tmp_path / name)
        with pytest.raises(FeatureFileError, match="not a feature file"):
            read_features(tmp_path / name)
    with pytest.raises(FeatureFileError) as caught:
        read_features(tmp_path / "missing.npz")
    assert caught.value.code == "file-missing"


def test_a_full_disk_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows wait in files beside the target; /dev/full takes none."""
    monkeypatch.setattr(
        "tempfile.TemporaryFile", lambda dir: io.FileIO(os.open("/dev/full", os.O_RDWR), "r+")
    )
    with pytest.raises(OutputError, match="No space left"):
        write(tmp_path / "v.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_clip_is_shown_in_one_line() -> None:
    arrays = {"md": np.zeros((2, 14, 14, 2), np.float32), "mel": np.zeros((1, 40, 200), np.float32)}
    times = {"exact_start": Fraction(3), "exact_end": Fraction(7, 2)}
    clip = ClipFeatures(3, 48, 16, arrays=arrays, **times)
    assert repr(clip) == "ClipFeatures(clip 3, 3.00-3.50 s, md, mel)"


@pytest.mark.parametrize("writer", [ArrayFileWriter, FeatureWriter])
def test_a_file_that_cannot_be_begun_leaves_nothing(
    tmp_path: Path, writer: type[ArrayFileWriter] | type[FeatureWriter]
) -> None:
    """The header has a value that is no JSON; the arrays lack the names of the inputs."""
    with pytest.raises((TypeError, KeyError)):
        writer(tmp_path / "v", {"settings": {}, "wrong": object()})
    assert list(tmp_path.iterdir()) == []
