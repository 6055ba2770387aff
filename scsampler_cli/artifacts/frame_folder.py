"""Frames of the selected clips, or of the segments, of one video as JPEG files with a list.

They are what another model is shown instead of the whole video. A frame is upright and has square
pixels.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scsampler_cli.artifacts.frame_manifest import FRAME_FILES, FrameSettings, Line, write_lines
from scsampler_cli.files.marks import MARK, is_marked
from scsampler_cli.files.output_paths import write_whole
from scsampler_cli.media.frames import FramesReport, read_pictures
from scsampler_cli.output.clip_record import ScoredClip
from scsampler_cli.output.records import ClassifyResult
from scsampler_cli.output.stretches import left_out
from scsampler_cli.pipeline.video import Video
from scsampler_cli.text import counted, score, seconds

_QUALITY = 92
# the belief of a search goes before the scores of samplers, which it starts from
_SCORES = ("confidence", "visual", "audio", "packets")


@dataclass(frozen=True)
class _Part:
    """A clip or a segment, of which frames are written."""

    frames: Sequence[int]
    """Display positions of its frames, in time order."""
    segment: int | None
    """Number of the segment in the record, from 0; None for a clip."""
    start: Fraction
    end: Fraction
    label: str | None
    probability: float | None


def write_frames(
    result: ClassifyResult, video: Video, manifest: Path, *, settings: FrameSettings
) -> list[str]:
    """Write the frames of one video and their list; frames of an earlier run are removed.

    The list is written last: where it is there, its frames are there.

    Args:
        result: of the video.
        video: the video, with the clips of the result.
        manifest: the list. Its folder, which exists, gets the frames.
        settings: how many frames, and how large.

    Returns:
        notes on what is left out or replaced.

    Raises:
        OSError: a file cannot be written.
        ScsamplerError: the video cannot be read.
    """
    manifest.unlink(missing_ok=True)
    for old in manifest.parent.glob(FRAME_FILES):
        if is_marked(old):
            old.unlink()
    parts, notes = _parts(result, video)
    # display position -> the lines of its frame; segments may share one
    lines: dict[int, list[Line]] = {}
    scores = {clip.clip: clip for clip in result.scored}
    each = settings.number(has_segments=result.segments is not None)
    for part in parts:
        for position in _spread(part.frames, each):
            line = _line(result, video, part, position=position, scores=scores)
            lines.setdefault(position, []).append(line)
    written: list[Line] = []
    read = read_pictures(
        video.path,
        video.index,
        list(lines),
        fit=lambda frame: _at_most(frame, settings.size),
        report=FramesReport(),
    )
    for position, picture in read:
        write_whole(manifest.parent / lines[position][0]["file"], _jpeg(picture))
        written += lines[position]
    missing = len(lines) - len({line["frame"] for line in written})
    if missing:
        notes.append(f"frames: {counted(missing, 'frame')} could not be decoded")
    write_lines(manifest, written)
    return notes


def _parts(result: ClassifyResult, video: Video) -> tuple[list[_Part], list[str]]:
    """What frames are written of, in time order, and notes on it."""
    notes: list[str] = []
    if result.segments:
        return [_segment(result, video, number) for number in range(len(result.segments))], notes
    if result.segments is not None:
        notes.append("frames: no segment was found; they are of the selected clips instead")
    background = result.classifier.get("background")
    clips = sorted(result.clips, key=lambda clip: clip.clip)
    shown = [clip for clip in clips if background is None or clip.label != background]
    # of a video that may show nothing, all selected clips are of interest
    if result.confident and shown:
        clips = shown
        left = left_out({**result.record(), "segments": None})
        notes += [f"frames: {left}"] if left else []
    parts = []
    for clip in clips:
        # repeated where the video is shorter than a clip
        frames = list(dict.fromkeys(video.grid.frames_of(clip.clip).tolist()))
        parts.append(
            _Part(
                frames,
                None,
                clip.exact_start,
                end=clip.exact_end,
                label=clip.label,
                probability=clip.probability,
            )
        )
    return parts, notes


def _segment(result: ClassifyResult, video: Video, number: int) -> _Part:
    assert result.segments is not None
    segment, timeline = result.segments[number], video.index.timeline
    # the first frames at or behind both ends
    bounds = [math.ceil(t / timeline.time_base) for t in (segment.exact_start, segment.exact_end)]
    first, end = np.searchsorted(timeline.pts, bounds).tolist()
    return _Part(
        range(first, end),
        number,
        segment.exact_start,
        end=segment.exact_end,
        label=segment.label,
        probability=segment.probability,
    )


def _spread(frames: Sequence[int], count: int) -> Iterator[int]:
    """The middle frames of `count` equal parts, each once; all frames where there are fewer.

    Example: 16 frames and a count of 1 -> the frame with index 8; a count of 2 -> 4 and 12.
    """
    count = min(count, len(frames))
    for part in range(count):
        yield frames[(2 * part + 1) * len(frames) // (2 * count)]


def _line(
    result: ClassifyResult,
    video: Video,
    part: _Part,
    *,
    position: int,
    scores: dict[int, ScoredClip],
) -> Line:
    """The line of one frame."""
    # None in the tail of the video
    clip = video.grid.clip_of(position)
    # clips that were not scored are not among the scores
    scored = None if clip is None else scores.get(clip)
    kind, value = None, None
    for name in _SCORES if scored is not None else ():
        found = score(getattr(scored, name))
        if found is not None:
            kind, value = name, found
            break
    # an unsure video has no label, and so have its frames
    is_sure = result.confident
    return {
        "video": result.path,
        "file": FRAME_FILES.replace("*", f"{position:08d}"),
        "time_s": seconds(video.index.timeline.time(position)),
        "frame": position,
        "clip": clip,
        "segment": part.segment,
        "start_s": seconds(part.start),
        "end_s": seconds(part.end),
        "score": value,
        "score_of": kind,
        "label": part.label if is_sure else None,
        "probability": score(part.probability) if is_sure else None,
    }


def _at_most(frame: NDArray[np.uint8], size: int | None) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] -> uint8 [h, w, 3], the longer side at most `size`."""
    longest = max(frame.shape[:2])
    if size is None or longest <= size:
        return frame
    height, width = (max(1, round(side * size / longest)) for side in frame.shape[:2])
    picture = Image.fromarray(frame)
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=_QUALITY, comment=MARK)
    return data.getvalue()
