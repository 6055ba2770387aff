"""The true segments of a list, given to the videos of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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

    Segments of classes that the classifier does not know, and those beyond the end of their video,
    are left out, with a note.

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
    beyond: list[str] = []
    videos = []
    for video in run.videos:
        segments = found.get(video.path)
        if segments is not None:
            known = tuple(segment for segment in segments if _is_known(segment, video))
            unknown.update(segment.label for segment in segments if segment not in known)
            segments = tuple(s for s in known if s.start_s < video.seconds)
            beyond += [_beyond(each, video) for each in known if each.end_s > _latest(video)]
        videos.append(replace(video, true_segments=segments))
    notes = (*listing.notes, *_notes(run, listing, unknown=unknown, beyond=beyond))
    return replace(run, videos=tuple(videos), segment_notes=notes)


def check_usable(runs: Sequence[Run]) -> None:
    """Refuse a list of which no segment is left.

    Args:
        runs: with the segments of the list.

    Raises:
        InputError: no video of any run has a true segment.
    """
    if any(video.true_segments for run in runs for video in run.videos):
        return
    notes = "; ".join(dict.fromkeys(note for run in runs for note in run.segment_notes))
    raise InputError(
        f"no true segment can be used{notes and f': {notes}'}",
        code="segments-unusable",
        hint="labels are those of the classifier, times are seconds from the first frame",
    )


def _is_known(segment: TrueSegment, video: VideoData) -> bool:
    """Whether the classifier has the class, and not as its background."""
    return segment.label in video.labels and video.labels.index(segment.label) != video.background


def _latest(video: VideoData) -> float:
    """The latest second at which a segment may end: annotators round up."""
    return video.seconds + 1.0


def _beyond(segment: TrueSegment, video: VideoData) -> str:
    return (
        f"{segment.start_s:g}-{segment.end_s:g} s of {video.path}, which lasts {video.seconds:g} s"
    )


def _notes(
    run: Run, listing: SegmentList, *, unknown: Counter[str], beyond: list[str]
) -> Iterator[str]:
    if listing.problems:
        yield f"rows of the list of segments that were left out: {len(listing.problems)}"
    if beyond:
        yield (
            f"{counted(len(beyond), 'true segment')} beyond the end of the video, as {beyond[0]}; "
            "those that begin there are left out (are the times in seconds?)"
        )
    if unknown:
        labels = ", ".join(f"{label!r}" for label in sorted(unknown))
        classes = [name for name in run.classifier["labels"] if name not in unknown]
        guessed = guess(sorted(unknown), classes)
        yield (
            f"{counted(unknown.total(), 'true segment')} left out: {run.classifier['name']} does "
            f"not know the label {labels}{guessed and f'; {guessed}'}"
        )
