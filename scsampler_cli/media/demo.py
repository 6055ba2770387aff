"""Generated videos for the demo: untrimmed and labelled. They are not from the paper.

A textured patch moves on a textured ground. The classes differ in the movement of the patch and in
the sound; the textures are random in every segment. The action fills a few short segments. Between
them there is footage without information: still cards, slow pans, a drifting patch, with a low hum.
H.264 with x264's default GOP and B-frames, AAC, 320 x 240 at 25 frames/s. The same seed gives the
same video.
"""

from __future__ import annotations

import itertools
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
SAMPLES_PER_FRAME = RATE_HZ // FPS
"""882, without remainder."""
PATCH = 112
"""Side of the moving patch, pixels."""
ACTION_SHARE = 0.3
"""Share of the running time: 30 % of a minute holds over ten clips of 16 frames, even after
cuts."""
_ACTION_S, _OTHER_S = (3.0, 5.0), (4.0, 9.0)
"""Shortest and longest segment with the action, and without it, seconds."""

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
    # seconds from the start of each period
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
"""Label -> movement of the patch (seconds -> pose) and sound (seconds -> samples in -1..1)."""
LABELS = tuple(ACTIONS)


@dataclass(frozen=True)
class DemoVideo:
    """Content of a generated video."""

    label: str
    seconds: float
    segments: tuple[tuple[float, float], ...]
    """(start, end) in seconds of each segment that shows the action."""


