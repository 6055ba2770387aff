"""Make what a video leaves beside its record: a page to look at, a contact sheet, a reel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.extras.plan import Extras, Record, relative_link
from scsampler_cli.extras.sheet import Cell, contact_sheet
from scsampler_cli.extras.stills import stills
from scsampler_cli.features import store
from scsampler_cli.inputs import identified
from scsampler_cli.pages.clips import join
from scsampler_cli.pages.video import video_page
from scsampler_cli.places import check_within, write_whole
from scsampler_cli.report import ClassifyResult, ScoreResult
from scsampler_cli.sparkline import clock_time
from scsampler_cli.transcode.reel import write_reel
from scsampler_cli.video import Video
from scsampler_cli.writers import encoded, own_errors

Result = ClassifyResult | ScoreResult


def with_extras(
    result: Result,
    path: Path,
    geometry: tuple[int, int],
    extras: Extras,
    reading: ReadSettings = DEFAULT_READING,
    known: Record | None = None,
) -> Record:
    """The record of a result, when its files have been made; it names them under "files", and their time under "extras".

    Args:
        result: what is known of the video.
        path: the video; or a feature file, which has no pictures.
        geometry: F and the frame stride of its clips.
        extras: which files.
        reading: as the result was read.
        known: what more the record is to say.

    Raises:
        ScsamplerError: one of them cannot be made.
    """
    record = result.record() | (known or {})
    if not extras.names():
        return record
    began = time.perf_counter()
    video = None if store.sniff(path) else Video(path, *geometry, reading)
    files = {}
    if (sheet := extras.thumbnails.get(path)) and video:
        files["thumbnails"] = _settled(sheet, extras)
        _make_sheet(record, video, sheet)
    if (reel := extras.reels.get(path)) and video and isinstance(result, ClassifyResult):
        files["reel"] = _settled(reel, extras)
        _make_reel(result, video, reel, extras.reel_pad_s)
    if page := extras.reports.get(path):
        files["report"] = _settled(page, extras)
    clips = [clip.record() for clip in (result.scored if isinstance(result, ClassifyResult) else result.clips)]
    pictures = _pictures(record, clips, video) if page and video else {}
    record["files"] = {name: str(file) for name, file in files.items()}
    record["timings_s"] = {**record["timings_s"], "extras": round(time.perf_counter() - began, 4)}
    if page:
        back = None if extras.index is None else relative_link(extras.index, page)
        shown = video_page({**record, "source": identified(path)}, clips, pictures, back)
        with own_errors(str(page)):
            write_whole(page, encoded(shown))
    return record


def _settled(target: Path, extras: Extras) -> Path:
    """The target, whose folder is there now."""
    for folder in extras.folders:
        if target.is_relative_to(folder):
            check_within(target, folder)
    with own_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _pictures(record: Record, clips: list[Record], video: Video) -> dict[int, bytes]:
    """JPEG of the clips that a page shows."""
    shown = join(record, clips)
    return dict(stills(video, [int(clip["clip"]) for clip in (*shown.best(), *shown.worst())]))


def _make_sheet(record: Record, video: Video, target: Path) -> None:
    pictures = dict(stills(video, [clip["clip"] for clip in record["clips"]]))
    cells = [Cell(pictures.get(clip["clip"]), tuple(_captions(clip))) for clip in record["clips"]]
    with own_errors(str(target)):
        write_whole(target, contact_sheet(f"{video.path.name}: {record['tags'][0]['label']}", cells))


def _captions(clip: Record) -> Iterator[str]:
    """What stands below a clip's picture."""
    yield f"{clock_time(clip['start_s'])}   {clip['why']}"
    yield "not decoded" if clip["label"] is None else f"{clip['label']} {clip['probability']:.0%}"
    scores = {"picture": clip["visual"], "sound": clip["audio"], "packets": clip.get("packets")}
    yield "   ".join(f"{name} {value:.2f}" for name, value in scores.items() if value is not None)


def _make_reel(result: ClassifyResult, video: Video, target: Path, pad_s: float) -> None:
    pad = Fraction(pad_s).limit_denominator(1000)
    spans = [(clip.start - pad, clip.end + pad) for clip in result.clips if clip.label is not None]
    write_reel(
        video.path,
        target,
        spans,
        video_stream=video.info.stream,
        audio_stream=None if video.audio is None else video.audio.stream,
        index=video.index,
        reading=video.index.reading,
    )
