"""Normalised videos of the compressed-video literature: MPEG-4 Part 2 at 340 x 256, in MP4.

CoViAR (Wu et al., CVPR 2018) and the paper (Sec. 3.3.1) read such videos: GOPs of an I-frame and 11
P-frames, without B-frames. Every frame keeps its time, so that clips of the result have the times
of the original; the sound is kept. The encoder's settings are those of `media.reencode`, which does
the same in memory and in the picture's own shape.

Not in the literature: a picture that is taller than wide becomes 256 x 340. The displayed picture
keeps its shape, so pixels are not square.
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
from scsampler_cli.media.audio_probe import probe_audio, sound_stream_options
from scsampler_cli.media.changes import Aspects, pixel_aspects
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.media.reencode import GOP, SHORT_SIDE
from scsampler_cli.media.video_info import VideoInfo
from scsampler_cli.timeline import FrameTimeline
from scsampler_cli.transcode.atomic_output import check_apart, replaced
from scsampler_cli.transcode.check_output import index_output
from scsampler_cli.transcode.containers import QUALITY
from scsampler_cli.transcode.program import encoders, find_ffmpeg, name_of, run
from scsampler_cli.transcode.sound import filled, framed
from scsampler_cli.transcode.source import demuxer_of, source
from scsampler_cli.transcode.upright import detached, upright

LONG_SIDE = 340
"""Pixels (CoViAR)."""
SUFFIX = ".340x256.mp4"
"""Suffix of a video in the folder of its feature file; it replaces the suffix of that file."""
QUANTISER = 2
"""1 (best) to 31; as in `media.reencode`."""
MOST_TICKS = 65_535
"""Most ticks a second of the clock of MPEG-4 Part 2."""
TICKS = 60_000
"""Ticks a second where that clock cannot hold the video's times; these are kept to 9
microseconds."""
FEWEST_TICKS = 1000
"""Ticks a second, at least."""
COPIED = {"aac": 7350, "mp3": 16_000, "ac3": 32_000, "eac3": 32_000, "alac": 8000}
"""Audio codecs that readers of MP4 support, with the lowest sample rate, Hz; others become AAC."""


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
    """Seconds added to every time; 0 unless the original has negative times."""
    audio: str | None
    """ "copied", "aac", or None without sound."""
    messages: tuple[str, ...]
    """Errors that the program reported although it went on."""


def check_normalised(target: Path) -> None:
    """Check, before any work, that a normalised video can be written.

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
    # before any time is spent on decoding
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
    """Write a video as MPEG-4 Part 2 with a fixed GOP, frame for frame.

    Args:
        path: the video.
        target: the MP4 file; it appears when it is complete.
        video_stream: number among the video streams.
        audio_stream: number among the audio streams; None for a result without sound.
        demuxer: from `source.demuxer_of`; None to find it here.
        index: of the video; None to make it here.
        reading: limits.

    Raises:
        InputError, VideoError: the video cannot be read.
        OutputError: the result cannot be written, or is no .mp4.
        ProgramError: there is no program ffmpeg, or it failed.
    """
    check_normalised(target)
    check_apart(target, path)
    index = index or scan(path, replace(reading, video_stream=video_stream))
    # MP4 has no negative times
    timeline, shift = index.timeline, max(Fraction(0), -index.timeline.time(0))
    options = {"itsoffset": f"{float(shift):.9f}"} if shift else {}
    if audio_stream is not None:
        options |= sound_stream_options(path, audio_stream, reading)
    opened = source(path, demuxer or demuxer_of(path, reading), index.reading, **options)
    aspects = tuple((begin + shift, aspect) for begin, aspect in pixel_aspects(path, index))

    streams, audio = [_pictures(opened, index, aspects)], None
    sound_options: dict[str, Any] = {}
    if audio_stream is not None:
        audio = _audio_handling(path, reading, audio_stream)
        sound = opened[f"a:{audio_stream}"]
        if audio == "copied":
            streams.append(sound)
            sound_options = {"c:a": "copy"}
        else:
            streams.append(framed(filled(sound), "aac"))
            sound_options = {"c:a": "aac", **QUALITY["aac"]}

    with replaced(target) as part:
        graph = ffmpeg.output(*streams, name_of(part), **_settings(index), **sound_options)
        # frames without times are counted from 0, so there are no times to copy
        graph = graph if index.untimed else graph.global_args("-copyts")
        messages = run(graph, find_ffmpeg())
        result = index_output(part, path)
    return Normalised(
        target,
        result.info.coded_width,
        result.info.coded_height,
        frames=len(result.timeline),
        frames_missing=len(timeline) - len(result.timeline),
        shift=shift,
        audio=audio,
        messages=messages,
    )


