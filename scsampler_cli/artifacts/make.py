"""Make what a video leaves beside its record: a page to look at, a contact sheet, a reel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from scsampler_cli.artifacts.artifact_paths import Artifacts, Record, relative_link
from scsampler_cli.artifacts.contact_sheet import Cell, contact_sheet
from scsampler_cli.artifacts.stills import stills
from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.features import store
from scsampler_cli.files.inputs import identified
from scsampler_cli.files.output_paths import check_within, write_whole
from scsampler_cli.output.pages.clips import join
from scsampler_cli.output.pages.video_page import video_page
from scsampler_cli.output.records import ClassifyResult, ScoreResult, described
from scsampler_cli.output.sparkline import clock_time
from scsampler_cli.output.writers import encoded, own_errors
from scsampler_cli.pipeline.video import Progress, Video, no_progress
from scsampler_cli.text import counted
from scsampler_cli.transcode.reel import write_reel

Result = ClassifyResult | ScoreResult


def with_artifacts(
    result: Result,
    path: Path,
    geometry: tuple[int, int],
    *,
    artifacts: Artifacts,
    reading: ReadSettings = DEFAULT_READING,
    known: Record | None = None,
    progress: Progress = no_progress,
) -> Record:
    """The record of a result, when its files have been made; it names them under "files", and their time under "extras".

    One that cannot be made takes nothing from the rest: the record tells it under "files_failed", and in a note.

    Args:
        result: what is known of the video.
        path: the video; or a feature file, which has no pictures.
        geometry: F and the frame stride of its clips.
        artifacts: which files.
        reading: as the result was read.
        known: what more the record is to say.
        progress: told of each file.
    """
    record = result.record() | (known or {})
    wanted = [name for name, targets in artifacts.targets().items() if path in targets]
    if not wanted:
        return record
    began = time.perf_counter()
    maker = _Maker(result, record, path, geometry=geometry, artifacts=artifacts, reading=reading)
    files: dict[str, str] = {}
    failed: dict[str, Record] = {}
    for done, name in enumerate(wanted):
        progress("extras", done, len(wanted))
        target = artifacts.targets()[name][path]
        record |= {"files": files} | ({"files_failed": failed} if failed else {})
        record["timings_s"] = {**result.timings_s, "extras": round(time.perf_counter() - began, 4)}
        try:
            with own_errors(str(target)):
                maker.make(name, _settled(target, artifacts))
            files[name] = str(target)
        except ScsamplerError as error:
            failed[name] = described(error)
            record["notes"].append(f"no {name}: {failed[name]['message']}")
    record["timings_s"] = {**result.timings_s, "extras": round(time.perf_counter() - began, 4)}
    return record | ({"files_failed": failed} if failed else {})


@dataclass
class _Maker:
    """What the files of one video are made of."""

    result: Result
    record: Record
    path: Path
    geometry: tuple[int, int]
    artifacts: Artifacts
    reading: ReadSettings

    @cached_property
    def video(self) -> Video | None:
        """Opened again, once; None for a feature file."""
        if store.sniff(self.path):
            return None
        frames, stride = self.geometry
        return Video(self.path, frames, stride, reading=self.reading)

    def make(self, name: str, target: Path) -> None:
        """Make one of the files.

        Raises:
            ScsamplerError: it cannot be made.
        """
        if name == "report":
            self._write_page(target)
            return
        # only what was tagged has these, and a feature file is not
        assert self.video is not None
        assert isinstance(self.result, ClassifyResult)
        if name == "thumbnails":
            self._write_sheet(target, self.video)
        else:
            _make_reel(self.result, self.video, target, pad_s=self.artifacts.reel_pad_s)

    def _write_page(self, target: Path) -> None:
        scored = (
            self.result.scored if isinstance(self.result, ClassifyResult) else self.result.clips
        )
        clips = [clip.record() for clip in scored]
        chosen = join(self.record, clips)
        shown = [int(clip["clip"]) for clip in (*chosen.best(), *chosen.worst())]
        pictures = {} if self.video is None else self._pictures(self.video, shown)
        back = None if self.artifacts.index is None else relative_link(self.artifacts.index, target)
        page = video_page(
            {**self.record, "source": identified(self.path)}, clips, pictures, back=back
        )
        with own_errors(str(target)):
            write_whole(target, encoded(page))

    def _write_sheet(self, target: Path, video: Video) -> None:
        clips = self.record["clips"]
        pictures = self._pictures(video, [clip["clip"] for clip in clips])
        cells = [Cell(pictures.get(clip["clip"]), tuple(_captions(clip))) for clip in clips]
        with own_errors(str(target)):
            write_whole(
                target,
                contact_sheet(f"{video.path.name}: {self.record['tags'][0]['label']}", cells),
            )

    def _pictures(self, video: Video, clips: list[int]) -> dict[int, bytes]:
        """JPEG of clips; the record tells how many have none."""
        found = dict(stills(video, clips))
        if missing := len(set(clips) - set(found)):
            note = (
                f"{counted(missing, 'clip')} without a picture: the middle frame cannot be decoded"
            )
            self.record["notes"] += [] if note in self.record["notes"] else [note]
        return found


def _settled(target: Path, artifacts: Artifacts) -> Path:
    """The target, whose folder is there now."""
    for folder in artifacts.folders:
        if target.is_relative_to(folder):
            check_within(target, folder)
    with own_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _captions(clip: Record) -> Iterator[str]:
    """What stands below a clip's picture."""
    yield f"{clock_time(clip['start_s'])}   {clip['why']}"
    yield "not decoded" if clip["label"] is None else f"{clip['label']} {clip['probability']:.0%}"
    scores = {"picture": clip["visual"], "sound": clip["audio"], "packets": clip.get("packets")}
    yield "   ".join(f"{name} {value:.2f}" for name, value in scores.items() if value is not None)


def _make_reel(result: ClassifyResult, video: Video, target: Path, *, pad_s: float) -> None:
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
