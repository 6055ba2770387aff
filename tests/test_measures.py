"""The limits of what `tests/measure.py` measures."""

import statistics
from pathlib import Path

from tests import measure

CHECKOUT = Path(__file__).parent.parent
SOURCES = measure.sources(CHECKOUT)


def test_the_package_root_has_few_modules_and_no_file_name_is_used_twice() -> None:
    assert measure.root_modules(CHECKOUT) <= 9
    assert measure.repeated_names(CHECKOUT) == []


def test_lines_are_short() -> None:
    assert measure.long_lines(SOURCES) <= 0.01


def test_comments_say_why() -> None:
    """Their share. That none repeats the code is for a reader to judge."""
    assert measure.comment_share(SOURCES) >= 0.04


def test_functions_are_short() -> None:
    lengths = measure.function_lengths(SOURCES)
    assert statistics.median(lengths) <= 8
    assert lengths[int(0.95 * len(lengths))] <= 30
    assert lengths[-1] <= 60


def test_code_lines_leave_out_docstring_comments_and_empty_lines(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        'def f(x):\n    """Doc.\n\n    More.\n    """\n    # why\n    y = x\n\n    return y\n'
    )
    assert measure.function_lengths([path]) == [2]
    assert measure.comment_share([path]) == 1 / 9
    assert measure.long_lines([path]) == 0