def _audio_handling(path: Path, reading: ReadSettings, audio_stream: int) -> str:
    """Either "copied", for a codec that readers of MP4 support, or "aac"."""
    info = probe_audio(path, replace(reading, audio_stream=audio_stream)).info
    is_supported = info is not None and info.rate_hz >= COPIED.get(info.codec, math.inf)
    return "copied" if is_supported else "aac"


def size_of(info: VideoInfo) -> tuple[int, int]:
    """(height, width) of the result."""
    height, width = info.size
    return (LONG_SIDE, SHORT_SIDE) if height > width else (SHORT_SIDE, LONG_SIDE)


def _pictures(opened: Any, index: StreamIndex, aspects: Aspects) -> Any:
    stored = opened[f"v:{index.info.stream}"]
    stream = detached(stored, stored.filter("trim", end_frame=0), index.info)
    if index.untimed:
        frame_s = float(index.timeline.mean_frame_duration)
        stream = stream.filter("setpts", f"round(N*{frame_s:.9f}/TB)")
    height, width = size_of(index.info)
    shown_height, shown_width = index.info.size
    # pixel aspect that keeps the displayed shape at the new size
    aspect = Fraction(shown_width * height, shown_height * width)
    return upright(stream, index.info, height, width=width, aspects=aspects).filter(
        "setsar", r=aspect, max=255
    )


def _settings(index: StreamIndex) -> dict[str, Any]:
    # counted frames have no times; else all times must be multiples of a tick
    ticks = ticks_for(index.timeline, index.untimed)
    # seconds of the last frame
    last = index.timeline.time(len(index.timeline)) - index.timeline.time(len(index.timeline) - 1)
    return {
        "format": "mp4",
        "c:v": "mpeg4",
        "g": GOP,
        "bf": 0,
        # no I-frames at scene cuts
        "sc_threshold": 1_000_000_000,
        "q:v": QUANTISER,
        "threads:v": 1,
        "pix_fmt": "yuv420p",
        "fps_mode:v": "passthrough",
        "enc_time_base:v": f"1:{ticks}",
        "video_track_timescale": ticks,
        "movie_timescale": ticks,
        # no frame behind the last one gives its duration
        "bsf:v": f"setts=pts=PTS:dts=DTS:duration={max(1, round(last * ticks))}",
        "map_metadata": -1,
        "map_chapters": -1,
        "metadata": f"comment={MARK}",
    }


def ticks_for(timeline: FrameTimeline, untimed: bool) -> int:
    """Ticks a second of the encoder's clock: all times are whole ticks, if the clock allows that.

    Args:
        timeline: of the video.
        untimed: True when frames carry no times: they are then counted at the mean frame rate.
    """
    # the largest unit, in seconds, of which all times are multiples
    unit = timeline.time_base * math.gcd(int(np.gcd.reduce(timeline.pts)), timeline.end_pts)
    needed = (timeline.mean_frame_duration if untimed else unit).denominator
    if needed > MOST_TICKS:
        return TICKS
    # the smallest multiple that is not below the minimum
    return needed * -(-FEWEST_TICKS // needed)
