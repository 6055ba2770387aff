"""Checks of the machine: Python, folders, memory, open files."""

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
MIN_MEMORY = 2e9
"""Bytes; tagging with a classifier such as R(2+1)D-18 takes 1.2 to 1.5 GB."""
MIN_FREE = 1e9
"""Bytes that a folder should have free."""
MIN_OPEN_FILES = 256
"""A run with two processes has about 50 files open."""
_MAX_COUNTED = 1_000_000
"""Files after which the size of a folder is no longer counted."""


def python() -> Check:
    """The version of Python, the platform and the number of cores."""
    version = platform.python_version()
    folder = Path(scsampler_cli.__file__).parent
    found = f"{version} ({sys.executable}) on {platform.platform()}, {cores()} cores"
    facts = {
        "executable": sys.executable,
        "platform": sysconfig.get_platform(),
        "scsampler": str(folder),
    }
    # pip refuses older ones; a checkout on PYTHONPATH does not
    if sys.version_info < OLDEST_PYTHON:
        return Check(
            "Python", ERROR, f"{found}: too old", fix="install Python 3.11 or newer", facts=facts
        )
    return Check("Python", OK, found, fix=None, facts=facts)


def scsampler() -> Check:
    """The version of scsampler, and the folder that it runs from."""
    folder = Path(scsampler_cli.__file__).parent
    return Check("scsampler", OK, f"{scsampler_cli.__version__} in {folder}")


def cache(path: Path | None) -> Check:
    """Whether files can be written to the cache folder, and its size.

    Args:
        path: the folder, which need not exist yet; None where there is no home folder.
    """
    name = "cache folder"
    fix = "set XDG_CACHE_HOME to a folder that you may write to, with enough space"
    if path is None:
        return Check(name, WARNING, "there is no home folder, where the cache would be", fix=fix)
    try:
        # nothing is created here: the nearest existing folder above answers for one that is not
        # there yet
        existing = next(folder for folder in (path, *path.parents) if folder.exists())
        with tempfile.TemporaryFile(dir=existing) as file:
            # a full disk, or a quota, shows only when something is written
            file.write(b"x")
            file.flush()
        free = shutil.disk_usage(existing).free
    except OSError as error:
        problem = f"{path} cannot be written: {error.strerror or error}"
        return Check(name, WARNING, problem, fix=fix, facts={"path": str(path)})
    exists = path.is_dir()
    used = size(path) if exists else 0
    facts = {"path": str(path), "exists": exists, "bytes": used, "free_bytes": free}
    state = f"holds {used / 1e6:.1f} MB" if exists else "does not exist yet"
    found = f"{path} {state}, can be written, {free / 1e9:.1f} GB free"
    if free < MIN_FREE:
        return Check(name, WARNING, f"{found}: little space", fix=fix, facts=facts)
    return Check(name, OK, found, fix=None, facts=facts)


def size(path: Path) -> int:
    """Bytes of the files below a folder.

    Links are not followed. Counting stops after about a million files.
    """
    # a cache may hold more files than can be counted in the time of a check
    total = count = 0
    for parent, _, names in os.walk(path):
        for name in names:
            try:
                # os.path is several times as fast as pathlib, which matters for a million files
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
            except OSError:
                # another process has removed it since
                continue
            count += 1
        if count > _MAX_COUNTED:
            break
    return total


def temporary() -> Check:
    """Whether there is a folder for temporary files, and its free space."""
    try:
        path = Path(tempfile.gettempdir())
    except OSError as error:
        fix = "set TMPDIR to a folder that you may write to"
        return Check("temporary files", ERROR, f"no folder can be written to: {error}", fix=fix)
    free = shutil.disk_usage(path).free
    found = f"{path} can be written, {free / 1e9:.1f} GB free"
    facts = {"path": str(path), "free_bytes": free}
    if free < MIN_FREE:
        fix = "free some space, or set TMPDIR to a folder with more"
        return Check("temporary files", WARNING, f"{found}: little space", fix=fix, facts=facts)
    return Check("temporary files", OK, found, fix=None, facts=facts)


def memory() -> Check:
    """Memory of this machine, or the limit of the container if that is less."""
    total = machine_bytes()
    if total is None:
        return Check("memory", OK, "unknown on this system")
    found, facts = f"{total / 1e9:.1f} GB", {"bytes": total}
    if total < MIN_MEMORY:
        fix = "use a small classifier such as actions6, and --jobs 1"
        found = f"{found}: large classifiers take 1.5 GB per job"
        return Check("memory", WARNING, found, fix=fix, facts=facts)
    return Check("memory", OK, found, fix=None, facts=facts)


def open_files() -> Check:
    """The limit on open files of a process."""
    # a process may raise its soft limit up to the hard one
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = "no limit" if soft == resource.RLIM_INFINITY else f"at most {soft}"
    # RLIM_INFINITY is -1, which is below every limit
    if soft != resource.RLIM_INFINITY and soft < MIN_OPEN_FILES:
        fix = f"ulimit -n {4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)}"
        found = f"{shown}: too few for several jobs"
        return Check("open files", WARNING, found, fix=fix, facts={"soft": soft})
    return Check("open files", OK, shown, fix=None, facts={"soft": soft})
