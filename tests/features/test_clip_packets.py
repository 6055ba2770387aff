"""The packet sampler's input: a worked example, ends, unknown sizes, and a real video whose motion
it shows."""

from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.features.packet_table import CHANNELS, SHAPE, STEPS, packet_clips
from scsampler_cli.media.index import scan
from scsampler_cli.media.packets import KEY, PREDICTED, REORDERED, FramePackets
from scsampler_cli.timeline import ClipGrid, FrameTimeline
from tests.synthetic import pan, static, write_video

OWN = slice(2 * STEPS, 3 * STEPS)
"""Steps of the clip itself."""


def channel(name: str) -> int:
    return CHANNELS.index(name)


def clips_of(sizes: list[int], kinds: list[int], clip_frames: int = 16) -> list[np.ndarray | None]:
    timeline = FrameTimeline(np.arange(len(sizes)), len(sizes), Fraction(1, 25))
    grid = ClipGrid(timeline, clip_frames)
    packets = FramePackets(np.array(sizes, np.int32), np.array(kinds, np.uint8))
    return [clip.values for clip in packet_clips(packets, grid, grid.every(1))]


def test_the_example_of_the_docstring() -> None:
    first, second = clips_of([64] + [8] * 15 + [16] * 16, [KEY] + [PREDICTED] * 31)
    assert first is not None
    assert second is not None
    assert first.shape == SHAPE
    assert first[channel("predicted size"), OWN].tolist() == [0] + [-1] * 15
    assert second[channel("predicted size"), OWN].tolist() == [0] * 16
    assert first[channel("predicted size to keyframe"), OWN].tolist() == [0] + [-3] * 15
    assert second[channel("predicted size to keyframe"), OWN].tolist() == [-2] * 16
    assert first[channel("key share"), OWN].tolist() == [1] + [0] * 15
    assert (
        first[channel("known share")].tolist() == [0] * 32 + [1] * 32 + [0] * 16
    )  # clip 1 on the right, no clip elsewhere
    assert np.array_equal(first[:, 48:64], second[:, OWN])


def test_reordered_frames_are_measured_against_their_own_kind() -> None:
    (values,) = clips_of([512, 4, 64, 4] * 4, [KEY, REORDERED, PREDICTED, REORDERED] * 4)
    assert values is not None
    assert values[channel("reordered size"), OWN].tolist() == [0] * 16
    assert values[channel("reordered size to keyframe"), OWN].tolist() == [0, -7, 0, -7] * 4
    assert values[channel("predicted size to keyframe"), OWN].tolist() == [0, 0, -3, 0] * 4


@pytest.mark.parametrize("clip_frames", [1, 5, 8, 16, 40, 64])
def test_clips_of_any_length_have_sixteen_steps(clip_frames: int) -> None:
    for values in clips_of(
        [100] + [10] * (3 * clip_frames - 1),
        [KEY] + [PREDICTED] * (3 * clip_frames - 1),
        clip_frames,
    ):
        assert values is not None
        assert values.shape == SHAPE
        shares = values[
            [channel("key share"), channel("predicted share"), channel("reordered share")]
        ].sum(axis=0)
        assert np.allclose(shares, values[channel("known share")])


def test_neither_bitrate_nor_resolution_matters() -> None:
    sizes, kinds = [1600, *np.arange(100, 131)], [KEY] + [PREDICTED] * 31
    small, large = clips_of(sizes, kinds), clips_of([7 * size for size in sizes], kinds)
    for one, other in zip(small, large, strict=True):
        assert one is not None
        assert other is not None
        assert np.abs(one - other).max() < 1e-5


def test_clips_without_known_sizes_have_no_values_and_are_marked_beside_others() -> None:
    first, second = clips_of([90] + [9] * 15 + [0] * 16, [KEY] + [PREDICTED] * 31)
    assert second is None
    assert first is not None
    assert not first[:, 48:64].any()


def test_motion_shows_in_packets_alone(tmp_path: Path) -> None:
    """A picture that stands still, then one that moves: x264's own sizes tell the halves apart
    without decoding."""
    frames = chain(static(96, 96, 128), pan(96, 3, 2, 96, 128))
    index = scan(write_video(tmp_path / "v.mp4", frames))
    grid = ClipGrid(index.timeline, 16)
    clips = list(packet_clips(index.packets, grid, grid.every(1)))
    sizes = [channel("predicted size to keyframe"), channel("reordered size to keyframe")]
    level = [float(clip.values[sizes, OWN].mean()) for clip in clips if clip.values is not None]
    assert len(level) == 12
    assert max(level[:6]) < min(level[6:])
