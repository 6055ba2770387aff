"""Every message of an expected error, read from the sources: where an error class is called, or something is given a hint.

Names are followed to where they got their words: assignments in the same function, what callers hand over, what functions of the
same module return. But: words that only a run can tell, of another library or of an error that is passed on, stay HOLE.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import scsampler_cli
from scsampler_cli import errors

PACKAGE = Path(scsampler_cli.__file__).parent
HOLE, SYSTEM = "…", "⁂"
"""In place of what varies in a message, and of what the operating system says."""
PROBLEM, PROBLEMS_WORDS = "Problem", 2
"""What is wrong with a row of a list is shown as errors are, and is an object of this class; and the place of its words."""
_DEPTH = 4
"""How often a name is followed."""
_MANY = 64
"""Wordings of one message, beyond which no more are looked at."""
Texts = tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """What one place in the sources may say."""

    kind: str
    where: str
    """Such as "scsampler_cli/inputs.py:52"."""
    texts: Texts
    """Each wording, with HOLE and SYSTEM."""
    hint: str


def kinds(base: type[errors.ScsamplerError] = errors.ScsamplerError) -> set[str]:
    """Names of the expected errors."""
    return {base.__name__}.union(*map(kinds, base.__subclasses__()))


@cache
def messages(folder: Path = PACKAGE) -> tuple[Message, ...]:
    """All of them, in the order of the files."""
    modules = [
        _Module(path, str(path.relative_to(folder.parent))) for path in sorted(folder.rglob("*.py"))
    ]
    reader = _Reader(modules)
    return tuple(message for module in modules for message in reader.of(module))


class _Module:
    """A file's tree, in which each node knows the one around it."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.tree = ast.parse(path.read_text())
        self.nodes = list(ast.walk(self.tree))
        self._around = {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}
        self.functions = {
            node.name: node for node in self.nodes if isinstance(node, ast.FunctionDef)
        }
        self.imported = {
            name.asname or name.name: str(node.module).rpartition(".")[2]
            for node in self.nodes
            if isinstance(node, ast.ImportFrom)
            for name in node.names
        }

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        """The function that a node stands in."""
        while (node := self._around.get(node)) is not None:  # type: ignore[assignment]
            if isinstance(node, ast.FunctionDef):
                return node
        return None

    def is_method(self, function: ast.FunctionDef) -> bool:
        return isinstance(self._around[function], ast.ClassDef)


def _name(call: ast.Call) -> str:
    """Of what is called, without what it belongs to."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ast.unparse(call.func)


class _Reader:
    def __init__(self, modules: Sequence[_Module]) -> None:
        self._calls: dict[str, list[tuple[_Module, ast.Call]]] = {}
        for module in modules:
            for node in module.nodes:
                if isinstance(node, ast.Call):
                    self._calls.setdefault(_name(node), []).append((module, node))

    def of(self, module: _Module) -> Iterator[Message]:
        """The messages of one file."""
        for node in module.nodes:
            found = _worded(node)
            if found is not None:
                kind, words, hint = found
                texts = self._texts(words, module, _DEPTH)
                yield Message(
                    kind, f"{module.name}:{words.lineno}", texts, self._texts(hint, module, 2)[0]
                )

    def _texts(self, node: ast.expr | None, module: _Module, depth: int) -> Texts:
        """What an expression may say."""
        match node:
            case ast.Constant(value=str(text)):
                return (text,)
            case ast.JoinedStr(values=parts):
                return _joined([self._texts(part, module, depth) for part in parts])
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._texts(value, module, depth)
            case ast.IfExp(body=one, orelse=other):
                return _either([self._texts(one, module, depth), self._texts(other, module, depth)])
            case ast.BinOp(left=one, op=ast.Add(), right=other):
                return _joined([self._texts(one, module, depth), self._texts(other, module, depth)])
            case ast.Name(id=name) if depth:
                return self._named(name, module.function(node), module, depth - 1)
            case ast.Call(func=ast.Name(id=name)) if depth and name in module.functions:
                return self._returned(module.functions[name], module, depth - 1)
        return (SYSTEM if node is not None and "strerror" in ast.unparse(node) else HOLE,)

    @cache  # noqa: B019 (a reader lives as long as its module)
    def _named(
        self, name: str, function: ast.FunctionDef | None, module: _Module, depth: int
    ) -> Texts:
        places = (
            []
            if function is None
            else [place.arg for place in (*function.args.args, *function.args.kwonlyargs)]
        )
        here = () if function is None else ast.walk(function)
        given = [value for inner in here for value in _given(inner, name)]
        if function is not None and not given and name in places:
            return _either(self._handed_over(function, places, name, module, depth))
        given = given or [value for inner in module.tree.body for value in _given(inner, name)]
        return _either([self._texts(value, module, depth) for value in given])

    def _handed_over(
        self, function: ast.FunctionDef, places: list[str], name: str, module: _Module, depth: int
    ) -> list[Texts]:
        """What the callers of a function give it."""
        method = module.is_method(function)
        place = places.index(name) - method
        calls = self._calls.get(function.name, ()) if method else self._plain(function.name, module)
        given = [(caller, _gives(call, place, name)) for caller, call in calls]
        return [self._texts(value, caller, depth) for caller, value in given if value is not None]

    def _plain(self, name: str, module: _Module) -> Iterator[tuple[_Module, ast.Call]]:
        """Calls of a function of a module: by its name alone, or after the module's."""
        stem = module.name.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        for caller, call in self._calls.get(name, ()):
            own = caller is module or caller.imported.get(name) == stem
            if ast.unparse(call.func) in ([name] if own else [f"{stem}.{name}"]):
                yield caller, call

    def _returned(self, function: ast.FunctionDef, module: _Module, depth: int) -> Texts:
        values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        return _either([self._texts(value, module, depth) for value in values])


def _worded(node: ast.AST) -> tuple[str, ast.expr, ast.expr | None] | None:
    """(what it is, its words, its hint), where a node is an error that is made, or a record of one."""
    if isinstance(node, ast.Dict):
        fields = {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if _is_text(key)
        }  # type: ignore[union-attr]
        return (
            ("a record", fields["message"], fields["hint"])
            if {"message", "hint"} <= fields.keys()
            else None
        )
    if not isinstance(node, ast.Call):
        return None
    name = _name(node)
    if name == PROBLEM:
        return name, node.args[PROBLEMS_WORDS], None
    hint = next((keyword.value for keyword in node.keywords if keyword.arg == "hint"), None)
    if node.args and (name in kinds() or hint is not None):
        return name, node.args[0], hint
    return None


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _gives(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """The argument of a call at a place, or by its name."""
    by_name = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return call.args[place] if 0 <= place < len(call.args) else by_name


def _given(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a statement assigns to a name."""
    match node:
        case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
            yield value
        case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
            yield value
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            yield from (
                value
                for target, value in zip(targets, values, strict=True)
                if ast.unparse(target) == name
            )


def _either(found: Iterable[Texts]) -> Texts:
    """All wordings, each once; HOLE where there is none."""
    return tuple(dict.fromkeys(itertools.chain.from_iterable(found))) or (HOLE,)


def _joined(parts: Sequence[Texts]) -> Texts:
    """Every wording of several parts in a row."""
    wordings = dict.fromkeys(map("".join, itertools.islice(itertools.product(*parts), _MANY)))
    return tuple(wordings)
