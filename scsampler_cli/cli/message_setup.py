"""What `train` and `bench` print on stderr, and their log file.

Not handled here: commands over many files, see `run_batch.plan`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scsampler_cli.cli import console, overwrite_checks
from scsampler_cli.cli.output_options import MessageOptions
from scsampler_cli.config import __version__
from scsampler_cli.errors import SettingsError


def set_up_messages(
    command: str,
    options: MessageOptions,
    *,
    read: Iterable[Path],
    written: Iterable[Path],
    overwrite: bool,
) -> None:
    """Set which messages are printed, and open the log file.

    Args:
        command: its name.
        options: what is printed.
        read: files that the command reads.
        written: files that it writes, and folders for its files.
        overwrite: True when existing files may be replaced.

    Raises:
        SettingsError: the log file is one of the other files, or lies in such a folder.
        OutputError: it cannot be written, or is a file of something else.
    """
    # messages before the log file is checked go to stderr alone
    console.set_up(options.quiet, options.verbose)
    log_file = options.log_file
    if log_file is not None:
        for path in written:
            if log_file.resolve().is_relative_to(path.resolve()):
                raise SettingsError(
                    f"{log_file} is a place for results of this run ({path})",
                    code="path-conflict",
                    hint="give --log-file another name",
                )
        overwrite_checks.check_outputs(read, {"--log-file": log_file})
        empty = overwrite_checks.check_log(log_file, overwrite=overwrite)
        console.set_up(options.quiet, options.verbose, log_file, empty=empty)
    console.detail(f"scsampler {__version__}: {command}")


def existing_files(names: Iterable[str | Path | None]) -> list[Path]:
    """The names that are files; others are names of models, folders, or not given."""
    paths = [Path(name) for name in names if name]
    return [path for path in paths if path.is_file()]
