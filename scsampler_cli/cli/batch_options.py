"""Options about many files: how many at once, on which machines, within which limits, resuming."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

BATCH = "Many files"
Engine = StrEnum("Engine", ["local", "ray"])


def _jobs(details: str) -> Any:
    """The option --jobs, with what the default is in a command."""
    return typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=512,
        help=f"Number of files processed at the same time. {details}",
        rich_help_panel=BATCH,
    )


# None and not 1: with Ray, no number means as many as fit
Jobs = Annotated[
    int | None,
    _jobs(
        "Each has a process, or a Ray actor, with its own copy of the models. Default: 1; with "
        "Ray as many as fit on the cluster."
    ),
]
# train and bench do not use Ray
LocalJobs = Annotated[
    int | None, _jobs("Each has a process with its own copy of the models. Default: 1.")
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What runs the work: processes on this machine, or a Ray cluster.",
        rich_help_panel=BATCH,
    ),
]
# without ray://, which stands for clients of Ray: they cannot start actors as we need them
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Address of the Ray cluster. auto: the cluster that this machine belongs to. Default: "
        "start Ray on this machine.",
        rich_help_panel=BATCH,
    ),
]
# float: Ray divides a CPU among several actors
CpusPerActor = Annotated[
    float | None,
    typer.Option(
        help="Number of CPUs per Ray actor, and of its threads. Default: 1.",
        rich_help_panel=BATCH,
    ),
]
# float: several small networks fit on one GPU
GpusPerActor = Annotated[
    float | None,
    typer.Option(
        help="Number of GPUs per Ray actor, e.g. 0.5. Default: 1 if the cluster has GPUs.",
        rich_help_panel=BATCH,
    ),
]
# a damaged file may keep a decoder busy for ever
Timeout = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="Longest time for one file. A file that takes longer fails. 0: no limit. Default: one "
        "hour for each hour of video, rounded up.",
        rich_help_panel=BATCH,
    ),
]
# resident memory, as the operating system reports it
MaxMemory = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="GIGABYTES",
        help="Most memory that a process may use for one file. 0: no limit. Default: 80 % of the "
        "machine's memory, divided by --jobs.",
        rich_help_panel=BATCH,
    ),
]
# by name and not by place in the list: a file that is added moves no other file
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Process only part I of N of the files, e.g. 1/4. The name of a file decides which "
        "part it is in. For job arrays, or several machines.",
        rich_help_panel=BATCH,
    ),
]
# records are matched by path, size, time and the settings of the run
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Continue an earlier run. Files that have a record in the output (JSON lines) are "
        "skipped.",
        rich_help_panel=BATCH,
    ),
]
AsFinished = Annotated[
    bool,
    typer.Option(
        "--as-finished",
        help="Write each record when its file is done. Default: in the order of the files.",
        rich_help_panel=BATCH,
    ),
]
# costs one more read of the whole file
Hash = Annotated[
    bool,
    typer.Option(
        "--hash",
        help="Write the SHA-256 of each file into its record. --resume then recognises a file "
        "whose time has changed.",
        rich_help_panel=BATCH,
    ),
]


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """How a command processes many files."""

    jobs: Jobs = None
    shard: Shard = None
    engine: EngineOption = Engine.local
    address: Address = None
    cpus_per_actor: CpusPerActor = None
    timeout: Timeout = None
    max_memory: MaxMemory = None
    resume: Resume = False
    as_finished: AsFinished = False
    hash: Hash = False


@dataclass(frozen=True, kw_only=True)
class GpuBatchOptions(BatchOptions):
    """The same, of a command that runs networks."""

    gpus_per_actor: GpusPerActor = None
