"""What was done stays done, in its order, once."""

import json
import os
from pathlib import Path

import pytest

from scsampler_cli.batch import current_records, resume
from scsampler_cli.batch.resume import InMemory, OnDisk
from scsampler_cli.errors import OutputError
from scsampler_cli.files.inputs import file_stamp

IDENTITY = {
    "settings": {"k": 10, "answer": {"aggregate": "mean"}},
    "samplers": [],
    "versions": {"scsampler": "1"},
}
RUN = current_records.run_digest(IDENTITY)


class Listed:
    def __init__(self) -> None:
        self.paths: list[str] = []

    def write(self, record: dict) -> None:
        self.paths.append(record["path"])

    def close(self) -> None: ...


def record(path: Path, run: str = RUN, error: str | None = None, **more: object) -> dict:
    found = {
        "schema": "scsampler.classify/1",
        "path": str(path),
        "status": "error" if error else "ok",
        **more,
    }
    if error:
        found["error"] = {"type": error, "code": "error", "message": "m", "hint": None}
    return {**found, "source": file_stamp(path), "run": run}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{i}.mp4" for i in range(6)]
    for i, path in enumerate(made):
        path.write_bytes(bytes(i + 1))
    return made


def batch(files: list[Path], keep: bool = True, ordered: bool = True):
    return resume.open_results(
        files[0].parent / "out.jsonl", [str(path) for path in files], ordered, keep=keep
    )


def recall(found: OnDisk) -> str:
    return found.recall("classify", IDENTITY, lambda _: True)[0]


def there(files: list[Path], name: str = "out.jsonl") -> list[str]:
    return [
        Path(json.loads(line)["path"]).stem
        for line in (files[0].parent / name).read_text().splitlines()
    ]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 0, 1, 5, 3, 4]])
@pytest.mark.parametrize("ordered", [True, False])
def test_records_come_in_order_or_as_they_are_done(
    files: list[Path], order: list[int], ordered: bool
) -> None:
    writer = Listed()
    in_memory = InMemory(writer, ordered)
    with batch(files, ordered=ordered) as on_disk:
        for index in order:
            in_memory.add(index, record(files[index]))
            on_disk.add(index, record(files[index]))
    wanted = [str(index) for index in (sorted(order) if ordered else order)]
    assert there(files) == [Path(path).stem for path in writer.paths] == wanted
    assert not (files[0].parent / "out.jsonl.waiting").exists()


def test_a_record_that_waits_is_on_disk_and_found_again(files: list[Path]) -> None:
    with pytest.raises(RuntimeError), batch(files) as found:  # noqa: PT012
        found.add(0, record(files[0]))
        found.add(3, record(files[3]))
        found.add(2, record(files[2], error="VideoError"))
        raise RuntimeError("the machine stops")
    assert there(files) == ["0"]
    assert there(files, "out.jsonl.waiting") == ["3", "2"]
    with batch(files) as found:
        assert recall(found) == "resuming: 3 of 6 files done before"
        assert found.done == {0: False, 2: True, 3: False}
        for index in (5, 1, 4):
            found.add(index, record(files[index]))
    assert there(files) == ["0", "1", "2", "3", "4", "5"]


def test_without_order_what_waited_is_written_at_once(files: list[Path]) -> None:
    with batch(files) as found:
        found.add(3, record(files[3]))
    assert there(files, "out.jsonl.waiting") == ["3"]
    with batch(files, ordered=False) as found:
        recall(found)
        assert there(files) == ["3"]
    assert not (files[0].parent / "out.jsonl.waiting").exists()


def test_files_that_changed_and_failures_of_the_moment_are_done_again(files: list[Path]) -> None:
    with batch(files) as found:
        for index, error in enumerate(
            [None, None, "VideoError", "WorkerError", "TimeLimitError", None]
        ):
            found.add(index, record(files[index], error=error))
    files[0].write_bytes(b"other content")
    os.utime(files[1], ns=(5, 5))
    files[5].unlink()
    with batch(files) as found:
        assert recall(found) == "resuming: 1 of 6 files done before; 5 records made again"
        assert found.done == {2: True}
        for index in (0, 1, 3, 4, 5):
            found.add(index, record(files[index], error="InputError" if index == 5 else None))
    assert there(files) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_record_that_is_made_anew_takes_its_place(files: list[Path], ordered: bool) -> None:
    with batch(files, ordered=ordered) as found:
        for index in (0, 1, 2, 3):
            found.add(index, record(files[index], error="WorkerError" if index == 1 else None))
        found.add(5, record(files[5]))
    with pytest.raises(RuntimeError), batch(files, ordered=ordered) as found:  # noqa: PT012
        assert recall(found) == "resuming: 4 of 6 files done before; 1 record made again"
        raise RuntimeError("killed once more")
    with batch(files, ordered=ordered) as found:
        assert recall(found).startswith("resuming: 4 of 6 files done before")
        for index in (1, 4):
            found.add(index, record(files[index]))
    assert (
        there(files) == ["0", "1", "2", "3", "4", "5"]
        if ordered
        else ["0", "2", "3", "5", "1", "4"]
    )
    assert not (files[0].parent / "out.jsonl.waiting").exists()


