"""Measures of the layout and of the code: `python tests/measure.py [CHECKOUT]` prints them.

`tests/test_measures.py` holds the limits.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

MAX_COLUMNS = 100


def sources(checkout: Path) -> list[Path]:
    """All modules of the package."""
    return sorted((checkout / "scsampler_cli").rglob("*.py"))


def root_modules(checkout: Path) -> int:
    """Modules in the package's own folder, those with two underscores too."""
    return len(list((checkout / "scsampler_cli").glob("*.py")))


def repeated_names(checkout: Path) -> list[str]:
    """File names that stand for several files, except for `__init__.py` and `base.py`."""
    names = [path.name for path in sources(checkout)]
    return sorted({name for name in names if names.count(name) > 1} - {"__init__.py", "base.py"})


def long_lines(paths: list[Path]) -> float:
    """Share of lines that are longer than 100 columns."""
    lines = [line for path in paths for line in path.read_text().splitlines()]
    return sum(len(line) > MAX_COLUMNS for line in lines) / len(lines)


def comment_share(paths: list[Path]) -> float:
    """Share of lines with a comment, directives to tools left out."""
    comments = sum(1 for path in paths for _ in comments_of(path.read_text()))
    return comments / sum(len(path.read_text().splitlines()) for path in paths)


def comments_of(source: str) -> Iterator[str]:
    """The comments that are for people."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_directive = token.string.startswith(("# noqa", "# type:", "# fmt:", "#!"))
        if token.type == tokenize.COMMENT and not is_directive:
            yield token.string


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Every function and method of a module."""
    return (
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    )


def code_lines(function: ast.FunctionDef, source: list[str]) -> int:
    """Lines of a function's body that are neither empty, nor a comment, nor its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    lines = source[body[0].lineno - 1 : function.end_lineno]
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def function_lengths(paths: list[Path]) -> list[int]:
    """Code lines of every function, in order of length."""
    found = []
    for path in paths:
        source = path.read_text().splitlines()
        found += [code_lines(function, source) for function in functions(path)]
    return sorted(found)


def density(paths: list[Path]) -> float:
    """Comprehensions and conditional expressions in 100 statements."""
    dense = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp)
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    statements = sum(isinstance(node, ast.stmt) for node in nodes)
    return 100 * sum(isinstance(node, dense) for node in nodes) / statements


def main(checkout: Path) -> None:
    """Print all measures of a checkout."""
    paths = sources(checkout)
    lengths = function_lengths(paths)
    print(f"modules                          {len(paths)}")
    print(f"modules in the package root      {root_modules(checkout)}")
    print(f"file names used several times    {len(repeated_names(checkout))}")
    print(f"lines                            {sum(len(p.read_text().splitlines()) for p in paths)}")
    print(f"longest file, lines              {max(len(p.read_text().splitlines()) for p in paths)}")
    print(f"lines over 100 columns           {long_lines(paths):.2%}")
    print(f"comments                         {comment_share(paths):.2%} of lines")
    print(f"functions                        {len(lengths)}")
    print(f"code lines of a function         median {statistics.median(lengths):g}, "
          f"p95 {lengths[int(0.95 * len(lengths))]}, longest {lengths[-1]}")  # fmt: skip
    print(f"comprehensions and conditionals  {density(paths):.1f} in 100 statements")
    readme = (checkout / "README.md").read_text()
    lines, size = len(readme.splitlines()), len(readme.encode())
    print(f"README                           {lines} lines, {size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent)
