"""A command that takes groups of options has all of them, and gets whole groups."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from scsampler_cli.cli import classify, extract, score
from scsampler_cli.cli.option_groups import expanded
from tests.measure import code_lines, functions


@dataclass(frozen=True, kw_only=True)
class Shape:
    width: Annotated[int, typer.Option(min=1, help="Width.")] = 3
    height: Annotated[int | None, typer.Option("--height", "-h")] = None


@dataclass(frozen=True, kw_only=True)
class Coloured(Shape):
    colour: Annotated[str, typer.Option(envvar="COLOUR")] = "red"


def output_of(*words: str, env: dict[str, str] | None = None) -> str:
    app = typer.Typer()

    @app.command()
    @expanded
    def paint(
        *,
        context: typer.Context,
        what: Annotated[str, typer.Argument()],
        shape: Coloured,
        twice: Annotated[bool, typer.Option("--twice")] = False,
    ) -> None:
        source = context.get_parameter_source("width")
        typer.echo(f"{what} {shape} {twice} {sorted(context.params)} {source and source.name}")

    result = CliRunner().invoke(app, list(words), env=env)
    return result.output if result.exit_code == 0 else f"exit code {result.exit_code}"


def test_options_become_groups() -> None:
    printed = output_of("wall", "--width", "5", "-h", "2", "--twice")
    assert printed == (
        "wall Coloured(width=5, height=2, colour='red') True "
        "['colour', 'height', 'twice', 'what', 'width'] COMMANDLINE\n"
    )


def test_defaults_and_variables_of_the_environment_hold() -> None:
    assert "Coloured(width=3, height=None, colour='blue') False" in output_of(
        "wall", env={"COLOUR": "blue"}
    )
    assert " DEFAULT" in output_of("wall")


@pytest.mark.parametrize("words", [("wall", "--width", "0"), ("wall", "--depth", "1"), ()])
def test_wrong_use_is_refused(words: tuple[str, ...]) -> None:
    assert output_of(*words) == "exit code 2"


def test_two_options_of_one_name_are_refused() -> None:
    def paint(*, shape: Shape, other: Coloured) -> None:
        pass

    with pytest.raises(TypeError, match="two options called 'height'"):
        expanded(paint)


@pytest.mark.parametrize("module", [classify, score, extract])
def test_commands_are_short(module: object) -> None:
    from pathlib import Path

    path = Path(str(getattr(module, "__file__", "")))
    source = path.read_text().splitlines()
    for function in functions(path):
        assert code_lines(function, source) <= 60, function.name
