"""A highlight reel of several videos: spans of any of them, in a given order, with their sound.

Each span becomes a file of its own first, a part, with almost no loss. The program ffmpeg then
reads one part after the other and encodes the reel, so that any number of parts needs the memory of
one. Frames have the same distances in the reel as in their video, whatever its frame rate.

Not handled here: selecting the spans; colour spaces, of which the reel has that of the first part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import ffmpeg

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import InputError, OutputError, ScsamplerError, VideoError
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.transcode.atomic_output import check_apart, replaced
from scsampler_cli.transcode.check_output import index_output
from scsampler_cli.transcode.part_files import file_name, joined_streams, write_list
from scsampler_cli.transcode.program import find_ffmpeg, name_of, run
from scsampler_cli.transcode.reel import Reel, check_reel, write_reel
from scsampler_cli.transcode.reel_encoding import (
    ReelEncoding,
    output_options,
    part_encoding,
    reel_encoding,
)
from scsampler_cli.transcode.source import demuxer_of

_MAX_MESSAGES = 20
"""Distinct messages that are kept, the first ones; as many as a record has."""


@dataclass(frozen=True)
class ReelPart:
    """A span of a video that the reel shows."""

    path: Path
    start: Fraction
    """Seconds on the file's clock."""
    end: Fraction
    """Seconds, exclusive. Frames that start in the span belong to it."""
    video_stream: int
    """Number among the video streams."""
    audio_stream: int | None
    """Number among the audio streams; None for a part without sound."""


@dataclass(frozen=True, kw_only=True)
class JoinedPart:
    """A part that the reel has."""

    index: int
    """Its number among the requested parts, from 0."""
    start: Fraction
    """Seconds on the clock of its video; whole frames."""
    end: Fraction
    """Seconds, exclusive."""
    at: Fraction
    """Seconds on the reel's clock at which it begins."""


