"""A highlight reel: the selected spans of a video, one after the other, with their sound.

Frames are selected by their time on the file's own clock, each exactly once, and have the same
distances in the reel as in the video. The sound is cut to the sample. The program seeks to each
span and does not decode what lies between.

Not handled here: selecting the spans; the caller does that.
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
from scsampler_cli.files.output_paths import check_file
from scsampler_cli.media.audio_probe import sound_stream_options
from scsampler_cli.media.changes import Aspects, pixel_aspects
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.transcode.atomic_output import check_apart, replaced
from scsampler_cli.transcode.check_output import index_output
from scsampler_cli.transcode.containers import container_for
from scsampler_cli.transcode.pieces import LEAD_S, Group, Piece, groups_of, pieces_of
from scsampler_cli.transcode.program import find_ffmpeg, name_of, run
from scsampler_cli.transcode.reel_encoding import ReelEncoding, output_options, reel_encoding
from scsampler_cli.transcode.sound import filled, framed, silence
from scsampler_cli.transcode.source import demuxer_of, source
from scsampler_cli.transcode.upright import detached, upright

RATE_HZ = 48_000
"""Sample rate of the reel's sound, which is stereo: every player and encoder supports it."""


@dataclass(frozen=True)
class Reel:
    """A reel that was written."""

    path: Path
    spans: tuple[tuple[Fraction, Fraction], ...]
    """(start, end) in seconds on the video's clock of its pieces, in order; whole frames."""
    frames: int
    """Number of frames in it."""
    frames_missing: int
    """Frames of the spans that could not be decoded."""
    duration: Fraction
    """Seconds."""
    video_encoder: str
    audio_encoder: str | None
    """None without sound."""
    messages: tuple[str, ...]
    """Errors that the program reported although it went on."""


def check_reel(target: Path) -> None:
    """Check that a reel can be written to a file.

    Raises:
        OutputError: the target cannot be written.
        SettingsError: its suffix stands for no container.
    """
    container_for(target)
    check_file(target)


def check_program(target: Path) -> None:
    """Check, before any work, that the program can write reels with this suffix.

    Raises:
        SettingsError: the suffix stands for no container.
        ProgramError: there is no program ffmpeg, or it lacks the encoders.
    """
    # the suffix first: the program is not needed to refuse it
    container_for(target)
    reel_encoding(target, find_ffmpeg(), has_sound=True)


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
    encoding: ReelEncoding | None = None,
) -> Reel:
    """Write the reel of some spans of a video, in time order.

    Spans that touch or overlap are joined.

    Args:
        path: the video.
        target: the reel; its suffix, .mp4, .mkv, .mov or .webm, selects the container. It appears
            when it is complete.
        spans: (start, end) in seconds on the file's clock, half-open.
        video_stream: number among the video streams.
        audio_stream: number among the audio streams; None for a reel without sound.
        demuxer: from `source.demuxer_of`; None to find it here.
        index: of the video; None to make it here.
        reading: limits.
        encoding: encoders and their options; None for those of a finished reel. Where it has an
            audio encoder, and `audio_stream` is None, the sound is silence.

    Raises:
        InputError, VideoError: the video cannot be read.
        SettingsError: its suffix stands for no container.
        OutputError: the reel cannot be written, or no frame lies in the spans.
        ProgramError: there is no program ffmpeg, or it failed.
    """
    # the suffix first: the program is not needed to refuse it
    container_for(target)
    check_apart(target, path)
    program = find_ffmpeg()
    encoding = encoding or reel_encoding(target, program, has_sound=audio_stream is not None)
    reading = replace(reading, video_stream=video_stream)
    index = index or scan(path, reading)

    pieces = pieces_of(index.timeline, spans)
    demuxer = demuxer or demuxer_of(path, reading)
    streams = _streams(path, demuxer, index, pieces=pieces, audio_stream=audio_stream)
    duration = sum((piece.duration for piece in pieces), Fraction(0))
    if encoding.audio_encoder is not None:
        if audio_stream is None:
            streams.append(silence(round(duration * RATE_HZ), RATE_HZ))
        streams[-1] = framed(streams[-1], encoding.audio_encoder)
    options = output_options(encoding, _last_frame_duration(index, pieces))

    with replaced(target) as part:
        graph = ffmpeg.output(*streams, name_of(part), **options)
        # frames without times are counted from 0, so there are no times to copy
        graph = graph if index.untimed else graph.global_args("-copyts")
        messages = run(graph, program)
        # frames that were written may be fewer: those that could not be decoded are left out
        frames = len(index_output(part, path).timeline)
    return Reel(
        target,
        tuple((piece.start, piece.end) for piece in pieces),
        frames,
        frames_missing=sum(piece.stop - piece.first for piece in pieces) - frames,
        duration=duration,
        video_encoder=encoding.video_encoder,
        audio_encoder=encoding.audio_encoder,
        messages=messages,
    )


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
    # one input for each group; sound has inputs of its own, since it begins earlier
    opened = partial(source, path, demuxer, index.reading)
    visual = [(opened(**_seek_options(group.seek)), group) for group in groups]
    shown = range(pieces[0].first, pieces[-1].stop)
    streams = [_pictures(visual, index, pixel_aspects(path, index, shown))]
    if audio_stream is None:
        return streams

    found = sound_stream_options(path, audio_stream, index.reading)
    audio = []
    for group in groups:
        start = None if group.seek is None else group.pieces[0].start - LEAD_S
        audio.append((opened(vn=None, **found, **_seek_options(start)), group))
    return [*streams, _sounds(audio, audio_stream, index)]


