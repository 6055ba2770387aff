"""A package that crashes, hangs or is missing is one line, and a command that repairs it."""

import shlex
import sys
import time
from pathlib import Path

import pytest

from scsampler_cli import dependencies
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check, lines
from scsampler_cli.doctor.child import Answer, Children
from scsampler_cli.doctor.packages import PACKAGES, Package, examine
from tests.doctor.breaking import SITE, UNDEFINED, installation, package, without

BY_NAME = {package.name: package for package in PACKAGES}


def tried(name: str, limit_s: float = 60) -> Check:
    answer = Children(limit_s).ask("package", BY_NAME[name].module)
    return examine(BY_NAME[name], answer, torch_works=True)


@pytest.mark.parametrize("name", ["numpy", "av", "safetensors", "pillow", "rich", "ffmpeg-python"])
def test_a_package_that_works_is_shown_with_its_version(name: str) -> None:
    check = tried(name)
    assert check.facts["installed"] == dependencies.installed(name)
    assert str(dependencies.installed(name)) in check.found
    assert check.status == OK
    assert check.fix is None


def test_ffmpegs_libraries_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    check = tried("av")
    assert set(check.facts["libraries"]) >= {"libavcodec", "libavformat", "libswscale", "libavutil"}
    assert "libavcodec" in check.found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"raise OSError('{UNDEFINED}')", f"OSError: {UNDEFINED}"),
        ("import os; os._exit(3)", "ends the process with exit code 3"),
        ("import sys; sys.exit(4)", "SystemExit: 4"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashes with signal 11"),
        (
            "print('noise'); import os; os.write(1, b'{}'); raise ImportError('no')",
            "ImportError: no",
        ),
        ("", "ModuleNotFoundError: No module named 'torchaudio.transforms'"),
    ],
)
def test_a_package_that_fails_is_one_line_and_has_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, "torchaudio", code))
    check = tried("torchaudio")
    assert check.status == WARNING
    assert words in check.found
    assert check.fix is not None
    assert " -m pip install " in check.fix
    assert lines(check).count("\n") == 2


@pytest.mark.parametrize("leaves", ["", "import subprocess; subprocess.Popen(['sleep', '61']);"])
def test_a_package_that_hangs_costs_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    monkeypatch.syspath_prepend(
        package(tmp_path, "matplotlib", f"{leaves}import time; time.sleep(60)")
    )
    begun = time.monotonic()
    check = tried("matplotlib", 1)
    assert time.monotonic() - begun < 20
    assert (check.status, "gives no answer within 1 s" in check.found) == (WARNING, True)


def test_without_a_place_for_temporary_files_every_package_has_a_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/no/such/folder")
    check = tried("numpy")
    assert (check.status, "cannot be tried: " in check.found) == (ERROR, True)


def test_a_needed_package_that_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, "safetensors", "raise ImportError('bad')"))
    assert tried("safetensors").status == ERROR


def test_another_package_of_the_same_name_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(
        package(tmp_path, "ffmpeg", "class FFmpeg: pass")
    )  # as python-ffmpeg has it
    check = tried("ffmpeg-python")
    assert (check.status, "AttributeError" in check.found) == (WARNING, True)
    assert "ffmpeg-python" in (check.fix or "")


def test_a_second_copy_of_another_version_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, "rich", "__version__ = '1.2.3'"))
    check = tried("rich")
    assert check.status == WARNING
    assert all(
        word in check.found
        for word in ("1.2.3", str(tmp_path), str(dependencies.installed("rich")))
    )


def test_a_package_that_is_not_there_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = [folder for folder in sys.path if Path(folder) != SITE]
    monkeypatch.setattr(sys, "path", [*rest, *installation(tmp_path / "site", without("rich"))])
    answer = Children(60).ask("package", "rich")
    assert answer.missing == "rich"
    check = examine(Package("no-such-package", "rich", "help"), answer, torch_works=True)
    assert "is not installed" in check.found
    assert (check.fix or "").endswith("no-such-package")


def test_a_missing_part_of_a_package_is_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, "matplotlib", "import kiwi_solver_x"))
    assert (tried("matplotlib").fix or "").endswith("install kiwi_solver_x")


@pytest.mark.parametrize(
    ("torch", "noted"),
    [
        ("2.13.0", False),
        ("2.13.0+cpu", True),
        ("2.13.0+cu128", True),
        ("2.1+x; rm", False),
        (None, False),
    ],
)
def test_a_build_from_an_index_of_its_own_is_noted(
    monkeypatch: pytest.MonkeyPatch, torch: str | None, noted: bool
) -> None:
    monkeypatch.setattr(dependencies, "installed", lambda name: torch)
    assert (
        dependencies.repair_command("torchaudio").endswith(
            f"  # with the --index-url that torch {torch} came from"
        )
        == noted
    )
    assert "--index-url" not in dependencies.repair_command("numpy")


def test_a_broken_torchaudio_is_repaired_together_with_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(package(tmp_path, "torchaudio", f"raise OSError('{UNDEFINED}')"))
    words = shlex.split(tried("torchaudio").fix or "")
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert {dependencies.required(name) for name in dependencies.TORCH_FAMILY} <= set(words)


def test_what_is_built_for_torch_waits_for_torch() -> None:
    check = examine(
        BY_NAME["torchaudio"], Answer(problem="ImportError: no torch"), torch_works=False
    )
    assert "first repair torch" in (check.fix or "")


def test_a_version_out_of_range_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "requires", lambda name: ["numpy<100,>=99", "ray[data]>=2"])
    check = tried("numpy")
    assert check.status == WARNING
    assert "needs numpy<100,>=99" in check.found
    assert (check.fix or "").endswith(" 'numpy<100,>=99'")
    assert dependencies.in_range("ray")


def test_lines_cannot_steer_a_terminal() -> None:
    text = lines(Check("x", OK, "a\x1b[2Jb\nc", fix="d\re"))
    assert "\x1b" not in text
    assert "\r" not in text
    assert text.count("\n") == 2
