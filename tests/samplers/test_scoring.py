"""Saliency of clips, with networks whose answer is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from scsampler_cli.errors import SettingsError, WeightsError
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.samplers.networks import build
from scsampler_cli.samplers.scoring import (
    Sampler,
    SamplerNetwork,
    load_audio,
    load_network,
    load_visual,
)

CPU = torch.device("cpu")


class Logits(nn.Module):
    """Each sample of the input is its own logits."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def network(kind: str, objective: str = "ac") -> SamplerNetwork:
    return SamplerNetwork(
        kind,
        "test",
        objective,
        network=Logits(),
        info=WeightsInfo("test", None),
        device=CPU,
        dtype=torch.float32,
    )


def test_ac_averages_probabilities_over_frames_then_takes_the_largest() -> None:
    """Frames with probabilities (0.8, 0.2) and (0.3, 0.7): means 0.55 and 0.45, so 0.55, not the
    mean of maxima 0.75."""
    logits = torch.log(torch.tensor([[0.8, 0.2], [0.3, 0.7]]))
    assert network("rgbr").scores([logits])[0] == pytest.approx(0.55)


def test_a_saliency_head_is_the_mean_sigmoid() -> None:
    logits = torch.logit(torch.tensor([[0.9], [0.5]]))
    assert network("rgbr", "sal-rank").scores([logits])[0] == pytest.approx(0.7)


def test_a_background_class_scores_by_what_is_not_background() -> None:
    """Frames (0.2, 0.1, 0.7) and (0.4, 0.3, 0.3): mean (0.3, 0.2, 0.5), so 1 - 0.5; in paper mode
    the largest of the classes, 0.3."""
    logits = torch.log(torch.tensor([[0.2, 0.1, 0.7], [0.4, 0.3, 0.3]]))
    known = replace(network("rgbr"), background=2)
    assert known.scores([logits, logits[:0]])[0] == pytest.approx(0.5)
    assert np.isnan(known.scores([logits, logits[:0]])[1])
    assert known.record["score"] == "background"
    paper = replace(known, saliency="class")
    assert paper.scores([logits])[0] == pytest.approx(0.3)
    assert paper.record["score"] == "class"
    # without such a class both are the same, and the record says nothing
    plain = network("rgbr")
    assert replace(plain, saliency="class").scores([logits]) == plain.scores([logits])
    assert "score" not in plain.record


def test_clips_of_nearly_pure_background_still_have_an_order() -> None:
    logits = torch.tensor([[0.0, 0.0, 30.0], [0.0, 0.0, 29.0]])
    known = replace(network("rgbr"), background=2)
    first, second = known.scores([logits[:1], logits[1:]])
    assert 0 < first < second < 1e-10
    everything = torch.tensor([[50.0, 0.0, -200.0]])
    assert known.scores([everything]) == [1.0]


def test_a_weight_file_states_its_background_class(tmp_path: Path) -> None:
    path = write_sampler(tmp_path / "x.safetensors", "md", "shufflenet26", background="b")
    for saliency, score in (("auto", "background"), ("class", "class")):
        found = load_network(path, CPU, torch.float32, saliency=saliency)
        assert (found.background, found.record["score"]) == (1, score)
    wrong = write_sampler(tmp_path / "y.safetensors", "md", "shufflenet26", background="d")
    with pytest.raises(WeightsError, match=r"y\.safetensors states .* class 'd'") as got:
        load_network(wrong, CPU, torch.float32)
    assert got.value.code == "background-invalid"


def test_clips_without_frames_have_no_score() -> None:
    empty = torch.zeros(0, 2)
    values = network("md").scores([empty, torch.zeros(1, 2), empty])
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(0.5)
    assert np.isnan(values[2])
    assert np.isnan(network("md").scores([empty])).all()


def test_inputs_are_averaged_where_they_have_something_to_say() -> None:
    table = {
        "md": {0: torch.log(torch.tensor([[0.9, 0.1]])), 1: torch.zeros(0, 2)},
        "rgbr": {
            0: torch.log(torch.tensor([[0.7, 0.3]])),
            1: torch.log(torch.tensor([[0.6, 0.4]])),
        },
    }
    sampler: Sampler = Sampler(
        [network("md"), network("rgbr")], lambda clip, kind: table[kind][clip.clip]
    )
    scores = dict(sampler.score(ClipAudio(i, None, 0.0) for i in range(2)))
    assert scores == {0: pytest.approx(0.8), 1: pytest.approx(0.6)}


def write_sampler(
    path: Path, kind: str, arch: str, seed: int = 0, *, background: str | None = None
) -> Path:
    torch.manual_seed(seed)
    meta = {
        "kind": "sampler",
        "input": kind,
        "arch": arch,
        "objective": "ac",
        "labels": ["a", "b", "c"],
    } | ({"background": background} if background else {})
    write_weights(path, build(arch, kind, 3).state_dict(), meta)
    return path


def clips(count: int) -> list[ClipVisual]:
    rng = np.random.default_rng(1)
    return [
        ClipVisual(
            i,
            240,
            320,
            iframes=np.zeros((0, 128, 171, 3), np.uint8),
            motion=rng.normal(0, 4, (3, 15, 20, 2)).astype(np.float16),
            residual=rng.integers(-50, 50, (3, 128, 171, 3)).astype(np.int8),
        )
        for i in range(count)
    ]


def test_scores_do_not_depend_on_the_other_clips_of_a_batch(tmp_path: Path) -> None:
    files = [
        write_sampler(tmp_path / f"{kind}.safetensors", kind, "shufflenet26")
        for kind in ("md", "rgbr")
    ]
    sampler = load_visual(",".join(map(str, files)), CPU, torch.float32)
    assert sampler is not None
    assert sampler.inputs == ("md", "rgbr")
    together = dict(sampler.score(clips(20)))
    assert list(together) == list(range(20))
    assert all(0 < value < 1 for value in together.values())
    for clip in clips(20)[::7]:
        assert dict(sampler.score([clip]))[clip.clip] == pytest.approx(
            together[clip.clip], abs=1e-5
        )
    assert together == dict(sampler.score(clips(20)))


def test_the_record_names_file_and_digest(tmp_path: Path) -> None:
    path = write_sampler(tmp_path / "ear.safetensors", "mel", "vgg18")
    sampler = load_audio(str(path), CPU, torch.float32)
    assert sampler is not None
    (record,) = sampler.infos
    assert record["weights"] == "ear.safetensors"
    assert len(record["sha256"]) == 64
    assert (record["input"], record["arch"], record["objective"]) == ("mel", "vgg18", "ac")


def test_none_is_no_sampler() -> None:
    assert load_visual("none", CPU, torch.float32) is None
    assert load_audio("none", CPU, torch.float32) is None


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    ear = write_sampler(tmp_path / "ear.safetensors", "mel", "vgg18")
    with pytest.raises(WeightsError, match="for mel, not for rgb or if or md or rgbr"):
        load_visual(str(ear), CPU, torch.float32)
    with pytest.raises(SettingsError, match="unknown sampler 'nothing'") as caught:
        load_visual("nothing", CPU, torch.float32)
    assert "none" in str(caught.value.hint)
    with pytest.raises(WeightsError, match=r"missing\.safetensors: No such file"):
        load_visual(str(tmp_path / "missing.safetensors"), CPU, torch.float32)
    write_weights(tmp_path / "x.safetensors", {"a": torch.zeros(1)}, {"kind": "classifier"})
    with pytest.raises(WeightsError, match="not a sampler"):
        load_visual(str(tmp_path / "x.safetensors"), CPU, torch.float32)
