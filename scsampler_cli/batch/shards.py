"""Shards: a part of the files for each of several independent runs (Slurm arrays, cron jobs).

The name of a file alone decides its shard, not its position in a list. So runs that list a folder
at different times, while files are added, never take a file twice and never leave one out. The
price: shards are equal only on average.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.errors import SettingsError


@dataclass(frozen=True)
class Shard:
    """One of several parts."""

    index: int
    """From 1."""
    count: int
    """Number of shards."""

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse(text: str) -> Shard:
    """Parse "i/n".

    Raises:
        SettingsError: not of this form, or i is not within 1-n.
    """
    # [0-9]: \d would accept digits of any script
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise SettingsError(
            f"invalid shard {text!r}: expected i/n",
            code="shard-invalid",
            hint="1/4 is the first of four, 4/4 the last",
        )
    return Shard(int(found[1]), int(found[2]))


def in_shard(path: Path, shard: Shard) -> bool:
    """True if a file is in a shard.

    The sha256 of the path as it is named decides: all runs must name the file in the same way.
    """
    # hash() would differ from process to process
    digest = hashlib.sha256(os.fsencode(path)).digest()
    return int.from_bytes(digest[:8]) % shard.count == shard.index - 1
