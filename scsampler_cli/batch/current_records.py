"""Whether a record of an earlier run is current: same settings, same file, nothing to try again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from scsampler_cli.batch.journal import Record
from scsampler_cli.files.inputs import file_stamp

TRY_AGAIN = frozenset(
    ("WorkerError", "TimeLimitError", "MemoryLimitError", "LimitError", "OutputError", "InputError")
)
"""Types of failures that depend on the machine, the moment or the limits rather than on the file. A
resumed run tries such files again."""


def run_digest(identity: dict[str, Any]) -> str:
    """16 hex digits of an identity: all that records depend on except their files."""
    # sorted: equal identities give equal text
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def is_current(record: Record) -> bool:
    """True if a record is still valid.

    Its file has the same size and time, or the same size and content, and it is no failure that
    should be tried again.
    """
    if record["status"] != "ok" and record.get("error", {}).get("type") in TRY_AGAIN:
        return False
    known, path = record.get("source"), Path(record["path"])
    now = file_stamp(path)
    if known is None or now is None or known["size"] != now["size"]:
        return False
    if known["mtime_ns"] == now["mtime_ns"]:
        return True
    # a copied or downloaded file has a new time; the hash is slow, and comes last
    return "sha256" in known and known["sha256"] == _sha256(path)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def differences(record: Record, identity: dict[str, Any]) -> list[str]:
    """Settings of an earlier record that differ from those in force.

    Example: "settings.selection.k 10, now 5".
    """
    before, now = _flat(record), _flat(identity)
    found = []
    for name, value in now.items():
        # an earlier version may not have recorded it
        if name in before and before[name] != value:
            found.append(f"{name} {before[name]}, now {value}")
    return found


def unknown_weights_note(identity: dict[str, Any]) -> str:
    """A note that a change of the classifier's weights cannot be detected; "" where it can."""
    classifier = identity.get("classifier")
    if classifier is None or classifier["sha256"] is not None:
        return ""
    name = classifier["name"]
    return f"; classifier {name} gives no sha256: whether its weights are the same cannot be known"


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested dictionaries as one, with dotted names: {"a": {"b": 1}} -> {"a.b": 1}."""
    if not isinstance(value, dict):
        return {name: value}
    leaves: dict[str, Any] = {}
    for key, part in value.items():
        leaves |= _flat(part, f"{name}.{key}" if name else key)
    return leaves
