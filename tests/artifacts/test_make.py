"""Files beside a record: what cannot be shown is told."""

from pathlib import Path

import av
import numpy as np
import torch

from scsampler_cli.artifacts.artifact_paths import Artifacts
from scsampler_cli.artifacts.make import with_artifacts
from scsampler_cli.classifiers import registry
from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.pipeline import stages
from scsampler_cli.samplers.scoring import Samplers
from tests.synthetic import write_video


def test_a_clip_without_a_picture_is_told_once(tmp_path: Path) -> None:
    frames = (np.full((64, 96, 3), 2 * i % 256, np.uint8) for i in range(120))
    path = write_video(tmp_path / "v.mp4", frames, options={"g": "1", "x264-params": "bframes=0"})
    with av.open(str(path)) as box:
        packet = [packet for packet in box.demux(video=0) if packet.size][6 * 16 + 8]
        at, size = packet.pos, packet.size
    data = bytearray(path.read_bytes())
    data[at : at + size] = b"\xff" * size
    path.write_bytes(data)
    demo = registry.load("demo", torch.device("cpu"), torch.float32)
    result = stages.classify(
        path,
        Samplers(None, None),
        demo,
        features=FeatureSettings(),
        selection=SelectionSettings(strategy="dense"),
    )
    artifacts = Artifacts({path: tmp_path / "v.html"}, thumbnails={path: tmp_path / "v.jpg"})
    steps = []
    record = with_artifacts(
        result, path, (16, 1), artifacts=artifacts, progress=lambda *step: steps.append(step)
    )
    assert (
        record["notes"].count("1 clip without a picture: the middle frame cannot be decoded") == 1
    )
    assert set(record["files"]) == {"report", "thumbnails"}
    assert steps == [("extras", 0, 2), ("extras", 1, 2)]
    assert "1 clip without a picture" in (tmp_path / "v.html").read_text()
    assert "files_failed" not in record
