"""Run a probe in a process of its own, so that a crash or a hang is an answer like any other.

The process imports from the same paths as this one. Its standard output carries the answer.
Everything that a library prints goes to standard error, of which the last line is kept.
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

# the alarm ends a probe whose parent was killed and cannot end it any more
_START = (
    "import sys, json, signal; signal.alarm(int(sys.argv[1])); "
    "sys.path[:] = json.loads(sys.argv[2]); "
    "from scsampler_cli.doctor.probes import main; main(sys.argv[3:])"
)
_ALARM_EXTRA_S = 60
"""Seconds after the time limit at which a probe ends itself, even if this process is gone."""
_TAIL_BYTES = 4096
"""Bytes of standard error that are searched for the last line."""


@dataclass(frozen=True)
class Answer:
    """What a probe found."""

    facts: dict[str, Any] = field(default_factory=dict)
    """Findings of a probe that succeeded."""
    problem: str | None = None
    """Why it failed, in one line; None if it succeeded."""
    hint: str | None = None
    """The hint of the error, if it has one."""
    missing: str | None = None
    """Name of the module that an import did not find."""


class Children:
    """Starts probes. Several threads may call `ask`.

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
            arguments: arguments of the probe.
        """
        try:
            return self._run(probe, *arguments)
        except OSError as error:
            # no folder for temporary files, or no more processes
            return Answer(problem=f"cannot be tried: {error}")

    def _run(self, probe: str, *arguments: str) -> Answer:
        # -P keeps the working folder off sys.path, which is then set to that of this process
        start = [sys.executable, "-P", "-c", _START, str(int(self._limit_s) + _ALARM_EXTRA_S)]
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
        # a copy: the threads that wait for the probes take them out of the set
        for process in tuple(self._running):
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a probe and all processes that it has started."""
    # start_new_session made the probe the leader of a process group
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answer(out: IO[bytes], err: IO[bytes], code: int) -> Answer:
    out.seek(0)
    try:
        return Answer(**json.loads(out.read()))
    except ValueError:
        # the process ended before it had written an answer
        return Answer(problem=_death(code, _last_line(err)))


def _death(code: int, last: str) -> str:
    more = f": {last}" if last else ""
    # subprocess gives the number of the signal that ended a process, with a minus sign
    if code < 0:
        return f"crashes with signal {-code} ({signal.strsignal(-code)}){more}"
    return f"ends the process with exit code {code}{more}"


def _last_line(err: IO[bytes]) -> str:
    size = err.seek(0, os.SEEK_END)
    err.seek(max(0, size - _TAIL_BYTES))
    text = err.read().decode("utf-8", "replace")
    found = text.strip().splitlines()
    return found[-1].strip() if found else ""
