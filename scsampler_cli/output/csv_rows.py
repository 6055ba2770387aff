"""Records as rows of a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from scsampler_cli.output.clip_order import selection_of
from scsampler_cli.output.records import Record, command_of

_DAMAGE = ("decode_errors", "frames_missing")
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


def csv_columns(command: str, top: int) -> list[str]:
    """Columns of a command's CSV.

    Args:
        command: such as "classify".
        top: number of tags; `classify` has two columns for each.
    """
    if command != "classify":
        return list(_COLUMNS[command])
    tags = []
    for i in range(1, top + 1):
        tags += [f"label{i}", f"probability{i}"]
    # the columns before the tags are the same in every command
    shared = ("clips", "classifier", "notes", *_DAMAGE, "background", "error")
    # new columns come last, so that programs that count columns find the others
    return ["path", "status", *tags, *shared, "strategy", "asked", "stopped"]


def csv_rows(record: Record) -> Iterator[dict[str, object]]:
    """Rows with the columns of `csv_columns`; a failed video, and every weight file, is one row.

    A path that looks like a formula gets "./" in front, which names the same file.
    """
    path, command = record["path"], command_of(record)
    if path.startswith(FORMULA):
        path = f"./{path}"
    common = {"path": path, "status": record["status"]}
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
            yield {**common, **{key: clip[key] for key in _COLUMNS[command] if key in clip}}
    elif command == "extract":
        yield {**common, **_extract_cells(record)}
    else:
        yield {**common, **_classify_cells(record)}


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
    cells["classifier"] = record["classifier"]["name"]
    # empty for a classifier without a background class
    cells["background"] = record.get("background")
    selection = selection_of(record)
    cells["strategy"] = selection.get("strategy")
    # clips that the classifier got; those that could not be decoded count
    cells["asked"] = len(record["clips"])
    # empty where the number of clips was fixed
    cells["stopped"] = selection.get("stopped")
    return cells