def test_a_hash_knows_a_file_whose_time_has_changed(files: list[Path]) -> None:
    digest = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    known = record(files[0])
    known["source"]["sha256"] = digest
    assert current_records.is_current(known)
    os.utime(files[0], ns=(5, 5))
    assert current_records.is_current(known)
    files[0].write_bytes(b"x")
    assert not current_records.is_current(known)


def test_other_settings_start_anew_and_say_so(files: list[Path]) -> None:
    with batch(files) as found:
        found.add(
            0, record(files[0], run="other", settings={"k": 5, "answer": {"aggregate": "mean"}})
        )
        found.add(2, record(files[2], run="other"))
    with batch(files) as found:
        told = recall(found)
        assert found.done == {}
    kept = files[0].parent / "out.jsonl.old"
    assert told == (
        "made with other settings (settings.k 5, now 10): starting again; "
        f"the earlier records are in {kept}"
    )
    assert there(files) == []
    assert there(files, "out.jsonl.old") == ["0", "2"]  # that which waited is kept, too


def test_set_aside_all_records_are_kept_under_another_name(files: list[Path]) -> None:
    out = files[0].parent / "out.jsonl"
    with batch(files) as found:
        assert found.set_aside() is None  # nothing is there
        found.add(0, record(files[0]))
        found.add(3, record(files[3]))
    with batch(files) as found:
        assert found.set_aside() == Path(f"{out}.old")
        found.add(0, record(files[0]))
    assert (there(files), there(files, "out.jsonl.old")) == (["0"], ["0", "3"])
    with batch(files) as found:
        assert found.set_aside() == Path(f"{out}.old2")
    with batch(files, keep=False) as found:
        assert found.set_aside() is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", ""),
        (b'{"schema": "scsampler.classify/1", "path": "a", "status": "ok"}\n', ""),
        (b'{"schema": "scsampler.cla', ""),  # a run was killed in its first line
        (
            b'{"schema": "scsampler.score/1", "path": "a", "status": "ok"}\n',
            "holds records of score, not of classify",
        ),
        (b'{"path": "a"}\n', "holds no records"),
        (b"\0\0", ""),  # a machine died, and the disk never got the line
        (b"precious", "holds no records"),
    ],
)
def test_an_output_of_something_else_is_told_by_its_first_line(
    tmp_path: Path, text: bytes, word: str
) -> None:
    out = tmp_path / "out.jsonl"
    for place, check in (
        (out, resume.check_records),
        (tmp_path / "out.jsonl.waiting", resume.check_waiting),
    ):
        check(out, "classify")
        place.write_bytes(text)
        if not word:
            check(out, "classify")
            continue
        with pytest.raises(OutputError, match=word) as caught:
            check(out, "classify")
        assert "the output" in str(caught.value.hint)


def test_a_failure_from_before_anything_was_loaded_is_no_reason_to_start_anew(
    files: list[Path],
) -> None:
    failed = record(files[1], error="InputError")
    del failed["run"]
    with batch(files) as found:
        found.add(0, record(files[0]))
        found.add(1, failed)
    with batch(files) as found:
        assert recall(found) == "resuming: 1 of 6 files done before; 1 record made again"


def test_records_of_files_that_are_not_asked_for_stay(files: list[Path]) -> None:
    with batch(files) as found:
        for index in range(6):
            found.add(index, record(files[index]))
    with batch(files[2:4]) as found:
        recall(found)
        assert found.done == {0: False, 1: False}
    assert there(files) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("sha256", "told"), [(None, True), ("0" * 64, False)])
def test_a_classifier_without_a_digest_is_told(
    files: list[Path], sha256: str | None, told: bool
) -> None:
    """A plug-in's weights may have changed, and nobody can know."""
    identity = {**IDENTITY, "classifier": {"name": "mine", "sha256": sha256}}
    path = files[0].parent / "o.jsonl"
    paths = [str(file) for file in files]
    with resume.open_results(path, paths, True, keep=True) as found:
        found.add(0, record(files[0], current_records.run_digest(identity)))
    with resume.open_results(path, paths, True, keep=True) as found:
        said = found.recall("classify", identity, lambda _: True)[0]
    assert said.startswith("resuming: 1 of 6 files done before")
    assert (
        "classifier mine gives no sha256: whether its weights are the same cannot be known" in said
    ) == told


def test_without_resuming_the_file_is_begun_anew(files: list[Path]) -> None:
    with batch(files) as found:
        found.add(0, record(files[0]))
        found.add(3, record(files[3]))
    with batch(files, keep=False) as found:
        found.add(0, record(files[0]))
    assert there(files) == ["0"]


def test_work_that_is_lost_is_done_again(files: list[Path]) -> None:
    with batch(files) as found:
        found.add(0, record(files[0]))
    with batch(files) as found:
        found.recall("classify", IDENTITY, lambda _: False)
        assert found.done == {}


def test_records_of_another_command_are_refused_and_nothing_is_left_behind(
    files: list[Path],
) -> None:
    with batch(files) as found:
        found.add(0, record(files[0]))
    before = (files[0].parent / "out.jsonl").read_bytes()
    with (
        pytest.raises(OutputError, match="holds records of classify, not of score"),
        batch(files) as found,
    ):
        found.recall("score", IDENTITY, lambda _: True)
    assert (files[0].parent / "out.jsonl").read_bytes() == before
    assert not (files[0].parent / "out.jsonl.waiting").exists()
