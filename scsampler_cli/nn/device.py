"""Where networks run and in which precision."""

from __future__ import annotations

import torch

from scsampler_cli.config import parse_device
from scsampler_cli.errors import DeviceError, SettingsError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(name: str) -> torch.device:
    """The device behind "auto" (CUDA where there is any), "cpu", "cuda" or "cuda:N".

    Raises:
        SettingsError: the name is unknown.
        DeviceError: the device is not there.
    """
    kind, number = parse_device(name)
    if kind == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f"device {name} was asked for, but there is no CUDA here",
            code="cuda-missing",
            hint="use the device auto or cpu",
        )
    if kind == "cuda" and (number or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"device {name} was asked for, but there are {torch.cuda.device_count()} GPUs",
            code="cuda-missing",
            hint="they count from cuda:0",
        )
    return torch.device(name)


def own_device(name: str, local_rank: str | None) -> str:
    """The device's name for one of several processes of a machine: each has a GPU of its own, unless all use the CPU.

    Args:
        name: as asked for.
        local_rank: the number that `torchrun` gives the process; None without it.
    """
    if local_rank is None or name == "cpu" or ":" in name or not torch.cuda.is_available():
        return name
    return f"cuda:{local_rank}"


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """The type behind "fp32", "bf16", "fp16", or "auto": whichever is fast on the device and safe without loss scaling.

    A GPU gets fp16; a CPU gets bf16 only where it has instructions for it (AVX512-BF16 or AMX halve a 3D CNN's time), fp32
    elsewhere, since bf16 is emulated there.

    Raises:
        SettingsError: unknown name.
        DeviceError: fp16 on a CPU.
    """
    if name == "auto":
        if device.type == "cuda":
            return torch.float16
        fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        return torch.bfloat16 if fast else torch.float32
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
