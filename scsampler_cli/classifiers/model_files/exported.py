"""Programs of torch.export (.pt2), opened after `screening` has checked them."""

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
    """The module of an exported program, which refuses a change to training or evaluation mode."""

    def __init__(self, program: nn.Module) -> None:
        super().__init__()
        self.program = program

    def train(self, mode: bool = True) -> Program:
        """Do nothing: an exported program has one mode."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Run the program on an input in its own layout."""
        return self.program(x)


def open_model(path: Path, device: torch.device) -> OpenModel:
    """The program as a module on the device, and the shape of its input.

    Raises:
        WeightsError: the file is damaged, has an old format, or contains what could run code.
    """
    screen(path)
    logger = logging.getLogger("torch.export")
    # torch logs tracebacks; the error below has one line
    was_disabled, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            # tensors in read-only memory, which nothing writes to
            warnings.simplefilter("ignore", UserWarning)
            program = torch.export.load(path)
        # a program has the device of its tensors written into it
        if device.type != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, str(device))
        # without guards a wrong shape fails in the network, and `loader` explains that error
        network = Program(program.module(check_guards=False))
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"{path.name} cannot be opened as a torch.export program ({reason})",
            code="model-format-unsupported",
            hint=f"export it again with torch {torch.__version__.split('+')[0]}",
        ) from error
    finally:
        logger.disabled = was_disabled
    return OpenModel(network, _shape(program), file_sha256(path))


def _shape(program: torch.export.ExportedProgram) -> tuple[int | None, ...] | None:
    """Shape of the only input; None for several inputs."""
    inputs = program.graph_signature.user_inputs
    if len(inputs) != 1:
        return None
    for node in program.graph.nodes:
        # weights are placeholders, too
        if node.op == "placeholder" and node.name == inputs[0]:
            # a free axis has a symbol as its size
            return tuple(size if isinstance(size, int) else None for size in node.meta["val"].shape)
    return None
