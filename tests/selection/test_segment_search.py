"""The search for segments: what tells of every clip, which clips are answered, and the limits."""

from collections.abc import Sequence

import numpy as np
import pytest

from scsampler_cli.config import MAX_K, SegmentSettings
from scsampler_cli.selection.segment_search import (
    ANSWERS,
    CHEAP_GMACS,
    PICTURES,
    SALIENCY,
    KnownClips,
    SegmentFinder,
    SegmentSearch,
    source_of,
)

A, B, BACK, LOST = (0.9, 0.0, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8), (np.nan,) * 3
ROWS = np.array([BACK, BACK, A, A, A, BACK, BACK, BACK, B, B, B, BACK], np.float32)
SALIENT = np.array([0, 0, 0.9, 0.8, 0.7, 0, 0, 0, 0.6, 0.7, 0.6, 0], np.float32)


@pytest.mark.parametrize(
    ("limit", "has_background", "gmacs", "by_background", "source"),
    [
        (None, True, 40.0, False, ANSWERS),
        (None, False, CHEAP_GMACS, False, ANSWERS),
        (None, False, CHEAP_GMACS + 0.1, True, PICTURES),
        (None, False, None, False, PICTURES),
        (20, True, 0.1, True, SALIENCY),
        (20, True, 0.1, False, PICTURES),
        (20, False, 0.1, True, PICTURES),
    ],
)
def test_the_models_decide_what_tells_of_every_clip(
    limit: int | None, has_background: bool, gmacs: float | None, by_background: bool, source: str
) -> None:
    found = source_of(
        SegmentSettings(max_clips=limit),
        has_background=has_background,
        gmacs=gmacs,
        scores_by_background=by_background,
    )
    assert found == source


def test_the_most_clips_that_are_answered() -> None:
    assert SegmentSearch(SegmentSettings(), ANSWERS).most_clips(500) == 500
    assert SegmentSearch(SegmentSettings(), PICTURES).most_clips(500) == MAX_K
    assert SegmentSearch(SegmentSettings(max_clips=7), SALIENCY).most_clips(500) == 7
    assert SegmentSearch(SegmentSettings(max_clips=7), SALIENCY).most_clips(3) == 3


class Finding:
    """Segments of clips of two seconds, and what was asked for them."""

    def __init__(
        self,
        rows: np.ndarray,
        source: str,
        limit: int | None = None,
        *,
        first: Sequence[int] = (2,),
    ) -> None:
        self.asked: list[list[int]] = []
        self.notes: list[str] = []

        def classify(places: Sequence[int]) -> np.ndarray:
            self.asked.append(list(places))
            return rows[list(places)]

        # what is shown, and a little of where
        pictures = np.nan_to_num(rows) + np.linspace(0, 0.1, len(rows), dtype=np.float32)[:, None]
        clips = KnownClips(
            len(rows),
            2.0,
            saliency=SALIENT if source == SALIENCY else None,
            pictures=pictures if source == PICTURES else None,
            background=2,
        )
        search = SegmentSearch(SegmentSettings(max_clips=limit), source)
        finder = SegmentFinder(clips, search, classify, note=self.notes.append)
        self.found = [
            (each.first, each.last, each.column, each.places)
            for each in finder.find(first, rows[list(first)])
        ]
        self.all_asked = finder.asked


BOTH = [(2, 4, 0), (8, 10, 1)]


def test_all_clips_are_answered_once() -> None:
    finding = Finding(ROWS, ANSWERS)
    assert [each[:3] for each in finding.found] == BOTH
    assert [each[3] for each in finding.found] == [(2, 3, 4), (8, 9, 10)]
    assert finding.asked == [[0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11]]
    assert sorted(finding.all_asked) == list(range(12))


def test_each_salient_part_without_an_answer_is_asked_once() -> None:
    finding = Finding(ROWS, SALIENCY, 5)
    assert [each[:3] for each in finding.found] == BOTH
    # the most salient clip of the second part; the first one has an answer
    assert finding.asked == [[9]]
    assert [each[3] for each in finding.found] == [(2,), (9,)]
    assert finding.all_asked == (2, 9)
    assert finding.notes == []


def test_a_limit_that_leaves_out_a_salient_part_is_noted() -> None:
    finding = Finding(ROWS, SALIENCY, 1)
    assert [each[:3] for each in finding.found] == BOTH[:1]
    assert finding.asked == []
    assert finding.notes == [
        "no segment from 1 stretch of high saliency: the classifier answers at most 1 clip"
    ]


def test_clips_that_look_alike_share_their_answers_within_the_limit() -> None:
    finding = Finding(ROWS, PICTURES, 8)
    assert [each[:3] for each in finding.found] == BOTH
    assert len(finding.all_asked) == 8
    # one at a time
    assert {len(places) for places in finding.asked} == {1}


def test_a_clip_that_is_lost_is_asked_once_and_shows_nothing() -> None:
    rows = ROWS.copy()
    rows[9] = LOST
    finding = Finding(rows, ANSWERS)
    assert (2, 4, 0) in [each[:3] for each in finding.found]
    assert all(9 not in each[3] for each in finding.found)
    assert len(finding.all_asked) == 12


def test_a_video_with_no_more_clips_than_the_limit_is_answered_whole() -> None:
    finding = Finding(ROWS, PICTURES, 12)
    assert finding.asked == [[0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11]]
    assert [each[:3] for each in finding.found] == BOTH
