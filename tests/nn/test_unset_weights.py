"""Networks that are made without random numbers, for weights from a file."""

import pytest
import torch
from torch import nn

from scsampler_cli.classifiers.networks import build as build_classifier
from scsampler_cli.model_zoo.weightfile import load_into
from scsampler_cli.nn.unset_weights import unset_weights
from scsampler_cli.samplers.networks import build as build_sampler


def draws(make: "type[nn.Module]", *sizes: int) -> bool:
    """Whether making a layer takes random numbers."""
    torch.manual_seed(0)
    before = torch.get_rng_state()
    make(*sizes)
    return not torch.equal(before, torch.get_rng_state())


def test_no_random_number_is_drawn_within_the_context_alone() -> None:
    assert draws(nn.Linear, 8, 8)
    with unset_weights():
        assert not draws(nn.Linear, 8, 8)
        assert not draws(nn.Conv3d, 2, 2, 3)
    assert draws(nn.Linear, 8, 8)


@pytest.mark.parametrize("limit", [0.1, 0.5, 2.0])
def test_initialisers_that_draw_until_all_numbers_fit_come_to_an_end(limit: float) -> None:
    tensor = torch.full((4,), torch.inf)  # memory may hold anything
    with unset_weights():
        nn.init.trunc_normal_(tensor, 0.0, 1.0, -limit, limit)
    assert torch.isfinite(tensor).all()


def test_no_network_of_a_video_classifier_draws_any() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with unset_weights():
        for name in ("r2plus1d_18", "tsm18", "lite0", "mvit_v2_s", "swin3d_t"):
            build_classifier(name, 5)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("arch", "kind"), [("lite0", "rgb"), ("resnet18", "md")])
def test_a_loaded_network_answers_as_the_one_that_was_saved(arch: str, kind: str) -> None:
    torch.manual_seed(0)
    saved = build_sampler(arch, kind, 4)
    with unset_weights():
        loaded = build_sampler(arch, kind, 4)
    load_into(loaded, saved.state_dict(), "saved")
    x = torch.randn(2, *((3, 64, 64) if kind == "rgb" else (2, 14, 14)))
    with torch.inference_mode():
        # buffers, which files do not have, are set as ever
        assert torch.equal(saved.eval()(x), loaded.eval()(x))
