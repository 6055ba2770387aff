"""Which files a command may write: never one that it reads, never two things to one file, and nothing over what is there.

The rule, the same for every option that names a file: records of the same command in a file of JSON lines are kept as FILE.old,
or gone on with by --resume; a log of ours is appended to; any other file that is there is refused without --overwrite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.cli import output_targets
from scsampler_cli.errors import OutputError, SettingsError, read_code
from scsampler_cli.files.marks import is_marked
from scsampler_cli.files.output_paths import check_free, check_output, is_special, is_taken

if TYPE_CHECKING:
    from scsampler_cli.cli.batch_plan import Batch
    from scsampler_cli.cli.run_options import RunOptions

_LOGGED = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ ")
"""How a line of a log file begins."""


def check_outputs(inputs: Iterable[Path], outputs: Mapping[str, Path | None]) -> None:
    """Refuse to overwrite an input, to write two things to one file, or what could not be written in the end.

    Args:
        inputs: files that are read.
        outputs: option -> the file that it names; None where it is not given.

    Raises:
        SettingsError: an output is one of the inputs, or another output.
        OutputError: it could not be written.
    """
    check_not_read(inputs, outputs)
    seen: dict[Path, str] = {}
    for option, output in outputs.items():
        if output is None:
            continue
        check_output(output)
        place = output.resolve()
        if place in seen and not is_special(output):
            raise SettingsError(
                f"{output} is named twice, by {seen[place]} and {option}",
                code="path-conflict",
                hint="give one another name",
            )
        seen[place] = option


def check_not_read(inputs: Iterable[Path], outputs: Mapping[str, Path | None]) -> None:
    """Refuse to overwrite an input, whatever else is wrong with the name.

    Raises:
        SettingsError: an output is one of the inputs.
    """
    read = [path for path in inputs if path.exists()] if any(outputs.values()) else []
    for option, output in outputs.items():
        if output is not None and output.is_file() and any(path.samefile(output) for path in read):
            raise SettingsError(
                f"{output} is both input and output",
                code="path-conflict",
                hint=f"give {option} another name",
            )


def check_records_file(
    output: Path, form: str, command: str, *, option: str, resume: bool, overwrite: bool
) -> None:
    """Refuse to write records over something else.

    Args:
        output: the file.
        form: of the records; only JSON lines that are there can be kept, or gone on with.
        command: whose records are to be written.
        option: that names the file.
        resume: True when what is there stays.
        overwrite: True when the user allows to write over what is there.

    Raises:
        OutputError: something else is there.
    """
    if form != "jsonl" or is_special(output):
        check_free([output], option, overwrite=overwrite)
        return
    from scsampler_cli.batch.resume import check_records, check_waiting

    place = output.resolve()
    check_waiting(place, command, option)
    if resume or not overwrite:
        check_records(place, command, option)


def check_log(log_file: Path | None, *, overwrite: bool) -> bool:
    """Refuse to append messages to a file that is no log of ours.

    Returns:
        True when the log file starts again, empty: what is there is something else, and may be overwritten.

    Raises:
        SettingsError: "-" is no file.
        OutputError: it is something else.
    """
    if log_file is None or not is_taken(log_file):
        if log_file == Path("-"):
            raise SettingsError(
                "--log-file - is no file",
                code="output-suffix-invalid",
                hint="messages go to standard error anyway; or name a file",
            )
        return False
    try:
        with log_file.open("rb") as lines:
            is_log = _LOGGED.match(lines.read(64)) is not None
    except OSError as error:
        raise OutputError(
            f"cannot read {log_file}: {error.strerror or error}",
            code=read_code(error),
            hint="name another file",
        ) from error
    if not is_log and not overwrite:
        raise OutputError(
            f"{log_file} is there already, and is no log",
            code="output-exists",
            hint="--overwrite replaces it; or give --log-file another name",
        )
    return not is_log


def check_made(
    files: Iterable[Path],
    option: str,
    running: RunOptions,
    *,
    is_own: Callable[[Path], bool] = is_marked,
) -> None:
    """Refuse to make files beside records where others are; a run that goes on may replace those of its own kind.

    Args:
        files: to be made.
        option: that asks for them.
        running: whether the run goes on, and may overwrite.
        is_own: True for a file that scsampler has made.

    Raises:
        OutputError: another file is there.
    """
    check_free(
        files,
        option,
        overwrite=running.overwrite,
        is_own=is_own if running.resume else lambda _: False,
    )


def check_batch(batch: Batch) -> bool:
    """Refuse outputs of a batch that would be written over what is read, or over what is there.

    Returns:
        `check_log`.

    Raises:
        SettingsError, OutputError: as of the other checks.
    """
    running, places = batch.running, batch.places
    file = None if places and places.folder else batch.output
    check_outputs(
        [*batch.named, *batch.reads], {batch.option: file, "--log-file": running.log_file}
    )
    if places and places.folder:
        wanted = [places.targets[str(path)] for path in batch.inputs]
        files = [target for target in wanted if target is not None]
        output_targets.check_apart(files, batch.reads)
        check_free(files, batch.option, overwrite=running.overwrite)
    elif file is not None:
        check_records_file(
            file,
            batch.form,
            batch.command,
            option=batch.option,
            resume=running.resume,
            overwrite=running.overwrite,
        )
    return check_log(running.log_file, overwrite=running.overwrite)
