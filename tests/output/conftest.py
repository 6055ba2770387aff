"""Results of a search, as `searching` makes them."""

from pathlib import Path

import pytest

from scsampler_cli.output.records import ClassifyResult
from tests.output.searching import classified, write


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("search") / "v.mp4")


@pytest.fixture(scope="session")
def searched(scenes: Path) -> ClassifyResult:
    """Eight of twelve clips."""
    return classified(scenes)


@pytest.fixture(scope="session")
def stopped(scenes: Path) -> ClassifyResult:
    """At most twelve clips, or fewer where they are enough."""
    return classified(scenes, k=12, stops_early=True)


@pytest.fixture(scope="session")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> ClassifyResult:
    """All clips of a video asked, of which clip 6 cannot be decoded."""
    return classified(write(tmp_path_factory.mktemp("search") / "d.mp4", damaged=6), k=12)
