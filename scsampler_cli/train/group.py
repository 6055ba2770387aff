"""The processes that train together, as `torchrun` starts them; a single process without it.

Each process takes its share of the clips of a step, and of the videos to read. Gradients are
averaged (DistributedDataParallel). The processes must use the same cache folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

PATIENCE = timedelta(hours=24)
"""How long a process waits for the others: one may still be reading its share of the videos."""


@dataclass(frozen=True)
class Group:
    """One process of the group."""

    rank: int = 0
    """Number of this process, from 0."""
    world: int = 1
    """Number of processes."""

    @property
    def is_main(self) -> bool:
        """True for the process that writes files and messages."""
        return self.rank == 0

    def wait(self) -> None:
        """Block until all processes have called this."""
        if self.world > 1:
            dist.barrier()

    def wrap(self, model: nn.Module, device: torch.device, partial: bool = False) -> nn.Module:
        """The model with gradients averaged over the processes.

        Args:
            model: on the device.
            device: device of this process.
            partial: a step may use some of the model's networks only.
        """
        if self.world == 1:
            return model
        # each process has one GPU
        devices = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(model, devices, find_unused_parameters=partial)

    def any(self, flag: bool, device: torch.device) -> bool:
        """True in all processes where it is true in one."""
        return bool(self.mean_of(float(flag), device) > 0) if self.world > 1 else flag

    def mean_of(self, value: float, device: torch.device) -> float:
        """The mean over the processes."""
        if self.world == 1:
            return value
        # NCCL reduces tensors on a GPU only
        total = Tensor([value]).to(device)
        dist.all_reduce(total)
        return float(total) / self.world


ALONE = Group()


@contextmanager
def joined(environment: Mapping[str, str], cuda: bool) -> Iterator[Group]:
    """The group that torchrun's variables WORLD_SIZE and RANK describe; one process without them.

    Args:
        environment: environment variables of the process.
        cuda: True for networks on GPUs.
    """
    world = int(environment.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Group()
        return
    # NCCL is for GPUs only
    dist.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
    try:
        yield Group(int(environment["RANK"]), world)
        # gloo's threads release its tensors a moment after a collective. A thread that does so
        # while the interpreter ends would abort the process; a barrier has no such tensor.
        dist.barrier()
    finally:
        dist.destroy_process_group()
