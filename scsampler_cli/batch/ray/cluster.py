"""Ray Data over videos: actors that hold the models, and one record for each path of a dataset.

Example: a column of records for a table of videos.

    dataset = ray.data.read_csv("videos.csv")                        # has a column "path"
    dataset = dataset.repartition(target_num_rows_per_block=1)       # one file per block
    for row in records(dataset, task, actors=8).iter_rows():
        record = json.loads(row["record"])

Not handled here: starting or joining Ray (`connection`), and the order of records (`ray_pool`).
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from typing import Any

import ray
import ray.data
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from scsampler_cli.batch.current_records import run_digest
from scsampler_cli.batch.error_transport import pack_error
from scsampler_cli.batch.ray.actor import ActorOptions, RayActor
from scsampler_cli.batch.ray.coordinator import TRIES, Coordinator
from scsampler_cli.batch.task import Task
from scsampler_cli.errors import ClusterError, WorkerError
from scsampler_cli.files.urls import local_path


@dataclass(frozen=True)
class Share:
    """Resources of one actor, as Ray counts them."""

    cpus: float = 1.0
    """CPUs; torch uses as many threads, at least 1."""
    gpus: float = 0.0
    """GPUs. Below 1, several actors share a GPU; an actor sees its own GPU only."""

    def within(self, resources: dict[str, float]) -> int:
        """Number of actors that a machine has room for."""
        # 1e-6: 1 / 0.1 may come out just below 10
        by_cpus = int(resources.get("CPU", 0) / self.cpus + 1e-6)
        if not self.gpus:
            return by_cpus
        available = resources.get("GPU", 0)
        if self.gpus >= 1:
            by_gpus = int(available / self.gpus)
        else:
            # Ray does not divide the part of one actor between two GPUs
            by_gpus = int(available) * int(1 / self.gpus + 1e-6)
        return min(by_cpus, by_gpus)

    def ray_options(self) -> dict[str, float]:
        """The share as options of Ray tasks and actors."""
        return {"num_cpus": self.cpus, "num_gpus": self.gpus}

    def __str__(self) -> str:
        cpus = f"{self.cpus:g} CPU{'s' if self.cpus > 1 else ''}"
        gpus = f" and {self.gpus:g} GPU{'s' if self.gpus > 1 else ''}" if self.gpus else ""
        return cpus + gpus


def max_actors(share: Share) -> int:
    """Number of actors that the machines of the cluster have room for, other users not counted.

    Raises:
        ClusterError: no machine has room for one.
    """
    actors = sum(share.within(node["Resources"]) for node in ray.nodes() if node["Alive"])
    if not actors:
        hint = "ask for less, or add a machine that has it"
        raise ClusterError(
            f"no machine of the cluster has the {share} of an actor",
            code="cluster-resources-missing",
            hint=hint,
        )
    return actors


def new_coordinator() -> Any:
    """Start the coordinator for the actors of one task. It lives until its handle is dropped."""
    # on this machine if possible: as long as the driver lives, the coordinator does
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    options = {
        "num_cpus": 0,
        "max_restarts": -1,
        "max_task_retries": -1,
        "scheduling_strategy": here,
    }
    return ray.remote(**options)(Coordinator).remote()


def load_identity(options: ActorOptions, share: Share, coordinator: Any) -> Any:
    """Start to load the models once, on a machine with room for an actor, for their identity.

    Returns:
        reference to all that the records depend on except the files; `ray.get` of it raises the
        errors of `RayActor`.
    """
    return ray.remote(**share.ray_options(), max_retries=TRIES - 1)(_identity).remote(
        options, share, coordinator
    )


def _identity(options: ActorOptions, share: Share, coordinator: Any) -> dict[str, Any]:
    try:
        ray_actor = _load_actor(options, share, coordinator)
    except Exception as error:
        ray.get(coordinator.report_failure.remote(pack_error(error)))
        raise
    ray_actor.close()
    return ray_actor.identity


def _load_actor(options: ActorOptions, share: Share, coordinator: Any) -> RayActor:
    """The actor of this process, with models loaded.

    Raises:
        ClusterError: its records would differ from those of the other actors.
        ScsamplerError: the task cannot be done here.
    """
    node = ray.get_runtime_context().get_node_id()
    resources = next(each["Resources"] for each in ray.nodes() if each["NodeID"] == node)
    place = f"{socket.gethostname()} {node[:6]}"
    ray_actor = RayActor(
        options,
        max(1, share.within(resources)),
        place,
        note=coordinator.note.remote,
        detail=coordinator.detail.remote,
    )
    agreed = ray.get(coordinator.agree_on.remote(ray_actor.identity))
    if agreed != ray_actor.identity:
        ray_actor.close()
        others = ", ".join(name for name in agreed if agreed[name] != ray_actor.identity.get(name))
        hint = (
            "name the device and the precision instead of auto, "
            "and have the same files on all machines"
        )
        raise ClusterError(
            f"machines of the cluster would make different records ({others} differ)",
            code="cluster-machines-differ",
            hint=hint,
        )
    return ray_actor


def records(
    dataset: ray.data.Dataset,
    task: Task,
    *,
    column: str = "path",
    actors: int | None = None,
    share: Share | None = None,
    options: ActorOptions | None = None,
    coordinator: Any = None,
) -> ray.data.Dataset:
    """Add the record of each path to a dataset. Actors make the records, and load the models once.

    A file that crashes its process has a failed record, as with a `WorkerPool`. When an actor or
    its machine dies, Ray starts the actor again and repeats its block; a file whose actor has died
    `coordinator.TRIES` times has a failed record. Work begins when the dataset is read, one block
    per actor at a time: make blocks small (`repartition(target_num_rows_per_block=1)`), and leave
    a CPU to the tasks that make them.

    Args:
        dataset: has a column of paths; its other columns are kept.
        task: the work on each file, such as `tasks.Classify`; it travels by pickle.
        column: the paths, as text, or as bytes if names are not UTF-8. A file has the same path on
            all machines.
        actors: number of actors; None for as many as there is room for.
        share: resources of each actor; None for one CPU.
        options: limits for each file, and the folder of relative paths; None for the defaults and
            the current folder.
        coordinator: from `new_coordinator`, for a caller that reads the notes; None: a new one.

    Returns:
        the dataset with three more columns: "record", JSON text with the fields that a command
        writes; "seconds" that the file took; "traceback" of a failure, else "". Rows come in the
        order in which they are done.

    Raises:
        ClusterError: no machine has room for an actor; or, when the dataset is read, machines
            differ in versions or models.
        ScsamplerError: when the dataset is read, as the cause of Ray's own error: the task cannot
            be done.
    """
    share = share or Share()
    arguments = {
        "options": options or ActorOptions.here(task, None, None, hashed=False),
        "share": share,
        "coordinator": coordinator or new_coordinator(),
        "column": column,
    }
    return dataset.map_batches(
        _Actor,
        fn_constructor_kwargs=arguments,
        batch_size=1,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(
            size=actors or max_actors(share), max_tasks_in_flight_per_actor=1
        ),
        **share.ray_options(),
    )


class _Actor:
    """Callable of the actors of Ray Data: takes one row, and returns it with its record."""

    def __init__(
        self, options: ActorOptions, share: Share, coordinator: Any, *, column: str
    ) -> None:
        self._coordinator, self._column = coordinator, column
        context = ray.get_runtime_context()
        self._name, self._life = context.get_actor_id(), f"{context.get_node_id()} {os.getpid()}"
        # Ray gives what a constructor raises as text: the error is kept for the first row
        self._error: Exception | None = None
        try:
            if ray.get(coordinator.count_start.remote(self._name)) > TRIES:
                raise WorkerError(
                    f"a Ray actor died {TRIES} times while starting",
                    code="process-died",
                    hint="usually out of memory: use fewer actors, or look at Ray's logs",
                )
            self._ray_actor = _load_actor(options, share, coordinator)
            self._run = run_digest(self._ray_actor.identity)
        except Exception as error:
            ray.get(coordinator.report_failure.remote(pack_error(error)))
            self._error = error

    def __call__(self, batch: Any) -> Any:
        if self._error is not None:
            raise self._error
        path = local_path(os.fsdecode(batch.column(self._column)[0].as_py()))
        deaths = ray.get(self._coordinator.begin.remote(self._name, self._life, str(path)))
        # after a stop, files that have not started come back without a record
        if deaths is None:
            return _with(batch, "", 0.0, traceback="")
        done = (
            self._ray_actor.work(path)
            if deaths < TRIES
            else self._ray_actor.failed_outcome(path, deaths)
        )
        self._coordinator.done.remote(self._name, str(path))
        text = json.dumps({**done.record, "run": self._run})
        return _with(batch, text, done.seconds, traceback=done.traceback or "")


def _with(batch: Any, record: str, seconds: float, *, traceback: str) -> Any:
    """A table of one row with three more columns."""
    for name, value in (("record", record), ("seconds", seconds), ("traceback", traceback)):
        batch = batch.append_column(name, [[value]])
    return batch


def one_row_blocks(rows: list[dict[str, Any]]) -> ray.data.Dataset:
    """A dataset of these rows in blocks of one row, so that each row is a task of its own.

    Sets the block size in the `DataContext` of this process.
    """
    # One-row blocks from the start would cost a millisecond and an object each. `repartition` needs
    # a CPU, and would wait for it for ever while the actors have them all.
    ray.data.DataContext.get_current().target_max_block_size = 1
    return ray.data.from_items(rows, override_num_blocks=1).map_batches(
        _same, batch_size=1, num_cpus=0
    )


def _same(batch: Any) -> Any:
    return batch
