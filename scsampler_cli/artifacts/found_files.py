"""What is made beside the result of `find`: a page with pictures, and a reel.

Not handled here: distributing the videos over processes.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from scsampler_cli.artifacts.artifact_paths import Record, relative_link
from scsampler_cli.artifacts.stills import stills
from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.files.output_paths import write_whole
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.output_file import encoded, reporting_write_errors
from scsampler_cli.output.pages.found_page import found_page
from scsampler_cli.pipeline.video import Progress, Video
from scsampler_cli.text import counted
from scsampler_cli.transcode.joined_reel import ReelPart, write_joined_reel


@dataclass(frozen=True)
class FoundVideo:
    """What page and reel need of a video with found clips."""

    pictures: Mapping[int, bytes]
    """Clip -> JPEG."""
    first_s: float
    """Time of the first frame on the clock of the file, seconds."""
    video_stream: int
    """Number among the video streams."""
    audio_stream: int | None
    """Number among the audio streams; None without sound."""

    @classmethod
    def from_record(cls, record: Record) -> FoundVideo:
        """From what `look_up` gives."""
        return cls(
            {int(clip): b64decode(jpeg) for clip, jpeg in record["pictures"].items()},
            record["first_s"],
            record["video_stream"],
            audio_stream=record["audio_stream"],
        )


def look_up(
    _: object,
    path: Path,
    progress: Progress,
    *,
    clips: Mapping[str, Sequence[int]],
    geometry: tuple[int, int],
    reading: ReadSettings,
) -> Record:
    """Pictures and streams of a video, in a worker process; JSON-able, see `FoundVideo`.

    Args:
        path: the video.
        progress: called with the stage "extras".
        clips: path of a video -> its found clips.
        geometry: F and the frame stride of the clips.
        reading: which streams are read, and the limits.
    """
    frames, stride = geometry
    video = Video(path, frames, stride, reading=reading)
    wanted = clips[str(path)]
    progress("extras", 0, 1)
    return {
        "status": "ok",
        "pictures": {str(clip): b64encode(jpeg).decode() for clip, jpeg in stills(video, wanted)},
        "first_s": float(video.index.timeline.time(0)),
        "video_stream": video.info.stream,
        "audio_stream": None if video.audio is None else video.audio.stream,
    }


def write_found_page(
    result: FindResult, videos: Mapping[str, FoundVideo], target: Path
) -> FindResult:
    """Write the page.

    Args:
        result: of `find`.
        videos: path -> what is known of the video; without those that could not be read again.
        target: the page.

    Returns:
        the result with the page, and with a note on clips without a picture.

    Raises:
        OutputError: it cannot be written.
    """
    pictures = {}
    for clip in result.clips:
        video = videos.get(clip.path)
        if video is not None and clip.clip in video.pictures:
            pictures[clip.rank] = video.pictures[clip.clip]
    notes = result.notes
    if missing := len(result.clips) - len(pictures):
        notes = (*notes, f"report: {counted(missing, 'clip')} without a picture")
    made = replace(result, notes=notes, files={**result.files, "report": str(target)})
    sources = {clip.path: relative_link(Path(clip.path), target) for clip in result.clips}
    firsts = {path: video.first_s for path, video in videos.items()}
    page = found_page(made.record(), pictures, sources, firsts=firsts)
    with reporting_write_errors(str(target)):
        write_whole(target, encoded(page))
    return made


def write_found_reel(
    result: FindResult,
    videos: Mapping[str, FoundVideo],
    target: Path,
    *,
    pad_s: float,
    reading: ReadSettings = DEFAULT_READING,
) -> FindResult:
    """Write the reel of the found clips, best first.

    Args:
        result: of `find`.
        videos: path -> what is known of the video; without those that could not be read again.
        target: the reel; its suffix selects the container.
        pad_s: seconds that it shows before and after each clip.
        reading: the settings that the result was made with.

    Returns:
        the result with the reel, and with a note for each clip that it lacks.

    Raises:
        OutputError: it cannot be written, or no clip can be shown.
        ProgramError: there is no program ffmpeg, or it failed.
    """
    # whole milliseconds: the exact value of a float such as 0.1 has a long denominator
    pad = Fraction(pad_s).limit_denominator(1000)
    shown = [clip for clip in result.clips if clip.path in videos]
    parts = []
    for clip in shown:
        video = videos[clip.path]
        parts.append(
            ReelPart(
                Path(clip.path),
                clip.exact_start - pad,
                clip.exact_end + pad,
                video_stream=video.video_stream,
                audio_stream=video.audio_stream,
            )
        )
    made = write_joined_reel(target, parts, reading=reading)
    left_out: list[str] = []
    for number, error in made.left_out:
        left_out.append(f"reel: rank {shown[number].rank} is left out: {error}")
    files: dict[str, Any] = {**result.files, "reel": str(target)}
    return replace(result, notes=(*result.notes, *left_out), files=files)
