"""What torchrun relies on: every parameter of every network takes part in every step."""

import pytest
import torch
from torch import nn

from scsampler_cli.classifiers import networks as classifiers
from scsampler_cli.samplers import networks as samplers

SAMPLERS = [(kind, arch) for kind, known in samplers.ARCHITECTURES.items() for arch in known]


def lonely(network: nn.Module, x: torch.Tensor) -> list[str]:
    """Parameters that a step leaves without a gradient."""
    network.train()(x).square().sum().backward()
    return [name for name, p in network.named_parameters() if p.requires_grad and p.grad is None]


@pytest.mark.parametrize(("kind", "arch"), SAMPLERS)
def test_all_of_a_sampler_learns(kind: str, arch: str) -> None:
    assert lonely(samplers.build(arch, kind, 3), torch.rand(2, *samplers.INPUT_SHAPES[kind])) == []


OWN_CLIP = {"i3d_rgb": (16, 224), "s3d": (16, 224), "mvit_v1_b": (16, 224), "mvit_v2_s": (16, 224)}
"""Frames and side, of those that small clips are too small for."""


@pytest.mark.parametrize("arch", classifiers.ARCHITECTURES)
def test_all_of_a_classifier_learns(arch: str) -> None:
    frames, side = OWN_CLIP.get(arch, (8, 32))
    with torch.device("meta"):  # shapes and gradients are there, numbers are not
        assert lonely(classifiers.build(arch, 3), torch.rand(2, 3, frames, side, side)) == []
