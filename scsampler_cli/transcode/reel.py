"""A highlight reel: the chosen stretches of a video, one after the other, with their sound.

Frames are chosen by their time on the file's own clock, each exactly once, and stand in the reel as far apart as in the video;
the sound is cut to the sample. The program goes to each stretch instead of decoding what lies between.
But: which stretches, is the caller's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.files.marks import MARK
from scsampler_cli.files.output_paths import check_file
from scsampler_cli.media.audio import sound_stream_options
from scsampler_cli.media.changes import Aspects, pixel_aspects
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.transcode.atomic_output import check_apart, replaced
from scsampler_cli.transcode.check_output import written
from scsampler_cli.transcode.containers import (
    DEFAULT_TICKS,
    QUALITY,
    TICKS,
    Container,
    container_for,
    first_of,
)
from scsampler_cli.transcode.pieces import LEAD_S, Group, Piece, groups_of, pieces_of
from scsampler_cli.transcode.program import container_version, encoders, find_ffmpeg, name_of, run
from scsampler_cli.transcode.sound import filled, framed
from scsampler_cli.transcode.source import demuxer_of, source
from scsampler_cli.transcode.upright import detached, upright

RATE_HZ = 48_000
"""Of the reel's sound, which is stereo: what every player and encoder takes (our choice)."""
_PUTS_FORWARD = 60
"""Version of libavformat, that of FFmpeg 6, since which times in Matroska allow for samples that an encoder puts before 0."""


@dataclass(frozen=True)
class Reel:
    """A reel that was written."""

    path: Path
    spans: tuple[tuple[Fraction, Fraction], ...]
    """(start, end) in seconds on the video's clock of what is in it, in its order; whole frames."""
    frames: int
    """Frames that are in it."""
    frames_missing: int
    """Frames that should be in it and could not be decoded."""
    duration: Fraction
    """Seconds."""
    video_encoder: str
    audio_encoder: str | None
    """None: without sound."""
    said: tuple[str, ...]
    """What the program complained of although it went on."""


def check_reel(target: Path) -> None:
    """Refuse a file that no program could write a reel to.

    Raises:
        OutputError: the target cannot be written.
        SettingsError: its suffix is no container's.
    """
    container_for(target)
    check_file(target)


def check_program(target: Path) -> None:
    """Say at once whether the program can write reels of this suffix.

    Raises:
        SettingsError: the suffix is no container's.
        ProgramError: there is no program ffmpeg, or it lacks the encoders.
    """
    _encoders(container_for(target), find_ffmpeg(), target)


def write_reel(
    path: Path,
    target: Path,
    spans: Sequence[tuple[Fraction, Fraction]],
    *,
    video_stream: int,
    audio_stream: int | None,
    demuxer: str | None = None,
    index: StreamIndex | None = None,
    reading: ReadSettings = DEFAULT_READING,
) -> Reel:
    """Write the reel of some stretches of a video: in time order, those that touch or overlap joined.

    Args:
        path: the video.
        target: the reel; its suffix, .mp4, .mkv, .mov or .webm, is the container. It appears when it is complete.
        spans: (start, end) in seconds on the file's clock, half-open.
        video_stream: position among the video streams.
        audio_stream: position among the audio streams; None: the reel has no sound.
        demuxer: from `source.demuxer_of`; None: the file is asked.
        index: of the video; None: it is made.
        reading: limits.

    Raises:
        InputError, VideoError: the video cannot be read.
        SettingsError: its suffix is no container's.
        OutputError: the reel cannot be written, or no frame lies in the spans.
        ProgramError: there is no program ffmpeg, or it failed.
    """
    container = container_for(target)
    check_apart(target, path)
    program = find_ffmpeg()
    picture, encoder = _encoders(container, program, target)
    sound = None if audio_stream is None else encoder
    reading = replace(reading, video_stream=video_stream)
    index = index or scan(path, reading)
    pieces = pieces_of(index.timeline, spans)
    streams = _streams(
        path, demuxer or demuxer_of(path, reading), index, pieces=pieces, audio_stream=audio_stream
    )
    if sound is not None:
        streams[-1] = framed(streams[-1], sound)
    options = _options(container, picture, sound, last_frame=_last_frame(index, pieces)) | _shifted(
        sound, program
    )
    with replaced(target) as part:
        graph = ffmpeg.output(*streams, name_of(part), **options)
        said = run(graph if index.untimed else graph.global_args("-copyts"), program)
        there = len(written(part, path).timeline)
    return Reel(
        target,
        tuple((piece.start, piece.end) for piece in pieces),
        there,
        frames_missing=sum(piece.stop - piece.first for piece in pieces) - there,
        duration=sum((piece.duration for piece in pieces), Fraction(0)),
        video_encoder=picture,
        audio_encoder=sound,
        said=said,
    )


def _encoders(container: Container, program: Path, target: Path) -> tuple[str, str]:
    there = encoders(program)
    return first_of(container.pictures, there, target), first_of(container.sounds, there, target)


def _streams(
    path: Path,
    demuxer: str,
    index: StreamIndex,
    *,
    pieces: Sequence[Piece],
    audio_stream: int | None,
) -> list[Any]:
    """The reel's picture and, where there is a audio stream, its sound."""
    groups = groups_of(index, pieces, demuxer)
    opened = partial(source, path, demuxer, index.reading)
    seen = [(opened(**_seek(group.seek)), group) for group in groups]
    aspects = pixel_aspects(path, index)
    streams = [_pictures(seen, index, aspects)]
    if audio_stream is not None:
        found = sound_stream_options(path, audio_stream, index.reading)
        heard = [(opened(vn=None, **found, **_seek(_sound_from(group))), group) for group in groups]
        streams.append(_sounds(heard, audio_stream, index))
    return streams


