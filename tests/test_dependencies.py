"""Packages that do not load: fakes that come first on the import path of a real process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scsampler_cli import dependencies
from scsampler_cli.dependencies import describe, import_failure, installed, repair_command, required
from scsampler_cli.errors import DependencyError
from tests.synthetic import static, tone, write_video

UNDEFINED_SYMBOL = "libtorchaudio.so: undefined symbol: _ZN3c106detail"
BROKEN = f"raise OSError({UNDEFINED_SYMBOL!r})\n"
DEMO = ["--classifier", "demo", "--device", "cpu"]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    return write_video(folder / "loud.mp4", static(60, 64, 64), audio=tone(2.4, 300))


def run_without(
    tmp_path: Path, packages: dict[str, str], *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run scsampler where importing each of `packages` executes its text."""
    for name, text in packages.items():
        (tmp_path / "broken" / name).mkdir(parents=True)
        (tmp_path / "broken" / name / "__init__.py").write_text(text)
    path = os.pathsep.join(
        [str(tmp_path / "broken"), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    return subprocess.run(
        [sys.executable, "-m", "scsampler_cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path},
    )


def check_dependency_error(result: subprocess.CompletedProcess[str], package: str) -> None:
    assert result.returncode == 1, result.stderr
    *_, error, hint = result.stderr.strip().splitlines()
    assert error.startswith("error: ")
    assert f"{package} {installed(package)} does not load" in error
    assert UNDEFINED_SYMBOL in error
    # the versions are right, so that --upgrade would leave the broken package as it is
    assert f"-m pip install --force-reinstall {required('torch')}".replace("'", "") in hint.replace(
        "'", ""
    )
    assert "unexpected" not in result.stderr
    assert "Traceback" not in result.stderr


def test_without_torchaudio_and_torchvision_a_video_is_tagged_by_its_picture(
    tmp_path: Path, video: Path
) -> None:
    broken = {"torchaudio": BROKEN, "torchvision": BROKEN}
    result = run_without(tmp_path, broken, "classify", video, *DEMO, "--k", "2", "--format", "json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    (note,) = [note for note in record["notes"] if "without sound" in note]
    assert UNDEFINED_SYMBOL in note
    assert "pip install --force-reinstall" in note
    assert "mel" not in {sampler["input"] for sampler in record["samplers"]}
    assert note in result.stderr


def test_a_python_caller_finds_the_note_in_the_result(tmp_path: Path, video: Path) -> None:
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text(BROKEN)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from scsampler_cli import Tagger\n"
        f"print(*Tagger('demo', k=2, device='cpu').tag({str(video)!r}).notes, sep='\\n')"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert UNDEFINED_SYMBOL in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["classify", *DEMO, "--audio-sampler", "demo"],
        ["score", "--audio-sampler", "demo", "--device", "cpu"],
        ["extract", "--what", "md,mel"],
    ],
)
def test_sound_that_is_asked_for_is_an_error_with_the_command_that_repairs_it(
    tmp_path: Path, video: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_without(tmp_path, {"torchaudio": BROKEN}, *arguments, video)
    check_dependency_error(result, "torchaudio")
    assert f"with torch {installed('torch')}" in result.stderr


def test_features_of_the_picture_need_no_torchaudio(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = {"torchaudio": BROKEN, "torchvision": BROKEN}
    result = run_without(
        tmp_path, broken, "extract", "--what", "if,md,rgbr", video, "--render", "0"
    )
    assert result.returncode == 0, result.stderr


def test_a_network_of_torchvision_is_an_error_with_the_command_that_repairs_it(
    tmp_path: Path, video: Path
) -> None:
    (tmp_path / "w.pth").write_bytes(b"")
    result = run_without(
        tmp_path,
        {"torchvision": BROKEN},
        "classify",
        video,
        "--classifier",
        "r3d_18",
        "--labels",
        "kinetics400",
    )
    check_dependency_error(result, "torchvision")


@pytest.mark.parametrize("package", ["torch", "av"])
def test_a_package_that_everything_needs(tmp_path: Path, video: Path, package: str) -> None:
    result = run_without(tmp_path, {package: BROKEN}, "classify", video, *DEMO)
    assert result.returncode == 1
    *_, error, hint = result.stderr.strip().splitlines()
    assert f"{package} {installed(package)} does not load" in error
    assert "pip install --force-reinstall" in hint
    assert "Traceback" not in result.stderr


def test_an_exception_that_is_no_import_stays_what_it_is() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Path("/nowhere").read_bytes()
    assert import_failure(caught.value) is None
    assert import_failure(ModuleNotFoundError("no module named x", name="x")) is None
    found = import_failure(ModuleNotFoundError("no module named PIL", name="PIL"))
    assert isinstance(found, DependencyError)


def test_the_loaders_own_words_are_quoted_not_those_around_them() -> None:
    inner = OSError(UNDEFINED_SYMBOL)
    outer = RuntimeError("Could not load this library")
    outer.__cause__ = inner
    assert UNDEFINED_SYMBOL in describe("torchaudio", outer)
    assert describe("no-such-package", inner) == "no-such-package is not installed"


def test_a_pair_that_is_not_allowed_is_upgraded_and_not_loaded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions = {"torch": "2.11.0", "torchvision": "0.26.0", "torchaudio": "2.11.1"}
    monkeypatch.setattr(dependencies, "installed", versions.get)
    assert "install --upgrade " in repair_command("torchaudio")
    assert "install --upgrade " in repair_command("av"), "what is missing is installed"
    versions |= {"torch": "2.14.1", "torchvision": "0.29.1"}
    assert "install --force-reinstall " in repair_command("torchaudio")


def test_the_repair_command_names_the_versions_that_the_package_allows() -> None:
    assert required("torch").startswith("torch")
    assert required("torch") != "torch"
    assert required("no-such-package") == "no-such-package"
    for package in ("torch", "torchvision", "torchaudio"):
        assert required(package) in repair_command("torchaudio")
        assert required(package) not in repair_command("av")
