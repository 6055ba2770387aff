"""How the tests run the command and what they ask of every failure."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

from tests.program import far_path

Run = Callable[..., subprocess.CompletedProcess[str]]
DEMO = ["--classifier", "demo", "--device", "cpu"]


def check_failure(result: subprocess.CompletedProcess[str], code: int, word: str) -> None:
    """One line of error, one hint, no traceback, nothing on stdout."""
    assert result.returncode == code, result.stderr
    lines = result.stderr.strip().splitlines()
    assert lines[-2].startswith("error: ")
    assert word in lines[-2]
    assert lines[-1].startswith("hint: ")
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def on_terminal(cache: Path, *arguments: str | Path, stdout: int | None = None) -> tuple[str, str]:
    """(stdout, text on a terminal of 80 x 24), which has stdout, too, unless that is a pipe."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {
        "PATH": far_path(),
        "HOME": str(cache),
        "XDG_CACHE_HOME": str(cache),
        "TERM": "xterm",
    }
    environment["OMP_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
    process = subprocess.Popen(
        [sys.executable, "-m", "scsampler_cli", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=slave if stdout is None else stdout,
        stderr=slave,
        cwd=cache,
        env=environment,
    )
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while block := os.read(master, 4096):
            shown += block
    os.close(master)
    printed = "" if process.stdout is None else process.stdout.read().decode()
    assert process.wait(timeout=60) == 0
    return printed, shown.decode()
