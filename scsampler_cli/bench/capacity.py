"""Estimated time for a million hours of video on CPU cores and a GPU, from the measured stages.

Three assumptions: all videos are like the measured one (codec, size, length, K); there are enough
files to keep every core and the GPU busy; and the disks are fast enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scsampler_cli.bench.table import Column, Row, Table

HOURS = 1_000_000
"""Hours of video to which the table is scaled."""
CORES, GPU = "cores", "GPU"


@dataclass(frozen=True)
class Cost:
    """The cost of one part of the work, for one video."""

    part: str
    where: str
    """CORES or GPU."""
    seconds: float
    """Seconds of one core, or of the GPU."""


@dataclass(frozen=True)
class Machine:
    """The machine that does the work."""

    cores: int
    gpu: bool

    def rate(self, costs: Sequence[Cost], where: str, length_s: float) -> float:
        """Seconds of video per second, if the cores (or the GPU) were the only limit."""
        # seconds of one core, or of the GPU, for one video
        spent = sum(cost.seconds for cost in costs if cost.where == where)
        # cores work on different videos at the same time
        units = self.cores if where == CORES else 1
        return units * length_s / spent if spent else float("inf")


def video_costs(
    reading: Mapping[str, float],
    networks: Mapping[str, float],
    decode_s: float,
    *,
    machine: Machine,
) -> list[Cost]:
    """The costs of all parts of the work on one video.

    Args:
        reading: seconds on one core, by part.
        networks: seconds on all cores or on the GPU, by network.
        decode_s: seconds on one core to decode the selected clips.
        machine: the machine of the measurement.

    Returns:
        costs; that of a network on cores is in core seconds: its time, multiplied by the cores.
    """
    # a network on cores uses all of them: its time counts once for each core
    where, share = (GPU, 1) if machine.gpu else (CORES, machine.cores)
    read = [Cost(part, CORES, seconds) for part, seconds in reading.items()]
    computed = [Cost(part, where, seconds * share) for part, seconds in networks.items()]
    return [*read, Cost("decode the chosen clips", CORES, decode_s), *computed]


def capacity_table(costs: Sequence[Cost], machine: Machine, length_s: float) -> Table:
    """The parts of the work, and the hours that a million hours of video take on such a machine."""
    rows: list[Row] = []
    for cost in costs:
        # seconds of a core, or of the GPU, per second of video
        share = cost.seconds / length_s
        units = machine.cores if cost.where == CORES else 1
        rows.append(
            {
                "part": cost.part,
                "where": cost.where,
                "s_an_hour": 3600 * share,
                "machine_hours": HOURS * share / units,
            }
        )
    # cores and GPU work at the same time: the slower of the two sets the pace
    rates = {where: machine.rate(costs, where, length_s) for where in (CORES, GPU)}
    bottleneck = min(rates, key=lambda where: rates[where])
    rows.append(
        {
            "part": "together",
            "where": bottleneck,
            # hours of video / (seconds of video per second) = hours of the machine
            "machine_hours": HOURS / rates[bottleneck],
            "real_time": rates[bottleneck],
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
        notes=_notes(rates, bottleneck, machine),
    )


def _notes(rates: Mapping[str, float], bottleneck: str, machine: Machine) -> tuple[str, ...]:
    # such as "8 cores and a GPU"
    hardware = (
        f"{machine.cores} core{'s' * (machine.cores > 1)}{' and a GPU' if machine.gpu else ''}"
    )
    verb = "saturates" if bottleneck == GPU else "saturate"
    estimate = (
        f"Estimated from the stages above for a machine of {hardware} that is always busy: "
        f"the {bottleneck} {verb} first."
    )
    if not machine.gpu:
        return (estimate,)
    # cores with which both would be equally fast
    cores = machine.cores * rates[GPU] / rates[CORES]
    if bottleneck == GPU:
        return estimate, f"{cores:.1f} cores keep one such GPU busy."
    return estimate, f"One such GPU is fast enough for {cores:.0f} such cores."
