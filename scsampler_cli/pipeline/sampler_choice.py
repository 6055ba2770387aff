"""Which samplers a selection needs, and whether they are available.

It works with names and files: no network is loaded here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from scsampler_cli.config import (
    AUDIO,
    BASELINES,
    PACKETS,
    SALIENCY,
    VISUAL,
    FeatureSettings,
    SelectionSettings,
)
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import SETS, sampler_files, set_files
from scsampler_cli.model_zoo.weights_header import SAMPLER_KEY, read_header, sampler_in

AUTO_SET = "actions6"
"""The set of samplers that were trained on real video: the default for every classifier that brings
no sampler."""
KINDS = {"visual": VISUAL, "audio": AUDIO, "packets": PACKETS}
"""Kind of a sampler -> its inputs."""
_NAMES = {"visual": "a visual sampler", "audio": "an audio sampler", "packets": "a packet sampler"}
_SETTINGS = {"visual": "visual_sampler", "audio": "audio_sampler", "packets": "packet_sampler"}
CONCERNED = {
    "p_frames": ("md", "rgbr"),
    "short_side": ("rgb", "if", "rgbr"),
    "picture_gap": ("rgb",),
}
"""Setting of the features -> the inputs that it changes."""
Availability = Mapping[str, bool | None]
"""Kind of a sampler -> whether one is available; None where that is not known yet."""


def needed_samplers(selection: SelectionSettings) -> tuple[str, ...]:
    """Kinds of the samplers that the selection depends on; none for the baselines.

    A search uses the visual sampler where there is one.
    """
    selection = selection.by_samplers()
    if selection.strategy in BASELINES:
        return ()
    if selection.strategy == "search":
        return ("visual",)
    kinds = (selection.strategy,) if selection.strategy in KINDS else ("visual", "audio")
    if selection.candidates is None:
        return kinds
    # the first stage of a cascade ranks by packets and audio
    return tuple(dict.fromkeys((*kinds, "audio", "packets")))


def is_available(spec: str, kind: str, auto: str | None) -> bool | None:
    """Whether an option gives a sampler.

    Args:
        spec: "auto", a bundled set, files, or "none".
        kind: one of KINDS.
        auto: as `auto_option`; None where that is not known yet.

    Returns:
        None where that is not known yet.
    """
    if spec != "auto":
        return spec != "none"
    return None if auto is None else auto_option(kind, auto) != "none"


def auto_option(kind: str, auto: str) -> str:
    """What "auto" stands for.

    Args:
        kind: one of KINDS.
        auto: a bundled set, or a classifier's weight file that holds its sampler, too.

    Returns:
        the set, the file, or "none".

    Raises:
        WeightsError: the weight file is damaged, or of a later format.
    """
    if auto not in SETS:
        if sampler_in(Path(auto)) in KINDS[kind]:
            return auto
        # packet sizes hardly depend on the classes: the bundled packet sampler fits any classifier
        if kind != "packets":
            return "none"
        auto = AUTO_SET
    return auto if set_files(auto, KINDS[kind]) else "none"


def check_available(selection: SelectionSettings, available: Availability) -> None:
    """Refuse a selection whose sampler is missing, and a weight between two samplers of which one
    is missing.

    Raises:
        SettingsError: a sampler is missing.
    """
    if selection.for_samplers:
        selection = selection.by_samplers()
    strategy = selection.strategy
    # a search can do without any sampler, and so can "auto", which may stand for it
    if strategy in ("auto", "search"):
        return
    lacking = [kind for kind in KINDS if available[kind] is False]
    if strategy in lacking:
        hint = "name one: a file, or the set actions6-paper"
        if strategy == "packets":
            hint = "leave the packet sampler out, or name a file"
        raise SettingsError(
            f"strategy {strategy!r} needs {_NAMES[strategy]}, and there is none",
            code="sampler-missing",
            hint=hint,
        )
    if selection.candidates is not None and "packets" in lacking:
        raise SettingsError(
            "a cascade needs a packet sampler",
            code="cascade-invalid",
            hint="leave the packet sampler out, or name a file",
        )
    # the cascade exists to spare the visual sampler clips
    if selection.candidates is not None and "visual" in lacking:
        raise SettingsError(
            "a cascade without a visual sampler saves nothing",
            code="cascade-invalid",
            hint="use strategy 'packets'",
        )
    # a strategy that combines both works with either one alone
    if not _combines(selection):
        return
    if {"visual", "audio"} <= set(lacking):
        raise SettingsError(
            f"strategy {strategy!r} needs a visual or an audio sampler, and there is none",
            code="sampler-missing",
            hint="set one of the two to 'auto' or a file, or use strategy 'uniform'",
        )
    # both settings divide the selection between the visual and the audio sampler
    for name, value in (("alpha", selection.alpha), ("k_visual", selection.k_visual)):
        for kind in ("visual", "audio"):
            if value is not None and kind in lacking:
                raise SettingsError(
                    f"{name} has no effect without {_NAMES[kind]}",
                    code="no-effect",
                    hint="leave it out, or name one",
                )


def check_named(selection: SelectionSettings, named: Mapping[str, str], *, shows_all: bool) -> None:
    """Refuse samplers that were named and have no effect.

    Args:
        selection: which clips are selected.
        named: kind of a sampler -> its option. "auto" and "none" are never refused.
        shows_all: True where visual and audio scores are results in themselves, whatever the
            strategy; the strategy "packets" gives none of them.

    Raises:
        SettingsError: a named sampler has no effect.
    """
    # `score` shows the scores of both modalities, used or not
    used = set(needed_samplers(selection))
    if shows_all and selection.strategy != "packets":
        used |= {"visual", "audio"}
    for kind, spec in named.items():
        if spec in ("auto", "none") or kind in used:
            continue
        hint = "leave it out"
        if kind == "packets":
            hint = "it is for strategy 'packets' and for a cascade"
        raise SettingsError(
            f"{_SETTINGS[kind]} has no effect with strategy {selection.strategy!r}",
            code="no-effect",
            hint=hint,
        )


def check_saliency(saliency: str, networks: Iterable[Mapping[str, object]]) -> None:
    """Refuse a choice of the saliency where no network has a background class.

    Args:
        saliency: one of `config.SALIENCY`; "auto" is never refused.
        networks: records of the loaded networks (`SamplerNetwork.record`).

    Raises:
        SettingsError: it has no effect.
    """
    if saliency == SALIENCY[0] or any("score" in record for record in networks):
        return
    raise SettingsError(
        f"saliency {saliency!r} has no effect: no sampler in use has a background class",
        code="no-effect",
        hint="leave it out",
    )


def inputs_of(option: str, kind: str, auto: str | None) -> frozenset[str] | None:
    """The inputs of a sampler, from the names of sets and the headers of weight files.

    Args:
        option: "auto", a bundled set, files, or "none".
        kind: one of KINDS.
        auto: as `auto_option`; None where that is not known yet.

    Returns:
        None where they are not known yet.

    Raises:
        SettingsError, WeightsError: as `bundled_weights.sampler_files`, `weights_header`.
    """
    if option == "auto":
        if auto is None:
            return None
        option = auto_option(kind, auto)
    found = set()
    for path in sampler_files(option, KINDS[kind]):
        # the file of a classifier may hold its sampler, too
        header = read_header(path)
        found.add(str(header.get(SAMPLER_KEY, header).get("input")))
    return frozenset(found)


def without_concerned(setting: str, inputs: Collection[str]) -> str:
    """Why a setting of the features has no effect on some inputs; "" where it has one.

    Example: "picture_gap", ("md",) -> "without a sampler on rgb".
    """
    concerned = CONCERNED[setting]
    if set(concerned) & set(inputs):
        return ""
    return f"without a sampler on {' or '.join(concerned)}"


def check_features(features: FeatureSettings, inputs: Collection[str]) -> None:
    """Refuse settings of the features that no input of the visual sampler depends on.

    Args:
        features: settings that have their default are never refused.
        inputs: of the loaded visual sampler; empty without one.

    Raises:
        SettingsError: a setting has no effect.
    """
    for setting in CONCERNED:
        is_default = getattr(features, setting) == getattr(FeatureSettings(), setting)
        why = without_concerned(setting, inputs)
        if why and inputs and not is_default:
            raise SettingsError(
                f"{setting} has no effect {why}", code="no-effect", hint="leave it out"
            )


def missing_half_note(selection: SelectionSettings, available: Availability) -> str:
    """A note that names the missing one of the two samplers that a selection combines; "" where
    both are available.
    """
    if not _combines(selection):
        return ""
    for kind, other in (("audio", "visual"), ("visual", "audio")):
        if available[kind] is False:
            return f"no {kind} sampler: {selection.strategy} uses the {other} sampler alone"
    return ""


def _combines(selection: SelectionSettings) -> bool:
    """True for a strategy that combines visual and audio scores."""
    return selection.strategy not in (*BASELINES, *KINDS, "auto", "search")
