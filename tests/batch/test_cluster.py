"""Files on a real Ray cluster of two nodes, with one CPU each: the same records as locally."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ray = pytest.importorskip("ray")

from ray.cluster_utils import Cluster  # noqa: E402

from scsampler_cli.batch.ray.actor import ActorOptions, RayActor  # noqa: E402
from scsampler_cli.batch.ray.cluster import Share, records  # noqa: E402
from scsampler_cli.errors import ClusterError  # noqa: E402
from tests.batch import test_batch as batches  # noqa: E402
from tests.batch.tasks import Obedient, Unfit  # noqa: E402
from tests.synthetic import pan, tone, write_video  # noqa: E402

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent.parent
SETTINGS = {"actors": None, "cpus": 1.0, "gpus": None}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A head and one more node."""
    folder = tempfile.mkdtemp(prefix="scs-test-", dir="/tmp")  # sockets have short names
    Path(folder, "ray").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(ROOT))
        found = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
        try:
            found.add_node(num_cpus=1)
            yield found
        finally:
            found.shutdown()
    shutil.rmtree(folder)
    wait_until(lambda: not processes_with(folder))


@pytest.fixture
def settings(cluster: Cluster) -> dict[str, object]:
    return {**SETTINGS, "address": cluster.address}


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "scsampler_cli", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)


def told(path: Path) -> list[dict]:
    found = batches.read(path)
    for record in found:
        record.pop("timings_s", None)
    return found


def said(errors: str) -> list[str]:
    """The lines of stderr, without the note of a busy machine that takes long to start an actor."""
    return [line for line in errors.splitlines() if "waiting for the cluster" not in line]


def places(log: str) -> set[str]:
    """Nodes on which files were begun."""
    return set(re.findall(r"(\w+): \S+: started by process", log))


