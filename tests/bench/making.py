"""Runs made by hand: chosen scores, probabilities and costs."""

from collections.abc import Sequence

import numpy as np

from scsampler_cli.bench.cost_model import Costs
from scsampler_cli.bench.picture_vectors import PictureVectors
from scsampler_cli.bench.run_data import PICTURES, NetworkFacts, Run, SamplerFacts, VideoData

LABELS = ("a", "b")


def network(
    kind: str = "md",
    arch: str = "resnet18",
    objective: str = "ac",
    name: str = "",
    labels: Sequence[str] = LABELS,
) -> NetworkFacts:
    return NetworkFacts(
        name or f"{kind} {arch} {objective}",
        kind,
        arch,
        objective=objective,
        weights="file",
        sha256="0" * 64,
        labels=tuple(labels),
        gmacs=0.5,
    )


LITE0 = network("rgb", "lite0", "features", name=PICTURES, labels=())
MD, SOUND = network("md"), network("mel", "vgg18", "sal-rank")


def video(
    target: int,
    probabilities: Sequence[Sequence[float]],
    visual: Sequence[float] | None = None,
    audio: Sequence[float] | None = None,
    scores: dict[str, Sequence[float]] | None = None,
    path: str = "video.mp4",
    keyframes: Sequence[int] = (0,),
    vectors: Sequence[Sequence[float]] | None = None,
) -> VideoData:
    """A video of 16-frame clips at 25 frames/s; each has four P-frames and one window of sound."""
    by_name = dict(scores or {})
    if visual is not None:
        by_name[MD.name] = visual
    if audio is not None:
        by_name[SOUND.name] = audio
    clips = len(probabilities)
    first = np.arange(clips) * 16
    begin = np.array([max(k for k in keyframes if k <= frame) for frame in first], np.int64)
    counts = {name: clips * (1 if name == SOUND.name else 4) for name in by_name}
    pictures = None
    if vectors is not None:
        pictures = PictureVectors.of_rows(np.array(vectors, np.float16))
        counts[PICTURES] = len(pictures.distinct)
    return VideoData(
        path=path,
        label=LABELS[target] if target < 2 else f"class {target}",
        target=target,
        seconds=clips * 0.64,
        frames=clips * 16,
        scores={name: np.array(values, np.float32) for name, values in by_name.items()},
        input_counts=counts,
        probabilities=np.array(probabilities, np.float32),
        decode_from=begin,
        last=first + 15,
        vectors=pictures,
    )


def costs(**more: float) -> Costs:
    rates = {"index_s": 0.001, "decode_s": 0.01, "fit_s": 0.002, "classify_s": 0.5, **more}
    return Costs(
        videos=1,
        clips=4,
        read_s={"md": 0.1, "mel": 0.03, "rgb": 0.04, "md+rgb": 0.13},
        score_s={MD.name: 0.02, SOUND.name: 0.01, PICTURES: 0.005},
        spread={"decode": (0.009, 0.011)},
        **rates,  # type: ignore[arg-type]
    )


def run(
    videos: Sequence[VideoData],
    networks: Sequence[NetworkFacts] = (MD,),
    measured: Costs | None = None,
    data: str = "set",
    compared: Sequence[NetworkFacts] | None = None,
    **more: object,
) -> Run:
    facts = {
        "name": "f",
        "weights": "f.safetensors",
        "sha256": None,
        "gmacs": 10.0,
        "labels": list(LABELS),
        "frames": 16,
    }
    fields: dict[str, object] = {"joint": None, "failures": (), "train_positions": None, **more}
    return Run(
        data=data,
        classifier=facts,
        samplers=(SamplerFacts("SCSampler", tuple(networks)),),
        networks=tuple(networks if compared is None else compared),
        videos=tuple(videos),
        costs=measured,
        **fields,  # type: ignore[arg-type]
    )
