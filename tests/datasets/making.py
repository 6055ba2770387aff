"""Data sets of empty files: nothing here opens a video."""

from collections.abc import Iterable
from pathlib import Path

from scsampler_cli.datasets.example import Listing


def touch(root: Path, names: Iterable[str]) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write(path: Path, text: str, videos: Iterable[str] = ()) -> Path:
    """A list, and empty files of the given names beside it."""
    path.write_bytes(text.encode())
    touch(path.parent, videos)
    return path


def found(listing: Listing, root: Path) -> list[tuple[str, str, str]]:
    return [(str(e.path.relative_to(root)), e.label, e.split) for e in listing.examples]


def problems(listing: Listing) -> list[str]:
    return [str(problem) for problem in listing.problems]
