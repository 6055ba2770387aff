"""The documents keep up with the program, and with one another."""

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from scsampler_cli import __version__
from scsampler_cli.cli.app import app
from scsampler_cli.cli.docs import TOPICS
from scsampler_cli.config import STRATEGIES

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "scsampler_cli"
README = (ROOT / "README.md").read_text()
OPTIONS = (PACKAGE / "cli" / "README.md").read_text()
DOCUMENTS = {document.path: (ROOT / document.path).read_text() for document in TOPICS.values()}
"""Path from the root -> text of every document."""
ALL = "\n".join(DOCUMENTS.values())

MAX_README_LINES, MAX_README_BYTES = 250, 16_000
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
GLOBAL_OPTIONS = {"--version", "--help", "--help-all", "--install-completion", "--show-completion"}
FIRST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/scsampler classify --demo --k 10"
)
TEST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/python -m pytest"
)
PLACEHOLDER = re.compile(r"NAME|ARCH|TOPIC|COMMAND|\*|…|\.\.\.")
"""Parts of a path or command that stand for something else."""


def code_spans(text: str) -> list[str]:
    """Inline code of a document, each on one line."""
    without_blocks = re.sub(r"```.*?```", "", text, flags=re.S)
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", without_blocks)]


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


# Commands and options


def test_the_commands() -> None:
    working = {"classify", "find", "score", "extract", "merge", "train", "bench"}
    assert set(COMMANDS) == working | {"classifiers", "weights", "cache", "doctor", "docs"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_is_documented_and_has_help(name: str) -> None:
    assert f"scsampler {name}" in OPTIONS
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option" and "--help" not in parameter.opts:
            assert any(
                re.search(rf"`[^`]*{re.escape(option)}\b", OPTIONS) for option in parameter.opts
            ), parameter.opts
            assert parameter.help, parameter.opts


def commands_with(option: str) -> set[str]:
    return {name for name in COMMANDS if option in known_options({name})}


def test_the_tables_of_options_name_the_commands_that_have_them() -> None:
    rows = [line.strip("|").split("|") for line in OPTIONS.splitlines() if line.startswith("| `--")]
    checked = 0
    for cells in rows:
        if len(cells) == 3:  # option, meaning, commands
            named = set(re.findall(r"`([a-z]+)`", cells[2])) or set(COMMANDS)  # or "all"
            for option in re.findall(r"--[a-z-]+", cells[0]):
                assert commands_with(option) == named, option
                checked += 1
    assert checked > 50


def known_options(names: set[str]) -> set[str]:
    found = set(GLOBAL_OPTIONS)
    for name in names:
        for parameter in COMMANDS[name].params:
            found |= {*parameter.opts, *parameter.secondary_opts}
    return found


@pytest.mark.parametrize("path", DOCUMENTS)
def test_options_in_the_documents_exist(path: str) -> None:
    known = known_options(set(COMMANDS))
    assert set(re.findall(r"`(--[a-z-]+)", DOCUMENTS[path])) <= known
    spans = [span for span in code_spans(DOCUMENTS[path]) if span.startswith("--")]
    assert {word for span in spans for word in re.findall(r"(?<!\S)--[a-z-]+", span)} <= known


@pytest.mark.parametrize("path", DOCUMENTS)
def test_inline_commands_exist_with_their_options(path: str) -> None:
    for span in code_spans(DOCUMENTS[path]):
        match = re.match(r"scsampler ([a-z]+)\b", span)
        if match:
            options = set(re.findall(r"(?<!\S)--[a-z-]+", span))
            assert options <= known_options({match[1]}), span


def commands_shown(text: str) -> list[list[str]]:
    """The words of every `scsampler COMMAND` in the shell blocks of a document."""
    found: list[list[str]] = []
    for block in code_blocks(text, "sh"):
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


@pytest.mark.parametrize("words", commands_shown(ALL), ids=" ".join)
def test_every_command_in_the_documents_is_understood(words: list[str]) -> None:
    understood(words)


def test_the_documents_show_commands_of_all_kinds() -> None:
    shown = commands_shown(ALL)
    assert len(shown) > 40
    assert {words[0] for words in shown} >= {
        "classify",
        "extract",
        "find",
        "merge",
        "train",
        "bench",
        "classifiers",
    }
    with pytest.raises(typer.TyperException, match="--nonsense"):
        understood(["classify", "v.mp4", "--nonsense"])


# The README


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MAX_README_LINES
    assert len(README.encode()) <= MAX_README_BYTES


def test_recipes_of_the_readme_make_the_weight_files_that_they_use() -> None:
    recipes = README.split("## Six recipes")[1].split("\n## ")[0]
    assert re.findall(r"^\*\*(\d)\. ", recipes, re.M) == list("123456")
    made: set[str] = set()
    for words in commands_shown(recipes):
        target = words[words.index("-o") + 1] if "-o" in words else ""
        if words[0] == "train" and not target:
            # named after the folder
            target = f"{Path(words[1]).name}.safetensors"
        used = {word for word in words if word.endswith(".safetensors")} - {target}
        assert used <= made, words
        made.add(target)
    assert "mine.safetensors" in made


def test_the_readme_names_every_topic() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| \[[^]]+\]\(([^)]+)\)", README, re.M)
    others = {name: document.path for name, document in TOPICS.items() if name != "readme"}
    assert dict(rows) == others


