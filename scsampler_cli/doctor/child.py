"""Ask a question in a process of its own: what crashes or hangs there is an answer, too.

The process imports from where this one does. Its standard output belongs to the answer. Whatever a
library prints goes to its standard error, of which the last line is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

_START = (
    "import sys, json, signal; signal.alarm(int(sys.argv[1])); "
    "sys.path[:] = json.loads(sys.argv[2]); "
    "from scsampler_cli.doctor.probes import main; main(sys.argv[3:])"
)
_LONGER_S = 60
"""After the time limit the process ends itself, even if this one is gone."""
_TAIL = 4096
"""Bytes of standard error that are searched for the last line."""


@dataclass(frozen=True)
class Answer:
    """What a probe found."""

    facts: dict[str, Any] = field(default_factory=dict)
    """Of a probe that succeeded."""
    problem: str | None = None
    """Why it failed, in one line; None where it did not."""
    hint: str | None = None
    """What the error itself says about its repair."""
    missing: str | None = None
    """The module that an import did not find."""


class Children:
    """Starts probes; `ask` may be called by several threads.

    Args:
        limit_s: seconds after which a probe is killed.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._running: set[subprocess.Popen[bytes]] = set()

    def ask(self, probe: str, *arguments: str) -> Answer:
        """Run a probe and wait for its answer.

        Args:
            probe: one of `probes.PROBES`.
            arguments: of the probe.
        """
        try:
            return self._asked(probe, *arguments)
        except OSError as error:  # no folder for temporary files, or no more processes
            return Answer(problem=f"cannot be tried: {error}")

    def _asked(self, probe: str, *arguments: str) -> Answer:
        start = [sys.executable, "-P", "-c", _START, str(int(self._limit_s) + _LONGER_S)]
        command = [*start, json.dumps(sys.path), probe, *arguments]
        # files, not pipes: a process that the probe leaves behind would keep a pipe open
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )
            self._running.add(process)
            try:
                code = process.wait(self._limit_s)
            except subprocess.TimeoutExpired:
                return Answer(problem=f"gives no answer within {self._limit_s:g} s")
            finally:
                _kill(process)
                self._running.discard(process)
            return _answer(out, err, code)

    def end(self) -> None:
        """Kill the probes that still run."""
        for process in tuple(self._running):
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all processes that it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answer(out: IO[bytes], err: IO[bytes], code: int) -> Answer:
    out.seek(0)
    try:
        return Answer(**json.loads(out.read()))
    except ValueError:
        return Answer(problem=_death(code, _last_line(err)))


def _death(code: int, last: str) -> str:
    more = f": {last}" if last else ""
    if code < 0:
        return f"crashes with signal {-code} ({signal.strsignal(-code)}){more}"
    return f"ends the process with exit code {code}{more}"


def _last_line(err: IO[bytes]) -> str:
    err.seek(max(0, err.seek(0, os.SEEK_END) - _TAIL))
    found = err.read().decode("utf-8", "replace").strip().splitlines()
    return found[-1].strip() if found else ""
