"""The objectives of Sec. 3.2 on log-probabilities.

Every network's output is brought to log-probabilities first (`log_probabilities`): of C classes for AC, of "not salient" and
"salient" for SAL-*. So networks can be averaged in one way (`averaged`), and every objective takes the average.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def log_probabilities(logits: Tensor, objective: str) -> Tensor:
    """float [n, C] -> log softmax [n, C] for "ac"; float [n, 1] -> [n, 2], log of 1 - sigmoid and of sigmoid, else."""
    if objective == "ac":
        return F.log_softmax(logits, dim=1)
    return torch.cat([F.logsigmoid(-logits), F.logsigmoid(logits)], dim=1)


def averaged(parts: Sequence[Tensor]) -> Tensor:
    """Logarithm of the mean of probabilities given as logarithms, over those that a clip has.

    The score of several inputs is the mean of theirs (Sec. 3.3.1), AV-joint-training's that of picture and sound (Sec. 3.3.3).

    Args:
        parts: [n, C] each; a row of -inf stands for a clip without this input.

    Example: log 0.2 and log 0.4 -> log 0.3; log 0.2 and -inf -> log 0.2.
    """
    if len(parts) == 1:
        return parts[0]
    table = torch.stack(list(parts))
    there = (table > -torch.inf).any(dim=2, keepdim=True).sum(dim=0)
    return torch.logsumexp(table, dim=0) - torch.log(there)


def ac(log_p: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Action classification (Sec. 3.2.1): cross-entropy with the video's label, for every clip of the video.

    Args:
        log_p: [n, C].
        targets: [n, C], rows sum to 1 (one-hot unless clips were mixed).
        smoothing: share of the target spread over all classes.
    """
    classes = log_p.shape[1]
    return -((targets * (1 - smoothing) + smoothing / classes) * log_p).sum(dim=1).mean()


def sal_rank(log_p: Tensor, worth: Tensor, videos: Tensor, *, margin: float, gap: float) -> Tensor:
    """Saliency ranking (Sec. 3.2.2) over all pairs of clips of one video.

    Eq. 2 as printed, max(-z [s_i - s_j + eta], 0), asks for a margin only where z = -1, and for z = +1 gives slack. This is the
    standard hinge, max(0, eta - z (s_i - s_j)), which torch calls MarginRankingLoss. Each pair counts once; by Eq. 1 the other
    order has the opposite z and so the same loss.

    Args:
        log_p: [n, 2]; s is the probability of "salient".
        worth: [n], f_y of each clip (Eq. 1).
        videos: int64 [n]; pairs are formed within equal numbers.
        margin: eta.
        gap: pairs whose f_y differ by no more are left out: Eq. 1 would give equal clips a z of -1 both ways.

    Returns:
        the mean over the pairs; 0 (with a gradient of 0) where there is none.

    Example: s = 0.5, 0.6 with f_y = 0.9, 0.1 and eta = 0.2: z = +1, max(0, 0.2 - (0.5 - 0.6)) = 0.3.
    """
    saliency = log_p[:, 1].exp()
    better = worth[:, None] - worth[None, :] > gap
    pairs = better & (videos[:, None] == videos[None, :])
    loss = F.relu(margin - (saliency[:, None] - saliency[None, :]))
    return (loss * pairs).sum() / pairs.sum().clamp(min=1)


def sal_cl(log_p: Tensor, in_top: Tensor) -> Tensor:
    """Saliency classification: binary cross-entropy on "is in the oracle's top K" of its video.

    App. B.2 names SAL-CL without a formula; this one is ours (O(v, y; K) of Sec. 3.1 as the label). The two kinds weigh the same
    in the sum, since K clips stand against many more.

    Args:
        log_p: [n, 2].
        in_top: bool [n].
    """
    share = in_top.float().mean().clamp(1e-6, 1 - 1e-6)
    weights = torch.where(in_top, 0.5 / share, 0.5 / (1 - share))
    return -(weights * log_p.gather(1, in_top.long()[:, None])[:, 0]).mean()
