"""What the cache knows clips and frames by: the fields of the geometry that change pixels, and not
the newer ones at their defaults, so that what older versions have computed stays of use."""

from dataclasses import fields, replace

import pytest

from scsampler_cli.classifiers.base import InputSpec, WeightsInfo
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.train.videos import VideoNeeds

NEWER = {"antialias": True, "crops": 3, "interpolation": "bicubic", "rounding": "down"}


def probabilities_key(spec: InputSpec) -> dict[str, object]:
    facts = ClassifierFacts(
        "name", ("a", "b"), spec, weights=WeightsInfo("file", "12"), output_settings={}
    )
    return clip_probs.key(clip_probs.identity(facts, "float32"))


def frames_key(spec: InputSpec) -> dict[str, object]:
    return VideoNeeds(("frames",), spec, 4).settings("frames")


def test_keys_of_geometry_without_newer_fields_are_as_they_always_were() -> None:
    older = {field.name for field in fields(InputSpec)} - set(NEWER)
    assert set(probabilities_key(InputSpec())) == {"sha256", "precision"} | older
    assert frames_key(InputSpec()) == {"resize": (128, 171)}


@pytest.mark.parametrize("name", sorted(set(NEWER) - {"crops"}))
def test_another_way_to_resize_has_other_frames_and_probabilities(name: str) -> None:
    changed = replace(InputSpec(), **{name: NEWER[name]})
    assert probabilities_key(changed) == {**probabilities_key(InputSpec()), name: NEWER[name]}
    assert frames_key(changed) == {"resize": (128, 171), name: NEWER[name]}
