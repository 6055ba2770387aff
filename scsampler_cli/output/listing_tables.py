"""Lists of weight files, cached data and classifiers as plain text, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scsampler_cli.output.records import Record
from scsampler_cli.text import printable

_WEIGHTS = ("name", "kind", "arch", "objective", "labels", "MB", "sha256", "where", "trained on")
_CLASSIFIERS = ("name", "clip", "labels", "GMACs", "M params", "weights", "description")
_CACHE = ("kind", "videos", "entries", "MB", "oldest use", "newest use")
_PRUNED = ("removed", "MB removed")
_RIGHT_ALIGNED = {
    *("labels", "MB", "GMACs", "M params", "videos", "entries", "removed", "MB removed"),
}
_DATA_WIDTH = 48


def _table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Aligned text, with a line break after each row."""
    # names of files may have control characters
    rows = [headings, *(tuple(map(printable, row)) for row in cells)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        aligned = []
        for name, cell, width in zip(headings, row, widths, strict=True):
            aligned.append(cell.rjust(width) if name in _RIGHT_ALIGNED else cell.ljust(width))
        lines.append("  ".join(aligned).rstrip() + "\n")
    return "".join(lines)


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def weights_table(records: Sequence[Record]) -> str:
    """Weight files; a file that cannot be read has its error in the last column.

    What a file holds besides its network is below its line.
    """
    heading, *lines = _table(_WEIGHTS, [_weights_row(record) for record in records]).splitlines()
    shown = [heading]
    for line, record in zip(lines, records, strict=True):
        shown += [line, *_weights_lines(record)]
    return "".join(f"{line}\n" for line in shown)


def _weights_lines(record: Record) -> Iterator[str]:
    """What else a weight file holds, indented below its line."""
    # failed records, and those of earlier versions, lack the keys
    if shared := record.get("shares"):
        yield f"  shares the network {printable(str(shared))}, which comes with scsampler"
    if sampler := record.get("sampler"):
        what = f"{sampler['kind']} ({sampler['arch']}, {sampler['objective']})"
        yield f"  holds its sampler, too: {printable(what)}, {_labels(sampler)} labels"
    if calibration := record.get("calibration"):
        yield (
            f"  calibrated: temperature {calibration['temperature']:.2f}, expected calibration "
            f"error {calibration['ece_after']:.3f} (before {calibration['ece_before']:.3f}) on "
            f"{calibration['clips']} clips of {calibration['videos']} videos"
        )


def _weights_row(record: Record) -> tuple[str, ...]:
    if record["status"] != "ok":
        # the six dashes are the columns between name and where
        return (record["name"], *"------", record["where"], f"error: {record['error']['message']}")
    size = None if record["bytes"] is None else f"{record['bytes'] / 1e6:.1f}"
    digest = None if record["sha256"] is None else record["sha256"][:12]
    data = record["data"]
    # descriptions of training data may be long
    if data and len(data) > _DATA_WIDTH:
        data = f"{data[: _DATA_WIDTH - 3]}..."
    first = [record[key] for key in ("name", "kind", "arch", "objective")]
    return tuple(map(_or_dash, (*first, _labels(record), size, digest, record["where"], data)))


def _labels(record: Record) -> str | None:
    """Number of labels; the background class, which is no tag, is named apart."""
    if record.get("background") is None or not record["labels"]:
        return None if record["labels"] is None else str(record["labels"])
    return f"{record['labels'] - 1} + {record['background']}"


def cache_table(records: Sequence[Record]) -> str:
    """Contents of a cache: a line for each kind, and one for all; with what pruning removed."""
    is_pruned = any(record["removed"] is not None for record in records)
    headings = (*_CACHE, *(_PRUNED if is_pruned else ()), "description")
    return _table(headings, [_cache_row(record, is_pruned) for record in records])


def _cache_row(record: Record, is_pruned: bool) -> tuple[str, ...]:
    row = [record["kind"], str(record["videos"]), str(record["entries"])]
    row.append(f"{record['bytes'] / 1e6:.1f}")
    for key in ("oldest_use", "newest_use"):
        # ISO 8601 to the minute, with a space in place of the T
        time = (record[key] or "-")[: len("2026-01-31T12:00")]
        row.append(time.replace("T", " "))
    if is_pruned:
        row += [str(record["removed"]), f"{record['removed_bytes'] / 1e6:.1f}"]
    return (*row, record["what"])


def classifiers_table(records: Sequence[Record]) -> str:
    """Classifiers; a broken one has its error last, and results of a check are below each line."""
    # lines of checks are put between the rows of the finished table
    rows = [_classifier_row(record) for record in records]
    heading, *lines = _table(_CLASSIFIERS, rows).splitlines()
    shown = [heading]
    for line, record in zip(lines, records, strict=True):
        shown += [line, *_check_lines(record.get("check"))]
    return "".join(f"{line}\n" for line in shown)


def _classifier_row(record: Record) -> tuple[str, ...]:
    if record["status"] != "ok" and "frames" not in record:
        return (record["name"], *"-----", f"error: {record['error']['message']}")
    # frames x stride x size of a clip
    clip = "-"
    if record["frames"] is not None:
        height, width = record["size"]
        size = str(height) if height == width else f"{height}x{width}"
        clip = f"{record['frames']} x {record['stride']} x {size}"
    costs = []
    for key in ("gmacs", "mparams"):
        costs.append(None if record[key] is None else f"{record[key]:.2f}")
    description = record["data"] or record.get("distribution") or record.get("file")
    cells = (_labels(record), *costs, record["weights"], description)
    return (record["name"], clip, *map(_or_dash, cells))


def _check_lines(check: Record | None) -> Iterator[str]:
    """The result of a check, indented below the classifier."""
    if check is None:
        return
    low, high = check["sums"]
    repeatable = "repeatable" if check["repeatable"] else "not repeatable"
    yield (
        f"  outputs {check['lowest']:.2g} to {check['highest']:.2g}, "
        f"sums {low:.4f} to {high:.4f}, not a number: {check['not_a_number']}; {repeatable}, "
        f"single clip and batch differ by {check['batch_difference']:.1g}; "
        f"{check['clips_per_s']:.2f} clips/s"
    )
    yield from (f"  problem: {printable(problem)}" for problem in check["problems"])
