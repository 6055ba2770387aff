"""What a million hours of video would take, from the measured costs of the stages: how much on cores, how much on a GPU.

Our own reckoning, with three assumptions: videos are like the one that was measured (codec, size, length, K); files are
so many that every core and the GPU always have one (`--jobs`, `--engine ray`, `--shard`); and disks keep up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scsampler_cli.bench.paper_tables import Column, Row, Table

HOURS = 1_000_000
"""Of video (the table's own scale)."""
CORES, GPU = "cores", "GPU"


@dataclass(frozen=True)
class Cost:
    """What one part of the work takes for one video."""

    part: str
    where: str
    """CORES or GPU."""
    seconds: float
    """Of one core, or of the GPU."""


@dataclass(frozen=True)
class Machine:
    """What does the work."""

    cores: int
    gpu: bool

    def rate(self, costs: Sequence[Cost], where: str, length_s: float) -> float:
        """Seconds of video in a second, if nothing but these cores, or this GPU, were in the way."""
        spent = sum(cost.seconds for cost in costs if cost.where == where)
        units = self.cores if where == CORES else 1
        return units * length_s / spent if spent else float("inf")


def costs_of(
    reading: Mapping[str, float],
    networks: Mapping[str, float],
    chosen_s: float,
    *,
    machine: Machine,
) -> list[Cost]:
    """The parts of one video's work.

    Args:
        reading: seconds that one core takes, by part.
        networks: seconds that a network takes, on all cores or on the GPU, by network.
        chosen_s: seconds that one core takes to decode the chosen clips.
        machine: what was measured on.

    Returns:
        costs; a network's on cores counts all of them.
    """
    where, share = (GPU, 1) if machine.gpu else (CORES, machine.cores)
    read = [Cost(part, CORES, seconds) for part, seconds in reading.items()]
    computed = [Cost(part, where, seconds * share) for part, seconds in networks.items()]
    return [*read, Cost("decode the chosen clips", CORES, chosen_s), *computed]


def capacity_table(costs: Sequence[Cost], machine: Machine, length_s: float) -> Table:
    """The parts, their time for each hour of video, and what a million hours take on machines like this one."""
    rows: list[Row] = [
        {
            "part": cost.part,
            "where": cost.where,
            "s_an_hour": 3600 * cost.seconds / length_s,
            "machine_hours": HOURS
            * cost.seconds
            / length_s
            / (machine.cores if cost.where == CORES else 1),
        }
        for cost in costs
    ]
    rates = {where: machine.rate(costs, where, length_s) for where in (CORES, GPU)}
    first = min(rates, key=lambda where: rates[where])
    rows.append(
        {
            "part": "together",
            "where": first,
            "machine_hours": HOURS / rates[first],
            "real_time": rates[first],
        }
    )
    columns = (
        Column("part", ("part",)),
        Column("on", ("where",)),
        Column("s an hour of video", ("s_an_hour",), "{:.2f}"),
        Column("hours of this machine for a million", ("machine_hours",), "{:,.0f}"),
        Column("x real time", ("real_time",), "{:.0f}"),
    )
    return Table(
        "capacity",
        "A million hours of video",
        columns,
        rows=tuple(rows),
        notes=_notes(rates, first, machine),
    )


def _notes(rates: Mapping[str, float], first: str, machine: Machine) -> tuple[str, ...]:
    has = f"{machine.cores} core{'s' * (machine.cores > 1)}{' and a GPU' if machine.gpu else ''}"
    about = f"Reckoned from the stages above for a machine of {has} with all of them busy: the {first} saturate first."
    if not machine.gpu:
        return (about,)
    if first == GPU:
        about = about.replace("saturate", "saturates")
        return (
            about,
            f"It takes {machine.cores * rates[GPU] / rates[CORES]:.1f} cores to keep one such GPU busy.",
        )
    return (
        about,
        f"One such GPU would keep up with {machine.cores * rates[GPU] / rates[CORES]:.0f} such cores.",
    )
