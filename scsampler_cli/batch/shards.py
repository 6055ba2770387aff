"""A share of the files for each of several runs that know nothing of each other: Slurm arrays, cron jobs, machines.

A file's name alone says which share it is in (our choice), not its place in a list: machines that list a folder at different
times, with files still coming, neither do one twice nor leave one out. The price is that shares are equal only on average.
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
    """One share of several."""

    index: int
    """From 1."""
    count: int
    """Shares in all."""

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse(text: str) -> Shard:
    """The share that "i/n" stands for.

    Raises:
        SettingsError: it stands for none.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise SettingsError(
            f"{text!r} is no shard",
            code="shard-invalid",
            hint="give i/n, the first of four being 1/4 and the last 4/4",
        )
    return Shard(int(found[1]), int(found[2]))


def in_shard(path: Path, shard: Shard) -> bool:
    """True when a file is in a share: by the sha256 of its path as it is named, so that all runs must name it alike."""
    digest = hashlib.sha256(os.fsencode(path)).digest()
    return int.from_bytes(digest[:8]) % shard.count == shard.index - 1
