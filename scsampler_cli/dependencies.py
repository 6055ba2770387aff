"""Packages that only some inputs or classifiers need: one that does not load is one clear error.

The error's hint has the command that repairs it. A package with compiled parts may be installed and
still not load, such as a torchaudio that was built for another version of torch.
Not handled here: which package is needed when; the module that needs it loads it.
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
"""Top-level module -> name on PyPI, for each package that is loaded only when it is needed."""
TORCH_FAMILY = ("torch", "torchvision", "torchaudio")
"""Packages whose versions must fit together."""


@contextmanager
def loading(package: str, purpose: str) -> Iterator[None]:
    """A context in which a package is imported; any failure becomes a `DependencyError`.

    Args:
        package: name on PyPI.
        purpose: what needs the package, as a noun.

    Raises:
        DependencyError: it is missing or does not load.
    """
    try:
        yield
    except Exception as error:
        # OSError, ImportError, RuntimeError or AttributeError, depending on what does not fit
        raise _failure(package, error, f"{purpose}: ") from error


def import_failure(error: BaseException) -> DependencyError | None:
    """The `DependencyError` for an exception from importing one of `MODULES`; None for others."""
    if isinstance(error, ModuleNotFoundError) and error.name in MODULES:
        return _failure(MODULES[error.name], error)
    # look for the body of a module of such a package among the frames: it failed while it was
    # imported
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
        hint=repair_command(package),
    )


def describe(package: str, error: BaseException) -> str:
    """One line that names the package that does not load, and the reason."""
    package_version = installed(package)
    if package_version is None:
        return f"{package} is not installed"
    with_torch = f" with torch {installed('torch')}" if package in TORCH_FAMILY[1:] else ""
    while error.__cause__ is not None:
        # the first cause is the loader's own message, such as "undefined symbol: ..."
        error = error.__cause__
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"{package} {package_version} does not load{with_torch} ({reason})"


def installed(package: str) -> str | None:
    """The installed version of a package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def repair_command(package: str) -> str:
    """The command that installs versions that this version of scsampler works with."""
    # the three are built for each other, so that they are installed together
    names = TORCH_FAMILY if package in TORCH_FAMILY else (package,)
    # pip leaves a package alone that has a right version, even if it is broken
    has_right_version = installed(package) is not None and all(map(in_range, names))
    return install_command(
        "--force-reinstall" if has_right_version else "--upgrade", *map(required, names)
    )


def install_command(*words: str) -> str:
    """The command that installs packages for this Python, with pip, or with uv if pip is missing.

    Args:
        words: options and requirements in pip's syntax.
    """
    pip = [sys.executable, "-m", "pip", "install"]
    # uv makes environments without pip, and installs into them from outside
    if find_spec("pip") is None and shutil.which("uv"):
        pip = ["uv", "pip", "install", "--python", sys.executable]
    # torch decides which build its family needs
    note = _build_note() if any(word.startswith(TORCH_FAMILY) for word in words) else ""
    command = shlex.join([*pip, *words]) + note
    # neither pip nor uv: Python brings a pip that it can install itself
    if find_spec("pip") is None and pip[0] != "uv":
        return f"{shlex.join([sys.executable, '-m', 'ensurepip'])} && {command}"
    return command


def _build_note() -> str:
    """A shell comment for builds of torch that have their own index, such as "2.13.0+cpu"."""
    torch_version = installed("torch") or ""
    if re.fullmatch(r"[\w.]+\+\w+", torch_version) is None:
        return ""
    return f"  # with the --index-url that torch {torch_version} came from"


def in_range(name: str) -> bool:
    """Whether the installed version is one that scsampler accepts; True if that is unknown."""
    known, accepted = installed(name), accepted_range(name)
    # packaging is no dependency of scsampler, but nearly everywhere installed
    if known is None or not accepted or find_spec("packaging") is None:
        return True
    try:
        specifiers = import_module("packaging.specifiers").SpecifierSet(accepted)
        return bool(specifiers.contains(known, prereleases=True))
    except ValueError:
        # not a version, or not a range of versions, in the format of PyPI
        return True


def accepted_range(name: str) -> str:
    """The versions that scsampler accepts, such as ">=2.0,<3"; empty if it names none."""
    # "ray[data]>=2.40" names an extra between package and version
    return re.sub(r"^\[.*?\]", "", required(name).removeprefix(name))


def required(package: str) -> str:
    """The requirement of a package, such as "numpy<3,>=2.0"; the name alone if there is none."""
    try:
        lines = requires("scsampler") or []
    except PackageNotFoundError:
        # run from a checkout that was never installed
        return package
    # lines such as "numpy<3,>=2.0", and "onnx<2,>=1.17; extra == 'onnx'" for extras
    for line in lines:
        requirement = line.split(";")[0].replace(" ", "")
        if re.split(r"[^\w.-]", requirement, maxsplit=1)[0] == package:
            return requirement
    return package
