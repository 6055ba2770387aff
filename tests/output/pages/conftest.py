"""One real video with its record, scores and pictures."""

import io
from typing import Any

import av
import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.datasets import generated
from scsampler_cli.pipeline import stages
from scsampler_cli.samplers.scoring import Samplers, load_audio, load_visual
from tests.output.pages.reports import Report


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The demo's video, shorter, tagged by the demo's networks."""
    path, facts = generated.demo_video(tmp_path_factory.mktemp("demo"), seconds=20)
    cpu, fp32 = torch.device("cpu"), torch.float32
    samplers = Samplers(load_visual("demo", cpu, fp32), load_audio("demo", cpu, fp32))
    settings, classifier = SelectionSettings(k=4), registry.load("demo", cpu, fp32)
    record = stages.classify(
        path, samplers, classifier, features=FeatureSettings(), selection=settings
    ).record()
    scored = stages.score(
        path, samplers, FeatureSettings(), clip_frames=16, frame_stride=1, selection=settings
    ).record()
    record["demo"] = {
        "label": facts.label,
        "segments_s": [list(s) for s in facts.segments],
        "clips_in_action": 4,
    }
    return Report(record, scored, pictures(record["path"], scored["clips"]))


def pictures(path: str, clips: list[dict[str, Any]]) -> dict[int, bytes]:
    """The first frame of each clip as JPEG."""
    wanted, found = {clip["first_frame"]: clip["clip"] for clip in clips}, {}
    with av.open(path) as box:
        for number, frame in enumerate(box.decode(video=0)):
            if number in wanted:
                packed = io.BytesIO()
                frame.to_image().save(packed, "JPEG")
                found[wanted[number]] = packed.getvalue()
    return found
