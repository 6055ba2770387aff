"""The inputs and the output of a command, once the options are checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.cli import output_targets
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.files.output_paths import is_special


# frozen: checked once, and the same for all that use it
@dataclass(frozen=True)
class Batch:
    """The inputs and the output of a command."""

    command: str
    inputs: list[Path]
    single: bool
    """True when one file is named, and nothing else."""
    form: str
    output: Path | None
    columns: list[str]
    """Columns of CSV."""
    running: RunOptions
    named: list[Path]
    """All files that are named; `inputs` are those of them in the shard."""
    places: output_targets.Places | None
    """Files of a format that holds one video per file; None for other formats."""
    shard: str | None = None
    """Such as "1/4", which part of the named files the inputs are; None for all."""
    reads: Sequence[Path] = ()
    """Other files that are read, such as weight files."""
    rows: str = "video"
    """What a row of CSV is, one of `csv_rows.ROWS`."""

    @property
    def option(self) -> str:
        """The option that names the output."""
        return "--records" if self.command == "extract" else "-o"

    @property
    def on_disk(self) -> bool:
        """True when the output is a file of JSON lines, which can be resumed."""
        return self.form == "jsonl" and self.output is not None and not is_special(self.output)
