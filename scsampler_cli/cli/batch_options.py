"""Options of the commands that work on many files: how many at once, where, within which limits, and how a run goes on."""

from enum import StrEnum
from typing import Annotated, Any

import typer

MANY = "Many files"
Engine = StrEnum("Engine", ["local", "ray"])


def _jobs(help: str) -> Any:
    return typer.Option("--jobs", "-j", min=1, max=512, help=help, rich_help_panel=MANY)


Jobs = Annotated[
    int | None,
    _jobs(
        "Files worked on at once, each by a process, or an actor of Ray, that loads the models. Default: 1; with Ray as many "
        "as there is room for."
    ),
]
JobsHere = Annotated[
    int | None,
    _jobs("Files worked on at once, each by a process that loads the models. Default: 1."),
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="What works on the files: processes of this machine, or a Ray cluster.",
        rich_help_panel=MANY,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="Join this Ray cluster, or auto: the one that this machine is part of. Default: start one here.",
        rich_help_panel=MANY,
    ),
]
CpusPerActor = Annotated[
    float | None,
    typer.Option(
        help="CPUs of each of Ray's actors, and its threads; default 1.", rich_help_panel=MANY
    ),
]
GpusPerActor = Annotated[
    float | None,
    typer.Option(
        help="GPUs of each of Ray's actors, such as 0.5; default 1 where the cluster has any.",
        rich_help_panel=MANY,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Seconds that one file may take; 0 is no limit. Default: an hour for each hour of video begun.",
        rich_help_panel=MANY,
    ),
]
MaxMemory = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Gigabytes that a process may take for a file; 0 is no limit. Default: 80 % of the machine's, shared by --jobs.",
        rich_help_panel=MANY,
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Take only this share of the files, such as 1/4, by their names: for arrays of jobs, and several machines.",
        rich_help_panel=MANY,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with an output of JSON lines (FILE.jsonl): skip what is done.",
        rich_help_panel=MANY,
    ),
]
AsFinished = Annotated[
    bool,
    typer.Option(
        "--as-finished",
        help="Write records as they come, not in the order of files.",
        rich_help_panel=MANY,
    ),
]
Hash = Annotated[
    bool,
    typer.Option(
        "--hash",
        help="Put the sha256 of each file into its record; --resume then knows it when its time has changed.",
        rich_help_panel=MANY,
    ),
]
