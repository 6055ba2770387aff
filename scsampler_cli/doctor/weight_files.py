"""The check of the bundled weight files: all present, and byte for byte as released.

Their digests are in the file SHA256SUMS of the same folder, which `sha256sum -c` reads too.
"""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from scsampler_cli.dependencies import install_command
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check
from scsampler_cli.model_zoo.bundled_weights import bundled_dir, bundled_file

SUMS = "SHA256SUMS"
NEEDED = ("imagenet_lite0", "actions6_rgb", "actions6_classifier")
"""Files that `classify` uses by default on a machine without network access."""
_NAME = "bundled weights"


def bundled() -> Check:
    """Compare every bundled file with its digest."""
    folder = bundled_dir()
    listed = _listed(folder / SUMS)
    if listed is None:
        needed = [f"{stem}.safetensors" for stem in NEEDED if not bundled_file(stem).is_file()]
        missing = f"no {', '.join(needed)}" if needed else f"no {SUMS} to compare with"
        found = f"{missing} in {folder}"
        status = ERROR if needed else WARNING
        return Check(_NAME, status, found, fix=_fix(folder), facts={"folder": str(folder)})

    # file name -> "whole", or what is wrong with it
    state = {name: _state(folder / name, digest) for name, digest in listed.items()}
    bad = {name: what for name, what in state.items() if what != "whole"}
    facts = {"folder": str(folder), "files": state}
    if not bad:
        size = sum((folder / name).stat().st_size for name in listed)
        found = f"{len(listed)} files, {size / 1e6:.1f} MB, whole, in {folder}"
        return Check(_NAME, OK, found, fix=None, facts=facts)

    # classify works without the other files
    needed = [name for name in bad if Path(name).stem in NEEDED]
    status = ERROR if needed else WARNING
    problems = ", ".join(f"{name} ({what})" for name, what in bad.items())
    return Check(_NAME, status, f"{problems}, in {folder}", fix=_fix(folder), facts=facts)


def _listed(path: Path) -> dict[str, str] | None:
    """File name -> SHA-256 digest; None if the list is missing, empty or not text."""
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    # sha256sum puts * before the name of a file that it reads as binary
    return {name.lstrip("*"): digest for digest, name in pairs} or None


def _state(path: Path, digest: str) -> str:
    """The state of a file: "whole", or what is wrong with it."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        # no permission, or a disk that fails: the reason is the state
        return error.strerror or str(error)
    return "whole" if found == digest else "not the released file"


def _fix(folder: Path) -> str:
    """The command that restores the files, from a checkout's history or by installing again."""
    # in a checkout the folder is next to the package, in an installation inside it
    checkout = folder.parent
    if (checkout / ".git").exists():
        return shlex.join(["git", "-C", str(checkout), "checkout", "--", folder.name])
    return f"in a checkout of scsampler: {install_command('--force-reinstall', '--no-deps', '.')}"
