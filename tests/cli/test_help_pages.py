"""What people see of a help page, at every width; and what a misspelt word leads to."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from scsampler_cli.cli import help_pages
from scsampler_cli.cli.app import app
from tests.cli.running import Run, on_terminal

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
PAGES = [[], *([name] for name in COMMANDS)]


def page(*words: str, columns: int = 80) -> str:
    """A page as a pipe gets it."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setenv("COLUMNS", str(columns))
        assert not app(list(words), prog_name="scsampler", standalone_mode=False)
    return printed.getvalue()


@pytest.mark.parametrize("name", sorted(help_pages.COMMON))
def test_help_shows_about_a_dozen_options_and_how_to_get_the_rest(name: str) -> None:
    short, full = page(name, "--help"), page(name, "--help-all")
    shown = re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", short)
    assert 10 <= len(shown) <= 16
    assert f"scsampler {name} --help-all" in short
    everything = re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", full)
    options = [
        max(param.opts, key=len)
        for param in COMMANDS[name].params
        if param.param_type_name == "option" and not param.hidden
    ]
    assert sorted(everything) == sorted([*options, "--help", "--help-all"])


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - set(help_pages.COMMON)))
def test_help_of_a_small_command_shows_everything(name: str) -> None:
    assert page(name, "--help") == page(name, "--help-all")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_a_page_fits_and_divides_no_word(words: list[str], columns: int) -> None:
    text = page(*words, "--help-all" if words else "--help", columns=columns)
    assert not re.search(r"<\w+>|BOOLEAN|\[x[<>]=", text)
    # a word that is longer than the column, such as a path, may stick out
    long = [line for line in text.splitlines() if len(line) > columns and " " in line.strip()]
    assert long == []
    if words:
        command = COMMANDS[words[0]]
        context = typer.Context(command, info_name=words[0])
        for param in command.params:
            if param.param_type_name == "option" and not param.metavar and not param.hidden:
                for choice in help_pages._choices(param, context):
                    assert re.search(rf"(?<![\w-]){re.escape(choice)}(?![\w-])", text), choice


def test_flags_have_no_value() -> None:
    text = page("classify", "--help-all")
    assert re.search(r"(?m)^  --strict  ", text)
    assert re.search(r"(?m)^  -v, --verbose  ", text)
    assert "--cascade / --no-cascade" in text


def test_a_terminal_gets_bold_headings_unless_it_wants_none(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, shown = on_terminal(cache, "score", "--help")
    assert "\x1b[1m" in shown
    assert "\x1b" not in page("score", "--help")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert help_pages._heading("Options") == "Options:"


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (["classify", "v.mp4", "--stategy", "dense"], "did you mean --strategy?"),
        (["classify", "v.mp4", "--alhpa", "1"], "did you mean --alpha?"),
        (["classify", "v.mp4", "--visual-samplr", "demo"], "did you mean --visual-sampler"),
        (["score", "v.mp4", "--thumbnail", "x"], "scsampler score --help-all"),
        (["find", "a goal", "v.mp4", "--promt", "{}"], "did you mean --prompt"),
        (["train", "--learning-rate", "1"], "scsampler train --help-all"),
        (["bench", "--work", "3"], "scsampler bench --help-all"),
        (["extract", "v.mp4", "--out", "x"], "did you mean --output"),
        (["clasify"], "Did you mean 'classify'"),
    ],
)
def test_a_misspelt_word_leads_to_the_nearest_one(
    run: Run, words: list[str], suggested: str
) -> None:
    result = run(*words)
    assert result.returncode == 2
    assert suggested in result.stderr


def test_the_nearest_options_come_first_and_hidden_ones_not_at_all() -> None:
    near = help_pages.nearest("--stategy", COMMANDS["classify"])
    assert near[0] == "--strategy"
    assert "--form" not in help_pages.nearest("--form", COMMANDS["train"])
    assert "--segments" not in help_pages.nearest("--segments", COMMANDS["bench"])


@pytest.mark.parametrize(
    ("command", "old", "new", "value"),
    [
        ("train", "--form", "--list-format", "csv"),
        ("bench", "--segments", "--true-segments", "nowhere.csv"),
    ],
)
def test_a_former_name_works_and_is_noted(
    run: Run, command: str, old: str, new: str, value: str
) -> None:
    page = run(command, "--help-all").stdout
    assert f"{new} " in page
    assert f"{old} " not in page
    for words in ([old, value], [f"{old}={value}"]):
        result = run(command, "/nowhere.csv", *words, "-o", "w.safetensors")
        note = (
            f"note: {old} is deprecated, write {new}; the old name will be removed in version 2.0, "
            "not before 2027-12-01"
        )
        assert note in result.stderr
        assert "nowhere.csv" in result.stderr


@pytest.mark.parametrize("name", ["classify", "find"])
def test_a_page_imports_neither_rich_nor_torch(name: str) -> None:
    script = (
        "import sys\nfrom scsampler_cli.__main__ import main\n"
        f"sys.argv = ['scsampler', '{name}', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('rich', 'torch', 'numpy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]", result.stdout