@dataclass(frozen=True, kw_only=True)
class JoinedReel:
    """A reel of several videos that was written."""

    path: Path
    parts: tuple[JoinedPart, ...]
    """Parts that it has, in order."""
    left_out: tuple[tuple[int, ScsamplerError], ...]
    """(number among the requested parts, reason) of those that could not be made, in order."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    frames: int
    """Number of frames in it."""
    frames_missing: int
    """Frames of its parts that could not be decoded."""
    duration: Fraction
    """Seconds."""
    video_encoder: str
    audio_encoder: str | None
    """None without sound."""
    messages: tuple[str, ...]
    """Errors that the program reported although it went on."""


@dataclass(frozen=True)
class _Made:
    """A part in a file."""

    index: int
    reel: Reel


def write_joined_reel(
    target: Path, parts: Sequence[ReelPart], *, reading: ReadSettings = DEFAULT_READING
) -> JoinedReel:
    """Write the reel of spans of several videos, in the order of `parts`.

    Pictures have the size of the first part of the reel, upright, in square pixels; those of
    another shape keep it and get black bars. Sound is 48 kHz stereo; a part without sound is
    silent, and a reel of such parts alone has no sound. Parts that cannot be made are left out.

    The parts lie in a temporary folder beside the target, which is deleted at the end. They need a
    few times the size of the reel.

    Args:
        target: the reel; its suffix, .mp4, .mkv, .mov or .webm, selects the container. It appears
            when it is complete.
        parts: spans; one video may occur several times. Each video is indexed once.
        reading: limits.

    Raises:
        SettingsError: the suffix stands for no container.
        OutputError: the reel cannot be written, or no part can be made.
        ProgramError: there is no program ffmpeg, it lacks an encoder, or it failed to join.
        VideoError: no frame of the reel can be decoded.
    """
    check_reel(target)
    for path in dict.fromkeys(part.path for part in parts):
        check_apart(target, path)
    program = find_ffmpeg()
    # before any time is spent on decoding
    reel_encoding(target, program, has_sound=True)
    encoding = part_encoding(target, program)

    left_out: dict[int, ScsamplerError] = {}
    with _temporary_folder(target) as folder:
        made = _make_parts(folder, parts, left_out, encoding=encoding, reading=reading)
        if not made:
            raise _nothing_made(target, left_out)
        has_sound = any(parts[part.index].audio_stream is not None for part in made)
        return _join(
            target,
            folder,
            made,
            encoding=reel_encoding(target, program, has_sound=has_sound),
            left_out=tuple(sorted(left_out.items())),
        )


@contextmanager
def _temporary_folder(target: Path) -> Iterator[Path]:
    """A folder beside the target, on the same disk, which is deleted when the block ends."""
    with reporting_write_errors(str(target)):
        folder = tempfile.TemporaryDirectory(prefix=".reel-", dir=target.resolve().parent)
    with folder as name:
        yield Path(name)


def _make_parts(
    folder: Path,
    parts: Sequence[ReelPart],
    left_out: dict[int, ScsamplerError],
    *,
    encoding: ReelEncoding,
    reading: ReadSettings,
) -> list[_Made]:
    """Write each part into the folder; those that cannot be made go to `left_out`.

    Returns:
        parts that were made, in the order of the reel.
    """
    by_video: dict[tuple[Path, int], list[int]] = {}
    for number, part in enumerate(parts):
        by_video.setdefault((part.path, part.video_stream), []).append(number)

    made: list[_Made] = []
    # video after video: each is indexed once, and one index at a time is in memory
    for (path, stream), numbers in by_video.items():
        try:
            index = scan(path, replace(reading, video_stream=stream))
            demuxer = demuxer_of(path, reading)
        except (InputError, VideoError) as error:
            left_out |= dict.fromkeys(numbers, error)
            continue
        for number in numbers:
            file = folder / file_name(number)
            try:
                reel = _write_part(parts[number], file, index, demuxer=demuxer, encoding=encoding)
            except ScsamplerError as error:
                if not _is_of_the_part(error):
                    raise
                left_out[number] = error
            else:
                made.append(_Made(number, reel))
    return sorted(made, key=lambda part: part.index)


def _write_part(
    part: ReelPart, file: Path, index: StreamIndex, *, demuxer: str, encoding: ReelEncoding
) -> Reel:
    return write_reel(
        part.path,
        file,
        [(part.start, part.end)],
        video_stream=part.video_stream,
        audio_stream=part.audio_stream,
        demuxer=demuxer,
        index=index,
        reading=index.reading,
        encoding=encoding,
    )


def _is_of_the_part(error: ScsamplerError) -> bool:
    """True for an error that other parts need not have: of the video or of the span."""
    # a program that cannot be started, or a folder that cannot be written, would fail for all
    return isinstance(error, InputError | VideoError) or error.code in (
        "reel-empty",
        "ffmpeg-program-failed",
    )


def _nothing_made(target: Path, left_out: dict[int, ScsamplerError]) -> OutputError:
    if not left_out:
        return OutputError(
            f"cannot write {target}: the reel has no parts",
            code="reel-empty",
            hint="choose at least one clip",
        )
    first = left_out[min(left_out)]
    return OutputError(
        f"cannot write {target}: no part of the reel can be made; the first one: {first}",
        code="reel-empty",
        hint=first.hint or "choose other clips",
    )


def _join(
    target: Path,
    folder: Path,
    made: Sequence[_Made],
    *,
    encoding: ReelEncoding,
    left_out: tuple[tuple[int, ScsamplerError], ...],
) -> JoinedReel:
    """Encode the reel of the parts in the folder."""
    placed = _placed(made)
    duration = sum((part.reel.duration for part in made), Fraction(0))
    with reporting_write_errors(str(target)):
        begins = [part.at for part in placed]
        write_list(folder, [part.index for part in made], [*begins, duration])
    height, width = scan(folder / file_name(made[0].index)).info.size
    last = scan(folder / file_name(made[-1].index)).timeline

    streams = joined_streams(height, width, encoding)
    options = output_options(encoding, made[-1].reel.duration - last.time(len(last) - 1))
    program = find_ffmpeg()
    with replaced(target) as file:
        graph = ffmpeg.output(*streams, name_of(file), **options)
        messages = run(graph, program, folder=folder)
        frames = len(index_output(file, target).timeline)
    requested = sum(part.reel.frames + part.reel.frames_missing for part in made)
    said = [line for part in made for line in part.reel.messages]
    return JoinedReel(
        path=target,
        parts=tuple(placed),
        left_out=left_out,
        width=width,
        height=height,
        frames=frames,
        frames_missing=requested - frames,
        duration=duration,
        video_encoder=encoding.video_encoder,
        audio_encoder=encoding.audio_encoder,
        messages=tuple(dict.fromkeys([*said, *messages]))[:_MAX_MESSAGES],
    )


def _placed(made: Sequence[_Made]) -> list[JoinedPart]:
    """The parts on the reel's clock."""
    placed, at = [], Fraction(0)
    for part in made:
        # one span gives one piece
        ((start, end),) = part.reel.spans
        placed.append(JoinedPart(index=part.index, start=start, end=end, at=at))
        at += part.reel.duration
    return placed
