"""The parts that do the work, each judged by a small run: devices, readers, networks, ffmpeg."""

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
_AGAIN = "mend what is reported above, then run scsampler doctor again"


def devices(answer: Answer) -> Check:
    """What networks can run on, and what `--device auto` takes."""
    if answer.problem is not None:
        return Check(
            "devices", ERROR, f"cannot be told: {answer.problem}", mend=answer.hint or _AGAIN
        )
    facts = answer.facts
    cpu = f"CPU with {counted(facts['threads'], 'thread')}, {'fast' if facts['bf16'] else 'no fast'} bf16"
    chosen = f"auto takes {facts['auto']} in {facts['precision']}"
    mps = "; MPS is there, and not used" if facts["mps"] else ""
    broken = [gpu for gpu in facts["gpus"] if gpu["problem"]]
    if broken:
        found = f"{broken[0]['name']} does not compute: {broken[0]['problem']}; {cpu}"
        return Check("devices", ERROR, found, mend="until it is mended: --device cpu", facts=facts)
    if facts["gpus"]:
        names = ", ".join(f"{gpu['name']} ({gpu['gb']:g} GB)" for gpu in facts["gpus"])
        found = f"{names} with CUDA {facts['cuda_build']}; {cpu}; {chosen}"
        return Check("devices", OK, found, mend=None, facts=facts)
    why, mend = _without_gpu(facts)
    return Check(
        "devices", WARNING if mend else OK, f"{cpu}{why}{mps}; {chosen}", mend=mend, facts=facts
    )


def _without_gpu(facts: dict[str, Any]) -> tuple[str, str | None]:
    """Why no GPU is used, as a part of a sentence, and what to do about it if there is one."""
    present = Path("/proc/driver/nvidia/version").exists()
    build = facts["cuda_build"]
    if build is None:
        if present:
            return "; there is an NVIDIA GPU, but this torch is built for CPUs", _cuda_torch()
        return "; torch is built for CPUs", None
    if not present and not _has_driver():
        return f"; torch is built for CUDA {build}, but {_NO_DRIVER}", None
    reason = facts["why_not"] or "no GPU is visible"
    mend = (
        "compare nvidia-smi with the CUDA version above: install a newer driver or another torch; "
        "see whether CUDA_VISIBLE_DEVICES hides the GPU"
    )
    return f"; torch is built for CUDA {build}, but it finds no GPU ({reason})", mend


def _has_driver() -> bool:
    if sys.platform != "linux":
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _cuda_torch() -> str:
    return install_command("--force-reinstall", *map(required, TORCH_FAMILY))


def vectors(answer: Answer) -> Check:
    """Whether this PyAV exports motion vectors."""
    name = "motion vectors"
    if answer.problem is not None:
        return Check(name, ERROR, f"cannot be read: {answer.problem}", mend=answer.hint or _AGAIN)
    found = f"exported for {answer.facts['codec']} (up to {answer.facts['fastest_px']:g} pixels per frame in a test video)"
    return Check(name, OK, found, mend=None, facts=answer.facts)


def sound(answer: Answer, torchaudio: Check) -> Check:
    """Whether sound is read and turned into a spectrogram.

    Args:
        answer: of the probe "sound".
        torchaudio: its check, which has the command if it is what fails.
    """
    if answer.problem is not None:
        mend = torchaudio.mend or answer.hint or _AGAIN
        found = f"cannot be read: {answer.problem}; audio samplers need it"
        return Check("sound", WARNING, found, mend=mend)
    bands, steps = answer.facts["shape"]
    return Check(
        "sound", OK, f"decoded; spectrograms of {bands} x {steps}", mend=None, facts=answer.facts
    )


def tagging(answer: Answer) -> Check:
    """Whether a video is tagged with what is bundled."""
    if answer.problem is not None:
        return Check("tagging", ERROR, f"fails: {answer.problem}", mend=answer.hint or _AGAIN)
    found = f"a video of 2 s is tagged by the bundled networks in {answer.facts['seconds']:g} s"
    return Check("tagging", OK, found, mend=None, facts=answer.facts)


def public_weights(answer: Answer) -> Check:
    """Which public checkpoints are cached."""
    name = "public weights"
    if answer.problem is not None:
        return Check(name, WARNING, f"cannot be told: {answer.problem}", mend=answer.hint or _AGAIN)
    folder, files = answer.facts["folder"], answer.facts["files"]
    broken = [file for file in files.values() if not file["whole"]]
    if broken:
        paths = [file["path"] for file in broken]
        found = f"{', '.join(paths)}: not the published file"
        return Check(
            name, WARNING, found, mend=shlex.join(["rm", "--", *paths]), facts=answer.facts
        )
    if not files:
        found = f"none cached in {folder}; one is downloaded when it is first used"
        return Check(name, OK, found, mend=None, facts=answer.facts)
    listed = ", ".join(f"{key} ({file['bytes'] / 1e6:.1f} MB)" for key, file in files.items())
    return Check(name, OK, f"cached in {folder}: {listed}", mend=None, facts=answer.facts)


def ffmpeg_program(answer: Answer, ffmpeg_python: Check) -> Check:
    """The program that reels and re-encoded videos are made with.

    Args:
        answer: of the probe "ffmpeg-program".
        ffmpeg_python: the check of the package that drives it.
    """
    name, serves = "ffmpeg program", "--reel and extract --reencode need it"
    if answer.problem is not None:
        mend = answer.hint or ffmpeg_python.mend or install_command("scsampler[ffmpeg]")
        return Check(name, WARNING, f"{answer.problem}; {serves}", mend=mend)
    path, version = answer.facts["path"], answer.facts["version"]
    first = shutil.which("ffmpeg")
    found = f"{version} at {path}"
    if first is not None and Path(first).absolute() != Path(path):
        found = f"{found}; {first} cannot be used"
    if missing := answer.facts["missing_encoders"]:
        found = f"{found}: it has no encoder {', '.join(missing)}; {serves}"
        mend = "install a complete one: apt install ffmpeg"
        return Check(name, WARNING, found, mend=mend, facts=answer.facts)
    return Check(name, OK, found, mend=None, facts=answer.facts)
