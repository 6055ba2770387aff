"""EfficientNet-Lite0 for a CPU: each convolution, its normalisation and its ReLU6 in one go.

ReLU6 and the padding of half of the convolutions cost as much as the convolutions themselves,
because the pictures in between do not fit a cache. oneDNN computes all of a layer in one pass. With
numbers of 16 bits a picture takes half the time.

The results differ from those of `lite0` by rounding alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from scsampler_cli.nn.inference import prepare_network
from scsampler_cli.nn.lite0 import InvertedResidual, Lite0Trunk

_RELU6 = ("hardtanh", [0.0, 6.0])
"""oneDNN's name for it, with its bounds."""


@cache
def can_fuse(dtype: torch.dtype) -> bool:
    """True where torch has oneDNN, and the operation that `FusedConvolution` needs."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    picture, weight = torch.zeros(1, 1, 4, 4, dtype=dtype), torch.zeros(1, 1, 3, 3, dtype=dtype)
    try:
        with torch.inference_mode():
            _one_pass(picture, weight, None, padding=[1, 1], stride=[1, 1], groups=1, relu=True)
    except (AttributeError, RuntimeError, TypeError):
        return False
    return True


def _one_pass(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    *,
    padding: list[int],
    stride: list[int],
    groups: int,
    relu: bool,
) -> Tensor:
    """A convolution and a ReLU6, without dilation."""
    name, bounds = _RELU6 if relu else ("none", [])
    operation: Any = torch.ops.mkldnn._convolution_pointwise
    result: Tensor = operation(
        x,
        weight,
        bias,
        padding=padding,
        stride=stride,
        dilation=[1, 1],
        groups=groups,
        attr=name,
        scalars=bounds,
        algorithm="",
    )
    return result


def one_pass_flops(x: list[int], weight: list[int], *rest: Any, **_: Any) -> int:
    """Operations of `_one_pass` for torch's counter, by the shapes of its arguments.

    The line that `FusedConvolution` drops is not counted.
    """
    # bias, padding, stride: the operation's own order, in which torch hands them over
    stride: list[int] = rest[2]
    outputs = x[0] * weight[0] * -(-x[2] // stride[0]) * -(-x[3] // stride[1])
    # a multiply-add counts twice
    return 2 * outputs * weight[1] * weight[2] * weight[3]


def counted_operations() -> dict[Any, Any]:
    """Operations that torch's counter does not know, with their counts; empty without oneDNN."""
    operation = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
    return {} if operation is None else {operation: one_pass_flops}


