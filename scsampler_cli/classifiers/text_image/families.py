"""The families of text-image models that are known, by the `model_type` of their config.

torch is not imported here: the command line checks its options by these facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Family:
    """What all models of a family have in common."""

    model_class: str
    """Class of transformers."""
    prompt: str = "a photo of {}"
    """Sentence for a label, where the user gives none."""
    is_sigmoid: bool = False
    """True for a model that was trained with the sigmoid: each label has a probability of its own.
    False: the softmax over all labels."""
    pads_text: bool = False
    """True for a model that was trained on sentences which are filled up to the longest length."""
    reads_clips: bool = False
    """True for a model of clips, with a fixed number of frames; False for one of single frames."""
    takes_patches: bool = False
    """True for a model that gets a list of patches in place of a picture."""
    frames: int = 4
    """Frames in a clip (F)."""
    stride: int = 8
    """Distance between two of them, in frames of the video."""


_CLIP = Family(model_class="CLIPModel")
FAMILIES = {
    "clip": _CLIP,
    "metaclip_2": Family(model_class="MetaClip2Model"),
    "altclip": Family(model_class="AltCLIPModel"),
    "chinese_clip": Family(model_class="ChineseCLIPModel", prompt="{}"),
    "siglip": Family(
        model_class="SiglipModel",
        prompt="this is a photo of {}.",
        is_sigmoid=True,
        pads_text=True,
    ),
    "siglip2": Family(
        model_class="Siglip2Model",
        prompt="this is a photo of {}.",
        is_sigmoid=True,
        pads_text=True,
        takes_patches=True,
    ),
    "xclip": Family(model_class="XCLIPModel", prompt="{}", reads_clips=True, frames=8),
}
"""Family by model_type.

The prompts are those that were published with the models: Radford et al., ICML 2021 (Sec. 3.1.4),
the documents of SigLIP in transformers (in lower case, on which SigLIP 2 was trained: its tokenizer
does not lower it in each version of transformers), and the class names alone for X-CLIP (Ni et al.,
ECCV 2022) and Chinese CLIP. A clip of a model of frames is the mean of its frames, as in CLIP4Clip
(Luo et al., 2021) and ViFi-CLIP (Rasheed et al., CVPR 2023), who take 12 and 16 frames of a whole
video; four frames of about a second are a choice of this package."""


def family_of(config: dict[str, Any]) -> Family | None:
    """The family of a model by its config.json; None for any other model."""
    return FAMILIES.get(str(config.get("model_type")))
