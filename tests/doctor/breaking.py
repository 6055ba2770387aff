"""Installations that are broken on purpose: packages that fail, and whole ones that lack some."""

import json
import os
import site
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SITE = Path(next(folder for folder in site.getsitepackages() if (Path(folder) / "torch").is_dir()))
UNDEFINED = "libtorchaudio.so: undefined symbol: aoti_torch_abi_version"
START = (
    "import sys, json; paths, arguments = json.loads(sys.argv[1])\n"
    "sys.path += paths; sys.argv = ['scsampler', *arguments]\n"
    "from scsampler_cli.__main__ import main; main()"
)


def package(folder: Path, module: str, code: str) -> Path:
    """A package whose import runs some code; returns the folder to put on the path."""
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(code)
    return folder


def installation(folder: Path, keep: Callable[[str], bool], checkout: Path = ROOT) -> list[str]:
    """Paths to import from: scsampler, and of the packages that are installed here those to keep.

    Args:
        folder: that the links go to.
        keep: called with the lower-case name of each file or folder of site-packages.
        checkout: that scsampler is imported from.
    """
    folder.mkdir()
    for entry in SITE.iterdir():
        if keep(entry.name.lower()):
            (folder / entry.name).symlink_to(entry)
    return [str(checkout), str(folder)]


def without(*packages: str) -> Callable[[str], bool]:
    """For `installation`: all but these packages and their metadata."""
    return lambda name: not name.startswith(packages)


def run(paths: list[str], home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scsampler with imports from these paths and from the standard library alone."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    environment["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "1")
    command = [sys.executable, "-S", "-P", "-c", START, json.dumps([paths, arguments])]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, cwd=home, check=False
    )
