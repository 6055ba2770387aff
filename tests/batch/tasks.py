"""Tasks that do to a worker process what damaged files may do."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.batch.task import Log, Prepared, Progress, Record
from scsampler_cli.errors import SettingsError, VideoError


def record(path: Path) -> Record:
    return {
        "schema": "scsampler.classify/1",
        "path": str(path),
        "status": "ok",
        "tags": [],
        "notes": [],
    }


@dataclass(frozen=True)
class Obedient:
    """Does what the name of the file says."""

    command: str = "classify"

    def prepare(self, log: Log) -> Prepared:
        log("loaded")
        return Prepared(self._work, {"settings": {"k": 10}})

    def _work(self, path: Path, progress: Progress) -> Record:
        progress("score", 1, 2)
        what = path.name.split("-")[0]
        _end_the_process(what)
        _use_time_or_memory(what, progress)
        _raise(what, path)
        _write_to_stderr(what)
        if what == "gpu":
            return {**record(path), "tags": [os.environ.get("CUDA_VISIBLE_DEVICES")]}
        if what == "nan":
            return {**record(path), "tags": [float("nan")]}
        return record(path)


def _end_the_process(what: str) -> None:
    if what == "crash":
        ctypes.string_at(0)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "orphan":
        # the parent dies, and this process with it
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    if what == "leave":
        os._exit(7)


def _use_time_or_memory(what: str, progress: Progress) -> None:
    if what == "hang":
        time.sleep(600)
    if what == "slow":
        time.sleep(0.7)
    if what == "long":
        progress("index", 36000, 36000)
        time.sleep(1.5)
    if what == "swell":
        held = [bytearray(os.urandom(1 << 20) * 100) for _ in range(40)]
        time.sleep(600 + len(held))


def _raise(what: str, path: Path) -> None:
    if what == "exit":
        sys.exit("a plug-in leaves")
    if what == "bad":
        raise VideoError(f"{path}: not a video", hint="look")
    if what == "bug":
        raise ZeroDivisionError("by zero")
    if what == "memory":
        raise MemoryError


def _write_to_stderr(what: str) -> None:
    if what == "print":
        print("a plug-in prints")
    if what == "complain":
        for number in range(30):
            # other memory addresses each time
            address = id(what) + number
            os.write(2, f"[h264 @ 0x{address:x}] error at MB {number % 25}\n".encode())
    if what == "babble":
        while True:
            os.write(2, b"and " * 1000)
    if what == "deafen":
        os.write(2, b"x" * 5_000_000)


@dataclass(frozen=True)
class Unfit:
    """Cannot be done."""

    how: str
    command: str = "classify"

    def prepare(self, log: Log) -> Prepared:
        if self.how == "settings":
            raise SettingsError("k is 0", hint="1 and more")
        if self.how == "bug":
            raise ZeroDivisionError("by zero")
        os.write(2, b"libcuda fell over\n")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@dataclass(frozen=True)
class HalfFit:
    """One process loads and works; the other fails to load when the first has finished its file."""

    folder: Path
    refuses: int
    """Which of the two processes cannot load: 1 or 2, in the order of their start."""
    command: str = "classify"

    def prepare(self, log: Log) -> Prepared:
        if multiprocessing.current_process().name == f"scsampler-{self.refuses}":
            while not (self.folder / "finished").exists():
                time.sleep(0.01)
            raise SettingsError("k is 0", hint="1 and more")
        return Prepared(self._work, {})

    def _work(self, path: Path, progress: Progress) -> Record:
        (self.folder / "finished").touch()
        return record(path)


@dataclass(frozen=True)
class Told:
    """Puts the further arguments of its work into the record."""

    command: str = "classify"

    def prepare(self, log: Log) -> Prepared:
        return Prepared(lambda path, progress, *more: {**record(path), "tags": list(more)}, {})
