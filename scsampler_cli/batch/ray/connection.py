"""Ray in this process: started for the time being, or a cluster joined; without a word from it on either output.

But: what is done there is the business of `ray_pool`.
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
"""Seconds that a cluster may take to answer (our choice)."""
_KNOCK = "import logging, sys, ray; ray.init(sys.argv[1], log_to_driver=False, logging_level=logging.CRITICAL)"


def check_installed() -> None:
    """Say so before anything is loaded where Ray is not there.

    Raises:
        ClusterError: it is not.
    """
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        raise ClusterError(
            "Ray is not installed", code="package-missing", hint="pip install 'scsampler[ray]'"
        )


@dataclass(frozen=True, kw_only=True)
class RaySettings:
    """Where actors work and what each is given."""

    address: str | None
    """HOST:PORT or "auto" joins a cluster; None starts one on this machine, which ends with the batch."""
    actors: int | None
    """At most; None: as many as there is room for."""
    cpus: float
    """Of each actor."""
    gpus: float | None
    """Of each actor; None: one where the cluster has any."""


@contextmanager
def connected(settings: RaySettings, environment: Mapping[str, str]) -> Iterator[None]:
    """Ray in this process, without a word from it.

    Raises:
        ClusterError: it cannot be started or reached.
    """
    _hush_its_threads()
    # a folder of its own: of a Ray that ends with us nothing is left, and nobody takes it for a cluster to join
    folder = tempfile.mkdtemp(prefix="scsampler-ray-") if settings.address is None else None
    try:
        _join_or_start(settings, environment, folder)
        yield
    finally:
        if "ray" in sys.modules:
            sys.modules["ray"].shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _join_or_start(
    settings: RaySettings, environment: Mapping[str, str], folder: str | None
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    if settings.address is not None:
        _knock(settings.address)
    try:
        with _hushed():
            _begin(settings, environment, folder)
    except Exception as error:
        what = f"joined at {settings.address}" if settings.address else "started"
        raise ClusterError(
            f"Ray cannot be {what}: {last_line(str(error))}",
            code="cluster-unreachable",
            hint=hint_for(str(error)),
        ) from error
    finally:
        signal.signal(signal.SIGTERM, handler)  # Ray sets its own


def _begin(settings: RaySettings, environment: Mapping[str, str], folder: str | None) -> None:
    import ray
    import ray.data

    shared: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    shared["runtime_env"] = {"env_vars": dict(environment)}
    if folder is None:
        ray.init(settings.address, **shared)
    else:
        # more actors than cores are the user's choice, as with processes
        wanted = max(cores(), math.ceil((settings.actors or 0) * settings.cpus))
        ray.init("local", num_cpus=wanted, include_dashboard=False, _temp_dir=folder, **shared)
    data = logging.getLogger("ray.data")
    for handler in [each for each in data.handlers if isinstance(each, logging.StreamHandler)]:
        data.removeHandler(handler)
    ray.data.DataContext.get_current().enable_progress_bars = False


def _knock(address: str) -> None:
    """Ask in a process that can be ended whether a cluster answers: Ray itself tries for minutes, and may then abort.

    Raises:
        ClusterError: it does not.
    """
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=JOIN_S).close()
        except OSError as error:
            why = error.strerror or str(error)
            raise ClusterError(
                f"no Ray cluster can be joined at {address}: {why}",
                code="cluster-unreachable",
                hint="`ray start --head` tells the address",
            ) from error
    command = [sys.executable, "-c", _KNOCK, address]
    said = f"no answer within {JOIN_S} s"
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
        said = last_line(tried.stderr.decode(errors="replace"))
    except subprocess.TimeoutExpired:
        pass
    raise ClusterError(
        f"no Ray cluster can be joined at {address}: {said}",
        code="cluster-unreachable",
        hint=hint_for(said),
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Ray's native code says on the error output how it was told not to say anything."""
    own, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)
        os.close(null)


def _hush_its_threads() -> None:
    """From now on nothing is printed of what Ray's own threads and finalisers raise, as they do when Ray ends beneath them."""
    threading.excepthook = partial(_unless_rays, threading.excepthook)
    sys.unraisablehook = partial(_unless_rays, sys.unraisablehook)


def _unless_rays(show: Callable[[Any], object], raised: Any) -> None:
    """Show what was raised where nobody catches it, unless it came through code of Ray."""
    trace = raised.exc_traceback
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == "ray":
            return
        trace = trace.tb_next
    show(raised)


def last_line(text: str) -> str:
    """Of what Ray says in many lines, the one that says what it is."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it does not say why"


def hint_for(said: str) -> str:
    """What may help where Ray complains."""
    if "No module named" in said:
        return "install the same scsampler, with all that it needs, on every machine of the cluster"
    if "auth" in said.lower():
        return "set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to what `ray get-auth-token` says there"
    if "version" in said.lower():
        return "install the same Python and Ray on every machine of the cluster"
    return "`ray status` on a machine of the cluster shows its state"
