"""Records as rows of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scsampler_cli.output.clip_order import selection_of
from scsampler_cli.output.records import Record, command_of

ROWS = ("video", "clips", "segments")
"""What a row of `classify` is: a video, a selected clip, or a segment."""
_DAMAGE = ("decode_errors", "frames_missing")
# of a video in `classify`: new columns come last, so that programs that count columns find the
# others
_LAST = (
    *("strategy", "asked", "stopped", "label", "confident", "confidence"),
    *("duration_s", "frame_rate", "width", "height"),
)
# of `classify` with more than one row for a video; the video's label is not that of the row
_PARTS = {
    "clips": (
        *("path", "status", "video_label", "confident", "clip", "start_s", "end_s"),
        *("first_frame", "frames", "visual", "audio", "packets", "picture", "predicted", "why"),
        *("label", "probability", "classifier", *_DAMAGE, "error"),
    ),
    "segments": (
        *("path", "status", "video_label", "confident", "segment", "start_s", "end_s"),
        *("label", "probability", "clips", "classifier", *_DAMAGE, "error"),
    ),
}
_COLUMNS = {
    "score": (
        *("path", "status", "clip", "start_s", "end_s", "first_frame"),
        *("visual", "audio", "packets", "rank", "taken", "why", *_DAMAGE, "error"),
    ),
    "extract": ("path", "status", "output", "inputs", "clips", "bytes", "notes", *_DAMAGE, "error"),
    "weights": (
        *("path", "status", "name", "kind", "arch", "objective", "labels", "background", "bytes"),
        *("sha256", "where", "data", "error"),
    ),
    "cache": (
        *("path", "status", "kind", "videos", "entries", "bytes", "oldest_use", "newest_use"),
        *("removed", "removed_bytes", "in_use", "in_use_bytes", "error"),
    ),
    "classifiers": (
        *("path", "status", "name", "frames", "stride", "size", "labels", "data"),
        *("background", "gmacs", "mparams", "weights", "distribution", "factory", "file"),
        *("sha256", "error"),
    ),
}
# Commands whose records are flat: each is a row as it is
_LISTS = ("weights", "classifiers", "cache")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""First characters of a formula in a spreadsheet; the wide ones in East Asian versions."""


def csv_columns(command: str, top: int, rows: str = "video") -> list[str]:
    """Columns of a command's CSV.

    Args:
        command: such as "classify".
        top: number of tags; a video of `classify` has two columns for each.
        rows: one of ROWS, for `classify`; other commands have one kind of rows.
    """
    if command != "classify":
        return list(_COLUMNS[command])
    if rows != "video":
        return list(_PARTS[rows])
    tags = []
    for i in range(1, top + 1):
        tags += [f"label{i}", f"probability{i}"]
    # the columns before the tags are the same in every command
    shared = ("clips", "classifier", "notes", *_DAMAGE, "background", "error")
    return ["path", "status", *tags, *shared, *_LAST]


def path_cell(path: str) -> str:
    """A path that no spreadsheet takes for a formula.

    Example: "=a.mp4" -> "./=a.mp4", which names the same file.
    """
    return f"./{path}" if path.startswith(FORMULA) else path


def csv_rows(record: Record, rows: str = "video") -> Iterator[dict[str, object]]:
    """Rows with the columns of `csv_columns`.

    A failed video is one row, and so is a video without a segment and every weight file. A path
    that looks like a formula gets "./" in front, which names the same file.

    Args:
        record: of any command.
        rows: one of ROWS, for `classify`. For "segments" the record must have them.
    """
    command = command_of(record)
    common = {"path": path_cell(record["path"]), "status": record["status"]}
    if command in _LISTS:
        # the path in `common` is the one with "./"
        common = {key: record[key] for key in _COLUMNS[command] if key in record} | common
    # the other cells of a failure stay empty
    if record["status"] != "ok":
        yield {**common, "error": record["error"]["message"]}
        return
    if command in _LISTS:
        yield common
        return

    common |= {key: record[key] for key in _DAMAGE}
    if command == "score":
        # a row per clip, each with the path and the damage of its video
        for clip in record["clips"]:
            yield {**common, **_cells(clip, _COLUMNS[command])}
    elif command == "extract":
        yield {**common, **_extract_cells(record)}
    elif rows == "video":
        yield {**common, **_classify_cells(record)}
    else:
        for cells in _PART_CELLS[rows](record):
            yield {**common, **_answer(record, "video_label"), **cells}


def _cells(values: Record, columns: Sequence[str]) -> dict[str, object]:
    return {key: values[key] for key in columns if key in values}


def _answer(record: Record, name: str) -> dict[str, object]:
    """The label of a video, whether it is confident, and the classifier.

    Args:
        record: of `classify`; one of an earlier version has the tags alone.
        name: of the column of the label, which is empty where the video is unsure.
    """
    best = record["tags"][0]["label"] if record["tags"] else None
    return {
        name: record.get("label", best),
        "confident": record.get("confident", True),
        "classifier": record["classifier"]["name"],
    }


def _clip_cells(record: Record) -> Iterator[dict[str, object]]:
    """A row for each selected clip, in the order of the record."""
    for clip in record["clips"]:
        yield _cells(clip, _PARTS["clips"])


def _segment_cells(record: Record) -> Iterator[dict[str, object]]:
    """A row for each segment, in time order; a video without one has a row all the same.

    The number of a segment is its place in the record, from 0, as in lists of frames.
    """
    for number, segment in enumerate(record["segments"]):
        clips = " ".join(map(str, segment["clips"]))
        yield {**_cells(segment, _PARTS["segments"]), "segment": number, "clips": clips}
    if not record["segments"]:
        yield {}


_PART_CELLS = {"clips": _clip_cells, "segments": _segment_cells}


def _extract_cells(record: Record) -> dict[str, object]:
    return {
        "output": record["output"],
        "inputs": ",".join(record["inputs"]),
        "clips": record["clips"],
        "bytes": record["bytes"],
        "notes": "; ".join(record["notes"]),
    }


def _classify_cells(record: Record) -> dict[str, object]:
    # lists become text: a cell holds one value
    cells: dict[str, object] = {"notes": "; ".join(record["notes"])}
    for i, tag in enumerate(record["tags"], start=1):
        cells |= {f"label{i}": tag["label"], f"probability{i}": tag["probability"]}
    # seconds of the selected clips, in the order of the record: "1.28-1.92 12.5-13.14"
    spans = [f"{clip['start_s']:g}-{clip['end_s']:g}" for clip in record["clips"]]
    cells["clips"] = " ".join(spans)
    # empty for a classifier without a background class
    cells["background"] = record.get("background")
    selection = selection_of(record)
    cells["strategy"] = selection.get("strategy")
    # clips that the classifier got; those that could not be decoded count
    cells["asked"] = len(record["clips"])
    # empty where the number of clips was fixed
    cells["stopped"] = selection.get("stopped")
    cells |= _answer(record, "label")
    # older records do not have it
    cells["confidence"] = record.get("confidence")
    video = record["video"]
    cells["frame_rate"] = video.get("fps")
    return cells | _cells(video, ("duration_s", "width", "height"))