def _seek(to: Fraction | None) -> dict[str, Any]:
    """Options of an input. Not accurate: what is wanted is chosen by its time further on, and a seek that fails does no harm."""
    return {} if to is None else {"ss": _decimal(to), "seek_timestamp": 1, "noaccurate_seek": None}


def _sound_from(group: Group) -> Fraction | None:
    return None if group.seek is None else group.pieces[0].start - LEAD_S


def _decimal(seconds: Fraction) -> str:
    return f"{float(seconds):.9f}"


def _pictures(opened: Sequence[tuple[Any, Group]], index: StreamIndex, aspects: Aspects) -> Any:
    height, width = (max(2, side + side % 2) for side in index.info.size)
    made = []
    for file, group in opened:
        stored = file[f"v:{index.info.stream}"]
        within = stored.filter("trim", **_outer(group.pieces, index.untimed))
        chosen = within.filter("select", _chosen(group.pieces, index.untimed))
        turned = upright(chosen, index.info, height, width=width, aspects=aspects).filter(
            "setpts", _moved(group.pieces, index)
        )
        nothing = upright(
            stored.filter("trim", end_frame=0), index.info, height, width=width, aspects=aspects
        )
        made.append(detached(turned, nothing, index.info))
    # not concat: it guesses how long the last frame of each part lasts
    return made[0] if len(made) == 1 else ffmpeg.filter(made, "interleave", nb_inputs=len(made))


def _outer(pieces: Sequence[Piece], by_number: bool) -> dict[str, Any]:
    """Bounds of what is looked at: behind the last piece the program reads no further."""
    if by_number:
        return {"start_frame": pieces[0].first, "end_frame": pieces[-1].stop}
    # rounded to the file's own units, in which it is a whole number; a moment between two frames is none
    return {"end": _decimal(pieces[-1].end)}


def _chosen(pieces: Sequence[Piece], by_number: bool) -> str:
    """An expression that is not 0 for frames of the pieces."""
    if by_number:
        origin = pieces[0].first  # those before it do not come here
        return "+".join(
            f"gte(n,{piece.first - origin})*lt(n,{piece.stop - origin})" for piece in pieces
        )
    return "+".join(
        f"gte(t,{_decimal(piece.after)})*lt(t,{_decimal(piece.before)})" for piece in pieces
    )


def _moved(pieces: Sequence[Piece], index: StreamIndex) -> str:
    """An expression of a frame's time in the reel."""
    if index.untimed:
        return f"round(N*{_decimal(index.timeline.mean_frame_duration)}/TB)"
    shift = Fraction(0)
    steps = []
    for piece in pieces:
        step = piece.start - piece.at - shift
        steps.append(f"gte(T,{_decimal(piece.after)})*({_decimal(step)})")
        shift += step
    return f"round(PTS-({'+'.join(steps)})/TB)"


def _sounds(opened: Sequence[tuple[Any, Group]], stream: int, index: StreamIndex) -> Any:
    # where frames carry no times, the sound is taken to begin with the picture
    origin = index.timeline.time(0) if index.untimed else Fraction(0)
    parts = []
    for file, group in opened:
        split = file[f"a:{stream}"].filter_multi_output("asplit")
        parts += [_heard(split[number], piece, origin) for number, piece in enumerate(group.pieces)]
    return parts[0] if len(parts) == 1 else ffmpeg.concat(*parts, v=0, a=1)


def _heard(stream: Any, piece: Piece, origin: Fraction) -> Any:
    """The sound of a piece, silent where there is none, as many samples as the piece is long."""
    start, end = piece.start - origin, piece.end - origin
    samples = round((piece.at + piece.duration) * RATE_HZ) - round(piece.at * RATE_HZ)
    cut = stream.filter("atrim", start=_decimal(start), end=_decimal(end)).filter(
        "asetpts", f"PTS-({_decimal(start)})/TB"
    )
    return (
        filled(cut, RATE_HZ)
        .filter("apad", whole_len=samples)
        .filter("atrim", end_sample=samples)
        .filter("asetpts", "N/SR/TB")
    )


def _last_frame(index: StreamIndex, pieces: Sequence[Piece]) -> Fraction:
    """How long the last frame lasts, in seconds."""
    if index.untimed:
        return index.timeline.mean_frame_duration
    return pieces[-1].end - index.timeline.time(pieces[-1].stop - 1)


def _options(
    container: Container, picture: str, sound: str | None, *, last_frame: Fraction
) -> dict[str, Any]:
    ticks = TICKS.get(picture, DEFAULT_TICKS)
    timing: dict[str, Any] = {}
    if container.muxer in ("mp4", "mov"):  # where a last frame that lasts no time is not shown
        timing = {
            "video_track_timescale": ticks,
            "bsf:v": f"setts=pts=PTS:dts=DTS:duration={max(1, round(last_frame * ticks))}",
        }
    return {
        "format": container.muxer,
        "c:v": picture,
        "enc_time_base:v": f"1:{ticks}",
        "fps_mode:v": "passthrough",
        "map_metadata": -1,
        "map_chapters": -1,
        "metadata": f"comment={MARK}",
        **QUALITY[picture],
        **({} if sound is None else {"c:a": sound, **QUALITY[sound]}),
        **container.options,
        **timing,
    }


def _shifted(sound: str | None, program: Path) -> dict[str, Any]:
    """Options that keep Opus in its place in WebM.

    Its encoder puts samples of its own before time 0, and the file says how many, so that players take its times back by them.
    FFmpeg 5 does not put the times forward before that.
    """
    if sound != "libopus" or container_version(program) >= _PUTS_FORWARD:
        return {}
    return {"bsf:a": "setts=pts=PTS-STARTPTS:dts=DTS-STARTDTS"}
