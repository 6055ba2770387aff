"""Real footage, where it lies beside the repository; skipped elsewhere."""

import csv
import itertools
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.nn.device import pick_dtype
from scsampler_cli.pipeline import stages
from scsampler_cli.pipeline.video import Video, visual_clips
from scsampler_cli.samplers.scoring import Samplers, load_audio, load_visual

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
pytestmark = [
    pytest.mark.footage,
    pytest.mark.skipif(not DATA.is_dir(), reason="no development footage here"),
]

CPU, FP32 = torch.device("cpu"), torch.float32
ODD = (
    "c51f109f_video_desks.3gp",  # metadata that is not UTF-8
    "3c4a74aa_sar_2x1.mp4",
    "403d398a_orientation.mp4",
    "8dc60608_h264-sample.h264",
    "39360479_single_stream_av1.mkv",
    "eab9a74f_testsrc2_444_12bit_hevc.mp4",
    "62c43288_test-av-448k-44100Hz-1ch-640x480-30fps-10kfr.webm",
    "1058c1bf_400x300-red-resize-200x150-green.mp4",
    "f31c9450_sample_shorter_audio.mp4",
    "044c4aa8_ASF.wmv",
    "a9536799_sample_with_multiple_key_frames.mkv",
    "17e5e5fb_WrongFile.mp4",
    "50d96651_sample_empty_track.mp4",
    "7763cb45_invalid-bitstream.webm",
    "deca94fd_count_italian.mp3",
)


def action_clips(per_class: int) -> list[tuple[Path, str]]:
    """Held-out clips (groups 20-25), the first of each class."""
    taken: dict[str, list[Path]] = {}
    with (DATA / "clips.csv").open() as file:
        for row in csv.DictReader(file):
            if row["role"] == "action" and int(row["group"].lstrip("g")) >= 20:
                taken.setdefault(row["label"], []).append(DATA / row["path"])
    return [(path, label) for label, paths in taken.items() for path in paths[:per_class]]


@pytest.mark.parametrize(
    "path",
    [path for path, _ in action_clips(1)] if DATA.is_dir() else [],
    ids=lambda p: p.parent.name,
)
def test_residuals_of_real_h264_are_smaller_than_frame_differences(path: Path) -> None:
    video = Video(path)
    features = FeatureSettings(inputs=("rgbr",), p_frames=0, short_side=0)
    left = [
        np.abs(clip.residual.astype(int)).mean()
        for clip in visual_clips(video, features)
        if len(clip.residual)
    ]
    with av.open(str(path)) as box:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in box.decode(video=0)]
    change = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    # below one grey level nothing moves, and both are coding noise
    assert np.mean(left) <= max(0.85 * np.mean(change), 1.0)


@pytest.mark.parametrize("chosen", ["demo", "actions6"])
@pytest.mark.parametrize("name", ODD)
def test_odd_and_broken_files_give_a_record_or_one_clear_line(name: str, chosen: str) -> None:
    audio = load_audio(chosen, CPU, FP32) if chosen == "demo" else None
    samplers = Samplers(load_visual(chosen, CPU, FP32), audio)
    demo = registry.load("demo", CPU, FP32)
    try:
        record = stages.classify(
            DATA / "edge" / name,
            samplers,
            demo,
            features=FeatureSettings(),
            selection=SelectionSettings(k=2),
        ).record()
    except ScsamplerError as error:
        record, failure = None, error
    if record is None:
        assert failure.hint
        assert name in str(failure)
        assert "\n" not in str(failure)
    else:
        assert record["status"] == "ok"
        assert record["tags"]


def test_the_shipped_classifier_knows_held_out_clips() -> None:
    classifier = registry.load("actions6", CPU, pick_dtype("auto", CPU))
    right = []
    for path, label in action_clips(2):
        record = stages.classify(
            path,
            Samplers(None, None),
            classifier,
            features=FeatureSettings(),
            selection=SelectionSettings(strategy="uniform", k=2),
        ).record()
        right.append(record["tags"][0]["label"] == label)
    assert np.mean(right) >= 0.5  # chance is a sixth
