"""Run a batch of the obedient task as a command does, in a process of its own.

python -m tests.batch.driver '{"paths": [...]}'
"""

import json
import sys
from pathlib import Path
from typing import Any

import typer

from scsampler_cli.batch.ray.connection import RaySettings
from scsampler_cli.cli import run_batch
from scsampler_cli.cli.command_guard import guarded
from scsampler_cli.cli.input_options import InputOptions
from scsampler_cli.cli.run_options import RunOptions
from tests.batch.tasks import Obedient, Unfit


@guarded
def obey(
    paths: list[str], output: str | None, log_file: str | None, debug: bool, **given: Any
) -> None:
    ray, unfit = given.pop("ray", None), given.pop("unfit", None)
    plain = {
        "jobs": 1,
        "timeout_s": None,
        "max_memory_gb": None,
        "as_finished": False,
        "resume": False,
    }
    plain |= {
        "hashed": False,
        "quiet": False,
        "verbose": 0,
        "log_file": log_file and Path(log_file),
    }
    running = RunOptions(**(plain | {"debug": debug} | given), ray=ray and RaySettings(**ray))
    todo = run_batch.plan(
        "classify",
        InputOptions(paths=paths, glob="*"),
        running,
        form="jsonl",
        output=Path(output) if output else None,
    )
    run_batch.run(todo, Unfit(unfit) if unfit else Obedient())


def main() -> None:
    try:
        obey(**({"output": None, "log_file": None, "debug": False} | json.loads(sys.argv[1])))
    except typer.Exit as end:
        sys.exit(end.exit_code)


if __name__ == "__main__":
    main()
