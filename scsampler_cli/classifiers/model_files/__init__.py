"""Model files that bring their own network: torch.export (.pt2), ONNX, TorchScript; and which kind a file is.

None of them says how its clips are made: that is `description`'s business. Weight files, which need a network, are `network`'s.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.base import InputSpec, WeightsInfo, probabilities_of
from scsampler_cli.classifiers.labels import names_of
from scsampler_cli.classifiers.model_spec import AXES, complete, merged, read_fields, with_fields
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.errors import ClassifierError

WEIGHTS, EXPORTED, SCRIPTED, ONNX = "weights", "torch.export", "TorchScript", "ONNX"
_BY_NAME = {".onnx": ONNX, ".pt2": EXPORTED}


@dataclass(frozen=True)
class OpenModel:
    """A network out of a file, and what its input says."""

    network: nn.Module
    """float tensor in the file's own layout -> its output, or several; `Laid` takes the one that is the answer."""
    shape: tuple[int | None, ...] | None
    """Of its input; None for what is free, and as a whole where the file does not tell."""
    sha256: str
    """Of all files that its answers depend on."""


def kind_of(path: Path) -> str:
    """WEIGHTS, EXPORTED, SCRIPTED or ONNX, by the name where that says it, else by what is in the file."""
    if path.suffix in _BY_NAME:
        return _BY_NAME[path.suffix]
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/", 1)[-1] for name in archive.namelist()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return WEIGHTS  # what is wrong with it is said when it is read
    if any(name.startswith("models/") or name == "serialized_exported_program.json" for name in names):
        return EXPORTED
    return SCRIPTED if "constants.pkl" in names and any(name.startswith("code/") for name in names) else WEIGHTS


def open_classifier(
    path: Path,
    kind: str,
    device: torch.device,
    dtype: torch.dtype,
    labels: Sequence[str] | None = None,
    given: Sequence[str] = (),
) -> NetworkClassifier:
    """A classifier from a model file, tried on one black clip.

    Args:
        path: the model file.
        kind: EXPORTED, SCRIPTED or ONNX.
        device: where it runs.
        dtype: its precision (autocast; ONNX keeps its own).
        labels: class names; else those of the description.
        given: of `--spec`.

    Raises:
        ClassifierError: it cannot be opened, its description is incomplete, or it does not run as described.
        WeightsError: it is damaged, or could run code.
        SettingsError: a field of the description does not fit.
    """
    model = _open(path, kind, device)
    fields = read_fields(path, given)
    if "arch" in fields:
        raise ClassifierError(f"{path.name} brings its own network: arch says nothing of it", hint="leave arch out")
    if labels is not None:
        fields["labels"] = tuple(labels)
    fields = complete(merged(said_by(model.shape), fields, path.name), path)
    names = names_of(fields["labels"], f"of {path.name}")
    classifier = NetworkClassifier(
        path.name,
        Laid(model.network, fields["layout"], (model.shape or (None,))[0], len(names)),
        names,
        with_fields(InputSpec(), fields),
        WeightsInfo(path.name, model.sha256),
        device,
        dtype,
        fields["activation"],
        fields.get("multi_label"),
        any_size=model.shape is not None and all(model.shape[fields["layout"].index(axis)] is None for axis in "HW"),
    )
    _try(classifier, path)
    return classifier


def _open(path: Path, kind: str, device: torch.device) -> OpenModel:
    if kind == ONNX:
        from scsampler_cli.classifiers.model_files import onnx

        return onnx.open_model(path, device)
    if kind == EXPORTED:
        from scsampler_cli.classifiers.model_files import exported

        return exported.open_model(path, device)
    from scsampler_cli.classifiers.model_files import scripted

    return scripted.open_model(path, device)


def said_by(shape: tuple[int | None, ...] | None) -> dict[str, Any]:
    """Fields that the shape of the input tells: the layout by which axis is 3 long, frames and crop where they are fixed.

    Example: (None, 3, 16, 112, 112) -> layout NCTHW, frames 16, crop (112, 112).
    """
    threes = [axis for axis, size in enumerate(shape or ()) if axis > 0 and size == 3]
    if shape is None or len(shape) != len(AXES) or len(threes) != 1:
        return {}
    layout = {1: "NCTHW", 2: "NTCHW", 4: "NTHWC"}.get(threes[0])
    if layout is None:
        return {}
    frames, height, width = (shape[layout.index(axis)] for axis in "THW")
    said: dict[str, Any] = {"layout": layout}
    if frames is not None:
        said["frames"] = frames
    if height is not None and width is not None:
        said["crop"] = (height, width)
    return said


class Laid(nn.Module):
    """A network that wants its axes in another order, or batches of a fixed size.

    Args:
        network: as the file has it.
        layout: its order of the axes N C T H W.
        batch: clips that it takes at once; None for any number.
        classes: C, by which the answer is told from other outputs.
    """

    def __init__(self, network: nn.Module, layout: str, batch: int | None, classes: int) -> None:
        super().__init__()
        self.network, self.layout, self._batch = network, layout, batch
        self._order = [AXES.index(axis) for axis in layout]
        self._classes = classes

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, F, h, w] -> [N, C]."""
        parts = [x] if self._batch is None else list(torch.split(x, self._batch))
        return torch.cat([self._run(part) for part in parts])

    def _run(self, x: Tensor) -> Tensor:
        count = len(x)
        if self._batch is not None and count < self._batch:
            x = torch.cat([x, x[-1:].expand(self._batch - count, *x.shape[1:])])
        return self._answer(self.network(x.permute(self._order).contiguous()))[:count]

    def _answer(self, found: Any) -> Tensor:
        """The output called "logits", the only one, or the only one that has a value for each class."""
        if isinstance(found, dict):
            if "logits" in found:
                return found["logits"]
            found = list(found.values())
        outputs = list(found) if isinstance(found, tuple | list) else [found]
        fitting = [
            out for out in outputs if isinstance(out, Tensor) and out.dim() == 2 and out.shape[1] == self._classes
        ]
        if len(outputs) > 1 and len(fitting) != 1:
            raise ClassifierError(
                f"it gives {len(outputs)} outputs, of which {len(fitting)} have a value for each of {self._classes} labels",
                hint='export it with one output, or call that one "logits"',
            )
        return fitting[0] if fitting else outputs[0]


def _try(classifier: NetworkClassifier, path: Path) -> None:
    spec = classifier.spec
    try:
        clip = np.zeros((1, spec.frames, *spec.crop, 3), np.uint8)
        found = classifier.classify(clip)
    except ClassifierError as error:
        raise ClassifierError(f"{path.name}: {error}", hint=error.hint) from error
    except Exception as error:
        raise ClassifierError(
            f"{path.name} does not run on clips as described ({' '.join(str(error).split())[:200]})",
            hint="are layout, frames and crop those that it was made for? --debug shows where it fails",
        ) from error
    if found.shape != (1, len(classifier.labels)):
        shape = tuple(found.shape[1:])
        raise ClassifierError(
            f"{path.name} gives {shape[0] if len(shape) == 1 else shape} values for a clip, and there are "
            f"{len(classifier.labels)} labels",
            hint="one name for each output is wanted, in their order",
        )
    try:
        probabilities_of(classifier, clip)
    except ClassifierError as error:
        raise ClassifierError(
            str(error),
            hint="is activation right? softmax or sigmoid is applied to logits; multi_label needs no sum of 1",
        ) from error
