"""The run of `scsampler find`: all videos in worker processes, then one result of all of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import typer

from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.cli import console, engines, environment, overwrite_checks, signals
from scsampler_cli.cli.artifact_options import check_page
from scsampler_cli.cli.batch_counts import BatchCounts, end_line
from scsampler_cli.cli.command_guard import FAILED, INTERRUPTED, SOME_FAILED
from scsampler_cli.cli.find_options import FindOptions
from scsampler_cli.cli.input_files import named_files
from scsampler_cli.cli.option_hints import with_full_hint
from scsampler_cli.cli.progress import BatchBars
from scsampler_cli.cli.run_options import RunOptions
from scsampler_cli.config.find_settings import check_sentence
from scsampler_cli.errors import OutputError, ScsamplerError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.output_paths import check_free
from scsampler_cli.files.urls import check_written
from scsampler_cli.find.found_ranking import Ranking
from scsampler_cli.output.find_result import FindResult
from scsampler_cli.output.found_writers import save_found
from scsampler_cli.output.records import Failure
from scsampler_cli.tasks import Find


def run(options: FindOptions) -> None:
    """Find clips, write them, and exit with the code of the command.

    Raises:
        ScsamplerError: the options do not go together, the model cannot be loaded, or the result
            cannot be written.
        typer.Exit: not all videos were searched without an error.
    """
    start = time.perf_counter()
    check_sentence(options.sentence)
    settings, reading = options.search.settings(), options.reading.settings()
    running = _running(options)
    form = options.outputs.form
    videos = _videos(options, running)
    cache = options.outputs.cache or environment.train_cache_dir()
    _check_cache(cache)
    task = Find(
        sentence=options.sentence,
        classifier=options.model.classifier,
        spec=tuple(options.model.spec or ()),
        settings=settings,
        reading=reading,
        cache=cache,
        device=options.model.device,
        precision=options.model.precision.value,
    )
    with Cache(cache).in_use():
        found = _search(task, videos, running)
    failures = found.failures
    if found.stopped:
        console.say("interrupted; the same command goes on with the videos that are left")
        raise typer.Exit(INTERRUPTED)
    # in the order of the videos, and not in that in which they finished
    order = {str(video): number for number, video in enumerate(videos)}
    failures.sort(key=lambda failure: order[failure.path])
    result = found.ranking.result(options.sentence, failures)
    result, is_whole = _with_files(result, options, running)
    save_found(result, form, options.outputs.file, stdout=sys.stdout)
    # a table on standard output has them itself
    if form != "table" or options.outputs.file is not None:
        for note in result.notes:
            if note not in found.notes:
                _note(note)
    if len(videos) > 1:
        places = [options.outputs.file, options.outputs.report, options.outputs.reel]
        console.note(end_line(found.counts, time.perf_counter() - start, places))
    if len(failures) == len(videos):
        raise typer.Exit(FAILED)
    if failures or not is_whole:
        raise typer.Exit(SOME_FAILED)


def _check_cache(cache: Path) -> None:
    """Refuse a cache that cannot exist, before the model is loaded.

    Raises:
        OutputError: it is a file, or cannot be made; or it is a URL.
    """
    check_written(cache)
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the cache {cache} cannot be made: {error.strerror or error}",
            code="cache-unusable",
            hint="name another folder",
        ) from error


def _running(options: FindOptions) -> RunOptions:
    batch, messages = options.batch, options.messages
    return RunOptions(
        jobs=batch.jobs or 1,
        timeout_s=batch.timeout,
        max_memory_gb=batch.max_memory,
        # one result at the end: nothing to continue, and no order to keep
        as_finished=True,
        resume=False,
        hashed=False,
        quiet=messages.quiet,
        verbose=messages.verbose,
        debug=messages.debug,
        log_file=messages.log_file,
        overwrite=options.outputs.overwrite,
    )


def _videos(options: FindOptions, running: RunOptions) -> list[Path]:
    """The videos, after a check that no file is lost; starts the log file.

    Raises:
        SettingsError: an output is an input, or two outputs are the same.
        OutputError: an output exists, or cannot be written.
        InputError: a path cannot be read, or a folder has no videos.
    """
    # messages before the log file is checked go to stderr alone
    console.set_up(running.quiet, running.verbose)
    videos, notes = named_files(options.paths, options.glob)
    outputs = options.outputs
    made = {"-o": outputs.file, "--report": outputs.report, "--reel": outputs.reel}
    overwrite_checks.check_outputs(
        [*videos, *_model_files(options)], {**made, "--log-file": running.log_file}
    )
    for option, file in made.items():
        if file is not None:
            check_free([file], option, overwrite=running.overwrite)
    _check_files(options)
    empty = overwrite_checks.check_log(running.log_file, overwrite=running.overwrite)
    console.set_up(running.quiet, running.verbose, running.log_file, empty=empty)
    for note in notes:
        console.note(f"note: {note}")
    if not videos:
        raise SettingsError(
            "no video is named", code="no-input", hint='scsampler find "a goal" VIDEO'
        )
    # a single file that cannot be read needs no model
    if len(videos) == 1:
        check_readable(videos[0])
    return videos


def _model_files(options: FindOptions) -> list[Path]:
    """The files of a model that is named by its folder."""
    try:
        return [path for path in Path(options.model.classifier).iterdir() if path.is_file()]
    # a name, or a folder that cannot be read, which is an error elsewhere
    except OSError:
        return []


def _check_files(options: FindOptions) -> None:
    """Refuse names of page and reel that cannot be made, before any work."""
    outputs = options.outputs
    check_page(outputs.report)
    if outputs.reel is not None:
        # imported late: it needs the ffmpeg package
        from scsampler_cli.transcode.reel import check_program, check_reel

        check_reel(outputs.reel)
        check_program(outputs.reel)


@dataclass
class _Searched:
    """What is known of the videos that are done."""

    ranking: Ranking
    counts: BatchCounts
    failures: list[Failure] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    """Notes of the worker processes, which are shown already."""
    stopped: bool = False
    """True if the user interrupted it."""

    def add(self, outcome: Outcome) -> None:
        """Add the record of a video."""
        self.counts.left -= 1
        self.counts.add(outcome.record)
        if outcome.error is None:
            self.ranking.add(outcome.record)
        else:
            self.failures.append(Failure("find", str(outcome.path), outcome.error))


def _search(task: Find, videos: list[Path], running: RunOptions) -> _Searched:
    """Search all videos in worker processes."""
    # more processes than files would only load models
    jobs = min(running.jobs, len(videos))
    shown: set[str] = set()

    def note_once(text: str) -> None:
        shown.add(text)
        _note(text)

    with ExitStack() as stack:
        bars = BatchBars(running.quiet, len(videos))
        pool = engines.make_engine(
            task, jobs, running, note=note_once, detail=console.detail, watch=bars.watch
        )
        # signals first: they must stop a pool that is still starting
        stack.enter_context(signals.handled(pool.stop))
        stack.enter_context(pool)
        facts = pool.identity(jobs)["facts"]
        found = _Searched(
            Ranking(task.settings.top, facts),
            BatchCounts("find", left=len(videos)),
            notes=shown,
        )
        stack.enter_context(bars)
        for outcome in pool.run(list(enumerate(videos))):
            # the hint names options of the command line
            outcome = replace(outcome, record=with_full_hint(outcome.record))
            found.add(outcome)
            with bars.hidden():
                engines.show_details(outcome)
                if outcome.error is not None:
                    engines.show_failure(outcome, is_single=len(videos) == 1, debug=running.debug)
            bars.finished(outcome.path, outcome.error is None)
        found.stopped = pool.stopping
        return found


def _with_files(
    result: FindResult, options: FindOptions, running: RunOptions
) -> tuple[FindResult, bool]:
    """The result with its page and its reel; False if one of them could not be made."""
    outputs = options.outputs
    if outputs.report is None and outputs.reel is None:
        return result, True
    # imported late: they need Pillow and the ffmpeg package
    from scsampler_cli.artifacts.found_files import (
        FoundVideo,
        look_up,
        write_found_page,
        write_found_reel,
    )
    from scsampler_cli.batch.process_map import Making

    clips: dict[str, list[int]] = {}
    for clip in result.clips:
        clips.setdefault(clip.path, []).append(clip.clip)
    reading = options.reading.settings()
    geometry = result.settings["clip_frames"], result.settings["frame_stride"]
    do = partial(look_up, clips=clips, geometry=geometry, reading=reading)
    limits = engines.Limits(
        jobs=min(running.jobs, max(1, len(clips))),
        timeout_s=running.timeout_s,
        max_memory_gb=running.max_memory_gb,
    )
    known: dict[str, FoundVideo] = {}
    with engines.open_pool(Making("find"), limits) as pool:
        for outcome in pool.each([Path(path) for path in clips], do):
            if outcome.record["status"] == "ok":
                known[str(outcome.path)] = FoundVideo.from_record(outcome.record)
            else:
                engines.show_failure(outcome, is_single=False, debug=running.debug)
    is_whole = len(known) == len(clips)
    make: list[Callable[[FindResult], FindResult]] = []
    if outputs.reel is not None and not result.clips:
        result = replace(result, notes=(*result.notes, "no reel: no clip was found"))
    elif outputs.reel is not None:
        make.append(
            partial(
                write_found_reel,
                videos=known,
                target=outputs.reel,
                pad_s=outputs.reel_pad,
                reading=reading,
            )
        )
    if outputs.report is not None:
        make.append(partial(write_found_page, videos=known, target=outputs.report))
    for step in make:
        try:
            result = step(result)
        except ScsamplerError as error:
            console.show_error(error)
            is_whole = False
    return result, is_whole


def _note(text: str) -> None:
    console.note(f"note: {text}")