@dataclass(frozen=True)
class _Segment:
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
        seed: the same seed gives the same video.
        seconds: length, at least a few seconds.
        trimmed: show the action throughout, as in the clips that classifiers are trained on.

    Returns:
        the content of the video, with the times of the action.
    """
    # one generator for each video: no video depends on how many were made before
    rng = np.random.default_rng([seed, LABELS.index(label)])
    frames = max(1, round(seconds * FPS))
    segments = [_Segment(label, frames)] if trimmed else _random_segments(rng, label, frames)
    with av.open(str(path), "w") as container:
        options = {"crf": "24", "preset": "veryfast", "bf": "3", "refs": "3"}
        video = container.add_stream("libx264", rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        # more threads slice the picture differently, which gives other bytes
        video.codec_context.thread_count = 1
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")

        pictures = itertools.chain.from_iterable(_pictures(rng, segment) for segment in segments)
        for count, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))

        # float32 [frames * 882], encoded in AAC's frames of 1024 samples
        sound = np.concatenate([_sound(rng, segment) for segment in segments])
        for start in range(0, len(sound), 1024):
            samples = np.ascontiguousarray(sound[None, start : start + 1024])
            block = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    return DemoVideo(label, frames / FPS, tuple(_action_times(segments, label)))


def _random_segments(rng: np.random.Generator, label: str, frames: int) -> list[_Segment]:
    """Segments of a video; the action fills ACTION_SHARE of it, in segments at random positions."""
    action: list[_Segment] = []
    other: list[_Segment] = []
    while (have := sum(s.frames for s in action)) < frames * ACTION_SHARE:
        action.append(_Segment(label, min(round(rng.uniform(*_ACTION_S) * FPS), frames - have)))
    while (have := sum(s.frames for s in action + other)) < frames:
        kind = str(rng.choice(["card", "pan", "drift"]))
        other.append(_Segment(kind, min(round(rng.uniform(*_OTHER_S) * FPS), frames - have)))
    for segment in action:
        other.insert(int(rng.integers(0, len(other) + 1)), segment)
    return other


def _action_times(segments: list[_Segment], label: str) -> Iterator[tuple[float, float]]:
    """(start, end) in seconds of the segments with the action."""
    start = 0
    for segment in segments:
        if segment.kind == label:
            yield start / FPS, (start + segment.frames) / FPS
        start += segment.frames


def _texture(
    rng: np.random.Generator, height: int, width: int, *, blot: tuple[int, int], contrast: int
) -> NDArray[np.uint8]:
    """uint8 [height, width, 3]: squares of random colours within 128 +- contrast.

    Args:
        rng: source of random numbers.
        height: pixels.
        width: pixels.
        blot: smallest and largest side of the squares, pixels.
        contrast: grey levels.
    """
    size = int(rng.integers(*blot))
    # one value for each square; two more than fit, for the parts at the edges
    shape = height // size + 2, width // size + 2, 3
    coarse = rng.integers(128 - contrast, 128 + contrast, shape)
    fine = np.kron(coarse, np.ones((size, size, 1)))[:height, :width]
    return fine.astype(np.uint8)


def _pictures(rng: np.random.Generator, segment: _Segment) -> Iterator[NDArray[np.uint8]]:
    """uint8 [240, 320, 3] for each frame of a segment; ground, patch and phase are random."""
    # a pan moves the window by one column per frame, so the ground is that much wider
    margin = segment.frames if segment.kind == "pan" else 0
    ground = _texture(rng, HEIGHT, WIDTH + margin, blot=(20, 40), contrast=45)
    # larger than shown, so that zooming and spinning never reach its edge
    patch = _texture(rng, PATCH * 2, PATCH * 2, blot=(12, 24), contrast=127)
    phase, x, y = rng.uniform(0, 2), rng.uniform(-40, 40), rng.uniform(-25, 25)
    speed = rng.uniform(-0.4, 0.4)
    for i in range(segment.frames):
        left = i if segment.kind == "pan" else 0
        picture = ground[:, left : left + WIDTH].copy()
        if segment.kind in ACTIONS:
            move, _ = ACTIONS[segment.kind]
            _paste(picture, patch, move(phase + i / FPS))
        elif segment.kind == "drift":
            _paste(picture, patch, (x + speed * i, y, 0.0, 1.0))
        elif segment.kind == "card":
            _paste(picture, patch, (x, y, 0.0, 1.0))
        yield picture


def _paste(picture: NDArray[np.uint8], patch: NDArray[np.uint8], pose: Pose) -> None:
    """Draw the patch into the picture, nearest pixel.

    Args:
        picture: uint8 [240, 320, 3], changed in place.
        patch: uint8 [224, 224, 3]; the middle of it is drawn.
        pose: of the patch.
    """
    x, y, angle, scale = pose
    # half the side, or more than half the diagonal of a patch that is turned
    reach = PATCH * scale * 0.5 * (1.5 if angle else 1.0)
    middle_y, middle_x = HEIGHT / 2 + y, WIDTH / 2 + x
    top, bottom = max(0, int(middle_y - reach)), min(HEIGHT, int(middle_y + reach) + 1)
    left, right = max(0, int(middle_x - reach)), min(WIDTH, int(middle_x + reach) + 1)
    # each picture pixel [h, w] in the coordinates of the patch, from its middle
    dy = (np.arange(top, bottom) - middle_y)[:, None] / scale
    dx = (np.arange(left, right) - middle_x)[None, :] / scale
    across = np.cos(angle) * dx + np.sin(angle) * dy
    down = np.cos(angle) * dy - np.sin(angle) * dx
    inside = (np.abs(across) < PATCH / 2) & (np.abs(down) < PATCH / 2)
    # [h, w, 3] part of the picture; the patch's own middle is at (PATCH, PATCH)
    colours = patch[(down[inside] + PATCH).astype(int), (across[inside] + PATCH).astype(int)]
    picture[top:bottom, left:right][inside] = colours


def _sound(rng: np.random.Generator, segment: _Segment) -> NDArray[np.float32]:
    """float32 [frames * 882]: hum and hiss throughout, with the sound of the action added."""
    t = np.arange(segment.frames * SAMPLES_PER_FRAME) / RATE_HZ  # seconds
    samples = 0.15 * np.sin(2 * np.pi * rng.uniform(50, 120) * t) + rng.normal(0, 0.02, t.size)
    if segment.kind in ACTIONS:
        _, sound = ACTIONS[segment.kind]
        samples = samples + rng.uniform(0.25, 0.5) * sound(t + rng.uniform(0, 2))
    return np.clip(samples, -1, 1).astype(np.float32)
