"""Small real videos with a known answer, encoded with PyAV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 22050


def write_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    fps: int = 25,
    codec: str = "libx264",
    audio: NDArray[np.float32] | None = None,
    options: dict[str, str] | None = None,
    pts: Iterable[int] | None = None,
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    pixel_aspect: Fraction | None = None,
    rate_hz: int = RATE_HZ,
    audio_codec: str = "aac",
    layout: str = "mono",
    time_base: Fraction | None = None,
    container_options: dict[str, str] | None = None,
    audio_start: float = 0,
) -> Path:
    """Encode frames (uint8 [H, W, 3]) and sound (float32 [S], or [channels, S]).

    Sound begins at `audio_start` seconds.
    """
    frames = iter(frames)
    first = next(frames)
    with av.open(str(path), "w", options=container_options or {}) as box:
        video = box.add_stream(codec, rate=fps, options=options or {})
        video.height, video.width, video.pix_fmt = first.shape[0], first.shape[1], pix_fmt
        video.codec_context.thread_count = 1
        if time_base is not None:
            video.codec_context.time_base = time_base
        if pixel_aspect is not None:
            video.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation:
            video.set_display_rotation(rotation)
        track = (
            box.add_stream(audio_codec, rate=rate_hz, layout=layout) if audio is not None else None
        )
        times = iter(pts) if pts is not None else iter(range(10**9))
        for array in _chain(first, frames):
            frame = av.VideoFrame.from_ndarray(array, "rgb24")
            frame.pts, frame.time_base = next(times), time_base or Fraction(1, fps)
            box.mux(video.encode(frame))
        box.mux(video.encode(None))
        if track is not None and audio is not None:
            samples = np.atleast_2d(audio).astype(np.float32)
            for at in range(0, samples.shape[1], 1024):
                block = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, at : at + 1024]), "fltp", layout
                )
                block.sample_rate, block.time_base = rate_hz, Fraction(1, rate_hz)
                block.pts = round(audio_start * rate_hz) + at
                box.mux(track.encode(block))
            box.mux(track.encode(None))
    return path


def raw_stream(path: Path, output: Path) -> None:
    """The picture of an H.264 file without its container, and so without times."""
    with av.open(str(path)) as source, av.open(str(output), "w", format="h264") as raw:
        stream = raw.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                raw.mux(packet)


def _chain(
    first: NDArray[np.uint8], rest: Iterator[NDArray[np.uint8]]
) -> Iterator[NDArray[np.uint8]]:
    yield first
    yield from rest


def texture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [height, width, 3]: smooth random texture, sharp enough for a motion search."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (height // 4 + 2, width // 4 + 2, 3))
    rows, columns = np.arange(height) / 4, np.arange(width) / 4
    top, left = rows.astype(int), columns.astype(int)
    fy, fx = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - fx) + coarse[top][:, left + 1] * fx
    lower = coarse[top + 1][:, left] * (1 - fx) + coarse[top + 1][:, left + 1] * fx
    return (upper * (1 - fy) + lower * fy).astype(np.uint8)


def tiles(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """uint8 [height, width, 3]: random colours on 9 x 11 pixels each.

    Hard edges make encoders search many frames for a match.
    """
    colours = np.random.default_rng(seed).integers(
        0, 256, (height // 9 + 1, width // 11 + 1, 3), np.uint8
    )
    return np.repeat(np.repeat(colours, 9, axis=0), 11, axis=1)[:height, :width]


def pan(
    frames: int,
    dx: int,
    dy: int,
    height: int = 192,
    width: int = 256,
    seed: int = 0,
    look: Callable[[int, int, int], NDArray[np.uint8]] = texture,
) -> Iterator[NDArray[np.uint8]]:
    """A picture whose content moves by (dx, dy) pixels a frame."""
    margin_y, margin_x = abs(dy) * frames, abs(dx) * frames
    world = look(height + margin_y, width + margin_x, seed)
    for i in range(frames):
        top = (margin_y if dy > 0 else 0) - dy * i
        left = (margin_x if dx > 0 else 0) - dx * i
        yield world[top : top + height, left : left + width]


def static(
    frames: int, height: int = 192, width: int = 256, seed: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """The same texture in every frame."""
    picture = texture(height, width, seed)
    return (picture for _ in range(frames))


def tone(seconds: float, hz: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """float32 [S]: a sine of amplitude 0.5."""
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(
        np.float32
    )
