"""Device and precision of networks."""

from __future__ import annotations

import torch

from scsampler_cli.config import parse_device
from scsampler_cli.errors import DeviceError, SettingsError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str) -> torch.device:
    """The device for "auto" (CUDA if there is a GPU, else the CPU), "cpu", "cuda" or "cuda:N".

    Raises:
        SettingsError: the name is unknown.
        DeviceError: the machine does not have the device.
    """
    # refuses unknown names
    kind, number = parse_device(name)
    # the default GPU of CUDA
    if kind == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f"device {name} is not available: there is no CUDA here",
            code="cuda-missing",
            hint="use the device auto or cpu",
        )
    if kind == "cuda" and (number or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"device {name} is not available: there are {torch.cuda.device_count()} GPUs",
            code="cuda-missing",
            hint="they count from cuda:0",
        )
    return torch.device(name)


def own_device(name: str, local_rank: str | None) -> str:
    """The device of one of several processes of a machine. On GPUs each process has its own.

    Args:
        name: device that the user named.
        local_rank: number that `torchrun` gives the process; None without torchrun.
    """
    # a number that the user names holds for all processes
    if local_rank is None or name == "cpu" or ":" in name or not torch.cuda.is_available():
        return name
    return f"cuda:{local_rank}"


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """The data type for "fp32", "bf16", "fp16", or "auto", the fastest one on the device.

    "auto" is fp16 on a GPU. On a CPU it is bf16 if the CPU has instructions for it (AVX512-BF16 or
    AMX halve the time of a 3D CNN), else fp32.

    Raises:
        SettingsError: the name is unknown.
        DeviceError: fp16 on a CPU.
    """
    if name == "auto":
        if device.type == "cuda":
            return torch.float16
        # without these instructions bf16 is emulated, and slower than fp32
        has_bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.bfloat16 if has_bf16 else torch.float32
    if name not in PRECISIONS:
        raise SettingsError(
            f"unknown precision {name!r}",
            code="unknown-choice",
            hint="use auto, fp32, bf16 or fp16",
        )
    if name == "fp16" and device.type == "cpu":
        raise DeviceError(
            "fp16 needs a GPU",
            code="fp16-unsupported",
            hint="use bf16 or fp32 on a CPU",
        )
    return PRECISIONS[name]
