"""Prepare a network for inference, and spare a CPU core for the thread that reads videos.

The preparation changes the results of a network by rounding alone.
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
"""Parameters of mallopt in glibc's <malloc.h>."""
_FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}
"""Memory format by the number of dimensions of the weights: 2D and 3D convolutions."""


def prepare_network(
    network: nn.Module, device: torch.device, channels_last: bool = True, *, fold: bool = True
) -> nn.Module:
    """The network on a device, in evaluation mode, with batch norms folded into convolutions.

    Args:
        network: a trained network.
        device: device to run on.
        channels_last: store weights with the channels last, which is faster for most networks.
        fold: False for a network whose batch norms are folded already.
    """
    if device.type == "cpu":
        _keep_memory()
    # `fuse` is correct in evaluation mode only
    network = network.to(device).eval()
    # `fuse` cannot trace a network whose control flow depends on its input: its batch norms stay
    with suppress(
        TraceError, TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError
    ):
        network = fuse(network) if fold else network
    if channels_last:
        for parameter in network.parameters():
            if parameter.dim() in _FORMATS:
                memory_format = _FORMATS[parameter.dim()]
                parameter.data = parameter.data.contiguous(memory_format=memory_format)
    return network


@cache
def _keep_memory() -> None:
    """Make glibc keep up to 256 MB of freed memory.

    Networks allocate the same large blocks again and again. Pages that are new to the process must
    be zeroed first, which costs R(2+1)D-18 a quarter of its time on a CPU.
    """
    if sys.platform != "linux":
        return
    # other C libraries, such as musl, have no mallopt
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        # large blocks come from the heap, not from mmap, which returns them when freed
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 1 << 28)


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The tensor on a device. The CPU does not wait while it is copied to a GPU."""
    if device.type != "cuda":
        return tensor.to(device)
    # only page-locked memory can be copied asynchronously
    return tensor.pin_memory().to(device, non_blocking=True)


@contextmanager
def spare_one_core() -> Iterator[None]:
    """Networks use one core less within the context, for a thread that reads.

    Threads of torch wait for each other at every layer: one that shares its core delays all.
    """
    threads = torch.get_num_threads()
    # for all threads of the process
    torch.set_num_threads(max(1, threads - 1))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
