"""`Ranking`: the best clips of many videos, from their records in any order.

In memory are the found clips, and the notes that the result has. torch is not needed.
Not handled here: the work on a video; see `video_search`.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.found_clip import FoundClip
from scsampler_cli.output.records import Failure, Record
from scsampler_cli.text import counted

MAX_NOTES = 50
"""Notes on videos in a result; more are counted."""
_COMMON = ("sentence", "model", "model_notes", "settings", "versions")
"""Fields that all records of a search have in common."""


class Ranking:
    """The best `top` clips so far.

    The result does not depend on the order of the records: of two clips that fit equally well, the
    one that is earlier in its video comes first, then the one whose path is first in the alphabet.

    Args:
        top: largest number of clips in the result.
        facts: `VideoSearch.facts`; None takes them from the first record, so that a search of which
            every video fails has none.
    """

    def __init__(self, top: int, facts: dict[str, Any] | None = None) -> None:
        self._top = top
        self._best: list[FoundClip] = []
        # (path, number of the note, text), of the videos whose paths are first in the alphabet
        self._notes: list[tuple[str, int, str]] = []
        self._note_count = 0
        self._seconds: Counter[str] = Counter()
        self._common: dict[str, Any] = dict(facts or {})
        self.videos = 0
        """Number of videos that were added."""
        self.embedded = 0
        """Of how many of them the vectors were computed."""

    def add(self, record: Record) -> None:
        """Add the record of a video, as `VideoSearch.record` of the same search makes it."""
        self._common = self._common or {name: record[name] for name in _COMMON}
        self.videos += 1
        self.embedded += record["embedded"]
        found = [_found_clip(record["path"], facts) for facts in record["found"]]
        self._best = heapq.nsmallest(self._top, (*self._best, *found), key=_order)
        notes = [(record["path"], at, text) for at, text in enumerate(record["notes"])]
        self._notes = heapq.nsmallest(MAX_NOTES, (*self._notes, *notes))
        self._note_count += len(notes)
        self._seconds.update(record["timings_s"])

    @property
    def clips(self) -> tuple[FoundClip, ...]:
        """The found clips, best first, with their ranks."""
        return tuple(replace(clip, rank=rank) for rank, clip in enumerate(self._best, start=1))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of the model, then those of the videos with their paths."""
        of_videos = [f"{path}: {text}" for path, _, text in self._notes]
        more = self._note_count - len(of_videos)
        if more:
            of_videos.append(f"{counted(more, 'further note')} on other videos")
        return (*self._common.get("model_notes", ()), *of_videos)

    def result(
        self,
        sentence: str,
        failures: Sequence[Failure],
        *,
        notes: Sequence[str] = (),
        files: dict[str, str] | None = None,
    ) -> FindResult:
        """The result of the whole search.

        Args:
            sentence: what was looked for.
            failures: the videos that could not be searched.
            notes: further notes, which come first.
            files: files that were made beside the result, by what they are.
        """
        return FindResult(
            sentence=sentence,
            clips=self.clips,
            videos=self.videos,
            embedded=self.embedded,
            failures=tuple(sorted(failures, key=lambda failure: failure.path)),
            model=self._common.get("model", {}),
            settings=self._common.get("settings", {}),
            notes=(*notes, *self.notes),
            timings_s={stage: round(spent, 4) for stage, spent in self._seconds.items()},
            versions=self._common.get("versions", {}),
            files=dict(files or {}),
        )


def _order(clip: FoundClip) -> tuple[float, Fraction, str]:
    return -clip.similarity, clip.exact_start, clip.path


def _found_clip(path: str, facts: dict[str, Any]) -> FoundClip:
    start, end = map(Fraction, facts["exact_s"])
    picture = facts["exact_picture_s"]
    return FoundClip(
        # known once all videos are there
        rank=0,
        path=path,
        exact_start=start,
        exact_end=end,
        clip=facts["clip"],
        clips=facts["clips"],
        exact_picture=None if picture is None else Fraction(picture),
        similarity=facts["similarity"],
        probability=facts["probability"],
    )
