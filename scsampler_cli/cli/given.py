"""The options of `scsampler bench`, and which of them do not go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.config import SPATIAL
from scsampler_cli.errors import SettingsError


@dataclass(frozen=True)
class Given:
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

    def check(self) -> None:
        """Refuse options that would have no effect: they are mistakes, not wishes to be dropped in silence.

        Raises:
            SettingsError: which one, and why.
        """
        if sum(map(bool, (self.data and not self.speed_, self.demo, self.replay, self.speed_))) != 1:
            raise SettingsError(
                "give one of: labelled videos, --demo, --replay, --speed", hint="scsampler bench videos.csv -o report"
            )
        if len(set(self.classifiers)) < len(self.classifiers):
            raise SettingsError("a classifier is named twice", hint="name each once")
        for where, options in self._idle().items():
            for name in (name for name, value in options.items() if value):
                raise SettingsError(f"{name} has no effect {where}", hint="leave it out; scsampler bench --help")

    def _idle(self) -> dict[str, dict[str, object]]:
        """Options that this use of the command does not look at."""
        generated: dict[str, object] = {"--minutes": self.minutes, "--size": self.size, "--codec": self.codec}
        measured: dict[str, object] = {"--timed": self.timed is not None, "--sheet": self.sheet is not None}
        measured |= {"--sheet-of": self.sheet_of, "--cache": self.cache, "--jobs": self.jobs}
        measured |= {"--timeout": self.timeout is not None, "--max-memory": self.max_memory is not None}
        networks: dict[str, object] = {
            "--classifier": self.classifier,
            "--weights": self.weights,
            "--labels": self.labels,
            "--spatial": self.spatial != SPATIAL[0],
            "--packet-sampler": self.packet_sampler != "none",
        }
        networks |= {"--sampler": self.sampler, "--joint": self.joint, "--network": self.network}
        idle: dict[str, dict[str, object]] = {}
        if not self.speed_:
            timing = {"--repeats": self.repeats, "--dense-minutes": self.dense_minutes}
            idle["without --speed"] = {**generated, **timing}
        elif self.data:
            idle["on a video that is there"] = generated
        if self.speed_:
            reports: dict[str, object] = {"--output": self.output, "--resume": self.resume, "--pool": self.pool}
            drawn = {"--draws": self.draws, "--seed": self.seed}
            idle["with --speed"] = {**measured, **reports, **drawn, "--sampler": self.sampler, "--joint": self.joint}
            idle["with --speed"]["--packet-sampler"] = self.packet_sampler != "none"
        if self.replay:
            idle["on a replay"] = {**measured, **networks}
        if self.resume and self.output is None:
            idle["without -o"] = {"--resume": True}
        runs = len(self.replay or ()) if self.replay else len(self.data or ()) * len(self.classifiers)
        if self.pool and not self.replay and runs < 2:
            idle["with a single data set"] = {"--pool": self.pool}
        return idle
