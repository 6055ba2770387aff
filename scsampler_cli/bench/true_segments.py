"""The true segments of a list, given to the videos of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.datasets.label_names import guess
from scsampler_cli.datasets.segment_list import SegmentList, TrueSegment, segments_of
from scsampler_cli.errors import InputError
from scsampler_cli.text import counted


def check_listed(listing: SegmentList, videos: Iterable[str]) -> None:
    """Refuse a list that has none of the videos.

    Args:
        listing: the list of segments.
        videos: paths of the videos of all data sets.

    Raises:
        InputError: see above.
    """
    if segments_of(listing, dict.fromkeys(videos, "")):
        return
    some = next(iter(listing.segments))
    raise InputError(
        f"none of the videos is in the list of segments, which names {some}",
        code="segments-unmatched",
        hint="paths of the list count from its folder",
    )


def with_true_segments(run: Run, listing: SegmentList) -> Run:
    """A run whose videos have the segments of a list, in place of any that they had.

    Segments of classes that the classifier does not know are left out, with a note.

    Raises:
        InputError: the run does not know when its clips begin.
    """
    if not run.has_times:
        raise InputError(
            f"{run.name}: the report is of an earlier version, which did not keep the times of the "
            "clips",
            code="segments-without-times",
            hint="run the bench again; with its cache this is quick",
        )
    found = segments_of(listing, {video.path: video.label for video in run.videos})
    unknown: Counter[str] = Counter()
    videos = []
    for video in run.videos:
        segments = found.get(video.path)
        if segments is not None:
            known = tuple(segment for segment in segments if _is_known(segment, video))
            unknown.update(segment.label for segment in segments if segment not in known)
            segments = known
        videos.append(replace(video, true_segments=segments))
    notes = (*listing.notes, *_notes(run, listing, unknown=unknown))
    return replace(run, videos=tuple(videos), segment_notes=notes)


def _is_known(segment: TrueSegment, video: VideoData) -> bool:
    """Whether the classifier has the class, and not as its background."""
    return segment.label in video.labels and video.labels.index(segment.label) != video.background


def _notes(run: Run, listing: SegmentList, *, unknown: Counter[str]) -> Iterator[str]:
    if listing.problems:
        yield f"rows of the list of segments that were left out: {len(listing.problems)}"
    if unknown:
        labels = ", ".join(f"{label!r}" for label in sorted(unknown))
        guessed = guess(sorted(unknown), run.classifier["labels"])
        yield (
            f"{counted(unknown.total(), 'true segment')} left out: {run.classifier['name']} does "
            f"not know the label {labels}{guessed and f'; {guessed}'}"
        )
