"""A generated video of any length, size and codec for speed measurements, with hard cuts and sound.

Its content has no meaning. It takes as long to read as real footage: it has detail, motion, noise
and a cut every few seconds, and is encoded with the encoder's default settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.video.stream
import numpy as np
from numpy.typing import NDArray

FPS = 30
RATE_HZ = 44100
ENCODERS = {
    "h264": "libx264",
    "mpeg4": "mpeg4",
    "hevc": "libx265",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
}
"""Codec -> FFmpeg's encoder; defaults are used except for AV1 and VP9, which would take minutes."""
GOPS = {"default": None, "2s": 2, "10s": 10}
"""Name -> seconds between keyframes, with none at cuts; None for the encoder's default. Streaming
services encode with 2."""
_OPTIONS = {
    "av1": {"preset": "10"},
    "vp9": {"deadline": "realtime", "cpu-used": "8"},
    "hevc": {"x265-params": "log-level=none"},
}
_NO_CUTS = {
    "h264": {"x264-params": "scenecut=0"},
    "mpeg4": {"sc_threshold": "1000000000"},
    "hevc": {"x265-params": "log-level=none:scenecut=0"},
}
"""Options that leave out keyframes at cuts, where an encoder sets them."""
_SCENE_S = 6
"""Seconds between cuts."""
_NOISE = 3.0
"""Standard deviation of the noise, grey levels."""


def write_sample(
    path: Path,
    seconds: float,
    width: int,
    *,
    height: int,
    codec: str,
    gop: str = "default",
    progress: Callable[[int, int], None],
) -> None:
    """Render and encode; the same arguments give the same pictures.

    Args:
        path: .mp4 to write.
        seconds: length.
        width: pixels, even.
        height: pixels, even.
        codec: a key of ENCODERS.
        gop: a key of GOPS.
        progress: called once a second of video, with the number of finished frames and of all
            frames.
    """
    frames = max(1, round(seconds * FPS))
    with av.open(str(path), "w") as box:
        options, interval = _OPTIONS.get(codec, {}), GOPS[gop]
        if interval is not None:
            options = {**options, **_NO_CUTS.get(codec, {})}
        video = cast(
            "av.video.stream.VideoStream",
            box.add_stream(ENCODERS[codec], rate=FPS, options=options),
        )
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        if interval is not None:
            video.gop_size = interval * FPS
        audio = box.add_stream("aac", rate=RATE_HZ, layout="mono")
        for count, picture in enumerate(_pictures(frames, width, height)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            box.mux(video.encode(frame))
            if count % FPS == 0:
                progress(count, frames)
        box.mux(video.encode(None))
        # AAC has frames of 1024 samples
        for start in range(0, frames * RATE_HZ // FPS, 1024):
            t = np.arange(start, start + 1024) / RATE_HZ  # seconds
            tone = 0.3 * np.sin(2 * np.pi * (220 + 40 * np.sin(0.5 * t)) * t)
            block = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            box.mux(audio.encode(block))
        box.mux(audio.encode(None))


def _pictures(frames: int, width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """uint8 [height, width, 3]: a window that moves over a large picture, and a patch that crosses
    it.

    Picture and patch are random in every scene.
    """
    # the same pictures in every run
    rng = np.random.default_rng(2019)
    # a few frames of noise, used in turn
    grain = [rng.normal(0, _NOISE, (height, width, 1)) for _ in range(8)]
    for start in range(0, frames, _SCENE_S * FPS):
        margin = 64
        ground = _detail(rng, height + 2 * margin, width + 2 * margin)
        patch = _detail(rng, height // 3, width // 3)
        speed, phase = rng.uniform(0.2, 1.2, 2), rng.uniform(0, 6, 2)
        for i in range(min(_SCENE_S * FPS, frames - start)):
            # the window stays within the margin
            y, x = (margin * (1 + 0.9 * np.sin(speed * i / FPS + phase))).astype(int)
            picture = ground[y : y + height, x : x + width].astype(np.float32)
            # the patch swings from edge to edge
            left = int((width - patch.shape[1]) * (0.5 + 0.5 * np.sin(1.7 * i / FPS + phase[0])))
            top = height // 3
            picture[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
            yield np.clip(picture + grain[(start + i) % len(grain)], 0, 255).astype(np.uint8)


def _detail(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """uint8 [height, width, 3]: random colours at several scales, as in natural pictures."""
    picture = np.zeros((height, width, 3), np.float32)
    for size in (64, 16, 4):
        # coarse scales have more contrast, as in natural pictures
        coarse = rng.normal(0, size**0.5 * 5, (height // size + 2, width // size + 2, 3))
        picture += np.kron(coarse, np.ones((size, size, 1)))[:height, :width]
    return np.clip(128 + picture, 0, 255).astype(np.uint8)
