"""`scsampler docs`: topics, plain Markdown in a pipe, rendered on a terminal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scsampler_cli.cli.docs import TOPICS, document_path, for_terminal
from tests.cli.running import Run, check_failure, on_terminal

ROOT = Path(__file__).parent.parent.parent
ESCAPE = "\x1b["


def test_without_a_topic_all_are_listed(run: Run) -> None:
    result = run("docs")
    assert result.returncode == 0
    lines = result.stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(TOPICS)
    assert all(len(line) < 80 and len(line.split()) > 2 for line in lines)


@pytest.mark.parametrize("topic", ["readme", "batch", "weights", "contributing"])
def test_a_pipe_gets_the_document_as_it_is(run: Run, topic: str) -> None:
    result = run("docs", topic)
    assert result.returncode == 0, result.stderr
    assert result.stdout == (ROOT / TOPICS[topic].path).read_text()


@pytest.mark.parametrize(("name", "topic"), [("Options", "cli"), ("doctor", "installation")])
def test_other_names_of_a_topic(run: Run, name: str, topic: str) -> None:
    assert run("docs", name).stdout == document_path(TOPICS[topic].path).read_text()


def test_an_unknown_topic_is_an_error_with_the_nearest_ones(run: Run) -> None:
    result = run("docs", "clasifiers")
    check_failure(result, 2, "unknown topic 'clasifiers'")
    assert "classifiers" in result.stderr.splitlines()[-1]
    check_failure(run("docs", "qqqq"), 2, "unknown topic 'qqqq'")


def test_a_terminal_gets_it_rendered(tmp_path: Path) -> None:
    _, shown = on_terminal(tmp_path, "docs", "cache")
    assert ESCAPE in shown
    assert "```" not in shown
    assert "**" not in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    code = re.findall(r"```sh\n(.*?)```", document_path(TOPICS["cache"].path).read_text(), re.S)[0]
    # commands can be copied: they are not wrapped; everything else is
    assert code.splitlines() == [line for line in plain.splitlines() if line in code.splitlines()]
    assert all(len(line) <= 80 for line in plain.splitlines() if line not in code)


def test_no_color_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import os, pty, sys\n"
        "sys.exit(os.waitstatus_to_exitcode(pty.spawn("
        "[sys.executable, '-m', 'scsampler_cli', 'docs', 'cache'])))"
    )
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}
    result = subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    codes = set(re.findall(r"\x1b\[([0-9;]*)m", result.stdout))
    colours = {code for codes_of in codes for code in codes_of.split(";") if code[:1] in "349"}
    # 3 is italic and 4 underlined: attributes, which NO_COLOR does not mean
    assert colours <= {"3", "4"}
    assert "Cache" in result.stdout


def test_links_on_a_terminal_name_topics() -> None:
    text = (
        "See [Cache](../cache/README.md#x), [there](#there), [web](https://a.org)\n\n![i](x.png)\n"
    )
    shown = for_terminal(text, Path("scsampler_cli/batch/README.md"))
    assert "Cache (`scsampler docs cache`), there, [web](https://a.org)" in shown
    assert "x.png" not in shown
    code = "`a[0](b)` ```\n[x](y.md)\n```"
    assert for_terminal(code, Path("README.md")) == code


def test_nothing_heavy_is_loaded() -> None:
    script = (
        "import sys; from scsampler_cli.cli.app import run\n"
        "sys.argv[1:] = ['docs', 'cache']; run()\n"
        "sys.exit(' '.join({'torch', 'av', 'rich.markdown'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
