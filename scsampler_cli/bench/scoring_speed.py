"""The time of scoring a clip on several files, compared with the paper's best single input.

The other sampler is RGB-R ResNet-18 (Sec. 3.3.1), on the same file in the same rounds, so that the
ratio holds on any machine.
Not handled here: the time of single stages of scoring, see `speed`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scsampler_cli.bench.run_data import network_name
from scsampler_cli.bench.speed import Subject
from scsampler_cli.bench.speed_rounds import SCORING, round_names
from scsampler_cli.bench.table import Column, Row, Table
from scsampler_cli.config import SelectionSettings
from scsampler_cli.model_zoo.bundled_weights import set_files
from scsampler_cli.pipeline.stages import score
from scsampler_cli.pipeline.video import Progress, Video
from scsampler_cli.samplers.scoring import Samplers, build_samplers, load_network
from scsampler_cli.text import counted

PAPER_SET, PAPER_INPUT = "actions6-paper", "rgbr"


def scoring_table(
    subject: Subject, paths: Sequence[Path], repeats: int, *, progress: Progress
) -> Table | None:
    """Milliseconds a clip of the visual sampler, file by file.

    Args:
        subject: models and settings; its own video need not be among the files.
        paths: the files.
        repeats: number of rounds after the warm-up.
        progress: is called after each file.

    Returns:
        None without a visual sampler.
    """
    if subject.samplers.visual is None:
        return None
    samplers = {"ours": replace(subject.samplers, audio=None, packets=None)}
    if reference := _paper_sampler(subject):
        samplers["paper"] = reference
    # (sampler, file) -> milliseconds a clip, round by round
    runs: dict[tuple[str, Path], list[float]] = {}
    for round_name in round_names(SCORING, repeats):
        for done, path in enumerate(paths, start=1):
            for name, sampler in samplers.items():
                runs.setdefault((name, path), []).append(_ms_a_clip(subject, path, sampler))
            progress(round_name, done, len(paths))
    rows = []
    for path in paths:
        # the first round warms up
        ours, paper = (runs.get((name, path), [])[1:] for name in ("ours", "paper"))
        rows.append(_row(Video(path), ours, paper))
    networks = subject.samplers.visual.networks
    shown = [network_name(each.kind, each.architecture, each.objective) for each in networks]
    return _table(" + ".join(shown), tuple(rows), repeats)


def _paper_sampler(subject: Subject) -> Samplers | None:
    """RGB-R ResNet-18 of the bundled set; None where it is not there, or is under test itself."""
    files = [path for path in set_files(PAPER_SET, (PAPER_INPUT,)) if path.is_file()]
    (network, *_) = subject.models.networks.values()
    if not files or (subject.samplers.visual and subject.samplers.visual.inputs == (PAPER_INPUT,)):
        return None
    return build_samplers(load_network(path, network.device, network.dtype) for path in files)


def _ms_a_clip(subject: Subject, path: Path, samplers: Samplers) -> float:
    """Milliseconds of scoring, without opening and indexing the file."""
    spec = subject.models.classifier.spec
    result = score(
        path,
        samplers,
        subject.features,
        clip_frames=spec.frames,
        frame_stride=spec.stride,
        selection=SelectionSettings(strategy="visual"),
    )
    return 1000 * result.timings_s["score"] / len(result.clips)


def _row(video: Video, ours: Sequence[float], paper: Sequence[float]) -> Row:
    row: Row = {
        "file": video.path.name,
        "seconds": float(video.index.timeline.duration),
        "keyframes": len(video.index.keyframes),
        "ms": statistics.median(ours),
        "lowest": min(ours),
        "highest": max(ours),
    }
    if paper:
        row["paper_ms"] = statistics.median(paper)
        # of each round: a disturbed round changes it little
        row["faster"] = statistics.median([b / a for a, b in zip(ours, paper, strict=True)])
    return row


def _table(sampler: str, rows: tuple[Row, ...], repeats: int) -> Table:
    columns = (
        Column("file", ("file",)),
        Column("s", ("seconds",), "{:.0f}"),
        Column("keyframes", ("keyframes",)),
        Column("ms a clip", ("ms", "lowest", "highest"), "{:.2f} [{:.2f}-{:.2f}]"),
        Column("RGB-R ResNet-18", ("paper_ms",), "{:.2f}"),
        Column("x faster", ("faster",), "{:.1f}"),
    )
    about = (
        f"{sampler}: reading and networks, without sound and packets, and without the index; "
        f"{counted(repeats, 'round')} after a warm-up; median [lowest-highest]."
    )
    return Table("scoring", "Scoring", columns, rows=rows, notes=(about,))
