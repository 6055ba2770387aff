"""Environment variables and standard streams of the process. No other module reads or sets them."""

import os
import secrets
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scsampler_cli.batch.cores import cores


def cache_dir() -> Path:
    """Folder of files that can be made again: scsampler in $XDG_CACHE_HOME, or in ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scsampler"


def train_cache_dir() -> Path:
    """Folder of the features, scores and clip probabilities that train and bench keep."""
    return cache_dir() / "train"


def demo_dir() -> Path:
    """Folder of the generated videos."""
    return cache_dir() / "demo"


def torchrun() -> Mapping[str, str]:
    """The variables of `torchrun`, such as RANK and WORLD_SIZE; empty without torchrun."""
    return {
        name: os.environ[name]
        for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        if name in os.environ
    }


def command_line() -> str:
    """The command line of this program, for reports."""
    return shlex.join(["scsampler", *sys.argv[1:]])


def wants_styles() -> bool:
    """True when text on standard output may be bold: on a terminal, without NO_COLOR."""
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not is_plain


def let_idle_threads_sleep() -> None:
    """Let OpenMP's threads sleep between two parallel regions. To be called before torch's import.

    By default they spin, that is, they wait without giving up their core. The pipeline alternates
    between one thread that decodes and several that compute. On a busy machine, spinning threads
    take the cores from threads that have work: on two cores with two other such processes, scoring
    took 5 to 15 times as long. On an idle machine, sleeping costs about a sixth of the speed. A
    value of the user stays.
    """
    # read once, when the OpenMP library is loaded together with torch
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def share_cores(jobs: int) -> None:
    """Share the cores among several processes. To be called before they start.

    A value of the user stays.
    """
    # torch starts as many threads as there are cores, in each process
    if jobs > 1:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // jobs)))


@contextmanager
def cores_shared(jobs: int) -> Iterator[None]:
    """As `share_cores`, for processes that start within the context.

    Afterwards this process has all cores again, for libraries that it loads later.
    """
    before = os.environ.get("OMP_NUM_THREADS")
    share_cores(jobs)
    try:
        yield
    finally:
        # a value that the user has set is still there
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)


def prepare_ray(starts: bool) -> None:
    """Set up Ray: no output, no reports, no access for others. To be called before its import.

    A value of the user stays, except that no usage statistics are sent to Ray's developers, and
    that Ray writes nothing to standard output.

    Args:
        starts: True if this process starts a Ray cluster of its own. Others then cannot give it
            work, and nothing is written to the home folder.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # otherwise Ray prints notes about repeated lines on standard output, between the records
    os.environ["RAY_DEDUP_LOGS"] = "1"
    os.environ["RAY_DEDUP_LOGS_SKIP_REGEX"] = "^"
    # otherwise a call that comes without a connection starts another cluster
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    # Ray warns of a coming change: that it leaves GPUs visible to actors without one. This program
    # does not use them there, because of --device
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if starts and "RAY_AUTH_MODE" not in os.environ:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def actor_environment() -> dict[str, str]:
    """Variables that Ray actors on other machines need, as the child processes here have them."""
    return {name: os.environ[name] for name in ("OMP_WAIT_POLICY",) if name in os.environ}


def fill_standard_streams() -> None:
    """Open /dev/null in place of each standard stream that is closed.

    Otherwise the next file that is opened gets the number of the stream, and what is printed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            # open gives the lowest free number, which may already be the right one
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
    # Python has set it to None when it started with the stream closed
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
