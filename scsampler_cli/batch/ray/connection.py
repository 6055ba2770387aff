"""Ray in this process: a local Ray is started, or a cluster is joined. Ray prints nothing.

Not handled here: the work on the cluster (`ray_pool`).
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

from scsampler_cli.batch.cores import cores
from scsampler_cli.errors import ClusterError

JOIN_S = 15
"""Seconds that a cluster may take to answer."""
_CHECK_SCRIPT = """
import logging, sys, ray
ray.init(sys.argv[1], log_to_driver=False, logging_level=logging.CRITICAL)
"""


def check_installed() -> None:
    """Check, without importing it, that Ray is installed.

    Raises:
        ClusterError: it is not.
    """
    # Ray Data needs pyarrow
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise ClusterError(
            "Ray is not installed", code="package-missing", hint="pip install 'scsampler[ray]'"
        )


@dataclass(frozen=True, kw_only=True)
class RaySettings:
    """The cluster, and the resources of each actor."""

    address: str | None
    """HOST:PORT or "auto" joins a cluster; None starts one on this machine, which ends with the
    batch."""
    actors: int | None
    """Largest number of actors; None for as many as the cluster has room for."""
    cpus: float
    """CPUs of each actor."""
    gpus: float | None
    """GPUs of each actor; None for one if the cluster has GPUs, else none."""


@dataclass(frozen=True)
class Connection:
    """A connection of this process to Ray. It is open until the process ends."""

    folder: str | None
    """Folder of the Ray that this process has started; None in a cluster that it has joined."""

    def own_processes(self) -> list[int]:
        """The processes of the Ray that this process has started, in the order to end them in."""
        import ray

        # no public function names them
        by_kind = ray._private.worker._global_node.all_processes
        # The raylet first: it ends the actors, and tells the others. The reaper, which macOS has,
        # last: it would end them without that.
        order = {"raylet": 0, "reaper": 2}
        kinds = sorted(by_kind, key=lambda kind: order.get(kind, 1))
        return [info.process.pid for kind in kinds for info in by_kind[kind]]


# none, or one
_open: list[Connection] = []


def current() -> Connection | None:
    """The connection of this process; None if it is not connected."""
    return _open[0] if _open else None


def connect(settings: RaySettings, environment: Mapping[str, str]) -> None:
    """Connect this process to Ray. `cli.process_end` ends the connection, with the process.

    Args:
        settings: the cluster.
        environment: environment variables of the actors.

    Raises:
        ClusterError: Ray cannot be started, or the cluster cannot be reached.
    """
    _silence_ray_threads()
    # A folder of its own for a local Ray: it is removed at the end, and no other program finds it
    # as a cluster to join.
    folder = tempfile.mkdtemp(prefix="scsampler-ray-") if settings.address is None else None
    try:
        _join_or_start(settings, environment, folder)
    except BaseException:
        # safe here, unlike later: Ray Data has started no threads yet
        if "ray" in sys.modules:
            sys.modules["ray"].shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    _open.append(Connection(folder))


def _join_or_start(
    settings: RaySettings, environment: Mapping[str, str], folder: str | None
) -> None:
    # Ray sets a handler of its own for SIGTERM
    handler = signal.getsignal(signal.SIGTERM)
    if settings.address is not None:
        _check_reachable(settings.address)
    try:
        with _stderr_closed():
            _init_ray(settings, environment, folder)
    except Exception as error:
        what = f"joined at {settings.address}" if settings.address else "started"
        raise ClusterError(
            f"Ray cannot be {what}: {last_line(str(error))}",
            code="cluster-unreachable",
            hint=hint_for(str(error)),
        ) from error
    finally:
        signal.signal(signal.SIGTERM, handler)


def _init_ray(settings: RaySettings, environment: Mapping[str, str], folder: str | None) -> None:
    import ray
    import ray.data

    shared: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    shared["runtime_env"] = {"env_vars": dict(environment)}
    if folder is None:
        ray.init(settings.address, **shared)
    else:
        # the user may ask for more actors than cores, as for more processes
        wanted = max(cores(), math.ceil((settings.actors or 0) * settings.cpus))
        ray.init("local", num_cpus=wanted, include_dashboard=False, _temp_dir=folder, **shared)
    # Ray Data logs to stdout
    data = logging.getLogger("ray.data")
    for handler in [each for each in data.handlers if isinstance(each, logging.StreamHandler)]:
        data.removeHandler(handler)
    ray.data.DataContext.get_current().enable_progress_bars = False


def _check_reachable(address: str) -> None:
    """Check that a cluster answers.

    A process of its own asks, and is ended after JOIN_S: Ray itself tries for minutes, and may then
    abort the process.

    Raises:
        ClusterError: the cluster does not answer.
    """
    # the port first: a wrong address is then found in milliseconds
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=JOIN_S).close()
        except OSError as error:
            why = error.strerror or str(error)
            raise ClusterError(
                f"no Ray cluster can be joined at {address}: {why}",
                code="cluster-unreachable",
                hint="`ray start --head` prints the address",
            ) from error
    command = [sys.executable, "-c", _CHECK_SCRIPT, address]
    reason = f"no answer within {JOIN_S} s"
    try:
        tried = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=JOIN_S,
            check=False,
            start_new_session=True,
        )
        if tried.returncode == 0:
            return
        reason = last_line(tried.stderr.decode(errors="replace"))
    except subprocess.TimeoutExpired:
        pass
    raise ClusterError(
        f"no Ray cluster can be joined at {address}: {reason}",
        code="cluster-unreachable",
        hint=hint_for(reason),
    )


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Discard what is written to descriptor 2: Ray's native code ignores its settings for logs."""
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


def _silence_ray_threads() -> None:
    """Print no exceptions of Ray's own threads and finalisers, which may fail when a run ends."""
    threading.excepthook = partial(_show_unless_of_ray, threading.excepthook)
    sys.unraisablehook = partial(_show_unless_of_ray, sys.unraisablehook)


def _show_unless_of_ray(show: Callable[[Any], object], raised: Any) -> None:
    """Show an uncaught exception, unless its traceback passes through Ray."""
    trace = raised.exc_traceback
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == "ray":
            return
        trace = trace.tb_next
    show(raised)


def last_line(text: str) -> str:
    """The last line of an error message of Ray, which names the error; cut to 300 characters."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it does not say why"


def hint_for(message: str) -> str:
    """The hint for an error message of Ray."""
    if "No module named" in message:
        return "install the same scsampler, with all that it needs, on every machine of the cluster"
    if "auth" in message.lower():
        return "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to what `ray get-auth-token` says there"
    if "version" in message.lower():
        return "install the same Python and Ray on every machine of the cluster"
    return "`ray status` on a machine of the cluster shows its state"
