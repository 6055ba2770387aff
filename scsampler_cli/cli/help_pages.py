"""Help pages: the options that most people need, or all of them with `--help-all`.

A page is plain text that fits 60 columns and more. No word is divided, so that names of choices can
be copied. Rich is not imported: a page appears sooner without it.
"""

from __future__ import annotations

# no import of Rich, directly or indirectly
import copy
import difflib
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from scsampler_cli.cli import console
from scsampler_cli.cli.environment import wants_styles
from scsampler_cli.compat import REMOVAL

COMMON = {
    "classify": "--demo --k --strategy --classifier --labels --top --device "
    "--output --format --report --jobs --resume --overwrite --quiet",
    "find": "--top --apart --prompt --classifier --device --glob "
    "--output --format --report --reel --cache --jobs --overwrite --quiet",
    "score": "--k --strategy --visual-sampler --audio-sampler --device "
    "--output --format --report --jobs --resume --overwrite --quiet",
    "extract": "--what --p-frames --short-side --clip-stride "
    "--output --records --format --render --jobs --resume --overwrite --quiet",
    "train": "--demo --target --objective --arch --init --classifier --size --epochs "
    "--batch-size --lr --output --jobs --resume --overwrite --device",
    "bench": "--demo --replay --k --classifier --visual-sampler --audio-sampler --speed "
    "--output --format --jobs --resume --overwrite --device",
}
"""Command: its options that `--help` shows, in order. `--help` shows all options of a command that
is not here."""
RENAMED = {
    "train": {"--form": "--list-format"},
    "bench": {"--segments": "--true-segments"},
}
"""Command: former name of an option that still works, and its name."""

TYPE_NAMES = {"str": "TEXT", "int": "N", "float": "NUMBER", "path": "PATH"}
INDENT = 2
WIDE, NARROW = 26, 20
"""Columns for the names of options, on pages of at least WIDE_PAGE columns and on others."""
WIDE_PAGE = 72
NO_BREAK = "\u00a0"
"""A space at which no line ends."""
LONGEST_CHOICES = 23
"""Characters; longer lists of choices are in the help text."""


