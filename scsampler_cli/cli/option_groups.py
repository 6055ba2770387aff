"""Groups of options: a command takes one dataclass per group, not one argument per option.

`expanded` builds the signature that Typer reads, with one argument for each field of each group.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints

Command = Callable[..., None]


def expanded(command: Command) -> Command:
    """Let Typer see every option of a command whose arguments are groups of options.

    Args:
        command: its arguments that are annotated with a dataclass are groups. The fields of a
            group are options: `Annotated` types with a default. Other arguments stay as they are.

    Returns:
        a function that takes all options by name, and calls the command with the groups.

    Raises:
        TypeError: two groups have an option of the same name.
    """
    # Annotated keeps the options of Typer
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, type] = {}
    options: dict[str, inspect.Parameter] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            added = _options_of(hints[name])
        else:
            added = {name: _by_name(name, hints[name], parameter.default)}
        # one would silently win
        if twice := set(added) & set(options):
            raise TypeError(f"{command.__name__} has two options called {min(twice)!r}")
        options |= added

    @functools.wraps(command)
    def wrapper(**values: Any) -> None:
        command(**_grouped(values, groups))

    # Typer reads both: the order and the defaults from the first, the types from the second
    wrapper.__signature__ = inspect.Signature(list(options.values()))  # type: ignore[attr-defined]
    wrapper.__annotations__ = {name: option.annotation for name, option in options.items()}
    return wrapper


def _options_of(group: type) -> dict[str, inspect.Parameter]:
    """The fields of a group, as arguments of a function."""
    hints = get_type_hints(group, include_extras=True)
    return {
        field.name: _by_name(field.name, hints[field.name], _default(field))
        for field in fields(group)
    }


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default


def _by_name(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """An argument that is given by name, so that those without a default may follow others."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _grouped(values: Mapping[str, Any], groups: Mapping[str, type]) -> dict[str, Any]:
    """The arguments of the command: each group with the values of its fields."""
    # fields are taken out, what is left are arguments of the command itself
    rest = dict(values)
    made = {}
    for name, group in groups.items():
        made[name] = group(**{field.name: rest.pop(field.name) for field in fields(group)})
    return rest | made
