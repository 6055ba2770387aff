"""The README's table of what goes wrong keeps up with the errors of the program, in both directions."""

import difflib
import errno
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.raising import HOLE, PACKAGE, SYSTEM, Message, kinds, messages

TITLE = "Troubleshooting"
BEFORE = 0
"""Lines of the document above the tables."""
SECTION = (PACKAGE / "cli" / "TROUBLESHOOTING.md").read_text()
PASSED_ON = {
    "classifiers/description.py",
    "classifiers/files/__init__.py",
    "classifiers/huggingface.py",
    "classifiers/inspection.py",
    "cli/app.py",
    "jobs/crew.py",
    "pages/index.py",
    "report.py",
}
"""Files with messages that have no words of their own: those of another error, or of another library, with a hint."""
WRONG_USE = (
    "nonsense",
    "classify --nonsense",
    "classify --k",
    "classify --k 0",
    "classify --format xml",
    "classify --hash=1",
    "train one two",
)
TOLD_BY_THE_SYSTEM = frozenset(os.strerror(number) for number in errno.errorcode)
WORDS = re.compile(r"[^\W\d_]{2,}")


def rows() -> list[tuple[int, list[str]]]:
    """(line of the README, cells) of each row, without the heads of the tables."""
    lines = [(BEFORE + number, line) for number, line in enumerate(SECTION.splitlines(), start=1)]
    cells = [
        (number, [cell.strip() for cell in line.strip("|").split("|")])
        for number, line in lines
        if line[:1] == "|"
    ]
    return [
        (number, row)
        for number, row in cells
        if row[0] != "it says" and not set(row[0]) <= set("-: ")
    ]


@cache
def phrases() -> dict[str, int]:
    """Phrase -> line of the README."""
    return {phrase: number for number, row in rows() for phrase in re.findall(r"`([^`]+)`", row[0])}


def worded(text: str) -> bool:
    return bool(WORDS.search(text)) or SYSTEM in text


def shown(text: str) -> str:
    """A message as the table writes it."""
    return " ".join(text.replace(SYSTEM, HOLE).split())


def is_found(text: str) -> bool:
    if any(phrase in shown(text) for phrase in phrases()):
        return True
    return SYSTEM in text and any(phrase in TOLD_BY_THE_SYSTEM for phrase in phrases())


@cache
def usage_errors() -> str:
    """What the parser of the command line says; these words are Typer's."""
    script = (
        "import sys\nfrom scsampler_cli.cli.app import run\n"
        "for line in sys.argv[1:]:\n    sys.argv[1:] = line.split()\n    run()"
    )
    command = [sys.executable, "-c", script, *WRONG_USE]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def said_at(text: str) -> list[str]:
    """Lines of the sources that have a message's longest run of words: it may be handed over to the one that raises it."""
    words = max(re.split(f"[{HOLE}{SYSTEM}]", text), key=len)
    return [
        f"{path.relative_to(PACKAGE.parent)}:{number}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if words in line
    ]


def advice(message: Message, missing: list[str]) -> str:
    """Where a message comes from, and a row for it to be filled in."""
    said = "<br>".join(f"`{shown(text)}`" for text in missing[:3])
    places = " ".join(
        dict.fromkeys([message.where, *(place for text in missing[:3] for place in said_at(text))])
    )
    return f"{places} {message.kind}, hint: {message.hint}\n    | {said} | why | what to do |"


def test_every_message_is_found_in_the_table() -> None:
    missing = {
        message: [text for text in message.texts if worded(text) and not is_found(text)]
        for message in messages()
    }
    todo = [advice(message, texts) for message, texts in missing.items() if texts]
    assert not todo, (
        f'no row of "{TITLE}" in README.md has words of these messages. Add a row to the table of its topic, or a phrase to '
        f"a row that explains it: in backticks, some of the message's words, {HOLE} for what varies.\n"
        + "\n".join(todo)
    )


def test_every_phrase_of_the_table_is_still_said() -> None:
    texts = [shown(text) for message in messages() for text in message.texts]
    known = {*texts, usage_errors(), *TOLD_BY_THE_SYSTEM}
    stale = []
    for phrase, number in phrases().items():
        if not any(phrase in text for text in known):
            near = difflib.get_close_matches(phrase, texts, n=1, cutoff=0.3)
            stale.append(
                f"README.md:{number}: `{phrase}`; the nearest message is `{(near or ['none'])[0]}`"
            )
    assert not stale, (
        "these phrases are in no message any more; reword or remove them:\n" + "\n".join(stale)
    )


def test_messages_without_words_of_their_own_only_pass_on_anothers() -> None:
    wordless = {message.where for message in messages() if not any(map(worded, message.texts))}
    found = {where.removeprefix("scsampler_cli/").rpartition(":")[0] for where in wordless}
    assert found == PASSED_ON, (
        "give a message words that can be looked up; where it passes on another's, name its file here"
    )


def test_every_row_says_why_and_what_to_do() -> None:
    for number, row in rows():
        assert len(row) == 3, f"README.md:{number}"
        assert "`" in row[0], f"README.md:{number}"
        assert min(map(len, row[1:])) > 10, f"README.md:{number}"


def test_a_phrase_stands_in_one_row_and_is_more_than_a_word() -> None:
    told = [phrase for _, row in rows() for phrase in re.findall(r"`([^`]+)`", row[0])]
    assert sorted(phrase for phrase in set(told) if told.count(phrase) > 1) == []
    assert [phrase for phrase in told if sum(map(len, WORDS.findall(phrase))) < 5] == []


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("inputs.py", f"{HOLE}: no video in this folder"),  # one of two, given to a name
        (
            "media/container.py",
            f"{HOLE}: has {HOLE}, there is no --audio-stream {HOLE}",
        ),  # handed over by a caller
        (
            "jobs/process.py",
            f"the process that worked on it ended with exit code {HOLE}",
        ),  # given to two names at once
        (
            "datasets/rows.py",
            f"class {HOLE} is not in classInd.txt",
        ),  # returned, and handed over by a method
        ("models.py", f"histogram {HOLE}: {SYSTEM}"),  # from the system, by way of a function
    ],
)
def test_words_are_followed_to_where_they_are_given(where: str, text: str) -> None:
    texts = [
        text
        for message in messages()
        if f"scsampler_cli/{where}:" in message.where
        for text in message.texts
    ]
    assert text in texts


def test_a_new_error_is_told_with_its_place_and_a_row_to_fill_in(tmp_path: Path) -> None:
    lines = [
        "def start(name):",
        "    hint = 'install it'",
        "    raise InputError(f'{name} has no wings', hint=hint)",
    ]
    (tmp_path / "plane.py").write_text("\n".join(lines))
    (found,) = messages(tmp_path)
    assert found.where == f"{tmp_path.name}/plane.py:3"
    assert not is_found(found.texts[0])
    told = advice(found, list(found.texts))
    assert (
        told
        == f"{found.where} InputError, hint: install it\n    | `{HOLE} has no wings` | why | what to do |"
    )


def test_every_class_of_errors_is_read() -> None:
    assert len(messages()) > 250
    read = {message.kind for message in messages()}
    assert kinds() - read == set()
    assert {"type(trouble)", "Problem", "a record"} <= read
