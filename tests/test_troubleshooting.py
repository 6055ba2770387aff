"""Every expected error has a code, and every code has a row in the troubleshooting tables."""

import ast
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import scsampler_cli
from scsampler_cli import errors
from scsampler_cli.batch.error_transport import pack_error, raise_packed
from scsampler_cli.cli import option_hints
from scsampler_cli.cli.app import app
from scsampler_cli.output import records

PACKAGE = Path(scsampler_cli.__file__).parent
TABLES = (PACKAGE / "cli" / "TROUBLESHOOTING.md").read_text()
NO_ERRORS = {"Row"}
"""What has a hint, and is not an error: a row of a page."""
PASSED_ON = re.compile(r"(code_of|read_code)\(\S+\)|\w+\.code|code|\w+\['code'\]")
"""Expressions that hand over the code of another error."""
CLI_ROOMS = ("cli", "doctor", "compat")
NOTES = {
    "bench/report_page.py",
    "cache/listing.py",
    "classifiers/auto.py",
    "media/audio_probe.py",
    "media/index.py",
    "output/pages/found_page.py",
}
"""Files with notes and titles that name an option or a command: they are no errors."""
OTHER_PROGRAMS = {"dependencies.py", "train/export.py"}
"""Files with options of other programs: pip, uv and git."""


@cache
def kinds(base: type[errors.ScsamplerError] = errors.ScsamplerError) -> set[str]:
    return {base.__name__}.union(*map(kinds, base.__subclasses__()))


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """(path in the package, tree) of every source."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return tuple((str(path.relative_to(PACKAGE)), ast.parse(path.read_text())) for path in paths)


@cache
def raise_sites() -> tuple[tuple[str, ast.Call], ...]:
    """(place, call) of everything that makes an expected error."""
    return tuple(_raise_sites())


def _raise_sites() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func).split(".")[-1]
            given = {keyword.arg for keyword in node.keywords}
            # `kind(message, hint=...)` makes an error, too
            is_error = called in kinds() | {"Problem"} or "hint" in given
            if is_error and called not in NO_ERRORS:
                yield f"{name}:{node.lineno}", node


def code_argument(call: ast.Call) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == "code"), None)


@cache
def used_codes() -> set[str]:
    """Codes that the sources give by name, and those of `errors.read_code`."""
    found = {"file-missing", "permission-denied", "file-unreadable", errors.UNEXPECTED}
    for _, tree in modules():
        for node in ast.walk(tree):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    found.add(code)
    return found


def rows() -> list[list[str]]:
    """Cells of each row, without the heads of the tables."""
    lines = [line for line in TABLES.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def documented_codes() -> list[str]:
    return [row[0].strip("` ") for row in rows()]


@cache
def commands() -> dict[str, set[str]]:
    """Command -> its options."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return {
        name: {
            option
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("-")
        }
        for name, command in group.commands.items()
    }


def test_every_raise_site_gives_a_code() -> None:
    assert len(raise_sites()) > 300
    without = []
    for place, call in raise_sites():
        code = code_argument(call)
        is_literal = isinstance(code, ast.Constant) and isinstance(code.value, str)
        if code is None or not (is_literal or PASSED_ON.fullmatch(ast.unparse(code))):
            without.append(place)
    assert without == [], "give code=, and a row in cli/TROUBLESHOOTING.md"


def test_codes_are_short_words() -> None:
    word = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
    assert [code for code in used_codes() if not word.fullmatch(code)] == []


def test_every_code_has_one_row_and_every_row_a_code_in_use() -> None:
    found = Counter(documented_codes())
    assert [code for code, count in found.items() if count > 1] == []
    assert used_codes() - set(found) == set(), "add a row to cli/TROUBLESHOOTING.md"
    assert set(found) - used_codes() == set(), "no error has this code any more: remove the row"


def test_every_row_explains_the_code_and_says_what_to_do() -> None:
    for row in rows():
        assert len(row) == 3, row
        assert len(row[1]) > 20, row
        assert len(row[2]) > 10, row


def test_codes_of_a_topic_stand_in_order() -> None:
    for topic in TABLES.split("\n## ")[1:]:
        codes = re.findall(r"^\| `([^`]+)`", topic, re.MULTILINE)
        assert codes == sorted(codes)


def test_the_code_survives_pickling_and_the_way_from_a_worker() -> None:
    error = errors.LimitError("too large", code="video-too-large", hint="raise the limit")
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.hint) == ("video-too-large", "raise the limit")
    with pytest.raises(errors.LimitError) as caught:
        raise_packed(pack_error(error))
    assert caught.value.code == "video-too-large"


def test_an_error_without_a_code_has_that_of_its_class() -> None:
    assert errors.ClassifierError("of a plug-in").code == "classifier"
    defaults = [getattr(errors, kind).default_code for kind in kinds()]
    assert len(set(defaults)) == len(defaults)


def test_an_unexpected_error_has_a_code_of_its_own() -> None:
    assert records.described(SystemExit(3))["code"] == "unexpected"
    with pytest.raises(errors.WorkerError) as caught:
        raise_packed(pack_error(ValueError("x")))
    assert caught.value.code == "unexpected"


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Texts of a module, without docstrings."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documents:
            yield node


def test_no_library_error_names_an_option_or_a_command() -> None:
    options = "|".join(sorted({option for found in commands().values() for option in found}))
    named = re.compile(rf"(?<![\w-])({options})(?![\w-])|\bscsampler ({'|'.join(commands())})\b")
    found = [
        f"{name}:{node.lineno}: {node.value}"
        for name, tree in modules()
        if not name.startswith(CLI_ROOMS) and name not in NOTES | OTHER_PROGRAMS
        for node in strings(tree)
        if named.search(node.value)
    ]
    assert found == [], "name the setting; cli/option_hints.py adds the option"


def test_hints_name_options_and_commands_that_exist() -> None:
    options = set[str]().union(*commands().values())
    for code in {*option_hints.OPTIONS, *option_hints.COMMANDS}:
        assert code in used_codes(), code
    for code, named in option_hints.OPTIONS.items():
        assert set(named) <= options, code
    for code, sentence in option_hints.COMMANDS.items():
        assert set(re.findall(r"scsampler ([a-z]+)", sentence)) <= set(commands()), code
        assert set(re.findall(r"--[a-z-]+", sentence)) <= options, code


def test_a_hint_has_the_options_that_it_lacks() -> None:
    message, hint = "9 x 9 pixels, the limit is 1", "raise the limit"
    shown = option_hints.full_hint("video-too-large", message, hint)
    assert shown == "raise the limit (--max-pixels)"
    assert option_hints.full_hint("video-too-large", message, str(shown)) == shown
    assert option_hints.full_hint("video-too-large", message, None) is None
    assert option_hints.full_hint(None, message, hint) == hint