def test_ci_runs_the_readmes_two_commands_as_they_stand() -> None:
    assert README.count(TEST_COMMAND) == 1
    script = (ROOT / ".ci" / "run").read_text()
    finds = script[script.index("readme_command() {") :].split("\n")[0]
    commands = subprocess.run(
        ["bash", "-c", f"{finds}; readme_command 1; readme_command 2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert commands == [FIRST_COMMAND, TEST_COMMAND]
    assert "command=$(readme_command 1)" in script
    assert "command=$(readme_command 2)" in script


# Links, paths and names


def test_every_readme_has_a_topic() -> None:
    places = [ROOT, *PACKAGE.rglob("."), ROOT / "weights", ROOT / "tests"]
    found = {path for place in places for path in place.glob("*.md")}
    assert {str(path.relative_to(ROOT)) for path in found} - {"CHANGELOG.md"} == set(DOCUMENTS)


def anchors(text: str) -> set[str]:
    """The anchors that a code host gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_somewhere(path: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[path]):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        to = (ROOT / path).parent / name if name else ROOT / path
        assert to.is_file(), target
        assert not anchor or anchor in anchors(to.read_text()), target


@pytest.mark.parametrize("path", DOCUMENTS)
def test_paths_in_the_documents_exist(path: str) -> None:
    for span in code_spans(DOCUMENTS[path]):
        for word in re.findall(r"(?<!\S)(?:scsampler_cli|tests|weights)/[\w./-]*", span):
            if not PLACEHOLDER.search(word):
                assert (ROOT / word).exists(), span


def importable(name: str) -> bool:
    """Whether a dotted name is a module, or something in a module."""
    module, _, attribute = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return bool(module) and hasattr(importlib.import_module(module), attribute)
    return True


def test_modules_in_the_documents_exist() -> None:
    names = set(re.findall(r"\bscsampler_cli(?:\.[A-Za-z_]\w*)+", ALL))
    assert len(names) > 3
    assert [name for name in sorted(names) if not importable(name)] == []


def test_every_strategy_and_name_of_the_paper_map_exists() -> None:
    assert all(f"`{strategy}`" in OPTIONS for strategy in STRATEGIES)
    table = (PACKAGE / "README.md").read_text().split("## The paper in the code")[1]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.count("|") == 4]
    checked = 0
    for _, names, modules in rows[2:]:
        paths = [PACKAGE / name.replace(".", "/") for name in re.findall(r"`([\w.]+)`", modules)]
        sources = [
            path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in paths
        ]
        text = "\n".join(source.read_text() for source in sources)
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"\b{name}\b", text), (name, modules)
            checked += 1
    assert checked > 25


def names_in_files(text: str) -> Iterator[tuple[str, str]]:
    """(name, path) of names with their file, as in "`A` and `B` in `x.py`" or "`x.py` (`A`)"."""
    # a name and its file may be on two lines
    joined = " ".join(text.split())
    names, path = r"((?:`\w+`(?:, | and )?)+)", r"`((?:scsampler_cli|tests)/[\w/]+\.py)`"
    found = re.findall(rf"{names} (?:of|in) {path}", joined)
    found += [(after, file) for file, after in re.findall(rf"{path}(?: \(|: ){names}", joined)]
    for listed, file in found:
        yield from ((name, file) for name in re.findall(r"`(\w+)`", listed))


def test_names_in_the_recipes_for_contributors_exist() -> None:
    named = list(names_in_files(DOCUMENTS["tests/README.md"]))
    missing = [
        (name, file)
        for name, file in named
        if not re.search(rf"\b{name}\b", (ROOT / file).read_text())
    ]
    assert missing == []
    assert len(named) > 25


def test_every_room_is_in_the_layout() -> None:
    layout = (PACKAGE / "README.md").read_text().split("## Layout")[1].split("\n## ")[0]
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__")}
    named = set(re.findall(r"`(\w+)/?`", layout))
    assert rooms | modules <= named


# Python in the documents


PYTHON = [
    (path, block) for path, text in DOCUMENTS.items() for block in code_blocks(text, "python")
]


def imported(block: str) -> Iterator[tuple[str, str | None]]:
    """(module, name in it) of every import."""
    for node in ast.walk(ast.parse(block)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize(("path", "block"), PYTHON)
def test_python_in_the_documents_compiles_and_imports(path: str, block: str) -> None:
    compile(block, path, "exec")
    for module, name in imported(block):
        found = importlib.import_module(module)
        assert name is None or hasattr(found, name), f"{module}.{name}"


def test_the_template_in_the_documents_is_the_one_that_is_printed() -> None:
    from scsampler_cli.classifiers.model_spec import template

    text = DOCUMENTS["scsampler_cli/classifiers/README.md"]
    assert f"```toml\n{template({})}\n```" in text


# What ships


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


def test_pyproject_ships_the_weights_and_the_documents() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {
        "weights": "scsampler_cli/weights",
        "README.md": "scsampler_cli/docs/README.md",
        "tests/README.md": "scsampler_cli/docs/CONTRIBUTING.md",
    }


def test_the_wheel_and_the_sdist_hold_every_document() -> None:
    elsewhere = {
        "README.md": "scsampler_cli/docs/README.md",
        "tests/README.md": "scsampler_cli/docs/CONTRIBUTING.md",
        "weights/README.md": "scsampler_cli/weights/README.md",
    }
    wheel = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {elsewhere.get(path, path) for path in DOCUMENTS} <= wheel
    sdist = {file.distribution_path for file in SdistBuilder(str(ROOT)).recurse_included_files()}
    assert set(DOCUMENTS) <= sdist


def test_completion_is_offered() -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = "from scsampler_cli.__main__ import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", script, "--show-completion", "bash"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "complete" in result.stdout + result.stderr
