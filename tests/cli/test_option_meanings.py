"""One name, one meaning: an option has the same meaning, default and type in every command."""

import re
from collections import defaultdict
from typing import Any

import pytest
import typer

from scsampler_cli.cli.app import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]

DIFFERENT = {
    ("--classifier", "default"): "bench compares several, and a sampler may be trained without one",
    ("--classifier", "type"): "bench compares several",
    ("--classifier", "help"): "find compares pictures with a sentence, by a text-image model",
    ("--clip-frames", "default"): "train takes the clip length of its classifier",
    ("--format", "default"): "the format of a file is decided by its suffix; a list has no file",
    ("--format", "type"): "results with clips have formats for clips, documents and doctor have "
    "none for rows",
    ("--frame-stride", "default"): "train takes the stride of its classifier",
    ("--k", "default"): "bench --replay takes the k of the report",
    ("--k", "type"): "auto where one video after the other is tagged; bench has rows for it",
    ("--p-frames", "default"): "4 in train: it draws one of the P-frames of a clip for each step, "
    "so that with 1 a network would see fewer frames and give other results",
    ("--packet-sampler", "default"): "bench compares the sampler of the paper, which has none",
    ("--picture-gap", "default"): "find keeps the vectors of a video for every sentence; where "
    "keyframes lie at cuts, ten seconds would lose too many moments",
    ("--seed", "default"): "bench --replay takes the seed of the report",
    ("--top", "default"): "tags of one video, and found clips of all videos",
    ("--top", "help"): "tags of one video, and found clips of all videos",
    ("--timeout", "help"): "doctor starts programs, the other commands process files",
    ("--timeout", "default"): "doctor starts programs, the other commands process files",
}
"""(option, what differs): why. The meaning is the first sentence of the help text; what follows it
are details of the command."""


def first_sentence(text: str) -> str:
    """The meaning of an option: its help text up to the first full stop, colon or semicolon."""
    return re.split(r"[.:;](?:\s|$)", " ".join(text.split()))[0]


def properties() -> dict[str, dict[str, dict[str, Any]]]:
    """Option: what is compared: command: value."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for name, command in COMMANDS.items():
        for param in command.params:
            if param.param_type_name != "option" or param.hidden:
                continue
            option = max(param.opts, key=len)
            found[option]["names"][name] = sorted([*param.opts, *param.secondary_opts])
            found[option]["help"][name] = first_sentence(param.help)
            found[option]["default"][name] = getattr(param.default, "value", param.default)
            found[option]["type"][name] = (
                param.display_type(typer.Context(command)) if param.metavar is None else "",
                param.metavar,
                str(param.type_descriptor.annotation),
                param.multiple,
            )
    return found


PROPERTIES = properties()


@pytest.mark.parametrize("option", sorted(PROPERTIES))
def test_an_option_is_the_same_in_every_command(option: str) -> None:
    for what, values in PROPERTIES[option].items():
        distinct = {str(value) for value in values.values()}
        if (option, what) in DIFFERENT:
            assert len(distinct) > 1, f"{option}: {what} is the same now, remove it from the list"
        else:
            assert len(distinct) == 1, f"{option}: {what} differs: {values}"


def test_no_two_options_have_one_short_name() -> None:
    owners = defaultdict(set)
    for command in COMMANDS.values():
        for param in command.params:
            if param.param_type_name == "option":
                for name in param.opts:
                    owners[name].add(max(param.opts, key=len))
    assert {name: options for name, options in owners.items() if len(options) > 1} == {}


def test_the_list_of_differences_has_options_that_exist() -> None:
    assert {option for option, _ in DIFFERENT} <= set(PROPERTIES)
