"""Make videos with sound: FOLDER/four_hours.mp4 and FOLDER/many/0000.mp4 ... 2999.mp4.

python -m tests.endurance.make FOLDER
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.synthetic import texture, tone, write_video

HEIGHT, WIDTH, FPS = 96, 128, 25


def scenes(frames: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """A window that moves over textures, a new one every ten seconds."""
    for frame in range(frames):
        scene, at = divmod(frame, 10 * FPS)
        if at == 0:
            picture = texture(HEIGHT + 64, WIDTH + 64, seed + scene % 50)
            step_y, step_x = scene % 3, 1 + scene % 4
        y, x = at * step_y % 64, at * step_x % 64
        yield np.ascontiguousarray(picture[y : y + HEIGHT, x : x + WIDTH])


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "many").mkdir(parents=True, exist_ok=True)
    for number in range(3000):
        seconds = 2 + number % 5
        write_video(
            folder / "many" / f"{number:04d}.mp4",
            scenes(seconds * FPS, number),
            audio=tone(seconds, 300 + number % 700),
        )
    hours = 4 * 3600
    write_video(
        folder / "four_hours.mp4",
        scenes(hours * FPS, 0),
        audio=tone(hours, 440),
        options={"preset": "ultrafast"},
    )


if __name__ == "__main__":
    main()
