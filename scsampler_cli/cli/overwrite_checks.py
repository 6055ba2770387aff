"""Which files a command may write: never an input, never two results to one file.

One rule holds for every option that names a file. Records of the same command in a file of JSON
lines are kept as FILE.old, or continued with --resume. A log of scsampler is appended to. Any other
file that exists is refused without --overwrite.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
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
"""Start of a line of a log file: date, time and level."""


def check_outputs(inputs: Iterable[Path], outputs: Mapping[str, Path | None]) -> None:
    """Refuse an output that is an input or another output, or that cannot be written.

    Args:
        inputs: files that are read.
        outputs: option: the file that it names; None for an option that is not given.

    Raises:
        SettingsError: an output is one of the inputs, or another output.
        OutputError: it cannot be written.
    """
    # first: the most serious mistake has the clearest message
    check_not_read(inputs, outputs)
    # resolved path -> the option that names it
    named_by: dict[Path, str] = {}
    for option, output in outputs.items():
        if output is None:
            continue
        check_output(output)
        # two names of one file, such as x and ./x
        place = output.resolve()
        if place in named_by and not is_special(output):
            raise SettingsError(
                f"{output} is named twice, by {named_by[place]} and {option}",
                code="path-conflict",
                hint="give one another name",
            )
        named_by[place] = option


def check_not_named(files: Iterable[Path], option: str, taken: MutableMapping[str, str]) -> None:
    """Refuse a file made of a video that is also another output.

    Args:
        files: that are made of the videos.
        option: the option that asks for them.
        taken: resolved path -> option, of the outputs so far; gets the files.

    Raises:
        SettingsError: another option names one of them, or makes it.
    """
    for file in files:
        # realpath: the same file may be named through links
        other = taken.setdefault(os.path.realpath(file), option)
        if other != option:
            raise SettingsError(
                f"{file} is named twice, by {other} and {option}",
                code="path-conflict",
                hint="give one another name",
            )


def check_not_read(inputs: Iterable[Path], outputs: Mapping[str, Path | None]) -> None:
    """Refuse to overwrite an input.

    Raises:
        SettingsError: an output is one of the inputs.
    """
    # samefile needs files that exist; an input that does not is an error elsewhere
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
    """Refuse to replace another file by records.

    Args:
        output: the file.
        form: format of the records; only JSON lines can be kept, or continued.
        command: the command that writes the records.
        option: the option that names the file.
        resume: True when existing records stay.
        overwrite: True when existing files may be replaced.

    Raises:
        OutputError: another file has this name.
    """
    # only JSON lines can be kept, or continued
    if form != "jsonl" or is_special(output):
        check_free([output], option, overwrite=overwrite)
        return
    from scsampler_cli.batch.resume import check_records, check_waiting

    # records that wait for their turn lie next to the file itself, not next to a link to it
    place = output.resolve()
    check_waiting(place, command, option)
    if resume or not overwrite:
        check_records(place, command, option)


def check_log(log_file: Path | None, *, overwrite: bool) -> bool:
    """Refuse to append messages to a file that is not a log of scsampler.

    Returns:
        True when the file must be emptied first: it is another file, and may be replaced.

    Raises:
        SettingsError: "-" is not a file.
        OutputError: it is another file.
    """
    if log_file is None or not is_taken(log_file):
        if log_file == Path("-"):
            raise SettingsError(
                "--log-file needs a file, not -",
                code="output-suffix-invalid",
                hint="messages go to standard error anyway; or name a file",
            )
        return False
    try:
        with log_file.open("rb") as lines:
            # the first line is enough: scsampler only appends
            is_log = _LOGGED.match(lines.read(64)) is not None
    except OSError as error:
        raise OutputError(
            f"cannot read {log_file}: {error.strerror or error}",
            code=read_code(error),
            hint="name another file",
        ) from error
    if not is_log and not overwrite:
        raise OutputError(
            f"{log_file} already exists, and is not a log",
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
    """Refuse to replace files; with --resume a run may replace files of its own kind.

    Args:
        files: the files that the command will write.
        option: the option that names them.
        running: whether an earlier run is continued, and files may be replaced.
        is_own: True for a file that scsampler has made.

    Raises:
        OutputError: another file has one of these names.
    """
    check_free(
        files,
        option,
        overwrite=running.overwrite,
        is_own=is_own if running.resume else lambda _: False,
    )


def check_batch(batch: Batch) -> bool:
    """Refuse outputs of a batch that are inputs, or that exist.

    Returns:
        as `check_log`.

    Raises:
        SettingsError, OutputError: as the other checks.
    """
    running, places = batch.running, batch.places
    # a folder is checked file by file below
    file = None if places and places.folder else batch.output
    check_outputs(
        [*batch.named, *batch.reads], {batch.option: file, "--log-file": running.log_file}
    )
    if places and places.folder:
        wanted = [places.targets[str(path)] for path in batch.inputs]
        # None is standard output, which is not a file to check
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
