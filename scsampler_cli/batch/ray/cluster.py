"""Ray Data over videos: actors on the machines of a cluster, each of which holds the models, and one record for each path.

Example: paths in an object, other columns and all, to records beside them:

    dataset = ray.data.read_csv("videos.csv")                        # has a column "path"
    dataset = dataset.repartition(target_num_rows_per_block=1)       # a file a task: see `records`
    for row in records(dataset, task, actors=8).iter_rows():
        record = json.loads(row["record"])

But: Ray is neither started nor joined here, and a command's options, journal and exit code are not known here; `ray_pool` does that.
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

from scsampler_cli.batch.error_transport import pack_error
from scsampler_cli.batch.ray.actor import ActorOptions, RayActor
from scsampler_cli.batch.ray.coordinator import TRIES, Coordinator
from scsampler_cli.batch.resume import run_digest
from scsampler_cli.batch.task import Task
from scsampler_cli.errors import ClusterError, WorkerError
from scsampler_cli.files.urls import local_path


@dataclass(frozen=True)
class Share:
    """What one actor takes of its machine, as Ray counts it."""

    cpus: float = 1.0
    """Torch has as many threads, 1 at least."""
    gpus: float = 0.0
    """Below 1 several actors share a GPU; an actor sees no other than its own."""

    def within(self, resources: dict[str, float]) -> int:
        """Actors that a machine has room for."""
        by_cpus = int(resources.get("CPU", 0) / self.cpus + 1e-6)
        if not self.gpus:
            return by_cpus
        there = resources.get("GPU", 0)
        # an actor's part of a GPU lies on one GPU
        by_gpus = (
            int(there / self.gpus) if self.gpus >= 1 else int(there) * int(1 / self.gpus + 1e-6)
        )
        return min(by_cpus, by_gpus)

    def ray_options(self) -> dict[str, float]:
        """For Ray."""
        return {"num_cpus": self.cpus, "num_gpus": self.gpus}

    def __str__(self) -> str:
        cpus = f"{self.cpus:g} CPU{'s' if self.cpus > 1 else ''}"
        gpus = f" and {self.gpus:g} GPU{'s' if self.gpus > 1 else ''}" if self.gpus else ""
        return cpus + gpus


def max_actors(share: Share) -> int:
    """Actors that the machines of the cluster have room for, whoever else uses them.

    Raises:
        ClusterError: none of them has room for one.
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
    """A coordinator for the actors of one task; it lives as long as someone here holds it, and on this machine where it can."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    options = {
        "num_cpus": 0,
        "max_restarts": -1,
        "max_task_retries": -1,
        "scheduling_strategy": here,
    }
    return ray.remote(**options)(Coordinator).remote()


def load_identity(options: ActorOptions, share: Share, coordinator: Any) -> Any:
    """Begin to find out what records depend on beside the files: models are loaded once, where an actor could be.

    Returns:
        reference to the identity; getting it raises what `RayActor` does.
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
    """The actor of this process, and what all must agree on compared."""
    node = ray.get_runtime_context().get_node_id()
    here = next(each["Resources"] for each in ray.nodes() if each["NodeID"] == node)
    place = f"{socket.gethostname()} {node[:6]}"
    ray_actor = RayActor(
        options,
        max(1, share.within(here)),
        place,
        note=coordinator.note.remote,
        detail=coordinator.detail.remote,
    )
    agreed = ray.get(coordinator.agree_on.remote(ray_actor.identity))
    if agreed != ray_actor.identity:
        ray_actor.close()
        others = ", ".join(name for name in agreed if agreed[name] != ray_actor.identity.get(name))
        hint = "name the device and the precision instead of auto, and have the same files on all machines"
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
    """The record of each path of a dataset, made by actors that load the models once and live as long as it is read.

    Whatever a file does to its process, it has one record, as `worker_pool` makes it. When an actor itself dies, or its machine, Ray
    starts it again and the block that it was at is done again; a file whose actor has died `coordinator.TRIES` times is a failed
    record. Nothing is begun before the dataset is read, and then no more than one block for each actor at a time: give it
    small ones (`repartition(target_num_rows_per_block=1)`), and leave a CPU to whatever makes them.

    Args:
        dataset: has a column of paths; its other columns are kept.
        task: what is done with each file, such as `cli.classify.Classify`; travels by pickle.
        column: with the paths: text, or the bytes of names that are not UTF-8. All machines see a file under the same name.
        actors: so many; None: as many as there is room for.
        share: what each takes of its machine; None: a CPU.
        options: bounds of a file, and where relative paths begin; None: the defaults of a command, and the current folder.
        coordinator: from `new_coordinator`, where notes are to be heard; None: nobody hears them.

    Returns:
        the dataset with three more columns: "record", JSON text with the fields that a command writes; "seconds" that the file
        took; "traceback" of what failed, else empty. Rows come as they are done.

    Raises:
        ClusterError: no machine has room for an actor; and when it is read: machines differ in versions or models.
        ScsamplerError: when it is read, within Ray's own error: the task cannot be done.
    """
    share = share or Share()
    told = {
        "options": options or ActorOptions.here(task, None, None, hashed=False),
        "share": share,
        "coordinator": coordinator or new_coordinator(),
        "column": column,
    }
    return dataset.map_batches(
        _Actor,
        fn_constructor_kwargs=told,
        batch_size=1,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(
            size=actors or max_actors(share), max_tasks_in_flight_per_actor=1
        ),
        **share.ray_options(),
    )


