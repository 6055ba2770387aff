"""Records and messages of real failures: the code, and the options in the hint."""

import json
from pathlib import Path

import pytest

from scsampler_cli import cli
from tests.cli.running import DEMO, Run

TABLES = (Path(cli.__file__).parent / "TROUBLESHOOTING.md").read_text()


@pytest.fixture(scope="module")
def folder(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clip.mp4, text.mp4 and empty.mp4."""
    found = tmp_path_factory.mktemp("failures")
    (found / "text.mp4").write_text("this is text")
    (found / "empty.mp4").touch()
    (found / "clip.mp4").write_bytes((videos / "loud.mp4").read_bytes())
    return found


@pytest.mark.parametrize(
    ("command", "name", "options", "code"),
    [
        ("classify", "none.mp4", [], "file-missing"),
        ("classify", "text.mp4", [], "not-a-video"),
        ("classify", "empty.mp4", [], "empty-file"),
        ("classify", "clip.mp4", ["--max-pixels", "10"], "video-too-large"),
        ("classify", "clip.mp4", ["--max-frames", "2"], "video-too-long"),
        ("classify", "clip.mp4", ["--video-stream", "7"], "stream-missing"),
        ("score", "text.mp4", [], "not-a-video"),
    ],
)
def test_the_record_of_a_failure_has_a_code_that_is_explained(
    run: Run, folder: Path, command: str, name: str, options: list[str], code: str
) -> None:
    models = DEMO if command == "classify" else []
    result = run(command, folder / name, *models, *options, "--format", "jsonl")
    assert f'"code": "{code}"' in result.stdout, result.stderr
    assert f"| `{code}` |" in TABLES


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--max-pixels", "10"], "if the file is what it says it is (--max-pixels)"),
        (["--max-frames", "2"], "if the file is what it says it is (--max-frames)"),
        (["--weights", "none.pt"], "check the path"),
        (["--arch", "r3d_18"], "name the file as the classifier"),
    ],
)
def test_a_hint_of_the_command_line_names_the_option(
    run: Run, folder: Path, options: list[str], hint: str
) -> None:
    result = run("score" if "--max" in options[0] else "classify", folder / "clip.mp4", *options)
    assert hint in result.stderr


def test_a_hint_leaves_out_options_of_other_commands(run: Run, folder: Path) -> None:
    result = run("score", folder / "clip.mp4", "--visual-sampler", "no-such-set")
    assert "hint: " in result.stderr
    assert "--init" not in result.stderr


def test_the_hint_in_a_record_is_that_on_stderr(run: Run, folder: Path) -> None:
    result = run("score", folder / "clip.mp4", "--max-pixels", "10", "--format", "json")
    hint = json.loads(result.stdout)["error"]["hint"]
    assert hint.endswith("(--max-pixels)")
    assert result.stderr.splitlines().count(f"hint: {hint}") == 1
