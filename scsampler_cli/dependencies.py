"""Packages that only some inputs or classifiers need: one that does not load is one clear error with its mend.

Packages with compiled parts may be installed and still not load, for example torchaudio beside another version of torch
than the one it was built for. Not handled here: which package is needed when; the module that needs it loads it.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from scsampler_cli.errors import DependencyError

MODULES = {
    "PIL": "pillow",
    "av": "av",
    "ffmpeg": "ffmpeg-python",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "rich": "rich",
    "safetensors": "safetensors",
    "torch": "torch",
    "torchaudio": "torchaudio",
    "torchvision": "torchvision",
}
"""Top-level module -> name on PyPI, of every package that is loaded late, when a command needs it."""
TORCH_FAMILY = ("torch", "torchvision", "torchaudio")
"""Packages whose versions must fit each other."""


@contextmanager
def loading(package: str, purpose: str) -> Iterator[None]:
    """Import a package within this context; whatever goes wrong becomes a `DependencyError`.

    Args:
        package: its name on PyPI.
        purpose: what cannot be done without it, as a noun.

    Raises:
        DependencyError: it is missing or does not load.
    """
    try:
        yield
    except Exception as error:  # OSError, ImportError, RuntimeError, AttributeError: it depends on what does not fit
        raise _failure(package, error, f"{purpose}: ") from error


def import_failure(error: BaseException) -> DependencyError | None:
    """The clear error for an exception that came from importing one of `MODULES`; None for any other exception."""
    if isinstance(error, ModuleNotFoundError) and error.name in MODULES:
        return _failure(MODULES[error.name], error)
    step = error.__traceback__
    while step is not None:
        module = str(step.tb_frame.f_globals.get("__name__")).split(".")[0]
        if step.tb_frame.f_code.co_name == "<module>" and module in MODULES:
            return _failure(MODULES[module], error)
        step = step.tb_next
    return None


def _failure(package: str, error: BaseException, before: str = "") -> DependencyError:
    message = describe(package, error)
    return DependencyError(
        f"{before}{message}",
        code="package-missing",
        hint=f"`scsampler doctor` checks all packages; {mend(package)}",
    )


def describe(package: str, error: BaseException) -> str:
    """Which package does not load, and why, in one line."""
    found = installed(package)
    if found is None:
        return f"{package} is not installed"
    beside = f" beside torch {installed('torch')}" if package in TORCH_FAMILY[1:] else ""
    while error.__cause__ is not None:
        error = error.__cause__  # the loader's own words, such as "undefined symbol: ..."
    why = str(error).strip().splitlines() or [type(error).__name__]
    return f"{package} {found} does not load{beside} ({why[0]})"


def installed(package: str) -> str | None:
    """The installed version of a package; None where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def mend(package: str) -> str:
    """The command that installs versions which this version of scsampler works with."""
    names = TORCH_FAMILY if package in TORCH_FAMILY else (package,)
    # pip leaves alone what is installed in a version that is asked for, broken or not
    is_right_and_broken = installed(package) is not None and all(map(in_range, names))
    return install_command(
        "--force-reinstall" if is_right_and_broken else "--upgrade", *map(required, names)
    )


def install_command(*words: str) -> str:
    """The command that installs packages for this Python, with pip or, where pip is missing, uv.

    Args:
        words: options and requirements, as pip takes them.
    """
    pip = [sys.executable, "-m", "pip", "install"]
    if find_spec("pip") is None and shutil.which("uv"):
        pip = ["uv", "pip", "install", "--python", sys.executable]
    note = _build_note() if any(word.startswith(TORCH_FAMILY) for word in words) else ""
    command = shlex.join([*pip, *words]) + note
    if find_spec("pip") is None and pip[0] != "uv":
        return f"{shlex.join([sys.executable, '-m', 'ensurepip'])} && {command}"
    return command


def _build_note() -> str:
    """A comment for builds of torch, such as "2.13.0+cpu", that come from an index of their own."""
    found = installed("torch") or ""
    return (
        f"  # with the --index-url that torch {found} came from"
        if re.fullmatch(r"[\w.]+\+\w+", found)
        else ""
    )


def in_range(name: str) -> bool:
    """Whether the installed version is one that scsampler accepts; True where that is unknown."""
    known, accepted = installed(name), accepted_range(name)
    if known is None or not accepted or find_spec("packaging") is None:
        return True
    try:
        specifiers = import_module("packaging.specifiers").SpecifierSet(accepted)
        return bool(specifiers.contains(known, prereleases=True))
    except ValueError:  # not a range or not a version, by any standard
        return True


def accepted_range(name: str) -> str:
    """The versions that scsampler accepts, such as ">=2.0,<3"; "" where it names none."""
    return re.sub(r"^\[.*?\]", "", required(name).removeprefix(name))  # ray[data]>=2.40


def required(package: str) -> str:
    """The package with the versions that scsampler allows, such as "numpy<3,>=2.0"; the name alone where it says none."""
    try:
        lines = requires("scsampler") or []
    except PackageNotFoundError:  # run from a checkout that was never installed
        return package
    for line in lines:
        requirement = line.split(";")[0].replace(" ", "")
        if re.split(r"[^\w.-]", requirement, maxsplit=1)[0] == package:
            return requirement
    return package
