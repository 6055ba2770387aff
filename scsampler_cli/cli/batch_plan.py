"""The inputs of a command and where its records go, once the options are checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.cli import output_targets
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.files.output_paths import is_special


@dataclass(frozen=True)
class Batch:
    """The inputs of a command and where its records go."""

    command: str
    inputs: list[Path]
    single: bool
    """True when one file was named, and nothing else."""
    form: str
    output: Path | None
    columns: list[str]
    running: RunOptions
    named: list[Path]
    """All files that were named; `inputs` are those of them in the shard."""
    places: output_targets.Places | None
    """Of a format that holds one video a file."""
    reads: Sequence[Path] = ()
    """What is read beside the inputs, such as weight files."""

    @property
    def option(self) -> str:
        """The option that names the output."""
        return "--records" if self.command == "extract" else "-o"

    @property
    def on_disk(self) -> bool:
        """True where records go to a file of JSON lines, which can be resumed."""
        return self.form == "jsonl" and self.output is not None and not is_special(self.output)