def test_real_networks_give_the_same_records_as_processes_do_and_both_nodes_work(
    cluster: Cluster, tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(6):
        sound = tone(3.2, 400 + 100 * number) if number % 2 else None
        write_video(videos / f"{number}.mp4", pan(80, number, 2, 96, 128), audio=sound)
    (videos / "text.mp4").write_text("no video")
    log = tmp_path / "run.log"
    common = ["classify", videos, "--classifier", "demo", "--device", "cpu"]
    local = command(*common, "--jobs", "2", "-o", tmp_path / "local.jsonl")
    on_ray = command(
        *common,
        "--engine",
        "ray",
        "--address",
        cluster.address,
        "-o",
        tmp_path / "ray.jsonl",
        "--log-file",
        log,
    )
    assert local.returncode == on_ray.returncode == 3, on_ray.stderr
    assert on_ray.stdout == ""
    # the last line says how long it took, and where the records are
    *lines, end = said(on_ray.stderr)
    *local_lines, local_end = said(local.stderr)
    assert lines == local_lines
    assert end.split(" in ")[0] == local_end.split(" in ")[0]
    assert told(tmp_path / "ray.jsonl") == told(tmp_path / "local.jsonl")
    assert len(places(log.read_text())) == 2


def test_whoever_a_file_kills_it_is_one_failed_record(
    settings: dict[str, object], tmp_path: Path
) -> None:
    names = [
        "a",
        "crash-1",
        "hang-1",
        "bad-1",
        "bug-1",
        "print-1",
        "orphan-1",
        *(f"slow-{i}" for i in range(4)),
        "z",
    ]
    videos = batches.folder(tmp_path, names)
    (videos / "z").rename(videos / os.fsdecode(b"z\xe9"))
    code, _, errors = batches.run(
        paths=[videos], output=tmp_path / "out.jsonl", ray=settings, timeout_s=4, debug=True
    )
    assert code == 3, errors
    records = batches.read(tmp_path / "out.jsonl")
    assert [Path(record["path"]).name[:1] for record in records] == [
        name[:1] for name in sorted(names)
    ]
    failed = {Path(r["path"]).name: r["error"] for r in records if r["status"] != "ok"}
    assert {name: error["type"] for name, error in failed.items()} == {
        "crash-1": "WorkerError",
        "hang-1": "TimeLimitError",
        "bad-1": "VideoError",
        "bug-1": "ZeroDivisionError",
        "orphan-1": "WorkerError",
    }
    assert failed["crash-1"]["message"].endswith("was killed by SIGSEGV")
    assert (
        failed["orphan-1"]["message"]
        == f"{videos}/orphan-1: the actor that worked on it died 3 times"
    )
    assert errors.count("note: loaded") == 1
    assert errors.count("orphan-1: the actor that worked on it died; it is tried again") == 1
    assert "ZeroDivisionError: by zero" in errors
    (orphan,) = (record for record in records if record["path"].endswith("orphan-1"))
    (crashed,) = (record for record in records if record["path"].endswith("crash-1"))
    assert list(orphan) == list(crashed)
    assert orphan["source"]["size"] == 1


def test_kill_9_of_the_driver_loses_nothing_and_the_rest_is_resumed(
    settings: dict[str, object], tmp_path: Path
) -> None:
    videos = batches.folder(tmp_path, [f"slow-{i}" for i in range(10)])
    out = tmp_path / "out.jsonl"
    process = batches.started(paths=[videos], output=out, ray=settings)
    wait_for(lambda: batches.lines(out) > 1, process)
    process.kill()
    process.wait()
    before = batches.kept(out)
    assert 0 < len(before) < 10
    code, _, errors = batches.run(paths=[videos], output=out, ray=settings, resume=True)
    assert code == 0, errors
    assert re.search(r"resuming: [1-9] of 10 files done before", errors)
    assert batches.read(out)[: len(before)] == before[: batches.lines(out)]
    assert [Path(r["path"]).name for r in batches.read(out)] == [f"slow-{i}" for i in range(10)]
    # what is done, however it was done, is done
    assert batches.run(paths=[videos], output=out, resume=True)[0] == 0


def test_an_interrupt_finishes_what_is_under_way_and_a_second_one_does_not(
    settings: dict[str, object], tmp_path: Path
) -> None:
    videos = batches.folder(tmp_path, [f"slow-{i:02d}" for i in range(40)])
    out = tmp_path / "out.jsonl"
    process = batches.started(paths=[videos], output=out, ray=settings)
    wait_for(lambda: batches.lines(out) > 0, process)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "--resume continues" in errors
    assert "Traceback" not in errors
    assert [record["status"] for record in batches.read(out)] == ["ok"] * batches.lines(out)
    assert 1 <= batches.lines(out) < 40

    (videos / "hang-1").write_bytes(b"x")
    log = tmp_path / "run.log"
    process = batches.started(paths=[videos / "hang-1"], log_file=log, ray=settings)
    wait_for(lambda: log.exists() and "started by" in log.read_text(), process)
    theirs = [int(pid) for pid in re.findall(r"\(pid (\d+)\) started", log.read_text())]
    process.send_signal(signal.SIGINT)
    wait_for(lambda: "finishing 1 file in progress" in log.read_text(), process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors
    wait_until(lambda: not any(cmdline(Path(f"/proc/{pid}")) for pid in theirs))


@pytest.mark.parametrize("presses", [1, 2])
def test_an_end_that_meets_rows_on_their_way_is_quiet(
    presses: int, settings: dict[str, object], tmp_path: Path
) -> None:
    """Threads still fetch rows from Ray then: none shows an error, or ends the process."""
    videos = batches.folder(tmp_path, [f"slow-{i:02d}" for i in range(20)])
    out = tmp_path / "out.jsonl"
    process = batches.started(driver="unlucky", paths=[videos], output=out, ray=settings)
    wait_for(lambda: batches.lines(out) > 0, process)
    for _ in range(presses):
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert [
        line
        for line in errors.splitlines()
        if not line.startswith(("note: ", "interrupted")) and not re.match(r"\d+ tagged, ", line)
    ] == []
    assert [record["status"] for record in batches.read(out)] == ["ok"] * batches.lines(out)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """As `wait_until`, while a process lives."""
    wait_until(lambda: process.poll() is not None or condition())
    assert process.poll() is None, process.communicate()


def cmdline(process: Path) -> bytes:
    """Empty for one that has ended, also where nobody has waited for it yet."""
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def processes_with(name: str) -> list[str]:
    """Processes that name something in their command line."""
    return [
        path.name
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and name.encode() in cmdline(path)
    ]


def test_a_node_that_is_lost_takes_no_file_with_it(cluster: Cluster, tmp_path: Path) -> None:
    videos = batches.folder(tmp_path, [f"slow-{i:02d}" for i in range(20)])
    out, log = tmp_path / "out.jsonl", tmp_path / "run.log"
    lost = cluster.add_node(num_cpus=1)
    place = lost.node_id[:6]
    settings = {**SETTINGS, "address": cluster.address}
    process = batches.started(paths=[videos], output=out, ray=settings, log_file=log)
    try:
        wait_for(lambda: log.exists() and place in places(log.read_text()), process)
    finally:
        cluster.remove_node(lost, allow_graceful=False)
    _, errors = process.communicate(timeout=180)
    assert process.returncode == 0, errors
    assert [record["status"] for record in batches.read(out)] == ["ok"] * 20


def test_an_actor_has_a_gpu_of_its_own_where_there_are_any(
    cluster: Cluster, settings: dict[str, object], tmp_path: Path
) -> None:
    assert Share(1, 1).within({"CPU": 8, "GPU": 2}) == 2
    assert Share(1, 0.4).within({"CPU": 8, "GPU": 2}) == 4  # no part of it on each of two
    assert Share(0.5, 0).within({"CPU": 2}) == 4
    assert Share(1, 2).within({"CPU": 1, "GPU": 8}) == 1
    assert Share(1, 1).within({"CPU": 8}) == 0
    videos, log = batches.folder(tmp_path, [f"gpu-{i}" for i in range(6)]), tmp_path / "run.log"
    # as many as are said to be there; nothing computes on them
    node = cluster.add_node(num_cpus=2, num_gpus=2)
    try:
        code, out, errors = batches.run(paths=[videos], ray=settings, log_file=log)
    finally:
        cluster.remove_node(node)
    assert code == 0, errors
    assert {tag for line in out.splitlines() for tag in json.loads(line)["tags"]} <= {"0", "1"}
    assert places(log.read_text()) == {node.node_id[:6]}
    assert "up to 2 actors of 1 CPU and 1 GPU" in log.read_text()


def test_a_ray_that_was_started_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(tempfile.mkdtemp(prefix="scs-test-", dir="/tmp"))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    videos = batches.folder(tmp_path, ["a", "orphan-1", "slow-1"])
    code, out, errors = batches.run(paths=[videos], ray={**SETTINGS, "address": None, "actors": 3})
    assert code == 3, errors
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["ok", "error", "ok"]
    assert sorted(line.split(" ")[0] for line in said(errors)) == [
        # 2 tagged, 1 failed
        "2",
        "error:",
        "hint:",
        "note:",
        "note:",
        "note:",
    ]
    assert list((tmp_path / "home").iterdir()) == []
    own.rmdir()
    wait_until(lambda: not processes_with(str(own)))


@pytest.mark.parametrize(
    ("signals", "code", "end"),
    [
        ([signal.SIGINT, signal.SIGINT], 130, "interrupted"),
        ([signal.SIGTERM], 143, "ended by SIGTERM"),
    ],
)
def test_a_ray_that_was_started_ends_with_the_program(
    signals: list[int], code: int, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(tempfile.mkdtemp(prefix="scs-test-", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(own))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    videos = batches.folder(tmp_path, [f"slow-{i:02d}" for i in range(20)])
    out = tmp_path / "out.jsonl"
    settings = {**SETTINGS, "address": None, "actors": 2}
    process = batches.started(driver="unlucky", paths=[videos], output=out, ray=settings)
    wait_for(lambda: batches.lines(out) > 0, process)
    for number in signals:
        time.sleep(0.5)
        process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == code, errors
    assert said(errors)[-1] == end
    assert "Traceback" not in errors
    own.rmdir()
    wait_until(lambda: not processes_with(str(own)))


def test_what_cannot_be_done_is_said_once_and_as_locally(
    settings: dict[str, object], tmp_path: Path
) -> None:
    videos = batches.folder(tmp_path, ["a", "b"])
    code, _, errors = batches.run(paths=[videos], ray=settings, unfit="settings")
    assert (code, said(errors)) == (2, ["error: k is 0", "hint: 1 and more"])
    code, _, errors = batches.run(paths=[videos], ray={**settings, "cpus": 64.0})
    assert code == 1
    error, hint = said(errors)
    assert error == "error: no machine of the cluster has the 64 CPUs of an actor"
    assert hint.startswith("hint: ")


def test_machines_that_would_make_other_records_are_refused(tmp_path: Path) -> None:
    options = ActorOptions(task=Obedient(), folder=str(tmp_path / "none"))
    with pytest.raises(ClusterError, match="here has no folder"):
        RayActor(options, 1, "here", note=print, detail=print)
    options = ActorOptions(task=Obedient(), versions=(("scsampler", "9.9"),))
    with pytest.raises(
        ClusterError, match=r"here has other versions: scsampler [\d.]+, not 9.9"
    ) as refused:
        RayActor(options, 1, "here", note=print, detail=print)
    assert refused.value.hint


def refused(*arguments: str, code: int, word: str) -> None:
    result = command("score", __file__, *arguments)
    lines = result.stderr.strip().splitlines()
    assert result.returncode == code, result.stderr
    assert lines[0].startswith("error: ")
    assert word in lines[0]
    assert lines[1].startswith("hint: ")
    assert len(lines) == 2


def test_options_and_addresses_that_cannot_work_are_one_line() -> None:
    refused("--address", "auto", code=2, word="--address has no effect without Ray")
    refused("--engine", "ray", "--address", "ray://here:1", code=2, word="clients")
    refused("--engine", "ray", "--device", "cuda:1", code=2, word="--device cuda:1")
    refused("--engine", "ray", "--device", "cpu", "--gpus-per-actor", "1", code=2, word="no effect")
    refused("--engine", "ray", "--cpus-per-actor", "1.5", code=2, word="1.5")
    refused(
        "--engine",
        "ray",
        "--address",
        "127.0.0.1:9",
        code=1,
        word="no Ray cluster can be joined at 127.0.0.1:9",
    )


def test_without_ray_the_extra_is_named() -> None:
    script = (
        "import sys\n"
        "sys.modules['ray'] = None\n"
        "sys.argv = ['scsampler', 'score', 'x.mp4', '--engine', 'ray']\n"
        "from scsampler_cli.__main__ import main; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    error, hint = result.stderr.splitlines()[-2:]
    assert (result.returncode, error) == (1, "error: Ray is not installed")
    assert hint == "hint: pip install 'scsampler[ray]'; `scsampler doctor` checks all packages"


def test_paths_in_an_object_keep_their_other_columns(cluster: Cluster, tmp_path: Path) -> None:
    videos = batches.folder(tmp_path, ["a", "bad-1", "crash-1", "b"])
    rows = [
        {"video": str(path), "label": path.name.upper(), "weight": [1.5, 2.5]}
        for path in sorted(videos.iterdir())
    ]
    ray.init(cluster.address, log_to_driver=False)
    try:
        dataset = ray.data.from_items(rows, override_num_blocks=4)
        found = records(dataset, Obedient(), column="video", actors=2).take_all()
        refused = records(dataset, Unfit("settings"), column="video", actors=1)
        with pytest.raises(ray.exceptions.RayTaskError, match="k is 0"):
            refused.take_all()
    finally:
        ray.shutdown()
    found.sort(key=lambda row: row["video"])
    assert [{name: row[name] for name in rows[0]} for row in found] == rows
    made = [json.loads(row["record"]) for row in found]
    assert [record["path"] for record in made] == [row["video"] for row in rows]
    assert [record["status"] for record in made] == ["ok", "ok", "error", "error"]
    assert all(record["run"] for record in made)
    assert all(row["seconds"] > 0 for row in found)
