"""The machine and the versions with which a bench measures, for the record."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch

from scsampler_cli.media.container import FFMPEG_VERSION
from scsampler_cli.output import records


def machine() -> dict[str, Any]:
    """System, processor, threads and GPU, and versions of the packages."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    about = {
        "system": platform.platform(),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "gpu": gpu,
    }
    return {"machine": about, "versions": records.versions(FFMPEG_VERSION)}


def processor() -> str:
    """Name of the processor; may be empty."""
    # Python's own answer is only "x86_64" on Linux
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
