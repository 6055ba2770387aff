"""Records as text for people and as rows for spreadsheets. But: no colour, no terminal; plain strings only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scsampler_cli.output import sparkline
from scsampler_cli.text import counted, printable

Record = dict[str, Any]
_BAR = 24

_DAMAGE = ("decode_errors", "frames_missing")
_COLUMNS = {
    "score": [
        "path",
        "status",
        "clip",
        "start_s",
        "end_s",
        "first_frame",
        "visual",
        "audio",
        "packets",
        "rank",
        "taken",
        "why",
        *_DAMAGE,
        "error",
    ],
    "extract": ["path", "status", "output", "inputs", "clips", "bytes", "notes", *_DAMAGE, "error"],
    "weights": [
        "path",
        "status",
        "name",
        "kind",
        "arch",
        "objective",
        "labels",
        "bytes",
        "sha256",
        "where",
        "data",
        "error",
    ],
}


_COLUMNS["cache"] = [
    *("path", "status", "kind", "videos", "entries", "bytes", "oldest_use", "newest_use"),
    *("removed", "removed_bytes", "in_use", "in_use_bytes", "error"),
]
_COLUMNS["classifiers"] = [
    *(
        "path",
        "status",
        "name",
        "frames",
        "stride",
        "size",
        "labels",
        "data",
        "gmacs",
        "mparams",
        "weights",
    ),
    *("distribution", "factory", "file", "sha256", "error"),
]


_LISTS = ("weights", "classifiers", "cache")
"""Commands whose records are rows as they are."""


def csv_columns(command: str, top: int) -> list[str]:
    """Columns of a command's CSV; `classify` has two for each of the `top` tags."""
    if command != "classify":
        return _COLUMNS[command]
    tags = [f"{what}{i}" for i in range(1, top + 1) for what in ("label", "probability")]
    return ["path", "status", *tags, "clips", "classifier", "notes", *_DAMAGE, "error"]


FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula; the wide ones too, where the language has them."""


def command_of(record: Record) -> str:
    """The command, such as "classify" or "weights", from the record's schema."""
    return str(record["schema"]).removeprefix("scsampler.").split("/")[0]


def render(record: Record) -> str:
    """A record as text, ending with a line break."""
    path = record["path"]
    if record["status"] != "ok":
        lines = [path, f"  error: {record['error']['message'].removeprefix(f'{path}: ')}"]
    else:
        lines = [
            path,
            *_BODY[command_of(record)](record),
            *(f"  note: {n}" for n in record["notes"]),
        ]
    return "".join(f"{printable(line)}\n" for line in lines)


def _classify(record: Record) -> Iterator[str]:
    width = max((len(tag["label"]) for tag in record["tags"]), default=0)
    for tag in record["tags"]:
        bar = "#" * round(tag["probability"] * _BAR)
        yield f"  {tag['probability']:6.1%}  {tag['label']:<{width}}  {bar}".rstrip()
    yield from sparkline.timeline(record)
    video, clips = record["video"], record["clips"]
    yield f"  {len(clips)} of {counted(video['clips'], 'clip')} taken ({video['duration_s']:.1f} s), best first:"
    told = any("packets" in clip for clip in clips)
    yield f"      start       end   visual  audio{'  packets' if told else ''}  why                     shows"
    for clip in clips:
        shows = "-" if clip["label"] is None else f"{clip['label']} {clip['probability']:.0%}"
        yield (
            f"  {clip['start_s']:9.2f} {clip['end_s']:9.2f}   {_number(clip['visual'])}  {_number(clip['audio'])}"
            f"{_packets(clip)}  {clip['why']:<22}  {shows}"
        )
    classifier = record["classifier"]
    digest = f", sha256 {classifier['sha256'][:12]}" if classifier["sha256"] else ""
    yield f"  classifier {classifier['name']} ({classifier['weights']}{digest})"
    yield "  time " + ", ".join(
        f"{stage} {spent:.2f} s" for stage, spent in record["timings_s"].items()
    )


def _score(record: Record) -> Iterator[str]:
    yield from sparkline.timeline(record)
    told = any("packets" in clip for clip in record["clips"])
    yield f"   clip     start       end   visual  audio{'  packets' if told else ''}   rank  taken"
    for clip in record["clips"]:
        taken = clip["why"] if clip["taken"] else ""
        yield (
            f"  {clip['clip']:5d} {clip['start_s']:9.2f} {clip['end_s']:9.2f}   {_number(clip['visual'])}"
            f"  {_number(clip['audio'])}{_packets(clip)}  {clip['rank']:5d}  {taken}"
        ).rstrip()


def _extract(record: Record) -> Iterator[str]:
    clips = counted(record["clips"], "clip")
    yield f"  {record['output']}: {', '.join(record['inputs'])} of {clips}, {record['bytes'] / 1e6:.1f} MB"


_BODY = {"classify": _classify, "score": _score, "extract": _extract}


_HEADINGS = ("name", "kind", "arch", "objective", "labels", "MB", "sha256", "where", "trained on")
_RIGHT = ("labels", "MB", "GMACs", "M params", "videos", "entries", "removed", "MB removed")
_DATA_WIDTH = 48


def weights_table(records: Sequence[Record]) -> str:
    """Weight files as a table, a line each; a file that cannot be read has its error in the last column."""
    return _table(_HEADINGS, [_weights_row(record) for record in records])


_CACHE_HEADINGS = ("kind", "videos", "entries", "MB", "oldest use", "newest use")
_PRUNED_HEADINGS = ("removed", "MB removed")


