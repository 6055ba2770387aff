"""ResNet-18 against torchvision's."""

import torch
from torchvision.models import resnet18

from scsampler_cli.nn.resnet import ResNet18


def test_one_seed_gives_both_the_same_network_and_the_same_answer() -> None:
    torch.manual_seed(3)
    theirs = resnet18(weights=None, num_classes=5).eval()
    torch.manual_seed(3)
    ours = ResNet18(3, 5).eval()
    assert [*ours.state_dict()] == [*theirs.state_dict()]
    assert all(
        torch.equal(ours.state_dict()[name], tensor) for name, tensor in theirs.state_dict().items()
    )
    x = torch.randn(2, 3, 80, 112)
    assert torch.equal(ours(x), theirs(x))
