"""The best clips of many videos: the same whatever the order in which the videos are done."""

import itertools
import json
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.errors import VideoError
from scsampler_cli.find.found_ranking import MAX_NOTES, Ranking
from scsampler_cli.output.records import Failure

MODEL = {"name": "m", "weights": "w", "sha256": None, "dimensions": 3}


def record(path: str, *found: tuple[float, object], notes: tuple[str, ...] = ()) -> dict[str, Any]:
    """A record with found clips of a second each, given as (similarity, start)."""
    clips = [
        {
            "exact_s": [str(Fraction(str(start))), str(Fraction(str(start)) + 1)],
            "exact_picture_s": None,
            "clip": 3,
            "clips": 1,
            "similarity": similarity,
            "probability": None,
        }
        for similarity, start in found
    ]
    return {
        "schema": "scsampler.find/1",
        "path": path,
        "status": "ok",
        "found": clips,
        "embedded": path == "a",
        "notes": list(notes),
        "timings_s": {"compare": 0.25},
        "sentence": "a dog",
        "model": MODEL,
        "model_notes": ["of the model"],
        "settings": {"find": {}},
        "versions": {"av": "1"},
    }


def ranked(top: int, *records: dict[str, Any]) -> list[tuple[int, str, float, float]]:
    ranking = Ranking(top)
    for each in records:
        # as it comes from a worker process
        ranking.add(json.loads(json.dumps(each)))
    return [(clip.rank, clip.path, clip.start, clip.similarity) for clip in ranking.clips]


def test_by_hand() -> None:
    first = record("a", (0.9, 5), (0.2, 0))
    second = record("b", (0.95, 7), (0.2, 0), (0.1, 3))
    assert ranked(4, first, second) == [
        (1, "b", 7.0, 0.95),
        (2, "a", 5.0, 0.9),
        # equal: at the same time, so that the path decides
        (3, "a", 0.0, 0.2),
        (4, "b", 0.0, 0.2),
    ]
    assert ranked(1, first, second) == [(1, "b", 7.0, 0.95)]
    assert ranked(9, record("a")) == []


def test_of_equal_ones_the_earlier_comes_first_then_the_path() -> None:
    records = [record("b", (0.5, "1/3")), record("a", (0.5, 2)), record("c", (0.5, 0))]
    for order in itertools.permutations(records):
        assert [path for _, path, _, _ in ranked(3, *order)] == ["c", "b", "a"]


@given(
    st.lists(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 9)), max_size=5), max_size=6),
    st.integers(1, 8),
    st.randoms(),
)
def test_as_a_sorted_list_in_any_order(
    videos: list[list[tuple[int, int]]], top: int, random: Any
) -> None:
    records = [
        record(f"v{number}", *[(value / 4, start) for value, start in found])
        for number, found in enumerate(videos)
    ]
    every = [
        (-value / 4, start, f"v{number}")
        for number, found in enumerate(videos)
        for value, start in found
    ]
    expected = [(path, float(start), -value) for value, start, path in sorted(every)[:top]]
    random.shuffle(records)
    assert [clip[1:] for clip in ranked(top, *records)] == expected


def test_the_result_counts_videos_and_has_what_the_records_have_in_common() -> None:
    ranking = Ranking(3)
    for path in ("b", "a", "c"):
        ranking.add(record(path, (0.5, "1/3")))
    errors = [Failure("find", name, VideoError(name)) for name in ("z", "x")]
    result = ranking.result("a dog", errors, notes=["first"], files={"reel": "r.mp4"})
    assert (result.videos, result.embedded, result.sentence) == (3, 1, "a dog")
    assert [failure.path for failure in result.failures] == ["x", "z"]
    assert result.notes == ("first", "of the model")
    assert result.model == MODEL
    assert result.timings_s == {"compare": 0.75}
    assert result.files == {"reel": "r.mp4"}
    assert result.clips[0].exact_start == Fraction(1, 3)
    json.dumps(result.record())


def test_notes_have_their_video_and_many_are_counted() -> None:
    records = [record(f"v{at:03}", notes=("short", "dark")) for at in range(MAX_NOTES)]
    for order in (records, records[::-1]):
        ranking = Ranking(1)
        for each in order:
            ranking.add(each)
        assert len(ranking.notes) == MAX_NOTES + 2
        assert ranking.notes[:3] == ("of the model", "v000: short", "v000: dark")
        assert ranking.notes[-1] == f"{MAX_NOTES} further notes on other videos"


def test_what_is_known_before_the_first_record_is_there_where_all_fail() -> None:
    facts = {name: record("a")[name] for name in ("model", "settings", "versions")}
    result = Ranking(3, facts).result("a dog", [Failure("find", "x", VideoError("x"))])
    assert (result.model, result.videos, result.clips) == (MODEL, 0, ())