class FusedConvolution(nn.Conv2d):
    """A convolution with folded normalisation, "SAME" padding and ReLU6.

    It is an `nn.Conv2d`, so that its multiply-adds are counted as those of any convolution.

    Args:
        convolution: of a Lite0 network.
        norm: the normalisation that follows it.
        relu: True where a ReLU6 follows.
        dtype: of the weights and the output.
    """

    def __init__(
        self, convolution: nn.Conv2d, norm: nn.BatchNorm2d, relu: bool, *, dtype: torch.dtype
    ) -> None:
        kernel, stride = convolution.kernel_size[0], convolution.stride[0]
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            kernel,
            stride=stride,
            padding=kernel // 2,
            groups=convolution.groups,
            # no memory and no random numbers for weights that are replaced below
            device="meta",
        )
        self.relu = relu
        # both have statistics: Lite0 networks have no others
        assert norm.running_mean is not None
        assert norm.running_var is not None
        weight, bias = fuse_conv_bn_weights(
            convolution.weight,
            convolution.bias,
            norm.running_mean,
            bn_rv=norm.running_var,
            bn_eps=norm.eps,
            bn_w=norm.weight,
            bn_b=norm.bias,
        )
        values = weight.detach().to(dtype)
        self.weight = _frozen(values.contiguous(memory_format=torch.channels_last))
        self.bias = _frozen(bias.detach().to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        """float [N, C, h, w] -> [N, C', ceil(h / stride), ceil(w / stride)]."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        # For an even size "SAME" has one line less before than behind, which oneDNN does not know:
        # two lines more before give one more line of output, which is dropped.
        shifted = [stride == 2 and length % 2 == 0 for length in x.shape[-2:]]
        padding = [(kernel - 2) // 2 + 2 if shift else kernel // 2 for shift in shifted]
        out = _one_pass(
            x,
            self.weight,
            self.bias,
            padding=padding,
            stride=[stride, stride],
            groups=self.groups,
            relu=self.relu,
        )
        if not any(shifted):
            return out
        down, right = map(int, shifted)
        return out[..., down:, right:].contiguous(memory_format=torch.channels_last)


class FusedBlock(nn.Module):
    """An inverted residual block of fused convolutions.

    Args:
        block: the block.
        dtype: of the weights.
    """

    def __init__(self, block: InvertedResidual, dtype: torch.dtype) -> None:
        super().__init__()
        self.layers = _fused(block.layers, dtype)
        self.has_shortcut = block.has_shortcut

    def forward(self, x: Tensor) -> Tensor:
        """As `InvertedResidual`."""
        out: Tensor = self.layers(x)
        return out.add_(x) if self.has_shortcut else out


class FusedLite0(nn.Module):
    """A trained trunk for inference on a CPU; see `can_fuse`.

    On one core with bf16 instructions 1.7 ms for a picture of 128 x 128 in a batch of 16 (the trunk
    itself 3.7), and 3.3 ms in float32 (4.5).

    Args:
        trunk: the trunk; it is left as it is.
        dtype: of the weights: float32 or bfloat16.
    """

    def __init__(self, trunk: Lite0Trunk, dtype: torch.dtype) -> None:
        super().__init__()
        # folding needs the statistics of training
        trunk.eval()
        self.dtype = dtype
        self.stem = _fused(trunk.stem, dtype)
        blocks = [FusedBlock(block, dtype) for block in _blocks_of(trunk)]
        self.blocks = nn.Sequential(*blocks)
        self.head = _fused(trunk.head, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """As `Lite0Trunk`; float32 features."""
        x = x.to(self.dtype, memory_format=torch.channels_last)
        features: Tensor = self.head(self.blocks(self.stem(x)))
        return features.float().mean(dim=(2, 3))


def fuse_trunk(network: nn.Module, dtype: torch.dtype) -> None:
    """Replace the trunk of a network, which is then for inference on a CPU alone; see `can_fuse`.

    Args:
        network: has a `Lite0Trunk` as `trunk`.
        dtype: of the weights: float32 or bfloat16.
    """
    trunk = network.trunk
    assert isinstance(trunk, Lite0Trunk)
    network.trunk = FusedLite0(trunk, dtype)


def prepare_with_trunk(
    network: nn.Module, device: torch.device, dtype: torch.dtype, *, channels_last: bool = True
) -> nn.Module:
    """`inference.prepare_network`, with the trunk of a Lite0 network in one pass for each layer
    where that is possible.

    Args:
        network: a trained network; it is changed.
        device: device to run on.
        dtype: precision of the trunk.
        channels_last: as in `prepare_network`.
    """
    # the network itself, or the one that it wraps
    owners = [m for m in network.modules() if isinstance(getattr(m, "trunk", None), Lite0Trunk)]
    is_fused = device.type == "cpu" and bool(owners) and can_fuse(dtype)
    if is_fused:
        fuse_trunk(owners[0], dtype)
    return prepare_network(network, device, channels_last, fold=not is_fused)


def _blocks_of(trunk: Lite0Trunk) -> list[InvertedResidual]:
    return [block for block in trunk.blocks if isinstance(block, InvertedResidual)]


def _fused(layers: nn.Sequential, dtype: torch.dtype) -> nn.Sequential:
    """Convolutions, each with the normalisation and the ReLU6 that follow it."""
    every = list(layers)
    fused = []
    for at, layer in enumerate(every):
        if isinstance(layer, nn.Conv2d):
            # a normalisation follows each convolution
            norm = every[at + 1]
            assert isinstance(norm, nn.BatchNorm2d)
            relu = at + 2 < len(every) and isinstance(every[at + 2], nn.ReLU6)
            fused.append(FusedConvolution(layer, norm, relu, dtype=dtype))
    return nn.Sequential(*fused)


def _frozen(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values, requires_grad=False)