def cache_table(records: Sequence[Record]) -> str:
    """What a cache keeps, a line for each kind and one for all; what was removed, where something was to be."""
    pruned = any(record["removed"] is not None for record in records)
    headings = (*_CACHE_HEADINGS, *(_PRUNED_HEADINGS if pruned else ()), "what it is")
    return _table(headings, [_cache_row(record, pruned) for record in records])


def _cache_row(record: Record, pruned: bool) -> tuple[str, ...]:
    used = [
        (record[key] or "-")[: len("2026-01-31T12:00")].replace("T", " ")
        for key in ("oldest_use", "newest_use")
    ]
    counts = (str(record["videos"]), str(record["entries"]), f"{record['bytes'] / 1e6:.1f}")
    gone = (str(record["removed"]), f"{record['removed_bytes'] / 1e6:.1f}") if pruned else ()
    return (record["kind"], *counts, *used, *gone, record["what"])


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    rows = [headings, *(tuple(map(printable, row)) for row in cells)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_aligned(headings, row, widths)}\n" for row in rows)


def _aligned(headings: Sequence[str], row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(headings, row, widths, strict=True)
    return "  ".join(
        cell.rjust(width) if name in _RIGHT else cell.ljust(width) for name, cell, width in cells
    ).rstrip()


_CLASSIFIER_HEADINGS = ("name", "clip", "labels", "GMACs", "M params", "weights", "what it is")


def classifiers_table(records: Sequence[Record]) -> str:
    """Classifiers as a table, a line each, and below each that was checked what came out; a broken one has its reason last."""
    lines = _table(
        _CLASSIFIER_HEADINGS, [_classifier_row(record) for record in records]
    ).splitlines()
    shown = [lines[0]]
    for line, record in zip(lines[1:], records, strict=True):
        shown += [line, *_check_lines(record.get("check"))]
    return "".join(f"{line}\n" for line in shown)


def _classifier_row(record: Record) -> tuple[str, ...]:
    if record["status"] != "ok" and "frames" not in record:
        return (record["name"], *"-----", f"error: {record['error']['message']}")
    clip = "-"
    if record["frames"] is not None:
        height, width = record["size"]
        side = str(height) if height == width else f"{height}x{width}"
        clip = f"{record['frames']} x {record['stride']} x {side}"
    what = record["data"] or record.get("distribution") or record.get("file")
    costs = [None if record[key] is None else f"{record[key]:.2f}" for key in ("gmacs", "mparams")]
    cells = (record["labels"], *costs, record["weights"], what)
    return (record["name"], clip, *("-" if value is None else str(value) for value in cells))


def _check_lines(check: Record | None) -> Iterator[str]:
    if check is None:
        return
    low, high = check["sums"]
    yield (
        f"  answers {check['lowest']:.2g} to {check['highest']:.2g}, sums {low:.4f} to {high:.4f}, not a number: "
        f"{check['not_a_number']}; {'repeatable' if check['repeatable'] else 'not repeatable'}, alone and in a batch "
        f"{check['batch_difference']:.1g} apart; {check['clips_per_s']:.2f} clips/s"
    )
    yield from (f"  problem: {printable(problem)}" for problem in check["problems"])


def _weights_row(record: Record) -> tuple[str, ...]:
    if record["status"] != "ok":
        return (record["name"], *"------", record["where"], f"error: {record['error']['message']}")
    size = record["bytes"] and f"{record['bytes'] / 1e6:.1f}"
    digest, data = record["sha256"] and record["sha256"][:12], record["data"]
    if data and len(data) > _DATA_WIDTH:
        data = f"{data[: _DATA_WIDTH - 3]}..."
    known = [record[key] for key in ("name", "kind", "arch", "objective", "labels")]
    return tuple(
        "-" if value is None else str(value)
        for value in (*known, size, digest, record["where"], data)
    )


def _number(value: float | None) -> str:
    return "    -" if value is None else f"{value:.3f}"


def _packets(clip: Record) -> str:
    """Its own column, where the packet sampler ran."""
    return f"    {_number(clip['packets'])}" if "packets" in clip else ""


def csv_rows(record: Record) -> Iterator[dict[str, object]]:
    """Rows with the columns of `csv_columns`; a failed video, and every weight file, is one row.

    A path that a spreadsheet would take for a formula gets "./" in front, which names the same file.
    """
    path, command = record["path"], command_of(record)
    common = {"path": f"./{path}" if path.startswith(FORMULA) else path, "status": record["status"]}
    if command in _LISTS:
        common = {key: record[key] for key in _COLUMNS[command] if key in record} | common
    if record["status"] != "ok":
        yield {**common, "error": record["error"]["message"]}
        return
    if command in _LISTS:
        yield common
        return
    common |= {key: record[key] for key in _DAMAGE}
    if command == "score":
        for clip in record["clips"]:
            yield {**common, **{key: clip[key] for key in _COLUMNS[command] if key in clip}}
        return
    row: dict[str, object] = {**common, "notes": "; ".join(record["notes"])}
    if command == "extract":
        row |= {key: record[key] for key in ("output", "clips", "bytes")} | {
            "inputs": ",".join(record["inputs"])
        }
    else:
        for i, tag in enumerate(record["tags"], start=1):
            row |= {f"label{i}": tag["label"], f"probability{i}": tag["probability"]}
        row["clips"] = " ".join(
            f"{clip['start_s']:g}-{clip['end_s']:g}" for clip in record["clips"]
        )
        row["classifier"] = record["classifier"]["name"]
    yield row
