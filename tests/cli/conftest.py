"""A command line to run and videos to run it on, made once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Run
from tests.program import far_path
from tests.synthetic import pan, tone, write_video


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def run(cache: Path) -> Run:
    """Run scsampler as a process of its own, far from the checkout."""

    def call(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": far_path(),
            "HOME": str(cache),
            "XDG_CACHE_HOME": str(cache),
            "COLUMNS": "80",
        }
        environment["OMP_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
        command = [sys.executable, "-m", "scsampler_cli", *map(str, arguments)]
        return subprocess.run(
            command, input=stdin, capture_output=True, encoding="utf-8", errors="surrogateescape",
            timeout=300, env=environment, cwd=cache, check=False,
        )  # fmt: skip

    return call


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two videos, one of them silent."""
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "loud.mp4", pan(80, 3, 0, 96, 128), audio=tone(3.2, 800))
    (folder / "sub").mkdir()
    write_video(folder / "sub" / "silent.mkv", pan(50, 0, 2, 96, 128), codec="mpeg4")
    return folder


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos of shapes: a.mp4 with sound shows a red circle from 6 to 10 and a blue square from
    16 to 20 seconds, b.mp4 a yellow star from 0 to 4 and a red circle from 10 to 14 seconds."""
    # imported late: transformers takes seconds, and few tests need it
    from tests.colour_clip import write_shape_video

    folder = tmp_path_factory.mktemp("shapes")
    write_shape_video(
        folder / "a.mp4",
        [(None, 6), ("a red circle", 4), (None, 6), ("a blue square", 4)],
        seed=1,
        sound_hz=400,
    )
    write_shape_video(
        folder / "b.mp4", [("a yellow star", 4), (None, 6), ("a red circle", 4)], seed=2
    )
    return folder
