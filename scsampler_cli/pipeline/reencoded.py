"""`extract --reencode`: a video as the compressed-video literature has it, and the features of that."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from scsampler_cli.config import DEFAULT_READING, FeatureSettings, ReadSettings
from scsampler_cli.media.audio import probe_audio
from scsampler_cli.media.index import scan
from scsampler_cli.output.records import ExtractResult
from scsampler_cli.output.writers import own_errors
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
    """As `pipeline.stages.extract`, of the video that is written anew first; what was damaged or missing is the original's.

    Raises:
        ScsamplerError: the video cannot be read or written anew; with `strict`, anything of it is damaged.
    """
    began = time.perf_counter()
    index, sound = scan(path, reading), probe_audio(path, reading)
    with own_errors(str(out)):
        out.parent.mkdir(parents=True, exist_ok=True)
    anew = normalise(
        path,
        out.with_suffix(SUFFIX),
        video_stream=index.info.stream,
        audio_stream=None if sound.info is None else sound.info.stream,
        index=index,
        reading=index.reading,
    )
    spent = time.perf_counter() - began
    missing = max(anew.frames_missing, index.damage.frames_missing)
    check_whole(path, reading, index.damage.decode_errors, frames_missing=missing)
    limits = replace(reading, video_stream=None, audio_stream=None)
    result = stages.extract(
        anew.path,
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
        reencoded=str(anew.path),
        decode_errors=index.damage.decode_errors,
        frames_missing=missing,
        notes=(*index.notes, *index.damage.notes(), *sound.notes, *_notes(anew), *result.notes),
        timings_s={"reencode": round(spent, 4), **result.timings_s},
    )


def _notes(anew: Normalised) -> list[str]:
    notes = []
    if anew.frames_missing > 0:
        notes.append(
            f"{counted(anew.frames_missing, 'frame')} could not be decoded and are not in the video written anew"
        )
    if anew.shift:
        notes.append(
            f"the video began before its clock: written anew it begins {float(anew.shift):.3f} s later"
        )
    return [*notes, *(f"ffmpeg: {line}" for line in anew.said)]
