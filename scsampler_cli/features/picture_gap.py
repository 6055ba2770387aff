"""How long a keyframe stands for the clips after it, where the user does not say.

Encoders with scene detection put a keyframe at each cut, and their keyframes come at irregular
times: until the next one the scene is the same. Keyframes at regular times tell nothing about the
scene: there pictures must be denser, unless decoding them costs too much.
"""

from __future__ import annotations

import numpy as np

from scsampler_cli.media.index import StreamIndex

REGULAR_GAP_S = 2.0
"""For keyframes at regular times: with pictures at least this dense, accuracy was that of a picture
for each clip."""
LONG_GAP_S = 10.0
"""For keyframes at cuts, and for large pictures: the longest distance of keyframes of x264 at 25
frames a second."""
LARGE_PIXELS = 2560 * 1440
"""Above this, as in 4K, decoding costs many times as much as everything else."""
MIN_INTERVALS = 8
"""From fewer distances between keyframes, scene detection cannot be inferred."""
CUT_SHARE = 0.85
"""From this share of distances that are clearly shorter than the longest one, keyframes lie at
cuts. Measured: 0.9 to 1 for scenes of 3 to 12 seconds with hard cuts, 0.1 to 0.8 with cross-fades,
0 without scene detection."""
_CLEARLY = 0.9
"""Of the longest distance: a shorter one is not the encoder's fixed distance."""


def automatic_gap(index: StreamIndex) -> float:
    """Seconds from a keyframe to a clip whose picture it may give.

    The last distance, from the last keyframe to the end of the video, is left out.
    """
    if index.info.coded_height * index.info.coded_width > LARGE_PIXELS:
        return LONG_GAP_S
    seconds = index.timeline.pts[index.keyframes] * float(index.timeline.time_base)
    distances = np.diff(seconds)
    if len(distances) < MIN_INTERVALS:
        return REGULAR_GAP_S
    shorter = float((distances < _CLEARLY * distances.max()).mean())
    return LONG_GAP_S if shorter >= CUT_SHARE else REGULAR_GAP_S


def gap_in_force(index: StreamIndex, requested: float | None, own: bool = False) -> float:
    """`FeatureSettings.picture_gap` of a video, in seconds.

    Args:
        index: of the video.
        requested: the setting; None: by the keyframes of the video.
        own: `FeatureSettings.own_pictures`.
    """
    if requested is not None:
        return requested
    is_large = index.info.coded_height * index.info.coded_width > LARGE_PIXELS
    return 0.0 if own and not is_large else automatic_gap(index)