class Command(TyperCommand):
    """A command with the two help pages, and with former names of options."""

    # made once per command: Typer compares options by identity
    _help_all: Any = None

    def get_params(self, ctx: Any) -> list[Any]:
        """The options, `--help` and `--help-all` included."""
        params: list[Any] = super().get_params(ctx)
        if self._help_all is None:
            # a copy of --help, so that both are processed in the same way
            self._help_all = copy.copy(params[-1])
            self._help_all.name, self._help_all.opts = "help_all", ["--help-all"]
            self._help_all.help = "Show all options, and exit."
            self._help_all.callback = self._show_all
        return [*params, self._help_all]

    def _show_all(self, ctx: Any, _: object, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            formatter = ctx.make_formatter()
            self._write(ctx, formatter, shows_all=True)
            typer.echo(formatter.getvalue().rstrip("\n"))
            ctx.exit()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page with the options that most people need."""
        self._write(ctx, formatter, shows_all=self.name not in COMMON)

    def _write(self, ctx: Any, formatter: Any, *, shows_all: bool) -> None:
        # Typer's own width: the terminal's, at most 100 columns
        width = formatter.width
        params = [param for param in self.get_params(ctx) if not getattr(param, "hidden", False)]
        arguments = [param for param in params if param.param_type_name == "argument"]
        options = [param for param in params if param.param_type_name == "option"]
        parts = [*_head(self, ctx, width), _section("Arguments", arguments, ctx, width=width)]
        # all options are grouped by panel; a dozen need no groups
        if shows_all:
            for panel, members in _panels(options).items():
                parts.append(_section(panel, members, ctx, width=width))
        else:
            by_name = {name: option for option in options for name in option.opts}
            common = [by_name[name] for name in COMMON[str(self.name)].split()]
            parts.append(_section("Common options", common, ctx, width=width))
            parts.append(
                _wrapped(f"All {len(options)} options: {ctx.command_path} --help-all", width)
            )
        parts.append(_wrapped(self.epilog or "", width))
        formatter.write("\n\n".join(filter(None, parts)) + "\n")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line, in which a former name stands for the name of an option."""
        # before Typer parses: it knows the present names only
        renamed = RENAMED.get(str(self.name), {})
        return super().parse_args(ctx, [_renamed(word, renamed) for word in args])


class Group(TyperGroup):
    """The page of the program: its commands and its own options."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        width = formatter.width
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        rows = [(str(command.name), _summary(command.help)) for command in commands]
        parts = [
            *_head(self, ctx, width),
            _heading("Commands") + "\n" + "\n".join(_rows(rows, width, 14)),
            _section("Options", self.get_params(ctx), ctx, width=width),
            _wrapped("All options of a command: scsampler COMMAND --help-all", width),
            _wrapped(self.epilog or "", width),
        ]
        formatter.write("\n\n".join(filter(None, parts)) + "\n")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; without any word the page is shown."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(2)
        return super().parse_args(ctx, args)


def nearest(word: str, command: Any) -> list[str]:
    """Options of a command whose names are like a word, the most similar first.

    Args:
        word: a misspelt option, such as "--stategy".
        command: with the options; hidden ones are not suggested.
    """
    names = []
    for param in command.params:
        if param.param_type_name == "option" and not param.hidden:
            names += [name for name in (*param.opts, *param.secondary_opts) if name[:2] == "--"]
    # compared without dashes, which all names share
    bare = word.lstrip("-")
    # the beginning of a name is the most likely meaning of it
    prefixed = sorted((name for name in names if bare and name[2:].startswith(bare)), key=len)
    # difflib's order is by similarity, best first
    close = difflib.get_close_matches(bare, [name[2:] for name in names])
    return list(dict.fromkeys([*prefixed, *(f"--{name}" for name in close)]))[:3]


def _renamed(word: str, names: dict[str, str]) -> str:
    """A word of the command line, with the present name of an option in place of a former one."""
    # both `--name value` and `--name=value`
    option, equals, value = word.partition("=")
    if option not in names:
        return word
    console.say(f"note: {option} is deprecated, write {names[option]}; {REMOVAL}")
    return f"{names[option]}{equals}{value}"


def _head(command: Any, ctx: Any, width: int) -> Iterator[str]:
    """Usage, description and examples."""
    yield command.get_usage(ctx)
    for paragraph in (command.help or "").split("\n\n"):
        lines = paragraph.splitlines()
        # a paragraph of commands keeps its lines, other paragraphs are filled
        if lines and lines[0].startswith("scsampler "):
            examples = [_wrapped(line, width, INDENT, hanging=2 * INDENT) for line in lines]
            yield "\n".join([_heading("Examples"), *examples])
        else:
            yield _wrapped(" ".join(lines), width)


def _summary(text: str | None) -> str:
    """The first paragraph of a description."""
    return " ".join((text or "").split("\n\n")[0].split())


def _panels(options: Iterable[Any]) -> dict[str, list[Any]]:
    """Options by panel, those about help last."""
    panels: dict[str, list[Any]] = {}
    for option in options:
        is_help = option.name in ("help", "help_all")
        panel = "Help" if is_help else option.rich_help_panel or "Options"
        panels.setdefault(panel, []).append(option)
    return panels


def _section(title: str, params: Sequence[Any], ctx: Any, *, width: int) -> str:
    """A heading and a line or more for each option; empty without options."""
    if not params:
        return ""
    # one row per option: its names, and its help text
    rows = [(_names(param, ctx), _text(param, ctx)) for param in params]
    column = WIDE if width >= WIDE_PAGE else NARROW
    return _heading(title) + "\n" + "\n".join(_rows(rows, width, column))


def _rows(rows: Iterable[tuple[str, str]], width: int, column: int) -> Iterator[str]:
    """Lines of two columns; a long name has a line of its own."""
    # column of the help texts, from 0
    start = column + 2 * INDENT
    for name, text in rows:
        lines = _wrapped(text, width, start).splitlines() or [""]
        if len(name) <= column:
            lines[0] = f"{'':{INDENT}}{name:{column}}{'':{INDENT}}{lines[0].strip()}"
        else:
            lines.insert(0, f"{'':{INDENT}}{name}")
        yield from lines


def _names(param: Any, ctx: Any) -> str:
    """The names of an option and of its value, such as "-k, --k N"."""
    if param.param_type_name == "argument":
        return str(param.make_metavar(ctx) if hasattr(param, "make_metavar") else param.name)
    # the short name first, as in -k, --k
    names = ", ".join(sorted(param.opts, key=len))
    if param.secondary_opts:
        names += f" / {', '.join(param.secondary_opts)}"
    value = _value(param, ctx)
    return f"{names} {value}" if value else names


def _value(param: Any, ctx: Any) -> str:
    """The name of an option's value; empty for a flag."""
    # a flag takes no value, and --verbose is counted
    if param.is_flag or param.count:
        return ""
    # a command may name the value itself, such as FOLDER
    if param.metavar:
        return str(param.metavar)
    choices = _choices(param, ctx)
    if choices:
        joined = "|".join(choices)
        return joined if len(joined) <= LONGEST_CHOICES else "NAME"
    # Typer's own words are "<int range>", "<list[path]>" and the like
    words = param.display_type(ctx).strip("<>").removesuffix(" range")
    return TYPE_NAMES.get(words.removeprefix("list[").removesuffix("]"), "VALUE")


def _choices(param: Any, ctx: Any) -> list[str]:
    words = param.display_type(ctx).strip("<>").removeprefix("list[").removesuffix("]")
    return words.split("|") if "|" in words else []


def _text(param: Any, ctx: Any) -> str:
    """The help text of an option, with its choices, its range and its default."""
    text = str(param.help or "")
    if param.param_type_name == "argument":
        return text
    if _value(param, ctx) == "NAME" and not param.metavar:
        text += f" Names: {', '.join(_choices(param, ctx))}."
    notes = [f"[{note}]" for note in (_range(param), _default(param)) if note]
    # a note is not divided either
    return " ".join([text, *(note.replace(" ", NO_BREAK) for note in notes)])


def _range(param: Any) -> str:
    """The limits of a number, such as "1 to 512"; that one is not negative needs no words."""
    low, high = param.min, param.max
    if high is not None:
        return f"{low or 0:g} to {high:g}"
    return "" if param.count or low in (None, 0, 1) else f"at least {low:g}"


def _default(param: Any) -> str:
    """The default of an option; empty where its help text has it, or there is none."""
    value = param.default
    if value is None or value is False or value in ("", []) or param.count:
        return ""
    # only options such as --empirical / --no-empirical are on by default
    if value is True:
        return f"default: {param.opts[0]}"
    if isinstance(value, Enum):
        value = value.value
    return f"default: {value:g}" if isinstance(value, float) else f"default: {value}"


def _wrapped(text: str, width: int, indent: int = 0, *, hanging: int | None = None) -> str:
    """Text in lines of at most `width` columns; a longer word has a longer line."""
    further = " " * (indent if hanging is None else hanging)
    filled = textwrap.fill(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(NO_BREAK, " ")


def _heading(title: str) -> str:
    return typer.style(f"{title}:", bold=True) if wants_styles() else f"{title}:"
