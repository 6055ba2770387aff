"""How sure it is that a video shows its best tag at all, and not none of the classes.

A classifier without a background class has to name one of its classes on whatever it sees. Then
there is nothing better than the probability of the best tag, which may be high by habit.

With a background class the tags say only which class it would be. How sure it is that there is one
is the mean probability of the best class, background counted, over the clips where it is highest:

- over SALIENT clips where a sampler selected the clips, or all clips were answered;
- over OTHERS where the clips were evenly spaced, drawn, or searched for: most of these show other
  things also in a video that shows the class.

A segment can be surer than that: one short action in a long video is in few of the ten clips.

Not handled here: the limit below which a video is "unsure", which comes with the classifier.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SALIENT = 10
"""The K of the paper: as many clips as it averages."""
OTHERS = 2
"""One clip alone may be wrong."""
CLEAR = 0.8
"""Probability of a segment that says on its own that the video shows the class. Weaker ones are
found in videos of nothing, too (measured in `weights/README.md`)."""


def confidence(
    probabilities: NDArray[np.float32],
    best: int,
    probability: float,
    *,
    background: int | None,
    is_salient: bool,
) -> float:
    """Confidence in the best tag, 0 to 1.

    Args:
        probabilities: float32 [K, C], of the clips that were decoded; K is at least 1.
        best: column of the best tag.
        probability: that of the best tag.
        background: column of the background class; None without one.
        is_salient: a sampler selected the clips, or they are all clips of the video.

    Example: classes a, b and background, clips [0.6, 0.2, 0.2] and [0, 0.2, 0.8]. The best tag is a
    with 0.6, and the confidence the mean of 0.6 and 0, 0.3.
    """
    if background is None:
        return probability
    values = np.sort(probabilities[:, best].astype(np.float64))
    return float(values[-(SALIENT if is_salient else OTHERS) :].mean())


def with_segments(confidence: float, probabilities: Sequence[float]) -> float:
    """Confidence in the best tag where segments were looked for.

    Args:
        confidence: without them.
        probabilities: of the segments that show the best tag; perhaps none.

    Example: a confidence of 0.3 is 0.9 with segments of 0.6 and 0.9, and 0.3 with one of 0.6.
    """
    clear = [probability for probability in probabilities if probability >= CLEAR]
    return max([confidence, *clear])
