"""Programs of torch.export (.pt2), opened after `screening` has looked through them."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.model_files.base import OpenModel
from scsampler_cli.classifiers.model_files.screening import screen
from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import file_sha256


class Program(nn.Module):
    """An exported program's module, which was exported as it is to run and refuses to change between training and evaluation."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program

    def train(self, mode: bool = True) -> Program:
        """Nothing to change."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        """As exported."""
        return self.program(x)


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The program as a module on the device, and the shape of its input.

    Raises:
        WeightsError: damaged, of an old format, or holding what could run code.
    """
    screen(path)
    logger = logging.getLogger("torch.export")
    quiet, logger.disabled = logger.disabled, True  # what goes wrong is said below, in one line
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UserWarning
            )  # of the tensors' memory, which nobody writes to here
            program = torch.export.load(path)
        if device.type != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, str(device))
        network = Program(program.module(check_guards=False))
    except Exception as error:
        raise WeightsError(
            f"{path.name} cannot be opened as a torch.export program ({' '.join(str(error).split())[:200]})",
            code="model-format-unsupported",
            hint=f"export it again with torch {torch.__version__.split('+')[0]}",
        ) from error
    finally:
        logger.disabled = quiet
    return OpenModel(network, _shape(program), file_sha256(path))


def _shape(program: torch.export.ExportedProgram) -> tuple[int | None, ...] | None:
    inputs = program.graph_signature.user_inputs
    for node in program.graph.nodes:
        if node.op == "placeholder" and len(inputs) == 1 and node.name == inputs[0]:
            return tuple(size if isinstance(size, int) else None for size in node.meta["val"].shape)
    return None
