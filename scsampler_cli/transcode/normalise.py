"""The normalisation of the compressed-video literature (CoViAR, Wu et al., CVPR 2018; Sec. 3.3.1): MPEG-4 Part 2 at 340 x 256,
an I-frame and 11 P-frames again and again, no B-frames; as an MP4 file.

Every frame keeps its time, so that clips of the result lie where they lie in the original; the sound is kept. The encoder's
settings are those of `media.reencode`, which does the same in memory and at the picture's own shape.
Ours: a picture that is higher than wide becomes 256 x 340; what is displayed keeps its shape (the pixels are no squares).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import OutputError, ProgramError
from scsampler_cli.files.marks import MARK
from scsampler_cli.files.output_paths import check_file
from scsampler_cli.media.audio import sound_stream_options, probe_audio
from scsampler_cli.media.changes import Aspects, pixel_aspects
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.media.reencode import GOP, SHORT_SIDE
from scsampler_cli.media.video_info import VideoInfo
from scsampler_cli.timeline import FrameTimeline
from scsampler_cli.transcode.atomic_output import check_apart, replaced
from scsampler_cli.transcode.check_output import written
from scsampler_cli.transcode.containers import QUALITY
from scsampler_cli.transcode.program import encoders, find_ffmpeg, name_of, run
from scsampler_cli.transcode.sound import filled, framed
from scsampler_cli.transcode.source import demuxer_of, source
from scsampler_cli.transcode.upright import detached, upright

LONG_SIDE = 340
"""Pixels (CoViAR)."""
SUFFIX = ".340x256.mp4"
"""Of a video that is written beside a feature file, in place of the latter's own."""
QUANTISER = 2
"""1 (best) to 31; as `media.reencode`."""
MOST_TICKS = 65_535
"""Ticks of a second that MPEG-4 Part 2 can count."""
TICKS = 60_000
"""Ticks of a second where MPEG-4 cannot count the times of the video (our choice): they are kept to 9 microseconds."""
FEWEST_TICKS = 1000
"""Ticks of a second at least (our choice)."""
COPIED = {"aac": 7350, "mp3": 16_000, "ac3": 32_000, "eac3": 32_000, "alac": 8000}
"""Codecs of sound that readers of MP4 expect there, with the least samples a second; others become AAC."""


@dataclass(frozen=True)
class Normalised:
    """A video that was normalised."""

    path: Path
    width: int
    """Pixels as stored."""
    height: int
    """Pixels as stored."""
    frames: int
    frames_missing: int
    """Frames of the original that could not be decoded."""
    shift: Fraction
    """Seconds that were added to every time; 0 unless the original begins before its clock does."""
    audio: str | None
    """ "copied", "aac", or None: without sound."""
    said: tuple[str, ...]
    """What the program complained of although it went on."""


def check_normalised(target: Path) -> None:
    """Say at once what would keep a normalised video from being written in the end.

    Raises:
        OutputError: the target cannot be written, or is no .mp4.
        ProgramError: there is no program ffmpeg, or it lacks the encoder.
    """
    if target.suffix.lower() != ".mp4":
        raise OutputError(
            f"cannot write {target}: a normalised video is MP4",
            code="output-suffix-invalid",
            hint="end it with .mp4",
        )
    check_file(target)
    if not {"mpeg4", "aac"} <= encoders(program := find_ffmpeg()):
        raise ProgramError(
            f"{program} has no encoder mpeg4 or aac",
            code="ffmpeg-encoder-missing",
            hint="install a complete ffmpeg",
        )


