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

_RANDOM = {
    *(torch.Tensor.uniform_, torch.Tensor.normal_),
    # these report themselves, and not the call of the tensor's method within
    *(nn.init.uniform_, nn.init.normal_, nn.init.kaiming_uniform_),
}
"""Functions of torch that fill a tensor with random numbers."""


class _WithoutRandomNumbers(TorchFunctionMode):
    """Leaves out the calls of `_RANDOM`."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if function in _RANDOM:
            return named["tensor"] if "tensor" in named else args[0]
        return function(*args, **named)


@contextmanager
def unset_weights() -> Iterator[None]:
    """Networks that are made within the context have arbitrary values where they are random else.

    All of them must be loaded afterwards: `model_zoo.weightfile.load_into` sees to that.
    """
    with _WithoutRandomNumbers():
        yield
