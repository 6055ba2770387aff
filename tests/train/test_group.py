"""Several processes (gloo, on the CPU): gradients and measures are averaged, one of them speaks."""

import os
import socket
from pathlib import Path

import pytest
import torch
import torch.multiprocessing as mp

from scsampler_cli.train.group import Group, joined


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _work(rank: int, port: int, folder: str) -> None:
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE="2"
    )
    device = torch.device("cpu")
    with joined(os.environ, cuda=False) as group:
        torch.manual_seed(0)
        model = group.wrap(torch.nn.Linear(1, 1, bias=False), device)
        model(torch.tensor([[float(rank + 1)]])).sum().backward()
        (parameter,) = model.parameters()
        assert parameter.grad is not None
        found = [
            float(parameter.grad),
            group.mean_of(float(rank), device),
            group.any(rank == 1, device),
            group.any(False, device),
            group.is_main,
        ]
        torch.save(found, Path(folder) / f"{rank}.pt")


def test_two_processes_average_gradients_and_agree(tmp_path: Path) -> None:
    mp.spawn(_work, (_free_port(), str(tmp_path)), nprocs=2)  # type: ignore[no-untyped-call]
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    # inputs 1 and 2: the gradient of each alone is 1 and 2, their mean 1.5
    assert first[:4] == second[:4] == [1.5, 0.5, True, False]
    assert (first[4], second[4]) == (True, False)


def test_one_process_is_a_group_too() -> None:
    with joined({}, cuda=False) as group:
        assert group == Group(0, 1)
        assert group.mean_of(0.25, torch.device("cpu")) == pytest.approx(0.25)
        model = torch.nn.Linear(1, 1)
        assert group.wrap(model, torch.device("cpu")) is model
