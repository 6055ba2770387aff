"""Runs on disk: with them, every table and figure can be made again without videos or torch.

<folder>/plan.json                 options of the tables
<folder>/run1/run.json             names, facts, settings, failures, costs
              probabilities.npy    float32 [sum of L, C], mapped into memory, video after video
              scores.npy           float32 [sum of L, networks]
              decode.npy           int64 [sum of L, 2]: decode_from, last
              vectors.npy          float16 [sum of P, D], each picture once
              pictures.npy         int64 [sum of L]: the clip's row among those of its video, or -1
              times.npy            float64 [sum of L, 2]: start and end of each clip, in seconds
              served.npy           bool [sum of L, 1]: whether a clip's picture is a keyframe
              train.npy            float32 [n, m], with training videos only
              thumbnails.npz       pictures of the contact sheet
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench import picture_vectors
from scsampler_cli.bench.cost_model import Costs
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import (
    NetworkFacts,
    Run,
    SamplerFacts,
    Tagging,
    Thumbnails,
    VideoData,
)
from scsampler_cli.datasets.segment_list import TrueSegment
from scsampler_cli.errors import InputError, OutputError

SCHEMA = "scsampler.bench.run/1"
PLAN = "plan.json"


def save(runs: Sequence[Run], plan: Plan, folder: Path) -> None:
    """Write runs and the plan into a folder, and replace the runs that were there.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        # a stopped write leaves the old runs in place
        part = folder.with_name(folder.name + ".part")
        # what a stopped write has left
        shutil.rmtree(part, ignore_errors=True)
        for number, run in enumerate(runs, start=1):
            _save(run, part / f"run{number}")
        (part / PLAN).write_text(json.dumps(asdict(plan)))
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {error.strerror or error}",
            code="write-failed",
            hint="is the disk full?",
        ) from error


def _save(run: Run, folder: Path) -> None:
    folder.mkdir(parents=True)
    # the columns of scores.npy, in the order of "networks" in run.json
    names = [network.name for network in _networks(run)]
    clips = sum(video.clips for video in run.videos)
    _write(
        folder / "probabilities.npy",
        (video.probabilities for video in run.videos),
        (clips, run.videos[0].probabilities.shape[1]),
        dtype=np.float32,
    )
    columns = (_columns(video, names) for video in run.videos)
    _write(folder / "scores.npy", columns, (clips, len(names)), dtype=np.float32)
    # generators: the arrays of one video at a time are in memory
    spans = (np.stack([video.decode_from, video.last], axis=1) for video in run.videos)
    _write(folder / "decode.npy", spans, (clips, 2), dtype=np.int64)
    if run.has_vectors:
        found = [video.vectors for video in run.videos if video.vectors is not None]
        picture_vectors.save(found, folder)
    if run.has_times:
        times = (video.times for video in run.videos if video.times is not None)
        _write(folder / "times.npy", times, (clips, 2), dtype=np.float64)
    if all(video.served is not None for video in run.videos):
        served = (video.served[:, None] for video in run.videos if video.served is not None)
        _write(folder / "served.npy", served, (clips, 1), dtype=np.bool_)
    if run.train_positions is not None:
        np.save(folder / "train.npy", run.train_positions)
    np.savez(folder / "thumbnails.npz", *(thumb.pictures for thumb in run.thumbnails))
    record = {
        "schema": SCHEMA,
        "data": run.data,
        "classifier": dict(run.classifier),
        "samplers": [sampler.record() for sampler in run.samplers],
        "joint": run.joint and run.joint.record(),
        "networks": [asdict(network) for network in _networks(run)],
        "compared": [network.name for network in run.networks],
        "videos": [_video(video) for video in run.videos],
        "failures": [dict(failure) for failure in run.failures],
        "costs": run.costs and run.costs.record(),
        "thumbnails": [_thumbnails_record(thumbnails) for thumbnails in run.thumbnails],
        "settings": dict(run.settings),
        "pictures": asdict(run.pictures) if run.pictures and run.has_vectors else None,
        "tagging": asdict(run.tagging),
        "segment_notes": list(run.segment_notes),
    }
    (folder / "run.json").write_text(json.dumps(record, indent=1))


def _columns(video: VideoData, names: Sequence[str]) -> NDArray[np.float32]:
    """float32 [L, networks], without a column where there is no network."""
    found = np.zeros((video.clips, len(names)), np.float32)
    for column, name in enumerate(names):
        found[:, column] = video.scores[name]
    return found


def _thumbnails_record(thumbnails: Thumbnails) -> dict[str, Any]:
    """The fields without the pictures, which have a file of their own."""
    return {name: value for name, value in vars(thumbnails).items() if name != "pictures"}


def _networks(run: Run) -> list[NetworkFacts]:
    """Every network of a run, once."""
    samplers = list(run.samplers)
    if run.joint is not None:
        samplers.append(run.joint)
    networks = [network for sampler in samplers for network in sampler.networks]
    networks += run.networks
    return list({network.name: network for network in networks}.values())


def _video(video: VideoData) -> dict[str, Any]:
    return {
        "path": video.path,
        "label": video.label,
        "target": video.target,
        "clips": video.clips,
        "frames": video.frames,
        "seconds": video.seconds,
        "looks": dict(video.input_counts),
        "notes": list(video.notes),
        "background": video.background,
        # [label, start, end] of each
        "segments": video.true_segments and list(video.true_segments),
    }


def _write(
    path: Path, arrays: Iterator[NDArray[Any]], shape: tuple[int, int], *, dtype: type
) -> None:
    """Write arrays [L, n] as one array [sum of L, n], which is never in memory as a whole."""
    target = np.lib.format.open_memmap(path, "w+", dtype, shape)
    at = 0
    for array in arrays:
        target[at : at + len(array)] = array
        at += len(array)
    # to disk before the folder gets its name
    target.flush()


