"""`extract --reencode`: re-encode a video to MPEG-4 as in the compressed-video literature (CoViAR),
and extract the features of the re-encoded file.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from scsampler_cli.config import DEFAULT_READING, FeatureSettings, ReadSettings
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.index import scan
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.output.records import ExtractResult
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.strict import check_whole
from scsampler_cli.pipeline.video import Progress, no_progress
from scsampler_cli.text import counted
from scsampler_cli.transcode.normalise import SUFFIX, Normalised, normalise


def reencoded_features(
    path: Path,
    out: Path,
    features: FeatureSettings,
    *,
    clip_frames: int,
    frame_stride: int,
    clip_stride: int = 1,
    progress: Progress = no_progress,
    reading: ReadSettings = DEFAULT_READING,
) -> ExtractResult:
    """Re-encode a video, then extract as `pipeline.stages.extract` does.

    Damage and missing frames in the result are those of the original file.

    Raises:
        ScsamplerError: the video cannot be read or re-encoded, or is damaged and the settings are
            `strict`.
    """
    start = time.perf_counter()
    index, audio = scan(path, reading), probe_audio(path, reading)
    with reporting_write_errors(str(out)):
        out.parent.mkdir(parents=True, exist_ok=True)
    copy = normalise(
        path,
        out.with_suffix(SUFFIX),
        video_stream=index.info.stream,
        audio_stream=None if audio.info is None else audio.info.stream,
        index=index,
        reading=index.reading,
    )
    spent = time.perf_counter() - start

    # a frame may be lost for ffmpeg and not for the packet scan, or the other way round
    missing = max(copy.frames_missing, index.damage.frames_missing)
    check_whole(path, reading, index.damage.decode_errors, frames_missing=missing)

    # the copy has one stream of each kind, whatever number it had in the original
    limits = replace(reading, video_stream=None, audio_stream=None)
    result = stages.extract(
        copy.path,
        out,
        features,
        clip_frames=clip_frames,
        frame_stride=frame_stride,
        clip_stride=clip_stride,
        progress=progress,
        reading=limits,
    )
    return replace(
        result,
        path=str(path),
        reencoded=str(copy.path),
        decode_errors=index.damage.decode_errors,
        frames_missing=missing,
        notes=(*index.notes, *index.damage.notes(), *audio.notes, *_notes(copy), *result.notes),
        timings_s={"reencode": round(spent, 4), **result.timings_s},
    )


def _notes(copy: Normalised) -> list[str]:
    notes = []
    if copy.frames_missing > 0:
        frames = counted(copy.frames_missing, "frame")
        notes.append(f"{frames} could not be decoded and are not in the re-encoded video")
    if copy.shift:
        # the re-encoded video begins at time 0 at the earliest
        shift = float(copy.shift)
        notes.append(f"the video begins at a negative time: the re-encoded one {shift:.3f} s later")
    return [*notes, *(f"ffmpeg: {line}" for line in copy.messages)]
