"""Make a network ready to be run, and leave room on the processor for the thread that reads.

What is done to a network changes its results by rounding alone.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.fx.proxy import TraceError

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""Of <malloc.h>."""
_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


def ready(network: nn.Module, device: torch.device, channels_last: bool = True) -> nn.Module:
    """The network in evaluation mode on a device: batch norms folded into convolutions, weights laid out channels last.

    Where the network's flow depends on its data, batch norms stay as they are. With `channels_last` False weights do.
    """
    if device.type == "cpu":
        _keep_memory()
    network = network.to(device).eval()
    with suppress(
        TraceError, TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError
    ):
        network = fuse(network)
    for parameter in network.parameters():
        if channels_last and parameter.dim() in _FORMATS:
            parameter.data = parameter.data.contiguous(memory_format=_FORMATS[parameter.dim()])
    return network


@cache
def _keep_memory() -> None:
    """Have glibc keep up to 256 MB that it would give back.

    Networks ask for the same large blocks again and again; to fill fresh ones costs R(2+1)D-18 a quarter of its time on a CPU.
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if tune is not None:
        tune(_M_MMAP_MAX, 0)
        tune(_M_TRIM_THRESHOLD, 1 << 28)


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on a device; a GPU gets it while the processor goes on, which takes memory that is not paged."""
    return (
        tensor.pin_memory().to(device, non_blocking=True)
        if device.type == "cuda"
        else tensor.to(device)
    )


@contextmanager
def one_core_spared() -> Iterator[None]:
    """Networks leave one core to the thread that reads: two that share a core wait for each other at every layer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads - 1))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
