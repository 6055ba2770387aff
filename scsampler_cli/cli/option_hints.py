"""Options and commands that help with an error of the library, by the code of the error.

The library names settings, not options of the command line. What a user of the command line reads
below an error has the options added: `hint: raise the limit (--max-pixels)`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

OPTIONS: dict[str, tuple[str, ...]] = {
    "architecture-missing": ("--arch",),
    "bench-packet-samplers": ("--packet-sampler",),
    "cache-unusable": ("--cache",),
    "cascade-invalid": ("--cascade", "--candidates", "--packet-sampler"),
    "checkpoint-unusable": ("--resume", "--epochs"),
    "class-numbers-invalid": ("--list-format",),
    "classifier-failed": ("--debug",),
    "classifier-needed": ("--strategy", "--k"),
    "classifier-options-incomplete": ("--classifier",),
    "clip-shape-invalid": ("--clip-frames", "--frame-stride", "--size", "--test-crop"),
    "cluster-lost": ("--debug",),
    "cluster-machines-differ": ("--device", "--precision"),
    "cluster-resources-missing": ("--cpus-per-actor", "--gpus-per-actor", "--device"),
    "cluster-unreachable": ("--address", "--debug"),
    "actor-died": ("--resume",),
    "cuda-missing": ("--device",),
    "download-mismatch": ("--weights",),
    "ffmpeg-program-failed": ("--jobs",),
    "embedding-invalid": ("--precision",),
    "fp16-unsupported": ("--precision",),
    "hugging-face-model-unsupported": ("--classifier",),
    "histogram-invalid": ("--histogram",),
    "initial-weights-unusable": ("--init", "--arch"),
    "joint-training-invalid": ("--init", "--target"),
    "label-count-mismatch": ("--labels",),
    "labels-alone": ("--labels", "--background-labels"),
    "labels-invalid": ("--labels", "--background-labels"),
    "list-format-unknown": ("--list-format",),
    "list-root-missing": ("--root",),
    "loss-not-finite": ("--lr", "--precision", "--cache"),
    "memory-limit": ("--max-memory",),
    "model-spec-fixed": ("--spec",),
    "model-spec-incomplete": ("--spec",),
    "model-spec-invalid": ("--spec",),
    "model-spec-wrong": ("--spec", "--debug"),
    "no-clip-scores": ("--strategy",),
    "no-video-files": ("--glob",),
    "objective-invalid": ("--objective",),
    "out-of-memory": ("--jobs",),
    "output-exists": ("--overwrite",),
    "output-locked": ("-o",),
    "output-suffix-unknown": ("--format",),
    "process-died": ("--jobs", "--resume"),
    "prompt-invalid": ("--prompt",),
    "prune-limit-invalid": ("--prune",),
    "records-foreign": ("--overwrite",),
    "rows-without-segments": ("--segments", "--rows"),
    "sampler-missing": ("--visual-sampler", "--audio-sampler", "--packet-sampler"),
    "segments-limit": ("--max-k", "--k"),
    "segments-unsupported": ("--segments", "--cascade"),
    "sentence-too-long": ("--labels", "--prompt"),
    "sentences-missing": ("--labels",),
    "spatial-unsupported": ("--spatial",),
    "stop-unsupported": ("--aggregate", "--k"),
    "stream-missing": ("--video-stream", "--audio-stream"),
    "strict-damage": ("--strict",),
    "time-limit": ("--timeout",),
    "training-batch-too-small": ("--batch-size",),
    "training-classifier-invalid": ("--classifier",),
    "unexpected": ("--debug",),
    "video-too-large": ("--max-pixels",),
    "video-too-long": ("--max-frames",),
    "weights-not-cached": ("--weights", "--classifier", "--init"),
    "weights-wrong-kind": ("--visual-sampler", "--audio-sampler", "--packet-sampler"),
}
"""Code of an error -> options that matter."""

COMMANDS: dict[str, str] = {
    "architecture-missing": "`scsampler classifiers` lists those that are known",
    "classifier-needed": "`scsampler classify` has a classifier",
    "clip-missing": "`scsampler score` lists the clips of a feature file",
    "clip-shape-invalid": "`scsampler classifiers` lists what each network takes",
    "feature-file-damaged": "`scsampler extract` writes feature files",
    "features-incomplete": "`scsampler extract` has --what and --clip-stride",
    "features-not-video": "`scsampler score` reads feature files (.scf)",
    "package-missing": "`scsampler doctor` checks all packages",
    "report-unreadable": "`scsampler bench DATA -o FOLDER` writes one",
}
"""Code of an error -> a sentence about another command."""


class _Offered:
    """Options of the command that runs; None before it is known."""

    options: Collection[str] | None = None


def set_offered(options: Collection[str]) -> None:
    """Name the options of the command that runs: hints leave out all others."""
    _Offered.options = options


def full_hint(code: str | None, message: str, hint: str | None) -> str | None:
    """A hint with the options and the command that help.

    Args:
        code: of the error; None where it has none.
        message: of the error. Options that it names are not named again.
        hint: of the error.
    """
    if not hint or code is None:
        return hint
    missing = [option for option in OPTIONS.get(code, ()) if option not in f"{message} {hint}"]
    if _Offered.options is not None:
        missing = [option for option in missing if option in _Offered.options]
    if missing:
        hint = f"{hint} ({', '.join(missing)})"
    command = COMMANDS.get(code)
    # the hint of a record that was completed before has both already
    return f"{hint}; {command}" if command and command not in hint else hint


def with_full_hint(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a file, with the options that help in the hint if it failed."""
    error = record.get("error")
    if not error:
        return record
    hint = full_hint(error["code"], error["message"], error["hint"])
    return record | {"error": error | {"hint": hint}}
