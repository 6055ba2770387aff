"""The processes that train together, as `torchrun` starts them (DistributedDataParallel); one alone without it.

Each takes its share of every step's clips and of the videos to be read; gradients are averaged. The processes must see one
cache folder.
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
    """This process among its fellows."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """True for the one that writes and speaks."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all have come here."""
        if self.world > 1:
            dist.barrier()

    def wrap(self, model: nn.Module, device: torch.device, partial: bool = False) -> nn.Module:
        """The model, its gradients averaged over the processes; `partial` where a step may leave networks of it out."""
        if self.world == 1:
            return model
        devices = [device.index] if device.type == "cuda" else None
        return DistributedDataParallel(model, devices, find_unused_parameters=partial)

    def any(self, flag: bool, device: torch.device) -> bool:
        """True in all where it is true in one."""
        return bool(self.mean_of(float(flag), device) > 0) if self.world > 1 else flag

    def mean_of(self, value: float, device: torch.device) -> float:
        """The mean over the processes."""
        if self.world == 1:
            return value
        total = Tensor([value]).to(device)
        dist.all_reduce(total)
        return float(total) / self.world


ALONE = Group()


@contextmanager
def joined(environment: Mapping[str, str], cuda: bool) -> Iterator[Group]:
    """The group that torchrun's variables describe (WORLD_SIZE, RANK); a lone process without them."""
    world = int(environment.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Group()
        return
    dist.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
    try:
        yield Group(int(environment["RANK"]), world)
        # gloo's threads let go of our tensors a moment after a collective; one that did so while the interpreter ends would
        # abort the process, and a barrier has no tensor of ours
        dist.barrier()
    finally:
        dist.destroy_process_group()
