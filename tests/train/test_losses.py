"""The objectives, worked by hand, against torch's own, and by their meaning."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.train.losses import ac, averaged, log_probabilities, sal_cl, sal_rank


def saliency(*values: float) -> torch.Tensor:
    p = torch.tensor(values)
    return torch.stack([1 - p, p], dim=1).log()


ONE_VIDEO = torch.zeros(2, dtype=torch.int64)


def test_the_hinge_is_what_the_hand_says() -> None:
    # f_y says the first is better, s says the second is: z = +1, max(0, 0.2 - (0.5 - 0.6)) = 0.3
    loss = sal_rank(saliency(0.5, 0.6), torch.tensor([0.9, 0.1]), ONE_VIDEO, margin=0.2, gap=0.05)
    assert loss.item() == pytest.approx(0.3)
    # z = -1 the other way round: max(0, 0.2 + (0.5 - 0.6)) = 0.1
    loss = sal_rank(saliency(0.5, 0.6), torch.tensor([0.1, 0.9]), ONE_VIDEO, margin=0.2, gap=0.05)
    assert loss.item() == pytest.approx(0.1)
    # right by more than the margin costs nothing
    assert (
        sal_rank(
            saliency(0.2, 0.9), torch.tensor([0.1, 0.9]), ONE_VIDEO, margin=0.2, gap=0.05
        ).item()
        == 0
    )


@given(
    st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(0, 1)), min_size=2, max_size=6),
    st.floats(0, 0.5),
)
def test_it_is_torch_s_margin_ranking_loss_over_all_pairs(
    clips: list[tuple[float, float]], margin: float
) -> None:
    s, f_y = (torch.tensor(column, dtype=torch.float64) for column in zip(*clips, strict=True))
    log_p = torch.stack([1 - s, s], dim=1).log()
    loss = sal_rank(log_p, f_y, torch.zeros(len(clips), dtype=torch.int64), margin=margin, gap=0.0)
    pairs = [(i, j) for i in range(len(clips)) for j in range(i) if f_y[i] != f_y[j]]
    if not pairs:
        assert loss.item() == 0
        return
    first, second = (s[[pair[side] for pair in pairs]] for side in (0, 1))
    z = torch.tensor([1.0 if f_y[i] > f_y[j] else -1.0 for i, j in pairs], dtype=torch.float64)
    assert loss.item() == pytest.approx(
        F.margin_ranking_loss(first, second, z, margin).item(), abs=1e-9
    )


def test_clips_of_different_videos_are_not_compared_nor_those_of_equal_worth() -> None:
    f_y = torch.tensor([0.9, 0.1])
    assert sal_rank(saliency(0.1, 0.9), f_y, torch.tensor([0, 1]), margin=0.2, gap=0.05).item() == 0
    assert (
        sal_rank(
            saliency(0.1, 0.9), torch.tensor([0.52, 0.5]), ONE_VIDEO, margin=0.2, gap=0.05
        ).item()
        == 0
    )


def test_ranking_learns_the_order_from_nothing() -> None:
    logits = torch.zeros(4, 1, requires_grad=True)
    f_y = torch.tensor([0.1, 0.8, 0.3, 0.6])
    optimiser = torch.optim.SGD([logits], 1.0)
    for _ in range(200):
        optimiser.zero_grad()
        sal_rank(
            log_probabilities(logits, "sal-rank"),
            f_y,
            torch.zeros(4, dtype=torch.int64),
            margin=0.1,
            gap=0.0,
        ).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert logits[:, 0].argsort().tolist() == f_y.argsort().tolist()


def test_ac_is_cross_entropy() -> None:
    logits, labels = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    found = ac(log_probabilities(logits, "ac"), F.one_hot(labels, 3).float(), 0.1)
    assert found.item() == pytest.approx(
        F.cross_entropy(logits, labels, label_smoothing=0.1).item(), abs=1e-6
    )


def test_saliency_classification_weighs_both_kinds_the_same() -> None:
    # one of four in the top: -(log 0.8) * 1/2 for it, -(log 0.9) * 1/2 for the three others
    # together
    log_p = saliency(0.8, 0.1, 0.1, 0.1)
    loss = sal_cl(log_p, torch.tensor([True, False, False, False]))
    assert loss.item() == pytest.approx(-(np.log(0.8) + np.log(0.9)) / 2)


def test_saliency_logits_become_a_sigmoid() -> None:
    p = log_probabilities(torch.tensor([[0.0], [2.0]]), "sal-rank").exp()
    assert p[:, 1].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2))])
    assert p.sum(dim=1).tolist() == pytest.approx([1, 1])


def test_the_average_is_of_probabilities_and_over_what_a_clip_has() -> None:
    silent = torch.tensor([[0.4, 0.6], [0.0, 0.0]]).log()
    mean = averaged([torch.tensor([[0.8, 0.2], [0.3, 0.7]]).log(), silent]).exp()
    assert mean.tolist() == [pytest.approx([0.6, 0.4]), pytest.approx([0.3, 0.7])]