def normalise(
    path: Path,
    target: Path,
    *,
    video_stream: int,
    audio_stream: int | None,
    demuxer: str | None = None,
    index: StreamIndex | None = None,
    reading: ReadSettings = DEFAULT_READING,
) -> Normalised:
    """Write a video again as MPEG-4 Part 2 with a fixed GOP, frame for frame.

    Args:
        path: the video.
        target: the MP4 file; it appears when it is complete.
        video_stream: position among the video streams.
        audio_stream: position among the audio streams; None: the result has no sound.
        demuxer: from `source.demuxer_of`; None: the file is asked.
        index: of the video; None: it is made.
        reading: limits.

    Raises:
        InputError, VideoError: the video cannot be read.
        OutputError: the result cannot be written, or is no .mp4.
        ProgramError: there is no program ffmpeg, or it failed.
    """
    check_normalised(target)
    check_apart(target, path)
    index = index or scan(path, replace(reading, video_stream=video_stream))
    timeline, shift = index.timeline, max(Fraction(0), -index.timeline.time(0))
    options = {"itsoffset": f"{float(shift):.9f}"} if shift else {}
    if audio_stream is not None:
        options |= sound_stream_options(path, audio_stream, reading)
    opened = source(path, demuxer or demuxer_of(path, reading), index.reading, **options)
    aspects = tuple((begin + shift, aspect) for begin, aspect in pixel_aspects(path, index))
    streams, how = [_pictures(opened, index, aspects)], None
    sound: dict[str, Any] = {}
    if audio_stream is not None:
        how = _kept(path, reading, audio_stream)
        heard = opened[f"a:{audio_stream}"]
        streams.append(heard if how == "copied" else framed(filled(heard), "aac"))
        sound = {"c:a": "copy"} if how == "copied" else {"c:a": "aac", **QUALITY["aac"]}
    with replaced(target) as part:
        graph = ffmpeg.output(*streams, name_of(part), **_settings(index), **sound)
        said = run(graph if index.untimed else graph.global_args("-copyts"), find_ffmpeg())
        there = written(part, path)
    height, width = there.info.coded_height, there.info.coded_width
    missing = len(timeline) - len(there.timeline)
    return Normalised(
        target,
        width,
        height,
        frames=len(there.timeline),
        frames_missing=missing,
        shift=shift,
        audio=how,
        said=said,
    )


def _kept(path: Path, reading: ReadSettings, audio_stream: int) -> str:
    """How the sound is kept."""
    info = probe_audio(path, replace(reading, audio_stream=audio_stream)).info
    return (
        "copied" if info is not None and info.rate_hz >= COPIED.get(info.codec, math.inf) else "aac"
    )


def size_of(info: VideoInfo) -> tuple[int, int]:
    """(height, width) of the result."""
    height, width = info.size
    return (LONG_SIDE, SHORT_SIDE) if height > width else (SHORT_SIDE, LONG_SIDE)


def _pictures(opened: Any, index: StreamIndex, aspects: Aspects) -> Any:
    stored = opened[f"v:{index.info.stream}"]
    stream = detached(stored, stored.filter("trim", end_frame=0), index.info)
    if index.untimed:
        stream = stream.filter(
            "setpts", f"round(N*{float(index.timeline.mean_frame_duration):.9f}/TB)"
        )
    height, width = size_of(index.info)
    shown_height, shown_width = index.info.size
    aspect = Fraction(shown_width * height, shown_height * width)
    return upright(stream, index.info, height, width=width, aspects=aspects).filter(
        "setsar", r=aspect, max=255
    )


def _settings(index: StreamIndex) -> dict[str, Any]:
    ticks = ticks_for(index.timeline, index.untimed)
    last = index.timeline.time(len(index.timeline)) - index.timeline.time(len(index.timeline) - 1)
    return {
        "format": "mp4",
        "c:v": "mpeg4",
        "g": GOP,
        "bf": 0,
        "sc_threshold": 1_000_000_000,  # no I-frame but those of the GOP, whatever is cut
        "q:v": QUANTISER,
        "threads:v": 1,
        "pix_fmt": "yuv420p",
        "fps_mode:v": "passthrough",
        "enc_time_base:v": f"1:{ticks}",
        "video_track_timescale": ticks,
        "movie_timescale": ticks,
        "bsf:v": f"setts=pts=PTS:dts=DTS:duration={max(1, round(last * ticks))}",
        "map_metadata": -1,
        "map_chapters": -1,
        "metadata": f"comment={MARK}",
    }


def ticks_for(timeline: FrameTimeline, counted: bool) -> int:
    """Ticks of a second in which the encoder counts: all times are whole numbers of them, if MPEG-4 can count so far."""
    unit = timeline.time_base * math.gcd(int(np.gcd.reduce(timeline.pts)), timeline.end_pts)
    needed = (timeline.mean_frame_duration if counted else unit).denominator
    return needed * -(-FEWEST_TICKS // needed) if needed <= MOST_TICKS else TICKS
