"""Encoders of a reel and their options: those of the finished file, and those of a part that is
decoded once more.

Not handled here: what is encoded; see `transcode.reel` and `transcode.joined_reel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from scsampler_cli.files.marks import MARK
from scsampler_cli.transcode.containers import (
    CONTAINERS,
    DEFAULT_TICKS,
    QUALITY,
    TICKS,
    Container,
    container_for,
    first_available,
)
from scsampler_cli.transcode.program import container_version, encoders

PART_SUFFIX = ".mov"
"""Container of parts: it holds exact times, and sound that is not compressed."""
_FIXES_OPUS_TIMES = 60
"""First version of libavformat (FFmpeg 6) whose Matroska times allow for an encoder's samples
before 0."""
_PART_QUALITY: dict[str, dict[str, str]] = {
    "libx264": {"crf": "12", "preset": "superfast"},
    "mpeg4": {"q:v": "2"},
}
"""Almost no loss: the finished reel hides it, and the file is a few times larger than its share of
the reel."""


@dataclass(frozen=True, kw_only=True)
class ReelEncoding:
    """Container, encoders and their options."""

    container: Container
    video_encoder: str
    audio_encoder: str | None
    """None for a file without sound."""
    options: dict[str, Any]
    """Options of the encoders and of the container."""
    video_filters: tuple[str, ...] = ()
    """Filters of the coded pictures."""

    @property
    def ticks(self) -> int:
        """Ticks a second of the encoder's clock."""
        return TICKS.get(self.video_encoder, DEFAULT_TICKS)


def reel_encoding(target: Path, program: Path, has_sound: bool) -> ReelEncoding:
    """Encoders of a finished reel.

    Args:
        target: its suffix selects the container.
        program: from `find_ffmpeg`.
        has_sound: False for a reel without sound.

    Raises:
        SettingsError: the suffix stands for no container.
        ProgramError: the program lacks the encoders.
    """
    container, there = container_for(target), encoders(program)
    video = first_available(container.pictures, there, target)
    # required without sound, too: one answer for all reels of a suffix
    audio = first_available(container.sounds, there, target)
    options: dict[str, Any] = {**QUALITY[video], **container.options}
    if has_sound:
        options |= {**QUALITY[audio], **_opus_options(audio, program)}
    return ReelEncoding(
        container=container,
        video_encoder=video,
        audio_encoder=audio if has_sound else None,
        options=options,
    )


def part_encoding(target: Path, program: Path) -> ReelEncoding:
    """Encoders of a part of a reel, in a file that ends in `PART_SUFFIX`.

    All parts have sound, so that they have the same streams.

    Args:
        target: the reel, for messages.
        program: from `find_ffmpeg`.

    Raises:
        ProgramError: the program lacks the encoders.
    """
    container, there = CONTAINERS[PART_SUFFIX], encoders(program)
    video = first_available(container.pictures, there, target)
    return ReelEncoding(
        container=container,
        video_encoder=video,
        audio_encoder=first_available(("pcm_s16le",), there, target),
        options={
            **_PART_QUALITY[video],
            "pix_fmt": "yuv420p",
            # a picture that waits for a later one would wait for the next part, of another size
            "bf": 0,
            # else the container rounds a late beginning to milliseconds
            "movie_timescale": TICKS.get(video, DEFAULT_TICKS),
        },
        # the decoder takes the headers of the next part from the stream
        video_filters=("dump_extra=freq=keyframe",),
    )


def output_options(encoding: ReelEncoding, last_frame: Fraction) -> dict[str, Any]:
    """Options of the output of a graph.

    Args:
        encoding: of the file.
        last_frame: seconds that the last frame lasts.
    """
    ticks, filters = encoding.ticks, list(encoding.video_filters)
    timing: dict[str, Any] = {}
    # players of MP4 do not show a last frame without a duration
    if encoding.container.muxer in ("mp4", "mov"):
        timing["video_track_timescale"] = ticks
        duration = max(1, round(last_frame * ticks))
        filters.append(f"setts=pts=PTS:dts=DTS:duration={duration}")
    if filters:
        timing["bsf:v"] = ",".join(filters)
    audio = {} if encoding.audio_encoder is None else {"c:a": encoding.audio_encoder}
    return {
        "format": encoding.container.muxer,
        "c:v": encoding.video_encoder,
        "enc_time_base:v": f"1:{ticks}",
        "fps_mode:v": "passthrough",
        "map_metadata": -1,
        "map_chapters": -1,
        "metadata": f"comment={MARK}",
        **encoding.options,
        **audio,
        **timing,
    }


def _opus_options(audio_encoder: str, program: Path) -> dict[str, Any]:
    """Options that keep the times of Opus in WebM.

    The encoder puts samples of its own before time 0. The file holds their number, and players
    subtract it from all times. FFmpeg 6 and later add it first; FFmpeg 5 does not.
    """
    if audio_encoder != "libopus" or container_version(program) >= _FIXES_OPUS_TIMES:
        return {}
    return {"bsf:a": "setts=pts=PTS-STARTPTS:dts=DTS-STARTDTS"}
