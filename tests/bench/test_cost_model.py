"""Frames to be decoded: by hand, by brute force, and by what the reader really decodes."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.bench.cost_model import Costs, decoded_frames, inputs_key
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.seeking import decode_spans
from scsampler_cli.pipeline.video import Video
from tests.bench.making import costs
from tests.synthetic import pan, write_video


def test_the_example_of_the_docstring() -> None:
    begin = np.array([0, 0, 100])
    last = np.array([19, 39, 119])
    assert decoded_frames(begin, last, [2, 0, 1]) == 60
    assert decoded_frames(begin, last, [0]) == 20
    assert decoded_frames(begin, last, []) == 0


@given(
    keys=st.sets(st.integers(1, 150), max_size=6),
    clips=st.sets(st.integers(0, 9), min_size=1),
)
def test_it_is_the_union_of_what_each_clip_needs(keys: set[int], clips: set[int]) -> None:
    keyframes = [0, *sorted(keys)]
    begin = np.array([max(k for k in keyframes if k <= 16 * i) for i in range(10)])
    last = np.arange(10) * 16 + 15
    union = {frame for clip in clips for frame in range(begin[clip], last[clip] + 1)}
    assert decoded_frames(begin, last, sorted(clips)) == len(union)


def test_it_is_what_the_reader_decodes(tmp_path: Path) -> None:
    """A real video of several GOPs with B-frames: reading ends after the decoder's delay."""
    path = write_video(
        tmp_path / "v.mp4",
        pan(200, 2, 1, 64, 96),
        options={"g": "40", "bf": "2", "keyint_min": "40", "sc_threshold": "0"},
    )
    video = Video(path)
    begin, last = decode_spans(video.index, video.grid)
    assert begin.tolist() == [0, 0, 0, 40, 40, 80, 80, 80, 120, 120, 160, 160]
    for clips in ([0], [5], [2, 9], [0, 1, 2, 11], list(range(12))):
        report = FramesReport()
        found = list(
            read_clips(
                path,
                video.index,
                video.grid,
                clips=clips,
                fit=lambda frame: frame[:1, :1],
                report=report,
            )
        )
        assert len(found) == len(clips)
        counted = decoded_frames(begin, last, clips)
        assert counted <= report.decoded <= counted + 4 * len(clips)


def test_costs_survive_json() -> None:
    assert Costs.from_record(costs().record()) == costs()


def test_inputs_have_one_name_whatever_their_order() -> None:
    assert inputs_key(("rgbr", "md")) == inputs_key(("md", "rgbr", "md")) == "md+rgbr"
