"""`SelectionSettings`: which clips the classifier gets, and the names of all strategies.

A number from the paper cites its section; the other numbers are choices of this package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scsampler_cli.errors import SettingsError

STRATEGIES = (
    "auto",
    "search",
    "av-union-list",
    "av-intersect-list",
    "av-convex-list",
    "av-convex-score",
    "visual",
    "audio",
    "packets",
    "random",
    "uniform",
    "empirical",
    "dense",
)
"""Strategies of selection: by the classifier's own answers (`selection.search`), by samplers (Sec.
3.3.3), by packets, and baselines (Sec. 4.1.1). "auto" is AV-union-list where a sampler was trained
for the classes of the classifier, else the search (`pipeline.strategy_choice`)."""
RANDOM_STRATEGIES = ("random", "empirical")
"""Strategies that draw clips at random, with a seed."""
BASELINES = (*RANDOM_STRATEGIES, "uniform", "dense")
"""Strategies that use no sampler."""
VISUAL_STRATEGIES = (
    "av-union-list",
    "av-intersect-list",
    "av-convex-list",
    "av-convex-score",
    "visual",
)
"""Strategies that use the visual sampler: those for which a cascade saves time."""
RANKED = (*VISUAL_STRATEGIES, "audio", "packets")
"""Strategies that rank all clips by the scores of samplers."""
FOR_SAMPLERS = VISUAL_STRATEGIES[0]
"""What "auto" stands for where a sampler selects: AV-union-list, the paper's best (Table 5)."""
MAX_K = 20
"""Most clips of a video where their number is not fixed: twice the paper's ten."""
CANDIDATES_PER_CLIP = 4
"""M / K: candidates that the first stage of a cascade passes on for each selected clip."""

DEFAULT_ALPHA = {"av-convex-list": 0.8, "av-convex-score": 0.9}
"""Default weight of the visual list or score (Table 5)."""


@dataclass(frozen=True, kw_only=True)
class SelectionSettings:
    """Which clips the classifier sees (S(v; K), Sec. 3.1 and 3.3.3)."""

    strategy: str = "auto"
    """One of STRATEGIES."""
    k: int = 10
    """K, the number of selected clips (App. C.2); with `stops_early` the most of them."""
    stops_early: bool = False
    """True to stop as soon as more clips would hardly change the answer (`selection.stopping`)."""
    diverse: bool = False
    """True to prefer clips that are unlike those taken already (`selection.diversity`)."""
    k_visual: int | None = None
    """K' of AV-union-list (App. C.3); None means round(0.8 K): 8 of 10."""
    alpha: float | None = None
    """Weight of the visual list or score; None means Table 5's value for the strategy."""
    seed: int = 0
    """Seed of the random and empirical baselines."""
    clip_stride: int = 1
    """N of App. E: only every N-th clip is scored."""
    histogram: tuple[float, ...] | None = None
    """For `empirical`: weight of each equal part of the video, from the oracle clips of the
    training set (Sec. 4.1.1)."""
    candidates: int | None = None
    """M of the cascade: the visual sampler scores only the M clips that packets and audio rank
    first. None: no cascade, all clips are scored."""

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise SettingsError(
                f"unknown strategy {self.strategy!r}",
                code="unknown-choice",
                hint=f"choose from {', '.join(STRATEGIES)}",
            )
        if isinstance(self.k, bool) or not isinstance(self.k, int):
            raise SettingsError(
                f"k is {self.k!r}, not a whole number",
                code="arguments-invalid",
                hint="k='auto' of Tagger is k=20, stops_early=True here",
            )
        if self.k < 1:
            raise SettingsError(
                f"k {self.k} is below 1", code="out-of-range", hint="the paper takes 10 clips"
            )
        if self.k_visual is not None and not 0 <= self.k_visual <= self.k:
            raise SettingsError(
                f"k_visual {self.k_visual} is not within 0-{self.k} (k)",
                code="out-of-range",
                hint="leave it out for round(0.8 k)",
            )
        if self.alpha is not None and not 0.0 <= self.alpha <= 1.0:
            raise SettingsError(
                f"alpha {self.alpha} is not within 0-1",
                code="out-of-range",
                hint="1 uses the visual scores alone, 0 the audio scores",
            )
        if self.clip_stride < 1:
            raise SettingsError(
                f"clip_stride {self.clip_stride} is below 1",
                code="out-of-range",
                hint="1 scores every clip",
            )
        # the second stage selects K clips from M candidates
        if self.candidates is not None and self.candidates < self.k:
            raise SettingsError(
                f"{self.candidates} candidates are less than k {self.k}",
                code="cascade-invalid",
                hint="leave it out for 4 k of them",
            )
        self._check_unused_options()
        # the histogram comes from a training set: there is no sensible default
        if self.strategy == "empirical" and not self.histogram:
            raise SettingsError(
                "strategy 'empirical' needs the histogram of the training set's oracle clips",
                code="histogram-invalid",
                hint="give one weight for each equal part of the video",
            )
        if self.histogram is not None and (min(self.histogram) < 0 or sum(self.histogram) <= 0):
            raise SettingsError(
                "histogram weights must not be negative and not all zero",
                code="histogram-invalid",
                hint="give one weight per equal part of the video, such as 1 2 2 1",
            )

    def _check_unused_options(self) -> None:
        """Refuse an option that the strategy does not use, rather than ignore it in silence.

        Raises:
            SettingsError: an option has no effect.
        """
        # name -> True if it differs from its default and the strategy does not use it
        unused = {
            "k 'auto'": self.stops_early and self.strategy in BASELINES,
            "diverse": self.diverse and self.strategy not in (*RANKED, "auto"),
            "alpha": self.alpha is not None and self.strategy not in DEFAULT_ALPHA,
            "k_visual": self.k_visual is not None
            and self.strategy not in ("av-union-list", "auto"),
            "histogram": self.histogram is not None and self.strategy != "empirical",
            "seed": self.seed != 0 and self.strategy not in RANDOM_STRATEGIES,
            "clip_stride": self.clip_stride != 1 and self.strategy in (*BASELINES, "search"),
            "cascade": self.candidates is not None
            and self.strategy not in (*VISUAL_STRATEGIES, "auto"),
        }
        for name, is_unused in unused.items():
            if is_unused:
                raise SettingsError(
                    f"{name} has no effect with strategy {self.strategy!r}",
                    code="no-effect",
                    hint="leave it out, or choose another strategy",
                )

    @property
    def for_samplers(self) -> str:
        """The first setting that has an effect on strategies by samplers alone; "" without one."""
        given = {
            "diverse": self.diverse,
            "k_visual": self.k_visual is not None,
            "cascade": self.candidates is not None,
            "clip_stride": self.clip_stride != 1,
        }
        return next((name for name, is_given in given.items() if is_given), "")

    @property
    def needs_pictures(self) -> bool:
        """True where the selection depends on which clips look alike."""
        return self.strategy == "search" or self.diverse

    def by_samplers(self) -> SelectionSettings:
        """The same settings with the paper's strategy in the place of "auto"."""
        return replace(self, strategy=FOR_SAMPLERS) if self.strategy == "auto" else self

    @property
    def visual_share(self) -> int:
        """K': `k_visual`, or round(0.8 K) (8 of 10, App. C.3)."""
        return round(0.8 * self.k) if self.k_visual is None else self.k_visual

    @property
    def weight(self) -> float:
        """alpha of the convex strategies: the given one, or that of Table 5."""
        return DEFAULT_ALPHA.get(self.strategy, 0.8) if self.alpha is None else self.alpha