class _Actor:
    """Runs inside an actor of Ray Data: one row in, the same row with its record out."""

    def __init__(self, options: ActorOptions, share: Share, coordinator: Any, *, column: str) -> None:
        self._coordinator, self._column = coordinator, column
        context = ray.get_runtime_context()
        self._name, self._life = context.get_actor_id(), f"{context.get_node_id()} {os.getpid()}"
        self._error: Exception | None = None
        try:
            if ray.get(coordinator.arrived.remote(self._name)) > TRIES:
                raise WorkerError(
                    f"an actor died {TRIES} times before it could begin",
                    code="process-died",
                    hint="out of memory?",
                )
            self._ray_actor = _load_actor(options, share, coordinator)
            self._run = run_digest(self._ray_actor.identity)
        except Exception as error:
            # kept for the first row: what a constructor raises comes back as text
            ray.get(coordinator.report_failure.remote(pack_error(error)))
            self._error = error

    def __call__(self, batch: Any) -> Any:
        if self._error is not None:
            raise self._error
        path = local_path(os.fsdecode(batch.column(self._column)[0].as_py()))
        deaths = ray.get(self._coordinator.begin.remote(self._name, self._life, str(path)))
        if deaths is None:
            return _with(batch, "", 0.0, traceback="")
        done = self._ray_actor.work(path) if deaths < TRIES else self._ray_actor.failed_outcome(path, deaths)
        self._coordinator.done.remote(self._name, str(path))
        text = json.dumps({**done.record, "run": self._run})
        return _with(batch, text, done.seconds, traceback=done.traceback or "")


def _with(batch: Any, record: str, seconds: float, *, traceback: str) -> Any:
    """The one row of a table with what was made of it."""
    for name, value in (("record", record), ("seconds", seconds), ("traceback", traceback)):
        batch = batch.append_column(name, [[value]])
    return batch


def one_row_blocks(rows: list[dict[str, Any]]) -> ray.data.Dataset:
    """A dataset of these rows, each a block and so a task of its own, which is made when its turn comes.

    Sets the block size of this process's `DataContext`. But: blocks of one row each from the start take a millisecond and an
    object apiece, and `repartition` wants a CPU, for which it waits for ever when the actors have them all.
    """
    ray.data.DataContext.get_current().target_max_block_size = 1
    return ray.data.from_items(rows, override_num_blocks=1).map_batches(
        _same, batch_size=1, num_cpus=0
    )


def _same(batch: Any) -> Any:
    return batch
