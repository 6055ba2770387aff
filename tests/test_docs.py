"""The README keeps up with the program."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from scsampler_cli import __version__
from scsampler_cli.cli.app import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
FIRST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/scsampler classify --demo --k 10"
)
TEST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/python -m pytest"
)


def test_the_commands() -> None:
    working = {"classify", "score", "extract", "merge", "train", "bench"}
    assert set(COMMANDS) == working | {"classifiers", "weights", "cache", "doctor"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"scsampler {name}" in README
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option" and "--help" not in parameter.opts:
            assert any(
                re.search(rf"`[^`]*{re.escape(option)}\b", README) for option in parameter.opts
            ), parameter.opts
            assert parameter.help, parameter.opts


def test_options_in_the_readme_exist() -> None:
    known = {
        o
        for command in COMMANDS.values()
        for p in command.params
        for o in (*p.opts, *p.secondary_opts)
    }
    known |= {"--version", "--help", "--install-completion", "--show-completion"}
    assert set(re.findall(r"`(--[a-z-]+)", README)) <= known


def commands_shown() -> list[list[str]]:
    """The words of every `scsampler COMMAND` in the README's shell blocks."""
    found: list[list[str]] = []
    for block in re.findall(r"```sh\n(.*?)```", README, re.S):
        for line in re.sub(r"\$\(\([^)]*\)\)|\$\w+", "1", block.replace("\\\n", " ")).splitlines():
            words = shlex.shlex(line, posix=True, punctuation_chars="|;&<>")
            words.whitespace_split = True
            called: list[str] | None = None
            for word in words:
                if set(word) <= set("|;&<>"):
                    called = None
                elif called is not None:
                    called.append(word)
                elif word.endswith(("scsampler", "scsampler_cli")):
                    found.append(called := [])
    return [words for words in found if words and not words[0].startswith("-")]


def understood(words: list[str]) -> None:
    """Raise where a command has no such option."""
    command = COMMANDS[words[0]]
    command.make_parser(type(command).context_class(command, info_name=words[0])).parse_args(
        list(words[1:])
    )


@pytest.mark.parametrize("words", commands_shown(), ids=" ".join)
def test_every_command_in_the_readme_is_understood(words: list[str]) -> None:
    understood(words)


def test_the_readme_shows_commands_of_all_kinds() -> None:
    shown = commands_shown()
    assert len(shown) > 40
    assert {words[0] for words in shown} >= {
        "classify",
        "extract",
        "merge",
        "train",
        "bench",
        "classifiers",
    }
    with pytest.raises(typer.TyperException, match="--nonsense"):
        understood(["classify", "v.mp4", "--nonsense"])


def test_every_strategy_and_module_of_the_map_exists() -> None:
    from scsampler_cli.config import STRATEGIES

    assert all(f"`{strategy}`" in README for strategy in STRATEGIES)
    paper_map = README.split("## Paper map")[1].split("Where the paper")[0]
    modules = set(
        re.findall(
            r"`([a-z_]+(?:\.[a-z_]+)?)`",
            "\n".join(
                line.split("|")[3] for line in paper_map.splitlines() if line.count("|") == 4
            ),
        )
    )
    for module in modules:
        path = ROOT / "scsampler_cli" / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or path.is_dir(), module


def test_the_template_in_the_readme_is_the_one_that_is_printed() -> None:
    from scsampler_cli.classifiers.model_spec import template

    assert f"```toml\n{template({})}\n```" in README


def test_ci_runs_the_readmes_two_commands_as_they_stand() -> None:
    assert README.count(TEST_COMMAND) == 1
    script = (ROOT / ".ci" / "run").read_text()
    finds = script[script.index("readme_command() {") :].split("\n")[0]
    commands = subprocess.run(
        ["bash", "-c", f"{finds}; readme_command 1; readme_command 2"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert commands == [FIRST_COMMAND, TEST_COMMAND]
    assert "command=$(readme_command 1)" in script
    assert "command=$(readme_command 2)" in script


def test_the_changelog_and_the_version_are_there() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def test_what_ships_is_described_and_small() -> None:
    card = (ROOT / "weights" / "README.md").read_text()
    files = sorted((ROOT / "weights").glob("*.safetensors"))
    assert files
    for path in files:
        assert f"`{path.name}`" in card
    assert sum(path.stat().st_size for path in files) < 100e6


def test_pyproject_ships_the_weights() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {
        "weights": "scsampler_cli/weights"
    }


def test_completion_is_offered() -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    result = subprocess.run(
        [sys.executable, "-c", "from scsampler_cli.__main__ import main; main()", "--show-completion", "bash"],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert "complete" in result.stdout + result.stderr
