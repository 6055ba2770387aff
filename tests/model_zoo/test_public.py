"""Public checkpoints that torchvision publishes are where torchvision says."""

import pytest
from torchvision.models import ResNet18_Weights, get_model_weights

from scsampler_cli.model_zoo.public import PUBLIC

KINETICS = [
    "mc3_18",
    "r3d_18",
    "r2plus1d_18",
    "s3d",
    "mvit_v1_b",
    "mvit_v2_s",
    "swin3d_t",
    "swin3d_s",
    "swin3d_b",
]


@pytest.mark.parametrize("name", KINETICS)
def test_kinetics_weights_are_torchvisions(name: str) -> None:
    assert PUBLIC[name].url == get_model_weights(name).KINETICS400_V1.url


def test_the_others_are_torchvisions_too() -> None:
    assert (
        PUBLIC["swin3d_b_22k"].url == get_model_weights("swin3d_b").KINETICS400_IMAGENET22K_V1.url
    )
    assert PUBLIC["resnet18"].url == ResNet18_Weights.IMAGENET1K_V1.url
