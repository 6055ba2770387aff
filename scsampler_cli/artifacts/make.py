"""Make the artifacts of one video: a page, a contact sheet, a reel, frames."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from scsampler_cli.artifacts.artifact_paths import Artifacts, Record, relative_link
from scsampler_cli.artifacts.contact_sheet import Cell, contact_sheet
from scsampler_cli.artifacts.frame_folder import write_frames
from scsampler_cli.artifacts.row_picture import write_row_picture
from scsampler_cli.artifacts.stills import stills
from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import OutputError, ScsamplerError
from scsampler_cli.features import store
from scsampler_cli.files.inputs import file_stamp
from scsampler_cli.files.output_paths import check_within, write_whole
from scsampler_cli.output.clip_order import best_first
from scsampler_cli.output.output_file import encoded, reporting_write_errors
from scsampler_cli.output.pages.video_page import pictured_clips, video_page
from scsampler_cli.output.records import ClassifyResult, ScoreResult, described
from scsampler_cli.output.sparkline import clock_time
from scsampler_cli.output.stretches import exact_stretches, left_out
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
    more_fields: Record | None = None,
    progress: Progress = no_progress,
) -> Record:
    """Make the files of one video, and return its record.

    The record names the files under "files", and their time under "extras" of "timings_s". A file
    that cannot be made does not stop the others: the record has its error under "files_failed",
    and a note. In a batch a reel of a video with nothing to show is no failure: the record has its
    name under "files_empty".

    Args:
        result: of the video.
        path: the video; or a feature file, which has no pictures.
        geometry: F and the frame stride of the clips.
        artifacts: which files are made.
        reading: the settings that the result was made with.
        more_fields: further fields of the record.
        progress: called before each file.
    """
    record = result.record() | (more_fields or {})
    wanted = [name for name, targets in artifacts.targets().items() if path in targets]
    if not wanted:
        return record
    start = time.perf_counter()
    maker = _Maker(result, record, path, geometry=geometry, artifacts=artifacts, reading=reading)
    files: dict[str, str] = {}
    failed: dict[str, Record] = {}
    nothing: list[str] = []
    for done, name in enumerate(wanted):
        progress("extras", done, len(wanted))
        target = artifacts.targets()[name][path]
        # the page, made last, shows the record: it must name the files made so far
        record |= {"files": files} | ({"files_failed": failed} if failed else {})
        record["timings_s"] = {**result.timings_s, "extras": round(time.perf_counter() - start, 4)}
        try:
            with reporting_write_errors(str(target)):
                maker.make(name, _with_folder(target, artifacts))
            files[name] = str(target)
        except ScsamplerError as error:
            found = described(error)
            record["notes"].append(f"no {name}: {found['message']}")
            # of many videos some show nothing, which is no failure and not tried again
            if found["code"] == "reel-empty" and artifacts.folders:
                nothing.append(name)
                record["files_empty"] = nothing
            else:
                failed[name] = found
    record["timings_s"] = {**result.timings_s, "extras": round(time.perf_counter() - start, 4)}
    return record | ({"files_failed": failed} if failed else {})


@dataclass
class _Maker:
    """Makes the files of one video."""

    result: Result
    record: Record
    path: Path
    geometry: tuple[int, int]
    artifacts: Artifacts
    reading: ReadSettings

    @cached_property
    def video(self) -> Video | None:
        """The video, opened again once for all files; None for a feature file."""
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
        # all others are made of tagged videos only, never of feature files
        assert self.video is not None
        assert isinstance(self.result, ClassifyResult)
        if name == "thumbnails":
            self._write_sheet(target, self.video)
        elif name == "frames":
            self._write_frames(target, self.video)
        else:
            self._write_reel(target, self.video)

    def _write_page(self, target: Path) -> None:
        result = self.result
        scored = result.scored if isinstance(result, ClassifyResult) else result.clips
        clips = [clip.record() for clip in scored]
        shown = pictured_clips(self.record, clips)
        pictures, source, back = {}, None, None
        # a feature file has no pictures, and nothing to play
        if self.video is not None:
            pictures = self._pictures(self.video, shown)
            source = relative_link(self.path, target)
        if self.artifacts.index is not None:
            back = relative_link(self.artifacts.index, target)
        record = {**self.record, "source": file_stamp(self.path)}
        page = video_page(record, clips, pictures, back=back, source=source)
        with reporting_write_errors(str(target)):
            write_whole(target, encoded(page))
            # the best clip stands for the video in the index
            best = pictures.get(shown[0]) if back and shown else None
            note = write_row_picture(target, best) if back else ""
        if note:
            self.record["notes"].append(note)

    def _write_sheet(self, target: Path, video: Video) -> None:
        # of a search: by the observed confidence, and not in the order of asking
        clips = best_first(self.record)
        pictures = self._pictures(video, [clip["clip"] for clip in clips])
        cells = [Cell(pictures.get(clip["clip"]), tuple(_captions(clip))) for clip in clips]
        with reporting_write_errors(str(target)):
            write_whole(
                target,
                contact_sheet(f"{video.path.name}: {self.record['tags'][0]['label']}", cells),
            )

    def _write_frames(self, target: Path, video: Video) -> None:
        assert isinstance(self.result, ClassifyResult)
        settings = self.artifacts.frame_settings
        assert settings is not None
        self.record["notes"] += write_frames(self.result, video, target, settings=settings)
        has_segments = self.result.segments is not None
        self.record["frames"] = settings.record(has_segments=has_segments)

    def _write_reel(self, target: Path, video: Video) -> None:
        assert isinstance(self.result, ClassifyResult)
        found = exact_stretches(self.record, self.result.clips, self.result.segments)
        shown = [stretch for stretch in found if stretch.label is not None]
        if not shown:
            raise OutputError(
                f"the reel has nothing to show: {_why_nothing(self.record)}",
                code="reel-empty",
                hint="choose other clips",
            )
        # whole milliseconds: the exact value of a float such as 0.1 has a long denominator
        pad = Fraction(self.artifacts.reel_pad_s).limit_denominator(1000)
        write_reel(
            video.path,
            target,
            [(stretch.start - pad, stretch.end + pad) for stretch in shown],
            video_stream=video.info.stream,
            audio_stream=None if video.audio is None else video.audio.stream,
            index=video.index,
            reading=video.index.reading,
        )
        if note := left_out(self.record):
            self.record["notes"].append(f"reel: {note}")

    def _pictures(self, video: Video, clips: list[int]) -> dict[int, bytes]:
        """Clip -> JPEG; a note in the record counts the clips without one."""
        pictures = dict(stills(video, clips))
        if missing := len(set(clips) - set(pictures)):
            without = f"{counted(missing, 'clip')} without a picture"
            note = f"{without}: the middle frame cannot be decoded"
            # sheet and page may miss the same pictures
            if note not in self.record["notes"]:
                self.record["notes"].append(note)
        return pictures


def _with_folder(target: Path, artifacts: Artifacts) -> Path:
    """The target, after its folder was made.

    Raises:
        OutputError: a link leads out of the folder of the batch, or the folder cannot be made.
    """
    for folder in artifacts.folders:
        if target.is_relative_to(folder):
            check_within(target, folder)
    with reporting_write_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _captions(clip: Record) -> Iterator[str]:
    """Lines of text below the picture of a clip."""
    yield f"{clock_time(clip['start_s'])}   {clip['why']}"
    yield "not decoded" if clip["label"] is None else f"{clip['label']} {clip['probability']:.0%}"
    scores = {"picture": clip["visual"], "sound": clip["audio"], "packets": clip.get("packets")}
    # of a search; the answer is the line above
    scores["predicted"] = clip.get("predicted")
    yield "   ".join(f"{name} {value:.2f}" for name, value in scores.items() if value is not None)


def _why_nothing(record: Record) -> str:
    """Why no stretch of a video has a label."""
    if record.get("segments") is not None:
        return "no segment was found"
    return left_out(record) or "no clip could be decoded"
