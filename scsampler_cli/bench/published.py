"""Results that the paper reports, shown next to measured ones.

The paper's videos and networks are others: the values are for orientation only.
"""

from __future__ import annotations

MINISPORTS = "miniSports, MC3-18"

TABLE_1_MC3 = (72.8, 64.5, 64.8, 65.3, 66.6, 85.1)
"""Sports1M, MC3-18, K = 10, top-1 in %: SCSampler, Random, Uniform, Empirical, Dense, Oracle."""

TABLE_4 = {
    ("md", "resnet18"): (63.5, 19.8),
    ("rgbr", "resnet18"): (68.0, 20.4),
    ("md+rgbr", "resnet18"): (73.1, 20.9),
    ("if+md+rgbr", "resnet18"): (74.9, 27.3),
    ("md+rgbr", "shufflenet26"): (67.9, 19.1),
    ("if+md+rgbr", "shufflenet26"): (69.9, 23.8),
}
"""(inputs, architecture) -> top-1 in %, minutes on 32 GPUs; miniSports, MC3-18, K = 10."""

TABLE_5 = {
    "av-convex-list": 73.8,
    "av-convex-score": 67.9,
    "av-union-list": 76.0,
    "av-intersect-list": 74.0,
    "av-joint-training": 75.5,
    "visual": 73.1,
    "audio": 67.8,
    "random": 59.5,
    "uniform": 59.9,
    "dense": 61.6,
}
"""Top-1 in %, miniSports, MC3-18, K = 10, alpha 0.8 and 0.9, K' = 8."""

TABLE_6 = {"vgg18": 67.82, "vgg18_conv4_2": 67.03, "vgg18_pool4": 67.01, "vgg18_fc1": 59.84}
"""Audio network -> top-1 in %; miniSports, MC3-18, K = 10."""

OVERHEAD_CLIPS = 3
"""App. D: SCSampler costs about as much as three clip evaluations of MC3-18."""

STRIDE = ((1, 84.0, "SCSampler"), (7, 77.0, "level of Dense"))
"""Figure 7, as described in the paper's text: (N, top-1 in %, name); Sports1M, CSN-152."""
