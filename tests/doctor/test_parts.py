"""Checks of readers, devices, weights and the program ffmpeg, working and broken."""

import shutil
from pathlib import Path

import pytest

from scsampler_cli.doctor import machine, parts, weight_files
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check
from scsampler_cli.doctor.child import Answer, Children
from scsampler_cli.model_zoo.bundled_weights import bundled_dir
from tests.doctor.breaking import package

FINE = Check("x", OK, "works")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of links to the bundled weights and the list of their digests."""
    copy = tmp_path / "weights"
    copy.mkdir()
    for path in bundled_dir().iterdir():
        (copy / path.name).symlink_to(path)
    return copy


@pytest.fixture
def bundled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(weight_files, "bundled_dir", lambda: folder)
    monkeypatch.setattr(weight_files, "bundled_file", lambda stem: folder / f"{stem}.safetensors")
    return folder


def test_motion_vectors_are_read_here() -> None:
    check = parts.vectors(Children(120).ask("vectors"))
    assert (check.status, check.facts["codec"]) == (OK, "h264")
    assert check.facts["fastest_px"] > 10


def test_sound_is_read_here() -> None:
    check = parts.sound(Children(120).ask("sound"), FINE)
    assert (check.status, check.facts["shape"]) == (OK, [40, 200])


def test_sound_that_cannot_be_read_is_repaired_as_torchaudio_is() -> None:
    broken = Check("torchaudio", WARNING, "does not work", fix="pip install torchaudio==2.11.0")
    check = parts.sound(Answer(problem="OSError: undefined symbol"), broken)
    assert (check.status, check.fix) == (WARNING, broken.fix)


def test_a_reader_whose_package_is_broken_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(
        package(tmp_path, "av", "raise ImportError('libavcodec.so.62: cannot open')")
    )
    check = parts.vectors(Children(60).ask("vectors"))
    assert (check.status, "libavcodec.so.62" in check.found) == (ERROR, True)
    assert check.fix


def test_devices_are_those_that_torch_has() -> None:
    import torch

    check = parts.devices(Children(120).ask("devices"))
    assert check.status != ERROR
    assert (check.facts["auto"] == "cpu") == (not torch.cuda.is_available())
    assert len(check.facts["gpus"]) == torch.cuda.device_count()
    assert f"auto chooses {check.facts['auto']}" in check.found


FACTS = {
    "threads": 2,
    "bf16": True,
    "gpus": [],
    "mps": False,
    "auto": "cpu",
    "precision": "bfloat16",
}


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"cuda_build": None, "cuda": False, "why_not": None}, OK, "torch is built for CPUs"),
        (
            {"cuda_build": "13.0", "cuda": False, "why_not": None, "mps": True},
            OK,
            "MPS is available, but not used",
        ),
        (
            {
                "cuda_build": "13.0",
                "cuda": True,
                "gpus": [{"name": "H", "gb": 80, "problem": "no kernel image"}],
            },
            ERROR,
            "no kernel image",
        ),
        (
            {
                "cuda_build": "13.0",
                "cuda": True,
                "gpus": [{"name": "H", "gb": 80, "problem": None}],
            },
            OK,
            "H (80 GB)",
        ),
    ],
)
def test_devices_are_described(more: dict[str, object], status: str, words: str) -> None:
    check = parts.devices(Answer(facts={**FACTS, **more}))
    assert words in check.found
    if not Path("/proc/driver/nvidia").exists():
        assert check.status == status


def test_a_cuda_build_without_a_driver_is_described() -> None:
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("there is a driver")
    facts = {**FACTS, "cuda_build": "13.0", "cuda": False, "why_not": None}
    check = parts.devices(Answer(facts=facts))
    assert "torch is built for CUDA 13.0, but no NVIDIA driver is installed" in check.found


def old_ffmpeg(folder: Path) -> Path:
    """A program called ffmpeg whose help lacks what newer ones have."""
    path = folder / "bin" / "ffmpeg"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho 'ffmpeg version 4.3.6 Copyright (c) 2000'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def only_old_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = old_ffmpeg(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.syspath_prepend(package(tmp_path / "broken", "imageio_ffmpeg", "raise ImportError"))
    return program


def test_an_old_ffmpeg_is_a_warning_that_names_it_and_a_newer_one(only_old_ffmpeg: Path) -> None:
    check = parts.ffmpeg_program(Children(60).ask("ffmpeg-program"), FINE)
    assert check.status == WARNING
    assert str(only_old_ffmpeg) in check.found
    assert "older than" in check.found
    assert "install" in (check.fix or "")


def test_an_old_ffmpeg_is_passed_over_for_a_packaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("imageio_ffmpeg")
    program = old_ffmpeg(tmp_path)
    monkeypatch.setenv("PATH", str(program.parent))
    check = parts.ffmpeg_program(Children(60).ask("ffmpeg-program"), FINE)
    assert (check.status, f"{program} cannot be used" in check.found) == (OK, True)


def test_an_ffmpeg_that_hangs_is_a_warning(only_old_ffmpeg: Path) -> None:
    only_old_ffmpeg.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    check = parts.ffmpeg_program(Children(3).ask("ffmpeg-program"), FINE)
    assert (check.status, "gives no answer within 3 s" in check.found) == (WARNING, True)


def test_no_ffmpeg_is_a_warning(only_old_ffmpeg: Path) -> None:
    only_old_ffmpeg.unlink()
    check = parts.ffmpeg_program(Children(60).ask("ffmpeg-program"), FINE)
    assert check.status == WARNING
    assert "apt install ffmpeg" in (check.fix or "")


def test_the_bundled_weights_are_those_of_their_list() -> None:
    check = weight_files.bundled()
    assert check.status == OK, check.found
    assert set(check.facts["files"]) == {path.name for path in bundled_dir().glob("*.safetensors")}


@pytest.mark.parametrize(
    ("stem", "status"),
    [
        ("actions6_rgb", ERROR),
        # the network of the default sampler and classifier
        ("imagenet_lite0", ERROR),
        ("actions6_rgbr", WARNING),
        ("demo_mel", WARNING),
    ],
)
def test_a_missing_and_a_changed_weight_file_are_named(
    bundled: Path, stem: str, status: str
) -> None:
    path = bundled / f"{stem}.safetensors"
    path.unlink()
    check = weight_files.bundled()
    assert (check.status, f"{path.name} (missing)" in check.found) == (status, True)
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    check = weight_files.bundled()
    assert (check.status, f"{path.name} (not the released file)" in check.found) == (status, True)
    assert check.fix


def test_no_weights_at_all_is_an_error(bundled: Path) -> None:
    shutil.rmtree(bundled)
    check = weight_files.bundled()
    assert (check.status, str(bundled) in check.found) == (ERROR, True)


def test_weights_without_a_list_cannot_be_compared(bundled: Path) -> None:
    (bundled / weight_files.SUMS).unlink()
    assert weight_files.bundled().status == WARNING


def test_a_damaged_public_weight_file_is_found_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    cached = tmp_path / "torch" / "hub" / "checkpoints" / "mc3_18-a90a0ba3.pth"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"half of it")
    check = parts.public_weights(Children(120).ask("public-weights"))
    assert (check.status, check.fix) == (WARNING, f"rm -- {cached}")


def test_cached_public_weights_are_named_with_their_size() -> None:
    files = {"mc3_18": {"path": "/hub/mc3.pth", "bytes": 46_700_000, "whole": True}}
    check = parts.public_weights(Answer(facts={"folder": "/hub", "files": files}))
    assert (check.status, check.found) == (OK, "cached in /hub: mc3_18 (46.7 MB)")


def test_a_folder_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    check = machine.cache(tmp_path / "a" / "b")
    assert (check.status, check.facts["exists"]) in ((OK, False), (WARNING, False))
    assert not (tmp_path / "a").exists()


def test_the_size_of_a_folder_leaves_out_what_links_lead_to(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "large").write_bytes(b"x" * 1000)
    near = tmp_path / "near"
    near.mkdir()
    (near / "own").write_bytes(b"x" * 10)
    (near / "link").symlink_to(tmp_path / "far")
    assert machine.size(near) == 10


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (Path("/proc/none/here"), "cannot be written"),
        (Path("/dev/null/here"), "cannot be written"),
        (None, "no home folder"),
    ],
)
def test_a_cache_that_cannot_be_written_is_a_warning(path: Path | None, words: str) -> None:
    check = machine.cache(path)
    assert (check.status, words in check.found) == (WARNING, True)
    assert "XDG_CACHE_HOME" in (check.fix or "")


def test_few_open_files_are_a_warning_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    try:
        check = machine.open_files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (check.status, (check.fix or "").startswith("ulimit -n ")) == (WARNING, True)