def _seek_options(to: Fraction | None) -> dict[str, Any]:
    """Options of an input that begins at a time in seconds on the file's clock.

    The seek need not be exact: filters select frames by time, and a seek that fails does no harm.
    """
    if to is None:
        return {}
    return {"ss": _decimal(to), "seek_timestamp": 1, "noaccurate_seek": None}


def _decimal(seconds: Fraction) -> str:
    return f"{float(seconds):.9f}"


def _pictures(opened: Sequence[tuple[Any, Group]], index: StreamIndex, aspects: Aspects) -> Any:
    """The pictures of all groups, in one stream."""
    # encoders of 4:2:0 need even sides
    height, width = (max(2, side + side % 2) for side in index.info.size)
    parts = []
    for file, group in opened:
        stored = file[f"v:{index.info.stream}"]
        within = stored.filter("trim", **_trim_options(group.pieces, index.untimed))
        selected = within.filter("select", _selection(group.pieces, index.untimed))
        turned = upright(selected, index.info, height, width=width, aspects=aspects)
        turned = turned.filter("setpts", _reel_time(group.pieces, index))
        nothing = stored.filter("trim", end_frame=0)
        nothing = upright(nothing, index.info, height, width=width, aspects=aspects)
        parts.append(detached(turned, nothing, index.info))
    # not concat: it guesses the duration of the last frame of each part
    return parts[0] if len(parts) == 1 else ffmpeg.filter(parts, "interleave", nb_inputs=len(parts))


def _trim_options(pieces: Sequence[Piece], by_number: bool) -> dict[str, Any]:
    """Options of `trim`: behind the last piece the program reads no further."""
    if by_number:
        return {"start_frame": pieces[0].first, "end_frame": pieces[-1].stop}
    # the program rounds it to the file's units, so it must be the time of a frame, which is a whole
    # number of them
    return {"end": _decimal(pieces[-1].end)}


def _selection(pieces: Sequence[Piece], by_number: bool) -> str:
    """Expression of `select` that is not 0 for frames of the pieces."""
    if by_number:
        # `trim` removed the frames before the first piece
        origin = pieces[0].first
        terms = [f"gte(n,{piece.first - origin})*lt(n,{piece.stop - origin})" for piece in pieces]
    else:
        terms = [
            f"gte(t,{_decimal(piece.after)})*lt(t,{_decimal(piece.before)})" for piece in pieces
        ]
    return "+".join(terms)


def _reel_time(pieces: Sequence[Piece], index: StreamIndex) -> str:
    """Expression of `setpts` for a frame's time in the reel."""
    if index.untimed:
        # constant frame rate, since frames carry no times
        return f"round(N*{_decimal(index.timeline.mean_frame_duration)}/TB)"
    # the shift of each piece is added to those of the pieces before it
    shift = Fraction(0)
    steps = []
    for piece in pieces:
        # later pieces are moved by all steps before them
        step = piece.start - piece.at - shift
        steps.append(f"gte(T,{_decimal(piece.after)})*({_decimal(step)})")
        shift += step
    return f"round(PTS-({'+'.join(steps)})/TB)"


def _sounds(opened: Sequence[tuple[Any, Group]], stream: int, index: StreamIndex) -> Any:
    """The sound of all pieces, one after the other."""
    # where frames carry no times, sound and picture are assumed to begin together
    origin = index.timeline.time(0) if index.untimed else Fraction(0)
    parts = []
    for file, group in opened:
        # the output of a filter can be used once only
        split = file[f"a:{stream}"].filter_multi_output("asplit")
        for number, piece in enumerate(group.pieces):
            parts.append(_piece_sound(split[number], piece, origin))
    return parts[0] if len(parts) == 1 else ffmpeg.concat(*parts, v=0, a=1)


def _piece_sound(stream: Any, piece: Piece, origin: Fraction) -> Any:
    """The sound of a piece, of exactly its length, silent where there is none."""
    start, end = piece.start - origin, piece.end - origin
    # from rounded ends, so that rounding errors do not add up over the pieces
    samples = round((piece.at + piece.duration) * RATE_HZ) - round(piece.at * RATE_HZ)
    cut = stream.filter("atrim", start=_decimal(start), end=_decimal(end))
    cut = cut.filter("asetpts", f"PTS-({_decimal(start)})/TB")
    return (
        filled(cut, RATE_HZ)
        .filter("apad", whole_len=samples)
        .filter("atrim", end_sample=samples)
        .filter("asetpts", "N/SR/TB")
    )


def _last_frame_duration(index: StreamIndex, pieces: Sequence[Piece]) -> Fraction:
    """Seconds that the last frame lasts."""
    if index.untimed:
        return index.timeline.mean_frame_duration
    return pieces[-1].end - index.timeline.time(pieces[-1].stop - 1)
