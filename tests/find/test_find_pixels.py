"""`find` compares what the model's own processor would make of the decoded pictures."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
import transformers

from scsampler_cli import Finder, FindSettings
from tests.synthetic import texture, write_video
from tests.text_models import FAMILIES

SENTENCE = "a dog at night"
HALF = 1e-3
"""Kept vectors are in half precision."""
BY_HAND = [name for name in FAMILIES if name not in ("xclip", "siglip2_naflex")]
"""X-CLIP reads whole clips; NaFlex would not stretch the picture to a square."""


def frame_at(video: Path, time: Fraction) -> np.ndarray:
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            if frame.pts * frame.time_base == time:
                return frame.to_ndarray(format="rgb24")
    raise AssertionError(f"no frame at {time}")


def cosine(folder: Path, picture: np.ndarray) -> float:
    """Of the picture and the sentence, by transformers alone."""
    model = transformers.AutoModel.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    padding = {"padding": True}
    if folder.name.startswith("siglip"):
        longest = model.config.text_config.max_position_embeddings
        padding = {"padding": "max_length", "max_length": longest}
    with torch.inference_mode():
        text = model.get_text_features(**tokenizer([SENTENCE], return_tensors="pt", **padding))
        image = model.get_image_features(**processor([picture], return_tensors="pt"))
    found = torch.cosine_similarity(image.pooler_output, text.pooler_output)
    return float(found)


@pytest.mark.parametrize("name", BY_HAND)
def test_similarities_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    FAMILIES[name](folder)
    # scenes of 1.28 s that differ in everything; odd sizes show how pictures are made smaller
    scenes = [texture(90, 134, seed) for seed in range(4)]
    video = tmp_path / "v.mp4"
    write_video(video, [scene for scene in scenes for _ in range(32)])
    finder = Finder(
        folder, cache=tmp_path / "cache", settings=FindSettings(apart_s=0), precision="fp32",
        device="cpu",
    )  # fmt: skip
    clips = finder.find(SENTENCE, video).clips
    assert len(clips) == 4
    for clip in clips:
        assert clip.exact_picture is not None
        wanted = cosine(folder, frame_at(video, clip.exact_picture))
        assert clip.similarity == pytest.approx(wanted, abs=HALF)
    # a picture that was made smaller in another way would be farther from it than this
    assert max(c.similarity for c in clips) - min(c.similarity for c in clips) > 20 * HALF
