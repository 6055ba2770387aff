"""Run a batch of the obedient task as a command does, in a process of its own: python -m tests.jobs.driver '{"paths": [...]}'."""

import json
import sys
from pathlib import Path
from typing import Any

import typer

from scsampler_cli.cli import batch
from scsampler_cli.cli.running import Running
from scsampler_cli.jobs.connection import RaySettings
from tests.jobs.tasks import Obedient, Unfit


@batch.guarded
def obey(paths: list[str], output: str | None, log_file: str | None, debug: bool, **given: Any) -> None:
    ray, unfit = given.pop("ray", None), given.pop("unfit", None)
    plain = {"jobs": 1, "timeout_s": None, "max_memory_gb": None, "as_finished": False, "resume": False}
    plain |= {"hashed": False, "quiet": False, "verbose": 0, "log_file": log_file and Path(log_file)}
    running = Running(**(plain | {"debug": debug} | given), ray=ray and RaySettings(**ray))
    todo = batch.plan("classify", paths, "*", "jsonl", Path(output) if output else None, running)
    batch.run(todo, Unfit(unfit) if unfit else Obedient())


def main() -> None:
    try:
        obey(**({"output": None, "log_file": None, "debug": False} | json.loads(sys.argv[1])))
    except typer.Exit as end:
        sys.exit(end.exit_code)


if __name__ == "__main__":
    main()
