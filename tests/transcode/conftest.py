"""Videos of several kinds, whose frames tell their number; made once."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.synthetic import write_video
from tests.transcode.numbered import RATE_HZ, clicks, numbered

FRAMES, FPS = 200, 25
SECONDS = FRAMES / FPS


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 with B-frames and a keyframe a second and a half, and AAC; 200 frames from 0 s."""
    return _written(tmp_path_factory, "clip.mp4", options={"bf": "2", "g": "38"})


@pytest.fixture(scope="session")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as MPEG-TS that begins at 10 s."""
    return _written(
        tmp_path_factory,
        "late.ts",
        options={"bf": "2", "g": "38"},
        container_options={"output_ts_offset": "10"},
    )


@pytest.fixture(scope="session")
def coarse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in MP4 whose clock ticks once a frame."""
    return _written(
        tmp_path_factory,
        "coarse.mp4",
        options={"g": "38"},
        container_options={"video_track_timescale": "25"},
    )


@pytest.fixture(scope="session")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """VP9 in WebM, without sound, an odd number of pixels wide and high."""
    folder = tmp_path_factory.mktemp("silent")
    options = {"deadline": "realtime", "cpu-used": "8", "g": "38"}
    return write_video(
        folder / "silent.webm", numbered(FRAMES, 121, 161), codec="libvpx-vp9", options=options
    )


@pytest.fixture(scope="session")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames that last 1, 2 or 5 hundredths of a second, 96 frames."""
    times = [0]
    for number in range(1, 96):
        times.append(times[-1] + (1, 2, 5)[number % 3])
    folder = tmp_path_factory.mktemp("uneven")
    sound = clicks([times[number] / 100 for number in range(0, 96, 10)], 3.0)
    return write_video(
        folder / "uneven.mp4",
        numbered(96),
        pts=times,
        time_base=Fraction(1, 100),
        audio=sound,
        rate_hz=RATE_HZ,
    )


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stored lying on its side, to be turned a quarter counter-clockwise."""
    return _written(tmp_path_factory, "portrait.mp4", rotation=90, frames=60)


def _written(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    options: dict[str, str] | None = None,
    rotation: int = 0,
    frames: int = FRAMES,
    container_options: dict[str, str] | None = None,
) -> Path:
    sound = clicks([number / FPS for number in range(0, frames, 10)], frames / FPS)
    return write_video(
        tmp_path_factory.mktemp("video") / name,
        numbered(frames),
        FPS,
        audio=sound,
        options=options,
        rotation=rotation,
        rate_hz=RATE_HZ,
        container_options=container_options,
    )