def load(folder: str | Path) -> list[Run]:
    """The runs of a folder that `save` wrote.

    Raises:
        InputError: there are no runs, or they are damaged.
    """
    folder = Path(folder)
    # run10 comes after run9
    found = sorted(
        folder.glob("run*/run.json"),
        key=lambda path: int(path.parent.name.removeprefix("run") or 0),
    )
    if not found:
        raise InputError(
            f"{folder} has no benchmark to replay",
            code="report-unreadable",
            hint="name the folder of a finished run",
        )
    try:
        return [_load(path) for path in found]
    except (OSError, ValueError, KeyError, TypeError, IndexError, BadZipFile) as error:
        raise InputError(
            f"{folder}: damaged ({error})",
            code="report-unreadable",
            hint="run the bench again; with its cache this is quick",
        ) from error


def load_plan(folder: str | Path) -> Plan:
    """The plan of the runs in a folder.

    Raises:
        InputError: it is missing, or damaged.
    """
    try:
        return Plan(**json.loads((Path(folder) / PLAN).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{folder} has no benchmark to replay: {error}",
            code="report-unreadable",
            hint="name the folder of a finished run",
        ) from error


def _load(path: Path) -> Run:
    record, folder = json.loads(path.read_text()), path.parent
    # a later version may mean other things by the same keys
    if record["schema"] != SCHEMA:
        raise ValueError(f"schema {record['schema']}")
    # samplers name their networks
    networks = {n["name"]: NetworkFacts.from_record(n) for n in record["networks"]}
    # read when needed, one array at a time
    thumbnail_pictures = np.load(folder / "thumbnails.npz")
    thumbnails = []
    for i, entry in enumerate(record["thumbnails"]):
        found = Thumbnails(
            entry["video"],
            tuple(entry["clips"]),
            entry["best"],
            starts_s=tuple(entry["starts_s"]),
            # numpy names the unnamed arrays of an archive arr_0, arr_1, ...
            pictures=thumbnail_pictures[f"arr_{i}"],
        )
        thumbnails.append(found)
    # the file is missing where there were no training videos
    train = folder / "train.npy"
    joint, pictures = record["joint"], record.get("pictures")
    videos = list(_videos(record, list(networks), folder))
    # runs of earlier versions have no vectors
    if pictures:
        vectors = picture_vectors.load(folder, [video.clips for video in videos])
        videos = [replace(video, vectors=v) for video, v in zip(videos, vectors, strict=True)]
    return Run(
        data=record["data"],
        classifier=record["classifier"],
        samplers=tuple(SamplerFacts.from_record(about, networks) for about in record["samplers"]),
        joint=joint and SamplerFacts.from_record(joint, networks),
        networks=tuple(networks[name] for name in record["compared"]),
        videos=tuple(videos),
        failures=tuple(record["failures"]),
        train_positions=np.load(train) if train.is_file() else None,
        costs=Costs.from_record(record["costs"]) if record["costs"] else None,
        thumbnails=tuple(thumbnails),
        settings=record["settings"],
        pictures=pictures and NetworkFacts.from_record(pictures),
        tagging=Tagging(**record.get("tagging", {})),
        segment_notes=tuple(record.get("segment_notes", ())),
    )


def _videos(run: Mapping[str, Any], names: Sequence[str], folder: Path) -> Iterator[VideoData]:
    records = run["videos"]
    # runs without the setting were measured without smoothing
    p_frames = run["settings"].get("features", {}).get("p_frames")
    # mapped: a large data set does not fit into memory
    probabilities, scores, decode = (
        np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in ("probabilities", "scores", "decode")
    )
    clips = sum(record["clips"] for record in records)
    # runs of earlier versions do not have these
    times, served = (
        np.load(path) if (path := folder / f"{name}.npy").is_file() else None
        for name in ("times", "served")
    )
    arrays = [probabilities, scores, decode, *(a for a in (times, served) if a is not None)]
    if any(len(array) != clips for array in arrays):
        raise ValueError("the arrays and the list of videos have different lengths")
    start = 0
    for video in records:
        rows = slice(start, start + video["clips"])
        start = rows.stop
        if not _are_probabilities(probabilities[rows]):
            raise ValueError(f"{video['path']} has probabilities that are not numbers")
        yield VideoData(
            path=video["path"],
            label=video["label"],
            target=video["target"],
            seconds=video["seconds"],
            frames=video["frames"],
            # a view of the mapped file, not a copy
            scores={name: scores[rows, i] for i, name in enumerate(names)},
            input_counts=video["looks"],
            probabilities=probabilities[rows],
            decode_from=decode[rows, 0],
            last=decode[rows, 1],
            notes=tuple(video["notes"]),
            # runs of earlier versions have no background class
            background=video.get("background"),
            p_frames=p_frames,
            times=None if times is None else times[rows],
            served=None if served is None else served[rows, 0],
            labels=tuple(run["classifier"]["labels"]),
            true_segments=_segments(video.get("segments")),
        )


def _segments(rows: Sequence[Sequence[Any]] | None) -> tuple[TrueSegment, ...] | None:
    return None if rows is None else tuple(TrueSegment(*row) for row in rows)


def _are_probabilities(rows: NDArray[np.float32]) -> bool:
    """False where a row has a number that is not finite, but for a clip that could not be decoded,
    whose row is NaN throughout.
    """
    return bool((np.isfinite(rows).all(axis=1) | np.isnan(rows).all(axis=1)).all())
