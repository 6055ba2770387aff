"""`scsampler docs`: the documents that come with the package, by topic."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple

import typer

from scsampler_cli.cli import output_options
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.errors import OutputError, SettingsError

MAX_WIDTH = 110
"""Columns of a document on a wide terminal: longer lines of prose are hard to read."""

_PACKAGE = Path(__file__).parents[1]
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)\n*")
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


class Document(NamedTuple):
    """A document of the repository."""

    path: str
    """Path from the root of the repository."""
    subject: str
    """One line for the list of topics."""


TOPICS = {
    "readme": Document("README.md", "what scsampler is, installation, six recipes, results"),
    "cli": Document("scsampler_cli/cli/README.md", "every command and option, exit codes"),
    "troubleshooting": Document(
        "scsampler_cli/cli/TROUBLESHOOTING.md", "error messages, and what to do"
    ),
    "installation": Document(
        "scsampler_cli/doctor/README.md", "PyTorch for CPUs, versions, extras, doctor"
    ),
    "batch": Document("scsampler_cli/batch/README.md", "many files, many machines, Ray, resuming"),
    "output": Document("scsampler_cli/output/README.md", "records, reports, reels, edit lists"),
    "media": Document("scsampler_cli/media/README.md", "codecs that work, damaged files"),
    "samplers": Document(
        "scsampler_cli/samplers/README.md", "saliency, strategies, packet sizes as a first filter"
    ),
    "selection": Document(
        "scsampler_cli/selection/README.md", "search for any classifier, as few clips as are needed"
    ),
    "classifiers": Document(
        "scsampler_cli/classifiers/README.md", "your own models, public ones, plug-ins"
    ),
    "train": Document("scsampler_cli/train/README.md", "lists of videos, objectives, recipes"),
    "bench": Document("scsampler_cli/bench/README.md", "comparing strategies; results and speed"),
    "features": Document("scsampler_cli/features/README.md", "features as arrays, feature files"),
    "find": Document("scsampler_cli/find/README.md", "clips of many videos that fit a sentence"),
    "cache": Document("scsampler_cli/cache/README.md", "what is kept on disk, and pruning"),
    "package": Document("scsampler_cli/README.md", "Python API, layout, the paper in the code"),
    "weights": Document("weights/README.md", "bundled networks: data, recipes, accuracy"),
    "contributing": Document("tests/README.md", "tests, house rules, how to add a part"),
}
_OTHER_NAMES = {
    "options": "cli",
    "layout": "package",
    "tests": "contributing",
    "doctor": "installation",
}
"""Names that somebody may try -> topic."""


@guarded
def docs(
    topic: Annotated[
        str | None,
        typer.Argument(help="Topic of a document. Default: list the topics.", show_default=False),
    ] = None,
    debug: output_options.Debug = False,
) -> None:
    """Print a document: rendered on a terminal, as Markdown in a pipe.

    scsampler docs
    scsampler docs troubleshooting
    scsampler docs classifiers > classifiers.md
    """
    if topic is None:
        typer.echo(_topic_list(), nl=False)
        return

    name = _topic_named(topic)
    text = _read(document_path(TOPICS[name].path))
    # a pipe or file gets the Markdown itself, for other programs to render
    if sys.stdout.isatty():
        _render(text, Path(TOPICS[name].path))
    else:
        typer.echo(text, nl=False)


def document_path(path: str) -> Path:
    """Where a document is: in a wheel all of them are inside the package, in a checkout only some.

    Args:
        path: path from the root of the repository.
    """
    root = _PACKAGE.parent
    # the wheel puts README.md and tests/README.md into docs/, and weights/ into the package
    in_wheel = {
        "README.md": _PACKAGE / "docs" / "README.md",
        "tests/README.md": _PACKAGE / "docs" / "CONTRIBUTING.md",
        "weights/README.md": _PACKAGE / "weights" / "README.md",
    }
    installed = in_wheel.get(path)
    return installed if installed is not None and installed.is_file() else root / path


def _topic_list() -> str:
    width = max(map(len, TOPICS))
    lines = [f"  {name:<{width}}  {document.subject}" for name, document in TOPICS.items()]
    return "\n".join(["Topics of `scsampler docs TOPIC`:", *lines]) + "\n"


def _topic_named(topic: str) -> str:
    # README.md is a name that somebody may copy from a list of files
    name = topic.lower().removesuffix(".md")
    name = _OTHER_NAMES.get(name, name)
    if name in TOPICS:
        return name

    # dict.fromkeys drops a topic that two near names lead to, and keeps the order
    nearest = difflib.get_close_matches(name, [*TOPICS, *_OTHER_NAMES], n=3, cutoff=0.5)
    topics = dict.fromkeys(_OTHER_NAMES.get(near, near) for near in nearest)
    hint = "scsampler docs lists all topics"
    if topics:
        hint = f"the nearest topics are {', '.join(topics)}; {hint}"
    raise SettingsError(f"unknown topic {topic!r}", code="unknown-choice", hint=hint)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"document {path}: {error.strerror or error}",
            code="document-missing",
            hint="install scsampler again: pip install --force-reinstall",
        ) from error


def _render(text: str, path: Path) -> None:
    """Print Markdown on the terminal. Rich leaves colours out where NO_COLOR is set."""
    # loaded here, since rich.markdown takes longer than printing the document
    from rich.console import Console
    from rich.markdown import CodeBlock, Markdown
    from rich.text import Text
    from rich.theme import Theme

    class Unwrapped(CodeBlock):
        """A block of code whose lines can be copied: not wrapped, and without a background."""

        def __rich_console__(self, *_: object) -> Iterator[Text]:
            code = str(self.text).rstrip()
            yield Text(code, style="markdown.code", no_wrap=True, overflow="ignore")

    class Page(Markdown):
        elements: ClassVar = {**Markdown.elements, "fence": Unwrapped, "code_block": Unwrapped}

    console = Console(file=sys.stdout, theme=Theme({"markdown.code": "cyan"}))
    width = min(console.width, MAX_WIDTH)
    page = Page(for_terminal(text, path), hyperlinks=False)
    # without crop=False Rich cuts long lines of code at the width
    console.print(page, width=width, crop=False)


def for_terminal(text: str, path: Path) -> str:
    """Markdown without images, and with topics in place of links to other documents.

    Args:
        text: a document.
        path: its path from the root of the repository; links are relative to it.
    """
    by_path = {document.path: name for name, document in TOPICS.items()}

    def replaced(link: re.Match[str]) -> str:
        label, target = link[1], link[2].partition("#")[0]
        # an address on the web stays a link
        if "://" in target:
            return link[0]
        topic = by_path.get(_joined(path.parent, target))
        return f"{label} (`scsampler docs {topic}`)" if topic else label

    # The split puts code into every other part. Brackets in code are not links.
    parts = _CODE.split(_IMAGE.sub("", text))
    parts[::2] = [_LINK.sub(replaced, part) for part in parts[::2]]
    return "".join(parts)


def _joined(folder: Path, target: str) -> str:
    """Path of a link's target from the root: a/b and ../c/README.md give a/c/README.md."""
    # not Path.resolve: in a wheel the folders of the repository do not exist
    parts: list[str] = []
    for part in (folder / target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
