"""A million hours, by hand."""

import pytest

from scsampler_cli.bench.capacity import CORES, GPU, Machine, capacity_table, video_costs

READING, NETWORKS = {"index": 1.0, "read RGB-R": 8.0}, {"sampler": 0.5, "classifier": 1.5}


def test_on_cores_a_network_counts_all_of_them() -> None:
    costs = video_costs(READING, NETWORKS, 1.0, machine=Machine(4, gpu=False))
    assert {cost.where for cost in costs} == {CORES}
    assert sum(cost.seconds for cost in costs) == pytest.approx(
        1 + 8 + 1 + 4 * 2
    )  # core seconds for 100 s of video
    *parts, together = capacity_table(costs, Machine(4, gpu=False), 100.0).rows
    # 18 core seconds for 100 s of video: four cores go through 4 * 100 / 18 s of it in a second
    assert together["real_time"] == pytest.approx(400 / 18)
    assert together["machine_hours"] == pytest.approx(1_000_000 * 18 / 400)
    assert together["machine_hours"] == pytest.approx(sum(part["machine_hours"] for part in parts))
    assert parts[0] == {
        "part": "index",
        "where": CORES,
        "s_an_hour": 36.0,
        "machine_hours": pytest.approx(2500),
    }


def test_beside_a_gpu_what_saturates_first_decides() -> None:
    machine = Machine(16, gpu=True)
    costs = video_costs(READING, NETWORKS, 1.0, machine=machine)
    table = capacity_table(costs, machine, 100.0)
    # cores: 10 s for 100 s of video on each of 16; GPU: 2 s
    assert machine.rate(costs, CORES, 100.0) == pytest.approx(160)
    assert machine.rate(costs, GPU, 100.0) == pytest.approx(50)
    assert table.rows[-1]["where"] == GPU
    assert table.rows[-1]["real_time"] == pytest.approx(50)
    assert "the GPU saturates first" in table.notes[0]
    assert "5.0 cores" in table.notes[1]


def test_a_fast_gpu_waits_for_the_cores() -> None:
    machine = Machine(2, gpu=True)
    table = capacity_table(video_costs(READING, NETWORKS, 1.0, machine=machine), machine, 100.0)
    assert table.rows[-1]["where"] == CORES
    assert table.rows[-1]["real_time"] == pytest.approx(20)
    assert "the cores saturate first" in table.notes[0]
    assert "5 such cores" in table.notes[1]
