"""Which samplers a selection goes by, and what becomes of it without them. Names and files alone: nothing is loaded here."""

from __future__ import annotations

from collections.abc import Mapping

from scsampler_cli.config import AUDIO, BASELINES, PACKETS, VISUAL, SelectionSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import set_files

KINDS = {"visual": VISUAL, "audio": AUDIO, "packets": PACKETS}
"""Samplers by what they look at, with their inputs."""
_NAMES = {"visual": "a visual sampler", "audio": "an audio sampler", "packets": "a packet sampler"}
_OPTIONS = {"visual": "--visual-sampler", "audio": "--audio-sampler", "packets": "--packet-sampler"}
There = Mapping[str, bool | None]
"""Whether there is a sampler, by the keys of KINDS; None where that cannot be told yet."""


def needed_samplers(selection: SelectionSettings) -> tuple[str, ...]:
    """The samplers that the choice of clips depends on, by the keys of KINDS; none for the baselines."""
    if selection.strategy in BASELINES:
        return ()
    by = (selection.strategy,) if selection.strategy in KINDS else ("visual", "audio")
    return by if selection.candidates is None else tuple(dict.fromkeys((*by, "audio", "packets")))


def is_available(spec: str, kind: str, auto: str | None) -> bool | None:
    """Whether a sampler's name stands for one.

    Args:
        spec: "auto", a shipped set, files, or "none".
        kind: one of KINDS.
        auto: the set that "auto" stands for; None where that cannot be told yet.
    """
    if spec != "auto":
        return spec != "none"
    return None if auto is None else bool(set_files(auto, KINDS[kind]))


def check_available(selection: SelectionSettings, there: There) -> None:
    """Refuse a selection without the sampler that it goes by, and weights between two halves of which one is missing.

    Raises:
        SettingsError: what is missing.
    """
    strategy = selection.strategy
    lacking = [kind for kind in KINDS if there[kind] is False]
    if strategy in lacking:
        hint = f"name one with {_OPTIONS[strategy]}: a file, or the set actions6-paper"
        if strategy == "packets":
            hint = "leave --packet-sampler out, or name a file"
        raise SettingsError(
            f"strategy {strategy!r} needs {_NAMES[strategy]}, and there is none",
            code="sampler-missing",
            hint=hint,
        )
    if selection.candidates is not None and "packets" in lacking:
        raise SettingsError(
            "--cascade needs a packet sampler",
            code="cascade-invalid",
            hint="leave --packet-sampler out, or name a file",
        )
    if selection.candidates is not None and "visual" in lacking:
        raise SettingsError(
            "--cascade without a visual sampler saves nothing",
            code="cascade-invalid",
            hint="use --strategy packets",
        )
    if not _combines(selection):
        return
    if {"visual", "audio"} <= set(lacking):
        raise SettingsError(
            f"strategy {strategy!r} needs a visual or an audio sampler, and there is none",
            code="sampler-missing",
            hint="leave --visual-sampler out, or use --strategy uniform",
        )
    for name, given in (("alpha", selection.alpha), ("k_visual", selection.k_visual)):
        for kind in ("visual", "audio"):
            if given is not None and kind in lacking:
                raise SettingsError(
                    f"{name} has no effect without {_NAMES[kind]}",
                    code="no-effect",
                    hint=f"leave it out, or name one with {_OPTIONS[kind]}",
                )


def check_named(selection: SelectionSettings, named: Mapping[str, str], *, shows_all: bool) -> None:
    """Refuse samplers that were named and are not looked at.

    Args:
        selection: which clips are taken.
        named: what was said of each sampler, by the keys of KINDS; "auto" where nothing was. "none" is true of one that is not
            looked at.
        shows_all: True where visual and audio scores are results in themselves, whatever the strategy; by packets alone there are
            none.

    Raises:
        SettingsError: which one.
    """
    used = set(needed_samplers(selection))
    if shows_all and selection.strategy != "packets":
        used |= {"visual", "audio"}
    for kind in (
        kind for kind, spec in named.items() if spec not in ("auto", "none") and kind not in used
    ):
        hint = "it is for --strategy packets and --cascade" if kind == "packets" else "leave it out"
        raise SettingsError(
            f"{_OPTIONS[kind]} has no effect with strategy {selection.strategy!r}",
            code="no-effect",
            hint=hint,
        )


def missing_half_note(selection: SelectionSettings, there: There) -> str:
    """In words, which sampler of two a selection has to do without; empty where there is none such."""
    if not _combines(selection):
        return ""
    for kind, other in (("audio", "visual"), ("visual", "audio")):
        if there[kind] is False:
            return f"no {kind} sampler: {selection.strategy} goes by the {other} sampler alone"
    return ""


def _combines(selection: SelectionSettings) -> bool:
    return selection.strategy not in (*BASELINES, *KINDS)
