"""Model files that bring their own network: torch.export (.pt2), ONNX, TorchScript; and which kind a file is.

Not handled here: how the clips of a model are made, which `model_spec` says; weight files, which need a network, are
`network`'s.
"""

from scsampler_cli.classifiers.model_files.loader import (
    EXPORTED,
    ONNX,
    SCRIPTED,
    WEIGHTS,
    fields_of_shape,
    kind_of,
    open_classifier,
)

__all__ = [
    "EXPORTED",
    "ONNX",
    "SCRIPTED",
    "WEIGHTS",
    "kind_of",
    "open_classifier",
    "fields_of_shape",
]
