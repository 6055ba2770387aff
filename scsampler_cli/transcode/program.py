"""Find the `ffmpeg` program, query its features, and run graphs of ffmpeg-python with it.

Arguments are passed as a list, never through a shell. The program does not wait for input, ends
with this process, and only the last lines of its messages are kept.

Not handled here: what a graph does and where its output goes; see `transcode.reel`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import IO, Any

import ffmpeg

from scsampler_cli.errors import ProgramError
from scsampler_cli.transcode import exec_with_parent_death

_COMMON_OPTIONS = ("-nostdin", "-hide_banner", "-loglevel", "error", "-max_error_rate", "1", "-y")
"""Any share of undecodable frames is accepted: they are left out and counted, as elsewhere.

`-y`: the output file exists already, empty.
"""
_MAX_BYTES = 1 << 13
"""Bytes of its messages that are kept, the last ones."""
_MAX_LINES = 20
"""Distinct messages that are kept, the last ones; as many as a record has."""
_ADDRESS = re.compile(" @ 0x[0-9a-f]+")
"""Address of an object of FFmpeg, in its messages."""
_MAX_QUOTED = 3
"""Lines that an error quotes."""
_NEEDED = (("fps_mode", "long"), ("duration", "bsf=setts"))
"""Options that the program must have, each with its chapter of the help.

With them frames keep their times, and the last one of an MP4 keeps its duration.
"""
_INSTALL = "apt install ffmpeg, brew install ffmpeg, or pip install 'scsampler[ffmpeg]'"


def find_ffmpeg() -> Path:
    """The ffmpeg program on the PATH, or else in the package imageio-ffmpeg; FFmpeg 5.1 or newer.

    Raises:
        ProgramError: there is none, or it is too old, or does not run.
    """
    names = (shutil.which("ffmpeg"), _packaged())
    # absolute, since the working directory may change before the program runs
    found = [Path(name).absolute() for name in names if name is not None]
    if not found:
        raise ProgramError(
            "there is no program ffmpeg", code="ffmpeg-program-unusable", hint=_INSTALL
        )
    # the options prove the version: its text is free
    for program in found:
        if all(_knows(program, *what) for what in _NEEDED):
            return program
    raise ProgramError(
        f"{found[0]} is older than FFmpeg 5.1",
        code="ffmpeg-program-unusable",
        hint=f"a newer one: {_INSTALL}",
    )


def _packaged() -> str | None:
    """The program in the package imageio-ffmpeg, of the extra [ffmpeg]; nothing is downloaded."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    # RuntimeError: the package carries no program for this machine
    except (ImportError, RuntimeError):
        return None


def _knows(program: Path, option: str, *topic: str) -> bool:
    """True when the program has an option; `topic` is the chapter of its help."""
    # "-fps_mode[:<stream_spec>] ...", with or without a stream specifier
    starts = f"-{option} ", f"-{option}["
    return any(line.lstrip().startswith(starts) for line in _query(program, "-h", *topic))


def encoders(program: Path) -> frozenset[str]:
    """Names of the encoders that the program has.

    Raises:
        ProgramError: it does not run.
    """
    # a line of options: flags, name, description
    return frozenset(
        words[1] for line in _query(program, "-encoders") if len(words := line.split()) > 2
    )


def container_version(program: Path) -> int:
    """Major version of the program's libavformat: 59 in FFmpeg 5, 60 in FFmpeg 6, and so on.

    The version of the program itself may be any text, chosen by those who built it.

    Raises:
        ProgramError: it does not run, or does not print the version.
    """
    for line in _query(program, "-version"):
        if found := re.match(r"libavformat\s+(\d+)\.", line):
            return int(found[1])
    raise ProgramError(
        f"{program} does not print its version of libavformat",
        code="ffmpeg-program-unusable",
        hint=f"install another one: {_INSTALL}",
    )


@cache
def _query(program: Path, *question: str) -> tuple[str, ...]:
    """Lines that the program prints for some options."""
    command = _command([str(program), "-nostdin", "-hide_banner", *question])
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise _not_started(program, error) from error
    if done.returncode:
        raise _failed(program, done.returncode, _different(_lines(done.stderr)))
    return tuple(_lines(done.stdout))


def name_of(path: Path) -> str:
    """A file's name for a graph: never a protocol, an option or a pattern.

    Each byte of the name is one Latin-1 character, since ffmpeg-python accepts no names that are
    not UTF-8. `run` converts the characters to the bytes again.
    """
    return "file:" + os.fsencode(path).decode("latin-1")


def run(graph: Any, program: Path, *, folder: Path | None = None) -> tuple[str, ...]:
    """Run a graph of ffmpeg-python to its end; an exception in this process kills the program.

    Args:
        graph: with outputs; all file names in it are from `name_of`.
        program: from `find_ffmpeg`.
        folder: working folder of the program; None for that of this process.

    Returns:
        errors that the program reported although it went on; the last lines, each once.

    Raises:
        ProgramError: it failed, or did not start.
    """
    command = _command(
        [str(program), *_COMMON_OPTIONS, *(_own_bytes(text) for text in ffmpeg.get_args(graph))]
    )
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise _not_started(program, error) from error
    # stderr is read to its end first: a full pipe would stop the program
    with process:
        try:
            said = _different(_lines(_tail(process.stderr)))
            code = process.wait()
        except BaseException:
            process.kill()
            raise
    if code:
        raise _failed(program, code, said)
    return tuple(said)


def _own_bytes(text: str) -> str:
    # in arguments each byte is one Latin-1 character, see `name_of`
    return os.fsdecode(text.encode("latin-1"))


def _command(arguments: list[str]) -> list[str]:
    # -I and -S: nothing of the environment or of packages is loaded, which would take longer than
    # the program itself
    return [
        sys.executable,
        "-I",
        "-S",
        exec_with_parent_death.__file__,
        str(os.getpid()),
        *arguments,
    ]


def _tail(stream: IO[bytes] | None) -> bytes:
    """The last bytes of a stream, read to its end, from the start of a line on."""
    kept = b""
    while stream is not None and (data := os.read(stream.fileno(), _MAX_BYTES)):
        kept = (kept + data)[-_MAX_BYTES:]
    if len(kept) < _MAX_BYTES:
        return kept
    # the first line is cut
    return kept.partition(b"\n")[2] or kept


def _lines(said: bytes) -> list[str]:
    return [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]


def _different(lines: list[str]) -> list[str]:
    """The last distinct messages, without addresses of objects."""
    return list(dict.fromkeys(_ADDRESS.sub("", line).strip() for line in lines))[-_MAX_LINES:]


def _not_started(program: Path, error: OSError) -> ProgramError:
    return ProgramError(
        f"cannot start {program}: {error.strerror or error}",
        code="ffmpeg-program-unusable",
        hint=f"install another one: {_INSTALL}",
    )


def _failed(program: Path, code: int, said: list[str]) -> ProgramError:
    # a program killed by a signal has a negative code
    if code < 0:
        how, hint = (
            f"was killed by signal {-code} ({signal.strsignal(-code)})",
            "out of memory? fewer processes need less",
        )
    else:
        how, hint = (
            f"ended with exit code {code}",
            "the file may be damaged, or this program too old for it",
        )
    if any("No space left" in line for line in said):
        hint = "the disk is full"
    why = "; ".join(said[-_MAX_QUOTED:])
    return ProgramError(
        f"{program} {how}{f': {why}' if why else ''}", code="ffmpeg-program-failed", hint=hint
    )
