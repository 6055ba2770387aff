"""Metrics of each epoch: JSON lines, and a figure.

Both files are written again after every epoch from the whole history, so that a run that was killed
and resumed repeats no line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scsampler_cli.errors import OutputError
from scsampler_cli.files.output_paths import sibling

METRICS, CURVE, CHECKPOINT = ".metrics.jsonl", ".curve.png", ".ckpt"
"""Suffixes of the files next to a weight file; that of the checkpoint follows its whole name."""
# Measures of the validation that have a line in the figure
_COLOURS = {"video_accuracy": "tab:green", "clip_accuracy": "tab:orange"}


def write(output: Path, history: list[dict[str, Any]]) -> None:
    """Write the metrics and the curve next to the weight file.

    Args:
        output: weight file of the run.
        history: one record for each epoch: "epoch", "loss", measures, "baselines".

    Raises:
        OutputError: they cannot be written.
    """
    # JSON Lines: one record per epoch
    lines = "".join(json.dumps(record, sort_keys=True) + "\n" for record in history)
    # the main process alone writes them
    metrics, curve = files_of(output)
    try:
        _replace(metrics, lines.encode())
        _replace(curve, _figure(history))
    except OSError as error:
        raise OutputError(
            f"cannot write {metrics}: {error.strerror or error}",
            code="write-failed",
            hint="is the disk full?",
        ) from error


def files_of(output: Path) -> tuple[Path, Path]:
    """Paths of the metrics file and of the curve image of a run that writes `output`."""
    return sibling(output, METRICS, output.stem), sibling(output, CURVE, output.stem)


def _replace(path: Path, data: bytes) -> None:
    # renamed when complete: a run that is killed leaves the former file whole
    part = sibling(path, ".part")
    part.write_bytes(data)
    part.replace(path)


def _figure(history: list[dict[str, Any]]) -> bytes:
    """PNG: the loss, and below it the accuracies of the validation, if there is one."""
    # matplotlib takes a second to import; runs without an epoch do not need it
    import io

    from matplotlib.figure import Figure

    lines, levels = _accuracies(history), _baselines(history)
    is_validated = bool(lines or levels)
    figure = Figure(figsize=(7, 6 if is_validated else 3.4), layout="constrained")
    # squeeze: always an array of axes
    axes = figure.subplots(1 + is_validated, 1, sharex=True, squeeze=False)[:, 0]
    epochs = [record["epoch"] for record in history]
    axes[0].plot(epochs, [record["loss"] for record in history], marker=".", color="tab:blue")
    axes[0].set_ylabel("training loss")
    axes[-1].set_xlabel("epoch")
    if is_validated:
        for name, points in lines:
            x, y = zip(*points, strict=True)
            axes[1].plot(x, y, marker=".", color=_COLOURS[name], label=name.replace("_", " "))
        for i, (name, value) in enumerate(levels):
            # all are grey: longer dashes distinguish them
            dashes = (0, (1 + i, 2))
            axes[1].axhline(value, linestyle=dashes, color="grey", label=f"{name} {value:.0f} %")
        axes[1].set(ylabel="validation, %", ylim=(0, 102))
        axes[1].legend(loc="lower right", fontsize="small")

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _accuracies(history: list[dict[str, Any]]) -> list[tuple[str, list[tuple[int, float]]]]:
    """(name, (epoch, percent) of each epoch) of the measures that the validation has."""
    found = []
    for name in _COLOURS:
        points = [(record["epoch"], 100 * record[name]) for record in history if name in record]
        if points:
            found.append((name, points))
    return found


def _baselines(history: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """(name, percent) of the baselines of the last epoch."""
    return [(name, 100 * value) for name, value in history[-1].get("baselines", {}).items()]
