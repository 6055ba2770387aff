"""The objectives of Sec. 3.2 on log-probabilities.

`log_probabilities` first turns the output of every network into log-probabilities: of C classes for
AC, of "not salient" and "salient" for SAL-*. So `averaged` can average any networks, and every
objective takes the average.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def log_probabilities(logits: Tensor, objective: str) -> Tensor:
    """Logits of a network as log-probabilities.

    Args:
        logits: float [n, C] for "ac", [n, 1] for the other objectives.
        objective: "ac", "sal-rank" or "sal-cl".

    Returns:
        log softmax [n, C] for "ac"; else [n, 2], the logarithms of 1 - sigmoid and of sigmoid.
    """
    if objective == "ac":
        return F.log_softmax(logits, dim=1)
    # 1 - sigmoid(z) = sigmoid(-z); logsigmoid keeps small probabilities exact
    return torch.cat([F.logsigmoid(-logits), F.logsigmoid(logits)], dim=1)


def averaged(parts: Sequence[Tensor]) -> Tensor:
    """Logarithm of the mean probability over the parts that a clip has.

    The score of several inputs is the mean of their scores (Sec. 3.3.1); that of AV-joint-training
    is the mean of visual and audio (Sec. 3.3.3).

    Args:
        parts: log-probabilities [n, C] each; a row of -inf for a clip without this input.

    Example: log 0.2 and log 0.4 -> log 0.3; log 0.2 and -inf -> log 0.2.
    """
    if len(parts) == 1:
        return parts[0]
    table = torch.stack(list(parts))  # [parts, n, C]
    # number of inputs of each clip: [n, 1]
    count = (table > -torch.inf).any(dim=2, keepdim=True).sum(dim=0)
    # log of a sum of probabilities, minus log of their number
    return torch.logsumexp(table, dim=0) - torch.log(count)


def ac(log_p: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Action classification (Sec. 3.2.1): cross-entropy of each clip with its video's label.

    Args:
        log_p: [n, C].
        targets: [n, C], rows sum to 1 (one-hot unless clips were mixed).
        smoothing: share of the target that is spread over all classes.
    """
    # the smoothed target is a distribution over the C classes, too
    classes = log_p.shape[1]
    smoothed = targets * (1 - smoothing) + smoothing / classes
    return -(smoothed * log_p).sum(dim=1).mean()


def sal_rank(
    log_p: Tensor, saliency_target: Tensor, videos: Tensor, *, margin: float, gap: float
) -> Tensor:
    """Saliency ranking (Sec. 3.2.2) over all pairs of clips of one video.

    Eq. 2 as printed, max(-z [s_i - s_j + eta], 0), demands a margin only where z = -1, and gives
    slack for z = +1. This is the standard hinge, max(0, eta - z (s_i - s_j)), which torch calls
    MarginRankingLoss. Each pair counts once: by Eq. 1 the other order has the opposite z and so the
    same loss.

    Args:
        log_p: [n, 2]; s is the probability of "salient".
        saliency_target: [n], f_y of each clip (Eq. 1).
        videos: int64 [n]; clips of equal numbers form pairs.
        margin: eta.
        gap: pairs whose f_y differ by no more are left out: Eq. 1 would give equal clips a z of -1
            both ways.

    Returns:
        the mean over the pairs; 0 (with a gradient of 0) where there is none.

    Example: s = 0.5, 0.6 with f_y = 0.9, 0.1 and eta = 0.2:
        z = +1, max(0, 0.2 - (0.5 - 0.6)) = 0.3.
    """
    saliency = log_p[:, 1].exp()
    # [n, n]: true where clip i must rank above clip j, so that z is always +1
    is_better = saliency_target[:, None] - saliency_target[None, :] > gap
    pairs = is_better & (videos[:, None] == videos[None, :])
    # the hinge of every pair; the mask keeps those that count
    loss = F.relu(margin - (saliency[:, None] - saliency[None, :]))
    return (loss * pairs).sum() / pairs.sum().clamp(min=1)


def sal_cl(log_p: Tensor, in_top: Tensor) -> Tensor:
    """Saliency classification: binary cross-entropy on "is in the oracle's top K" of its video.

    App. B.2 names SAL-CL without a formula; this one has O(v, y; K) of Sec. 3.1 as the label. The
    two classes have equal weight in the sum, since there are K clips against many more.

    Args:
        log_p: [n, 2].
        in_top: bool [n].
    """
    # clamped, because a step may hold clips of one class alone
    share = in_top.float().mean().clamp(1e-6, 1 - 1e-6)
    weights = torch.where(in_top, 0.5 / share, 0.5 / (1 - share))
    log_p_of_label = log_p.gather(1, in_top.long()[:, None])[:, 0]
    return -(weights * log_p_of_label).mean()
