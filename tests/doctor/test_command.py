"""`scsampler doctor` as a process, on whole installations and on almost empty ones."""

import json
from pathlib import Path

import pytest

from tests.doctor.breaking import UNDEFINED, installation, package, run, without

LEAST = (
    "typer",
    "rich",
    "shellingham",
    "markdown_it",
    "mdurl",
    "pygments",
    "pydantic",
    "annotated",
    "typing",
)


@pytest.mark.slow
def test_where_only_parts_are_broken_videos_can_be_tagged(tmp_path: Path) -> None:
    broken = package(tmp_path / "broken", "torchaudio", f"raise OSError('{UNDEFINED}')")
    keep = without("matplotlib", "transformers", "ray", "onnx", "onnxruntime")
    paths = [str(broken), *installation(tmp_path / "site", keep)]
    result = run(paths, tmp_path, "doctor", "--format", "json")
    assert result.stderr == ""
    record = json.loads(result.stdout)
    found = {check["name"]: check for check in record["checks"]}
    assert result.returncode == 0, [check for check in found.values() if check["status"] == "error"]
    assert (record["schema"], record["works"]) == ("scsampler.doctor/1", True)
    parts = {"motion vectors", "sound", "devices", "tagging", "bundled weights", "ffmpeg program"}
    assert {
        "Python",
        "torch",
        "memory",
        "open files",
        "cache folder",
        "public weights",
    } | parts <= set(found)
    for check in found.values():
        assert (check["mend"] is None) == (check["status"] == "ok"), check
    assert {found[name]["status"] for name in ("matplotlib", "torchaudio", "sound")} == {"warning"}
    assert UNDEFINED in found["torchaudio"]["found"]
    assert found["sound"]["mend"] == found["torchaudio"]["mend"]
    assert found["tagging"]["status"] == found["motion vectors"]["status"] == "ok"
    assert "pip install" in found["matplotlib"]["mend"]
    assert not {"transformers", "ray", "onnx", "onnxruntime"} & set(found), (
        "extras that are not installed"
    )


def test_with_next_to_nothing_installed_every_line_is_there(tmp_path: Path) -> None:
    paths = installation(tmp_path / "site", lambda name: name.startswith(LEAST))
    result = run(paths, tmp_path, "doctor")
    assert result.returncode == 1, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    status = {
        line[9:24].strip(): line[:7].strip() for line in lines[:-1] if not line.startswith(" ")
    }
    assert {name for name in status if status[name] == "ERROR"} == {
        *("numpy", "torch", "av", "safetensors"),
        *("devices", "motion vectors", "tagging"),
    }
    assert {"typer", "rich", "bundled weights", "memory"} <= {
        name for name in status if status[name] == "ok"
    }
    fixes = [line for line in lines if line.strip().startswith("fix: ")]
    assert any(line.endswith("pip install torch") for line in fixes)
    assert lines[-1].startswith("Tagging videos does not work. 7 errors above.")


def test_without_typer_the_doctor_runs_and_other_commands_say_why_not(tmp_path: Path) -> None:
    paths = installation(tmp_path / "site", lambda name: name.startswith("rich"))
    result = run(paths, tmp_path, "doctor", "--format", "json")
    assert result.returncode == 1
    (typer,) = (check for check in json.loads(result.stdout)["checks"] if check["name"] == "typer")
    assert (typer["status"], typer["mend"].endswith("pip install typer")) == ("error", True)
    result = run(paths, tmp_path, "classify", "--demo")
    assert (result.returncode, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error == "error: scsampler cannot start: ModuleNotFoundError: No module named 'typer'"
    assert hint.startswith("hint: ")
    assert hint.endswith("pip install typer")
