"""The options of `scsampler bench`, and which of them do not go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.errors import SettingsError
from scsampler_cli.pipeline.models import ModelOptions


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """The options of `scsampler bench`, by their names."""

    data: list[str] | None
    demo: bool
    replay: list[Path] | None
    pool: str
    k: int | None
    seed: int | None
    draws: int | None
    empirical: bool
    classifier: list[str] | None
    weights: Path | None
    labels: Path | None
    spatial: str
    visual_sampler: str
    audio_sampler: str
    packet_sampler: str
    sampler: list[str] | None
    joint: str
    network: list[Path] | None
    p_frames: int
    device: str
    precision: str
    timed: int | None
    sheet: int | None
    sheet_of: list[Path] | None
    cache: Path | None
    keep_features: bool
    jobs: int | None
    timeout: float | None
    max_memory: float | None
    output: Path | None
    overwrite: bool
    resume: bool
    form: str | None
    speed_: bool
    minutes: float | None
    size: str | None
    codec: str | None
    repeats: int | None
    dense_minutes: float | None
    quiet: bool
    debug: bool

    @property
    def classifiers(self) -> list[str]:
        """Names of the classifiers; the demo has its own."""
        return self.classifier or ["demo" if self.demo else "auto"]

    def models(self, classifier: str) -> ModelOptions:
        """The model options with one of the classifiers."""
        return ModelOptions(
            classifier=classifier,
            weights=self.weights,
            labels=self.labels,
            visual_sampler=self.visual_sampler,
            audio_sampler=self.audio_sampler,
            packet_sampler=self.packet_sampler,
            device=self.device,
            precision=self.precision,
        )

    def check(self) -> None:
        """Refuse uses that do not go together; `effects` refuses options that have no effect.

        Raises:
            SettingsError: which one, and why.
        """
        if (
            sum(map(bool, (self.data and not self.speed_, self.demo, self.replay, self.speed_)))
            != 1
        ):
            raise SettingsError(
                "give one of: labelled videos, --demo, --replay, --speed",
                hint="scsampler bench videos.csv -o report",
            )
        if len(set(self.classifiers)) < len(self.classifiers):
            raise SettingsError("a classifier is named twice", hint="name each once")
