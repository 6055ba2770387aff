"""The confidence below which a video is "unsure", from validation videos.

Videos of the background class show none of the classes: a tag on one of them is false. The limit is
as high as it can be while at most LOST of the videos that are tagged right fall below it, but not
above MOST. False tags on short files are rare then; long videos without any class, of which the
clips that look most like one are selected, have more (weights/README.md has the measurements).

The confidence is that of `selection.confidence`, over all clips of a validation video, of which
there are few.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.train.calibrate import Answers

LOST = 0.06
"""Share of the right tags of validation videos that fall below the limit."""
MOST = 0.45
"""Highest limit. On held-out files of the bundled recipe, higher ones cost the tags of more than
one in ten files (weights/README.md)."""
LEAST_VIDEOS = 10
"""Videos of classes, and of background, without which there is no limit."""
CURVE = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Limits at which false and kept tags are listed."""


def confidence_limit(answers: Answers, temperature: float, background: int) -> dict[str, Any]:
    """The limit, and what it does on the validation videos; empty for too few videos.

    Args:
        answers: of the validation videos.
        temperature: divisor of the logits.
        background: column of the background class.

    Returns:
        "min_probability"; and "confidence": numbers of videos, "auroc", and the shares of videos
        of background that get a tag ("false") and of videos of classes that keep theirs ("kept"),
        at the limit and in a curve [limit, false, kept].
    """
    probabilities, labels, _ = answers.of_videos(temperature)
    of_classes = probabilities.copy()
    of_classes[:, background] = -1.0
    # background counts: the probabilities of the classes sum to 1 - p(background)
    confidence = of_classes.max(axis=1)
    is_background = labels == background
    is_right = ~is_background & (of_classes.argmax(axis=1) == labels)
    if min(int(is_right.sum()), int(is_background.sum())) < LEAST_VIDEOS:
        return {}

    # rounded down, so that it loses no more
    limit = math.floor(100 * min(MOST, float(np.quantile(confidence[is_right], LOST)))) / 100
    nothing, something = confidence[is_background], confidence[~is_background]
    return {
        "min_probability": limit,
        "confidence": {
            "background_videos": len(nothing),
            "class_videos": len(something),
            "auroc": round(auroc(something, nothing), 4),
            "false": _share(nothing, limit),
            "kept": _share(something, limit),
            "curve": [[at, _share(nothing, at), _share(something, at)] for at in CURVE],
        },
    }


def auroc(higher: NDArray[np.floating], lower: NDArray[np.floating]) -> float:
    """How often a number of the first kind is above one of the second; ties count half.

    It is the area under the curve of kept against false tags (ROC).

    Example: 3, 1 against 2, 1 -> of four pairs 3 is above both, and 1 equals one: 2.5 / 4.
    """
    above = (higher[:, None] > lower[None, :]).sum()
    equal = (higher[:, None] == lower[None, :]).sum()
    return float((above + equal / 2) / (len(higher) * len(lower)))


def _share(values: NDArray[np.floating], limit: float) -> float:
    return round(float((values >= limit).mean()), 4)
