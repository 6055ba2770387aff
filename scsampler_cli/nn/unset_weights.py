"""Make a network whose weights are read from a file next, without drawing random ones first.

Random numbers take a large network longer than reading the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_INITIALISERS = {nn.init.uniform_, nn.init.normal_, nn.init.kaiming_uniform_}
"""Functions that do nothing but fill a tensor, and report themselves to the mode below."""

_METHODS: dict[Callable[..., Any], str] = {
    torch.Tensor.uniform_: "from",
    torch.Tensor.normal_: "mean",
}
"""Methods that other initialisers call, and their first parameter, which is 0 by default."""


class _WithoutRandomNumbers(TorchFunctionMode):
    """Leaves out `_INITIALISERS`, and has `_METHODS` fill tensors with one likely value.

    The value matters to initialisers that draw again until all numbers lie within limits, as
    `nn.init.trunc_normal_` of newer versions of torch: with what the memory held before they would
    not end.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if function in _INITIALISERS:
            return named["tensor"] if "tensor" in named else args[0]
        if function in _METHODS:
            return args[0].fill_(args[1] if len(args) > 1 else named.get(_METHODS[function], 0))
        return function(*args, **named)


@contextmanager
def unset_weights() -> Iterator[None]:
    """Networks that are made within the context have arbitrary values where they are random else.

    All of them must be loaded afterwards: `model_zoo.weightfile.load_into` sees to that.
    """
    with _WithoutRandomNumbers():
        yield
