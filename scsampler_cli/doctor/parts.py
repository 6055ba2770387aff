"""Checks of the parts that do the work, by a small run of each.

They are devices, readers of motion vectors and sound, networks, and the program ffmpeg.
"""

from __future__ import annotations

import ctypes
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from scsampler_cli.dependencies import TORCH_FAMILY, install_command, required
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check
from scsampler_cli.doctor.child import Answer
from scsampler_cli.text import counted

_NO_DRIVER = "no NVIDIA driver is installed (libcuda.so.1 does not load)"
_RUN_AGAIN = "repair what is reported above, then run scsampler doctor again"


def devices(answer: Answer) -> Check:
    """The devices that networks can run on, and the one that `--device auto` chooses."""
    if answer.problem is not None:
        return Check("devices", ERROR, f"unknown: {answer.problem}", fix=answer.hint or _RUN_AGAIN)
    facts = answer.facts
    bf16 = "fast bf16" if facts["bf16"] else "no fast bf16"
    cpu = f"CPU with {counted(facts['threads'], 'thread')}, {bf16}"
    chosen = f"auto chooses {facts['auto']} in {facts['precision']}"
    mps = "; MPS is available, but not used" if facts["mps"] else ""

    broken = [gpu for gpu in facts["gpus"] if gpu["problem"]]
    if broken:
        found = f"{broken[0]['name']} does not compute: {broken[0]['problem']}; {cpu}"
        return Check("devices", ERROR, found, fix="until it is repaired: --device cpu", facts=facts)

    if facts["gpus"]:
        names = ", ".join(f"{gpu['name']} ({gpu['gb']:g} GB)" for gpu in facts["gpus"])
        found = f"{names} with CUDA {facts['cuda_build']}; {cpu}; {chosen}"
        return Check("devices", OK, found, fix=None, facts=facts)

    why, fix = _without_gpu(facts)
    found = f"{cpu}{why}{mps}; {chosen}"
    return Check("devices", WARNING if fix else OK, found, fix=fix, facts=facts)


def _without_gpu(facts: dict[str, Any]) -> tuple[str, str | None]:
    """Why no GPU is used, as a part of a sentence; and the fix if there is a GPU."""
    # the file is there while the kernel module of an NVIDIA GPU is loaded
    present = Path("/proc/driver/nvidia/version").exists()
    build = facts["cuda_build"]
    if build is None:
        if present:
            return "; there is an NVIDIA GPU, but this torch is built for CPUs", _cuda_torch()
        return "; torch is built for CPUs", None
    # a CUDA build on a machine without a GPU is what pip installs on Linux: no warning
    if not present and not _has_driver():
        return f"; torch is built for CUDA {build}, but {_NO_DRIVER}", None
    reason = facts["why_not"] or "no GPU is visible"
    fix = (
        "compare the CUDA version above with that of nvidia-smi, and install a newer driver or "
        "another torch; check whether CUDA_VISIBLE_DEVICES hides the GPU"
    )
    return f"; torch is built for CUDA {build}, but it finds no GPU ({reason})", fix


def _has_driver() -> bool:
    if sys.platform != "linux":
        return False
    # in a container the driver is there without the file in /proc
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _cuda_torch() -> str:
    return install_command("--force-reinstall", *map(required, TORCH_FAMILY))


def vectors(answer: Answer) -> Check:
    """Whether the installed PyAV exports motion vectors."""
    name = "motion vectors"
    if answer.problem is not None:
        return Check(
            name, ERROR, f"cannot be read: {answer.problem}", fix=answer.hint or _RUN_AGAIN
        )
    codec, fastest = answer.facts["codec"], answer.facts["fastest_px"]
    found = f"exported for {codec} (up to {fastest:g} pixels per frame in a test video)"
    return Check(name, OK, found, fix=None, facts=answer.facts)


def sound(answer: Answer, torchaudio: Check) -> Check:
    """Whether sound is decoded and turned into a spectrogram.

    Args:
        answer: answer of the probe "sound".
        torchaudio: the check of torchaudio, which has the fix if torchaudio is what fails.
    """
    if answer.problem is not None:
        # most often torchaudio does not load, and its own check has the command
        fix = torchaudio.fix or answer.hint or _RUN_AGAIN
        found = f"cannot be read: {answer.problem}; audio samplers need it"
        return Check("sound", WARNING, found, fix=fix)
    bands, steps = answer.facts["shape"]
    return Check(
        "sound", OK, f"decoded; spectrograms of {bands} x {steps}", fix=None, facts=answer.facts
    )


def tagging(answer: Answer) -> Check:
    """Whether a video is tagged by the bundled networks."""
    if answer.problem is not None:
        return Check("tagging", ERROR, f"fails: {answer.problem}", fix=answer.hint or _RUN_AGAIN)
    found = f"a video of 2 s is tagged by the bundled networks in {answer.facts['seconds']:g} s"
    return Check("tagging", OK, found, fix=None, facts=answer.facts)


def public_weights(answer: Answer) -> Check:
    """Which public checkpoints are cached, and whether each is the published file."""
    name = "public weights"
    if answer.problem is not None:
        return Check(name, WARNING, f"unknown: {answer.problem}", fix=answer.hint or _RUN_AGAIN)
    folder, files = answer.facts["folder"], answer.facts["files"]
    broken = [file for file in files.values() if not file["whole"]]
    if broken:
        # a file that is removed is downloaded again
        paths = [file["path"] for file in broken]
        found = f"{', '.join(paths)}: not the published file"
        return Check(name, WARNING, found, fix=shlex.join(["rm", "--", *paths]), facts=answer.facts)
    if not files:
        found = f"none cached in {folder}; one is downloaded when it is first used"
        return Check(name, OK, found, fix=None, facts=answer.facts)
    listed = ", ".join(f"{key} ({file['bytes'] / 1e6:.1f} MB)" for key, file in files.items())
    return Check(name, OK, f"cached in {folder}: {listed}", fix=None, facts=answer.facts)


def ffmpeg_program(answer: Answer, ffmpeg_python: Check) -> Check:
    """The program that makes reels and re-encoded videos.

    Args:
        answer: answer of the probe "ffmpeg-program".
        ffmpeg_python: the check of the package ffmpeg-python, which calls the program.
    """
    name, serves = "ffmpeg program", "--reel and extract --reencode need it"
    if answer.problem is not None:
        fix = answer.hint or ffmpeg_python.fix or install_command("scsampler[ffmpeg]")
        return Check(name, WARNING, f"{answer.problem}; {serves}", fix=fix)
    path, version = answer.facts["path"], answer.facts["version"]
    # the first ffmpeg of PATH is passed over if it is too old, or does not start
    first = shutil.which("ffmpeg")
    found = f"{version} at {path}"
    if first is not None and Path(first).absolute() != Path(path):
        found = f"{found}; {first} cannot be used"
    # encoders of reels and re-encoded videos; small builds of ffmpeg are made without libx264
    if missing := answer.facts["missing_encoders"]:
        found = f"{found}: it has no encoder {', '.join(missing)}; {serves}"
        fix = "install a complete one: apt install ffmpeg"
        return Check(name, WARNING, found, fix=fix, facts=answer.facts)
    return Check(name, OK, found, fix=None, facts=answer.facts)
