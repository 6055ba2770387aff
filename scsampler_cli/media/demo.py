"""The demo's videos: untrimmed, labelled, generated (ours; not of the paper).

A textured patch on a textured ground. What tells the classes apart is how the patch moves and what
is heard meanwhile; its look is drawn anew for every stretch. The action fills a few short
stretches; in between there is footage that says nothing: still cards, slow pans, a drifting patch,
with a low hum. H.264 with x264's default GOP and B-frames, AAC, 320 x 240 at 25 frames/s. The same
seed gives the same video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FPS = 25
HEIGHT, WIDTH = 240, 320
RATE_HZ = 22050
SAMPLES_PER_FRAME = RATE_HZ // FPS  # 882, exact
PATCH = 112
"""Pixels: side of the moving patch."""
ACTION_SHARE = 0.3
"""Of the running time; 30 % of a minute holds over ten clips of 16 frames even after cuts at both
ends."""
_ACTION_S, _OTHER_S = (3.0, 5.0), (4.0, 9.0)

Pose = tuple[float, float, float, float]
"""(x, y, angle in radians, scale) of the patch; x and y in pixels from the middle of the
picture."""


def _bouncing(t: float) -> Pose:
    return 0.0, 60 - 110 * abs(np.sin(2 * np.pi * t)), 0.0, 1.0


def _sliding(t: float) -> Pose:
    return 95 * np.sin(2 * np.pi * 0.9 * t), 0.0, 0.0, 1.0


def _spinning(t: float) -> Pose:
    return 0.0, 0.0, 2 * np.pi * 0.7 * t, 1.0


def _zooming(t: float) -> Pose:
    return 0.0, 0.0, 0.0, 1.0 + 0.5 * np.sin(2 * np.pi * 0.8 * t)


def _orbiting(t: float) -> Pose:
    return 70 * np.cos(2 * np.pi * 0.8 * t), 55 * np.sin(2 * np.pi * 0.8 * t), 0.0, 1.0


def _shaking(t: float) -> Pose:
    return 14 * np.sin(2 * np.pi * 5.3 * t), 14 * np.sin(2 * np.pi * 4.1 * t), 0.0, 1.0


def _chirp(
    t: NDArray[np.float64], low: float, high: float, *, period: float
) -> NDArray[np.float64]:
    """A tone that sweeps from low to high Hz in every period of seconds."""
    phase = t % period
    return np.sin(2 * np.pi * (low * phase + (high - low) * phase**2 / (2 * period)))


def _pulses(t: NDArray[np.float64], hz: float, period: float) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * hz * t) * np.exp(-12 * (t % period) / period)


Sound = Callable[[NDArray[np.float64]], NDArray[np.float64]]
ACTIONS: dict[str, tuple[Callable[[float], Pose], Sound]] = {
    "bouncing": (_bouncing, lambda t: _pulses(t, 440, 0.5)),
    "orbiting": (_orbiting, lambda t: np.sin(2 * np.pi * np.where(t % 0.4 < 0.2, 600, 900) * t)),
    "shaking": (_shaking, lambda t: _pulses(t, 2600, 0.1)),
    "sliding": (_sliding, lambda t: _chirp(t, 300, 1200, period=0.6)),
    "spinning": (_spinning, lambda t: np.sin(2 * np.pi * 1500 * t) * np.sin(2 * np.pi * 4 * t)),
    "zooming": (_zooming, lambda t: _chirp(t, 4000, 2000, period=0.8)),
}
"""Label -> how the patch moves (seconds -> pose) and what is heard (seconds -> samples in
-1..1)."""
LABELS = tuple(ACTIONS)


@dataclass(frozen=True)
class DemoVideo:
    """What a generated video shows."""

    label: str
    seconds: float
    segments: tuple[tuple[float, float], ...]
    """(start, end) in seconds of each stretch that shows the action."""


@dataclass(frozen=True)
class _Stretch:
    kind: str
    """A label, or "card", "pan" or "drift"."""
    frames: int


def write_demo_video(
    path: Path, label: str, seed: int, *, seconds: float = 60.0, trimmed: bool = False
) -> DemoVideo:
    """Render and encode one video.

    Args:
        path: .mp4 to write.
        label: one of LABELS.
        seed: same seed, same video.
        seconds: length, at least a few.
        trimmed: action all the way, as in the clips that classifiers are trained on.

    Returns:
        what it shows, and where.
    """
    rng = np.random.default_rng([seed, LABELS.index(label)])
    frames = max(1, round(seconds * FPS))
    plan = [_Stretch(label, frames)] if trimmed else _plan(rng, label, frames)
    with av.open(str(path), "w") as box:
        video = box.add_stream(
            "libx264", rate=FPS, options={"crf": "24", "preset": "veryfast", "bf": "3", "refs": "3"}
        )
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.thread_count = (
            1  # more threads cut the picture differently: other bytes
        )
        audio = box.add_stream("aac", rate=RATE_HZ, layout="mono")
        for count, picture in enumerate(p for stretch in plan for p in _pictures(rng, stretch)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            box.mux(video.encode(frame))
        box.mux(video.encode(None))
        sound = np.concatenate([_sound(rng, stretch) for stretch in plan])
        for at in range(0, len(sound), 1024):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[None, at : at + 1024]), "fltp", "mono"
            )
            block.sample_rate, block.pts, block.time_base = RATE_HZ, at, Fraction(1, RATE_HZ)
            box.mux(audio.encode(block))
        box.mux(audio.encode(None))
    return DemoVideo(label, frames / FPS, tuple(_segments(plan, label)))


def _plan(rng: np.random.Generator, label: str, frames: int) -> list[_Stretch]:
    """Stretches of action at random places among the others, ACTION_SHARE of the whole."""
    action: list[_Stretch] = []
    other: list[_Stretch] = []
    while (have := sum(s.frames for s in action)) < frames * ACTION_SHARE:
        action.append(_Stretch(label, min(round(rng.uniform(*_ACTION_S) * FPS), frames - have)))
    while (have := sum(s.frames for s in action + other)) < frames:
        kind = str(rng.choice(["card", "pan", "drift"]))
        other.append(_Stretch(kind, min(round(rng.uniform(*_OTHER_S) * FPS), frames - have)))
    for stretch in action:
        other.insert(int(rng.integers(0, len(other) + 1)), stretch)
    return other


def _segments(plan: list[_Stretch], label: str) -> Iterator[tuple[float, float]]:
    at = 0
    for stretch in plan:
        if stretch.kind == label:
            yield at / FPS, (at + stretch.frames) / FPS
        at += stretch.frames


def _texture(
    rng: np.random.Generator, height: int, width: int, *, blot: tuple[int, int], contrast: int
) -> NDArray[np.uint8]:
    """uint8 [height, width, 3]: blots of random colours, their size within `blot` pixels, 128 +-
    contrast."""
    size = int(rng.integers(*blot))
    coarse = rng.integers(
        128 - contrast, 128 + contrast, (height // size + 2, width // size + 2, 3)
    )
    fine = np.kron(coarse, np.ones((size, size, 1)))[:height, :width]
    return fine.astype(np.uint8)


def _pictures(rng: np.random.Generator, stretch: _Stretch) -> Iterator[NDArray[np.uint8]]:
    """uint8 [240, 320, 3] for each frame of a stretch; ground, patch and phase are drawn anew."""
    margin = stretch.frames if stretch.kind == "pan" else 0
    ground = _texture(rng, HEIGHT, WIDTH + margin, blot=(20, 40), contrast=45)
    patch = _texture(
        rng, PATCH * 2, PATCH * 2, blot=(12, 24), contrast=127
    )  # larger than shown, so that zooming and spinning never run out
    phase, x, y = rng.uniform(0, 2), rng.uniform(-40, 40), rng.uniform(-25, 25)
    speed = rng.uniform(-0.4, 0.4)
    for i in range(stretch.frames):
        left = i if stretch.kind == "pan" else 0
        picture = ground[:, left : left + WIDTH].copy()
        if stretch.kind in ACTIONS:
            _paste(picture, patch, ACTIONS[stretch.kind][0](phase + i / FPS))
        elif stretch.kind == "drift":
            _paste(picture, patch, (x + speed * i, y, 0.0, 1.0))
        elif stretch.kind == "card":
            _paste(picture, patch, (x, y, 0.0, 1.0))
        yield picture


def _paste(picture: NDArray[np.uint8], patch: NDArray[np.uint8], pose: Pose) -> None:
    """Draw the patch into the picture, nearest pixel."""
    x, y, angle, scale = pose
    reach = PATCH * scale * 0.5 * (1.5 if angle else 1.0)
    middle_y, middle_x = HEIGHT / 2 + y, WIDTH / 2 + x
    top, bottom = max(0, int(middle_y - reach)), min(HEIGHT, int(middle_y + reach) + 1)
    left, right = max(0, int(middle_x - reach)), min(WIDTH, int(middle_x + reach) + 1)
    dy = (np.arange(top, bottom) - middle_y)[:, None] / scale
    dx = (np.arange(left, right) - middle_x)[None, :] / scale
    across = np.cos(angle) * dx + np.sin(angle) * dy
    down = np.cos(angle) * dy - np.sin(angle) * dx
    inside = (np.abs(across) < PATCH / 2) & (np.abs(down) < PATCH / 2)
    colours = patch[(down[inside] + PATCH).astype(int), (across[inside] + PATCH).astype(int)]
    picture[top:bottom, left:right][inside] = colours


def _sound(rng: np.random.Generator, stretch: _Stretch) -> NDArray[np.float32]:
    """float32 [frames * 882]: hum and hiss throughout, the action's own sound on top of it."""
    t = np.arange(stretch.frames * SAMPLES_PER_FRAME) / RATE_HZ
    hum = 0.15 * np.sin(2 * np.pi * rng.uniform(50, 120) * t) + rng.normal(0, 0.02, t.size)
    if stretch.kind in ACTIONS:
        hum = hum + rng.uniform(0.25, 0.5) * ACTIONS[stretch.kind][1](t + rng.uniform(0, 2))
    return np.clip(hum, -1, 1).astype(np.float32)
