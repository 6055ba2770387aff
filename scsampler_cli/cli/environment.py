"""The process's environment: where generated files are kept, how threads wait. The only module that reads or sets it."""

import os
import secrets
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scsampler_cli.batch.cores import cores


def cache_dir() -> Path:
    """Folder of what can be made again: $XDG_CACHE_HOME or ~/.cache, scsampler."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scsampler"


def kept_dir() -> Path:
    """Folder of the features, scores and ClipProbs that train and bench keep."""
    return cache_dir() / "train"


def demo_dir() -> Path:
    """Folder of the generated videos."""
    return cache_dir() / "demo"


def torchrun() -> Mapping[str, str]:
    """What `torchrun` tells each of the processes that it starts: RANK, WORLD_SIZE, ...; empty without it."""
    return {
        name: os.environ[name]
        for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        if name in os.environ
    }


def command_line() -> str:
    """How the program was called, for reports."""
    return shlex.join(["scsampler", *sys.argv[1:]])


def wants_styles() -> bool:
    """True when text on standard output may be bold: on a terminal, without NO_COLOR."""
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not is_plain


def let_idle_threads_sleep() -> None:
    """Ask OpenMP's threads to sleep between two parallel regions; to be called before torch is imported.

    By default they spin. The pipeline goes back and forth between one thread that decodes and several that compute, so on a
    machine that is busy with anything else the spinning threads take the cores from those that have work: on two cores with two
    other such processes scoring took 5 to 15 times as long. Alone, sleeping costs about a sixth. What the user sets wins.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def share_cores(jobs: int) -> None:
    """Give each of several processes its share of the cores; to be called before they start. What the user sets wins."""
    if jobs > 1:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // jobs)))


@contextmanager
def cores_shared(jobs: int) -> Iterator[None]:
    """As `share_cores`, for processes that start within the context: what this one loads afterwards has all cores."""
    before = os.environ.get("OMP_NUM_THREADS")
    share_cores(jobs)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)


def settle_ray(starts: bool) -> None:
    """Keep Ray quiet and to itself; to be called before it is imported.

    What the user sets wins, but for reports to Ray's makers, which are never sent, and for what Ray would write to stdout.

    Args:
        starts: one is started for us alone: nobody else may give it work, and nothing is written to the home folder.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_DEDUP_LOGS"], os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] = (
        "1",
        "^",
    )  # else it writes between our results
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = (
        "0"  # else whatever is still at work when Ray is shut down starts another
    )
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # silences a warning; --device cpu is ours to heed
    if starts and "RAY_AUTH_MODE" not in os.environ:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def actors_environment() -> dict[str, str]:
    """What this process has settled for its own children, for those on other machines."""
    return {name: os.environ[name] for name in ("OMP_WAIT_POLICY",) if name in os.environ}


def fill_standard_streams() -> None:
    """Where a standard stream is closed, open /dev/null in its place: else the next file that is opened would be taken for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
