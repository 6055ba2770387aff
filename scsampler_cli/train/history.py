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
    """PNG: the loss above; below, the accuracies, with the baselines as level lines."""
    # matplotlib takes a second to import; runs without an epoch do not need it
    import io

    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    epochs = [record["epoch"] for record in history]
    above.plot(epochs, [record["loss"] for record in history], marker=".", color="tab:blue")
    above.set_ylabel("training loss")

    for name, colour in (("video_accuracy", "tab:green"), ("clip_accuracy", "tab:orange")):
        points = [(record["epoch"], 100 * record[name]) for record in history if name in record]
        if points:
            x, y = zip(*points, strict=True)
            below.plot(x, y, marker=".", color=colour, label=name.replace("_", " "))
    for i, (name, value) in enumerate(history[-1].get("baselines", {}).items()):
        # all are grey: longer dashes distinguish them
        dashes = (0, (1 + i, 2))
        label = f"{name} {100 * value:.0f} %"
        below.axhline(100 * value, linestyle=dashes, color="grey", label=label)
    below.set(xlabel="epoch", ylabel="validation, %", ylim=(0, 102))
    if below.get_legend_handles_labels()[0]:
        below.legend(loc="lower right", fontsize="small")

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
