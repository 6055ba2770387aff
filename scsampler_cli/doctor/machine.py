"""What the machine gives: Python, folders, memory, open files."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

import scsampler_cli
from scsampler_cli.batch.cores import cores
from scsampler_cli.batch.memory import machine_bytes
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check

OLDEST_PYTHON = (3, 11)
LEAST_MEMORY = 2e9
"""Bytes: tagging with a classifier such as R(2+1)D-18 takes 1.2 to 1.5 GB."""
LEAST_FREE = 1e9
"""Bytes that a folder should have free."""
LEAST_FILES = 256
"""Open files: a run of two processes has some 50 open."""
_MOST = 1_000_000
"""Files that are counted for the size of a folder."""


def python() -> Check:
    """Version, platform, and which scsampler this is."""
    version = platform.python_version()
    folder = Path(scsampler_cli.__file__).parent
    found = f"{version} ({sys.executable}) on {platform.platform()}, {cores()} cores"
    facts = {
        "executable": sys.executable,
        "platform": sysconfig.get_platform(),
        "scsampler": str(folder),
    }
    if sys.version_info < OLDEST_PYTHON:
        return Check(
            "Python", ERROR, f"{found}: too old", mend="install Python 3.11 or newer", facts=facts
        )
    return Check("Python", OK, found, mend=None, facts=facts)


def scsampler() -> Check:
    """Version and place."""
    folder = Path(scsampler_cli.__file__).parent
    return Check("scsampler", OK, f"{scsampler_cli.__version__} in {folder}")


def cache(path: Path | None) -> Check:
    """Whether files can be written to the cache folder, which need not be there yet; its size.

    Args:
        path: the folder; None where there is no home folder.
    """
    name, mend = "cache folder", "set XDG_CACHE_HOME to a folder that you may write to, with room"
    if path is None:
        return Check(name, WARNING, "there is no home folder to put it in", mend=mend)
    try:
        there = next(place for place in (path, *path.parents) if place.exists())
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"x")
            file.flush()
        free = shutil.disk_usage(there).free
    except OSError as error:
        problem = f"{path} cannot be written: {error.strerror or error}"
        return Check(name, WARNING, problem, mend=mend, facts={"path": str(path)})
    exists = path.is_dir()
    held = size(path) if exists else 0
    facts = {"path": str(path), "exists": exists, "bytes": held, "free_bytes": free}
    state = f"holds {held / 1e6:.1f} MB" if exists else "is not made yet"
    found = f"{path} {state}, can be written, {free / 1e9:.1f} GB free"
    if free < LEAST_FREE:
        return Check(name, WARNING, f"{found}: little room", mend=mend, facts=facts)
    return Check(name, OK, found, mend=None, facts=facts)


def size(path: Path) -> int:
    """Bytes of the files below a folder; links are not followed, a million files are counted."""
    total = count = 0
    for parent, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
            except OSError:  # removed meanwhile
                continue
            count += 1
        if count > _MOST:
            break
    return total


def temporary() -> Check:
    """The folder of temporary files."""
    try:
        path = Path(tempfile.gettempdir())
    except OSError as error:
        mend = "set TMPDIR to a folder that you may write to"
        return Check("temporary files", ERROR, f"no folder can be written: {error}", mend=mend)
    free = shutil.disk_usage(path).free
    found = f"{path} can be written, {free / 1e9:.1f} GB free"
    facts = {"path": str(path), "free_bytes": free}
    if free < LEAST_FREE:
        mend = "make room, or set TMPDIR to a folder with more"
        return Check("temporary files", WARNING, f"{found}: little room", mend=mend, facts=facts)
    return Check("temporary files", OK, found, mend=None, facts=facts)


def memory() -> Check:
    """Of this machine, or of the container if that is less."""
    total = machine_bytes()
    if total is None:
        return Check("memory", OK, "cannot be told on this system")
    found, facts = f"{total / 1e9:.1f} GB", {"bytes": total}
    if total < LEAST_MEMORY:
        mend = "use one of the small classifiers (actions6) and --jobs 1"
        found = f"{found}: large classifiers take 1.5 GB for each job"
        return Check("memory", WARNING, found, mend=mend, facts=facts)
    return Check("memory", OK, found, mend=None, facts=facts)


def open_files() -> Check:
    """The limit on files that a process may have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = "no limit" if soft == resource.RLIM_INFINITY else f"at most {soft}"
    if soft != resource.RLIM_INFINITY and soft < LEAST_FILES:
        mend = f"ulimit -n {4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)}"
        found = f"{shown}: too few for several jobs"
        return Check("open files", WARNING, found, mend=mend, facts={"soft": soft})
    return Check("open files", OK, shown, mend=None, facts={"soft": soft})
