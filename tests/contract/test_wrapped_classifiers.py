"""A classifier with options on top keeps whatever the classifier inside has, for every kind of
classifier there is."""

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

import scsampler_cli
from scsampler_cli.batch.current_records import run_digest
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.adjusted import adjusted
from scsampler_cli.classifiers.base import (
    OPTIONAL,
    ClipClassifier,
    InputSpec,
    background_of,
    batch_of,
    output_settings_of,
)
from scsampler_cli.classifiers.builtin import BUILTINS
from scsampler_cli.classifiers.function import FunctionClassifier
from scsampler_cli.classifiers.network import NetworkClassifier
from scsampler_cli.classifiers.networks import ARCHITECTURES, build
from scsampler_cli.classifiers.text_image.label_wording import Wording
from scsampler_cli.errors import ClassifierError, SettingsError, WeightsError
from scsampler_cli.model_zoo.weightfile import read_weights, write_weights
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.pipeline import clip_probs, settings_record
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.video import Video
from tests.classifiers.making import FIELDS, Small, save_exported, save_onnx, save_scripted
from tests.contract.wrapping import Counting, keeps_every_attribute, wrapped
from tests.synthetic import pan, write_video
from tests.text_models import FAMILIES, make_clip

CPU, FP32 = torch.device("cpu"), torch.float32
SOURCES = sorted(Path(scsampler_cli.__file__).parent.rglob("*.py"))
SPEC = InputSpec(4, 1, (40, 60), crop=(32, 32))


def test_the_list_of_optional_attributes_is_whole() -> None:
    """Every attribute of a classifier that the package asks for by getattr or hasattr is in the
    list."""
    asked = {
        call.args[1].value
        for path in SOURCES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("getattr", "hasattr")
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id in ("classifier", "inner", "teacher", "own")
        and isinstance(call.args[1], ast.Constant)
    }
    assert asked <= set(OPTIONAL)
    assert asked >= {
        "multi_label",
        "batch_clips",
        "with_spec",
        "any_size",
        "with_activation",
        "network",
        "background",
        "min_probability",
        "output_settings",
    }


def test_there_is_one_wrapper() -> None:
    """A new class that classifies is looked at here, too."""
    found = {
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(isinstance(part, ast.FunctionDef) and part.name == "classify" for part in node.body)
    }
    assert found == {
        "ClipClassifier",
        "NetworkClassifier",
        "FunctionClassifier",
        "AdjustedClassifier",
    }


@pytest.mark.parametrize("name", BUILTINS)
def test_every_built_in_on_its_own_geometry(name: str) -> None:
    """Without weights: shapes alone. A GPU need not be there, since nothing is run."""
    known = BUILTINS[name]
    with torch.device("meta"):
        network = build(known.network, known.classes)
    labels = [str(number) for number in range(known.classes)]
    plain = NetworkClassifier(
        name,
        network,
        labels,
        spec=known.spec,
        weights=WeightsInfo("none", None),
        device=torch.device("meta"),
        dtype=FP32,
        any_size=ARCHITECTURES[known.network].any_size,
    )
    for device, batch in (("cpu", max(1, 400_000 // _pixels(known.spec))), ("cuda", 16)):
        plain._device = torch.device(device)
        assert batch_of(plain) == min(batch, 4 if device == "cpu" else 16)
        keeps_every_attribute(plain)


def _pixels(spec: InputSpec) -> int:
    return spec.frames * spec.crop[0] * spec.crop[1]


def exported(folder: Path) -> str:
    return _described(folder / "model.pt2", save_exported)


def onnx(folder: Path) -> str:
    return _described(folder / "model.onnx", save_onnx)


def scripted(folder: Path) -> str:
    return _described(folder / "model.pt", save_scripted)


def _described(path: Path, save: Callable[..., None]) -> str:
    save(Small().eval(), path)
    path.with_suffix(".toml").write_text(FIELDS)
    return str(path)


def state_dict(folder: Path) -> str:
    torch.save(build("tiny3d", 3).state_dict(), folder / "mine.pth")
    (folder / "mine.toml").write_text(FIELDS + 'arch = "tiny3d"\n')
    return str(folder / "mine.pth")


def weight_file(folder: Path) -> str:
    spec = {
        "frames": 8,
        "stride": 2,
        "resize": 36,
        "crop": [32, 32],
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    about = {"kind": "classifier", "arch": "tiny3d", "labels": ["a", "b"], "spec": spec}
    write_weights(folder / "ours.safetensors", build("tiny3d", 2).state_dict(), about)
    return str(folder / "ours.safetensors")


def file_with_background(folder: Path) -> str:
    path = Path(weight_file(folder))
    file = read_weights(path)
    write_weights(path, file.tensors, file.metadata | {"background": "b"})
    return str(path)


def hugging_face(folder: Path) -> str:
    config = transformers.VideoMAEConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        image_size=32,
        num_frames=4,
        patch_size=8,
        tubelet_size=2,
    )
    transformers.VideoMAEForVideoClassification(config).save_pretrained(folder / "videomae")
    sizes = {"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}}
    transformers.VideoMAEImageProcessor(**sizes).save_pretrained(folder / "videomae")
    return str(folder / "videomae")


def bundled_file(folder: Path) -> str:
    return "actions6"


@pytest.mark.parametrize(
    "kind",
    [
        exported,
        onnx,
        scripted,
        state_dict,
        weight_file,
        file_with_background,
        hugging_face,
        bundled_file,
    ],
)
@pytest.mark.parametrize("given", [(), ("activation=sigmoid",)], ids=["softmax", "sigmoid"])
def test_every_kind_of_file(
    kind: Callable[[Path], str], given: tuple[str, ...], tmp_path: Path
) -> None:
    name = kind(tmp_path)
    if given and background_of(registry.load(name, CPU, FP32)) is not None:
        # a background class is for classes that exclude each other
        with pytest.raises(ClassifierError, match="multi-label and has a background class") as got:
            adjusted(registry.load(name, CPU, FP32, spec_fields=given), {})
        assert got.value.code == "background-multi-label"
        return
    plain = registry.load(name, CPU, FP32, spec_fields=given)
    keeps_every_attribute(plain)
    for outer in wrapped(plain):
        assert outer.classify(
            np.zeros((3, plain.spec.frames, *plain.spec.crop, 3), np.uint8)
        ).shape == (
            3,
            len(plain.labels),
        )


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("others", [(), ("a cat", "rain")], ids=["labels", "background"])
def test_every_family_of_text_image_models(
    name: str, others: tuple[str, ...], tmp_path: Path
) -> None:
    """Its labels and prompts are output settings, and labels of the background one class."""
    FAMILIES[name](tmp_path / name)
    wording = Wording(prompts=("{}", "a photo of {}"), background=others)
    plain = registry.load(
        str(tmp_path / name),
        CPU,
        FP32,
        labels=("a dog", "a goal"),
        spec_fields=("activation=softmax",),
        wording=wording,
    )
    keeps_every_attribute(plain)
    clips = np.random.default_rng(0).integers(
        0, 256, (2, plain.spec.frames, *plain.spec.crop, 3), np.uint8
    )
    for outer in wrapped(plain):
        assert outer.classify(clips).shape == (2, len(plain.labels))
        assert output_settings_of(outer)["prompts"] == ["{}", "a photo of {}"]
        assert output_settings_of(outer)["background_labels"] == list(others)
        assert background_of(outer) == (2 if others else None)


def test_what_programs_bring_along() -> None:
    def bright(clips: np.ndarray) -> np.ndarray:
        share = clips.mean(axis=(1, 2, 3, 4)) / 255
        return np.stack([share, 1 - share], axis=1)

    function = FunctionClassifier(bright, ("bright", "dark"), SPEC)
    keeps_every_attribute(function)
    with_background = FunctionClassifier(bright, ("bright", "dark"), SPEC, background="dark")
    assert background_of(with_background) == 1
    keeps_every_attribute(with_background)
    for batch in (None, 1, 5, 16):
        keeps_every_attribute(Counting(function, batch))


@pytest.mark.parametrize("batch", [1, 2, 5, None])
@pytest.mark.parametrize(
    ("spatial", "temperature"), [("centre", 2.0), ("three", 1.0), ("three", 2.0)]
)
def test_a_classifier_never_gets_more_at_once_than_it_asks_for(
    tmp_path: Path, batch: int | None, spatial: str, temperature: float
) -> None:
    torch.manual_seed(0)
    network = NetworkClassifier(
        "tiny",
        build("tiny3d", 3),
        "abc",
        spec=SPEC,
        weights=WeightsInfo("none", None),
        device=CPU,
        dtype=FP32,
    )
    counting = Counting(network, batch)
    video = Video(write_video(tmp_path / "v.mp4", pan(24, 1, 0, 40, 60)), 4)
    found = classify_clips(
        video, range(6), adjusted(counting, {}, spatial, temperature=temperature)
    )
    assert sum(counting.given) == 6 * (3 if spatial == "three" else 1)
    assert max(counting.given) <= batch_of(counting)
    alone = classify_clips(
        video, range(6), adjusted(Counting(network, 1), {}, spatial, temperature=temperature)
    )
    assert np.allclose(found, alone, atol=1e-6)


def test_a_temperature_does_not_hide_what_is_no_probability() -> None:
    class Logits:
        name, labels, spec, weights = "logits", ("a", "b"), SPEC, WeightsInfo("none", None)

        def classify(self, clips: np.ndarray) -> np.ndarray:
            return np.tile(np.float32([-3, 7]), (len(clips), 1))

    clips = np.zeros((2, 4, 32, 32, 3), np.uint8)
    for outer in wrapped(Logits()):
        with pytest.raises(ClassifierError, match="rows that are not probabilities"):
            outer.classify(clips)


def test_other_answers_are_never_taken_for_these(tmp_path: Path) -> None:
    """Kept ClipProbs and finished records are known by all that the answers depend on."""
    path = scripted(tmp_path)
    plain = registry.load(path, CPU, FP32)
    many = registry.load(path, CPU, FP32, spec_fields=("activation=sigmoid",))
    turned = registry.load(
        path, CPU, FP32, spec_fields=("layout=NCTWH",)
    )  # square crops: it runs, and answers otherwise
    softer = adjusted(plain, {}, temperature=2.0)
    all_of_them = [
        plain,
        many,
        turned,
        softer,
        adjusted(many, {}, temperature=2.0),
        adjusted(plain, {}, "three"),
    ]
    clips = np.random.default_rng(0).integers(0, 256, (1, 4, 16, 16, 3), np.uint8)
    assert len({found.classify(clips).tobytes() for found in all_of_them[:5]}) == 5
    for identity in (
        lambda found: clip_probs.key(clip_probs.identity(found, "float32")),
        settings_record.identity_of,
    ):
        assert len({run_digest(identity(found)) for found in all_of_them}) == len(all_of_them)
    twice = adjusted(softer, {}, temperature=3.0)
    assert np.allclose(
        twice.classify(clips), adjusted(plain, {}, temperature=6.0).classify(clips), atol=1e-5
    )
    assert output_settings_of(twice) == {"temperature": 6.0}


def test_other_sentences_are_never_taken_for_these(tmp_path: Path) -> None:
    """Kept ClipProbs and finished records of a text-image model are known by its labels in their
    order, its prompts, the labels of the background, and the tokenizer."""
    make_clip(tmp_path / "clip")
    make_clip(tmp_path / "other" / "clip")
    config = tmp_path / "other" / "clip" / "tokenizer_config.json"
    config.write_text(config.read_text("utf-8") + "\n", "utf-8")

    def load(
        *labels: str, folder: Path = tmp_path, prompts: tuple[str, ...] = (), background: str = ""
    ) -> ClipClassifier:
        others = (background,) if background else ()
        wording = Wording(prompts=prompts, background=others)
        return registry.load(str(folder / "clip"), CPU, FP32, labels=labels, wording=wording)

    all_of_them = [
        load("a dog", "a cat"),
        load("a cat", "a dog"),
        load("a dog", "cat"),
        load("a dog", "a cat", prompts=("{}",)),
        load("a dog", "a cat", prompts=("{}", "video of {}")),
        load("a dog", "a cat", background="rain"),
        load("a dog", "a cat", background="a car"),
        load("a dog", "a cat", folder=tmp_path / "other"),
    ]
    for identity in (
        lambda found: clip_probs.key(clip_probs.identity(found, "float32")),
        settings_record.identity_of,
    ):
        assert len({run_digest(identity(found)) for found in all_of_them}) == len(all_of_them)
        again = load("a dog", "a cat")
        assert run_digest(identity(again)) == run_digest(identity(all_of_them[0]))


def test_a_wrapper_of_a_classifier_is_a_classifier() -> None:
    for outer in wrapped(registry.load("demo", CPU, FP32)):
        assert isinstance(outer, ClipClassifier)


def test_a_file_states_its_background_class_whatever_its_labels_are_called(tmp_path: Path) -> None:
    path = file_with_background(tmp_path)
    plain = registry.load(path, CPU, FP32)
    assert (plain.background, background_of(plain)) == ("b", 1)
    renamed = registry.load(path, CPU, FP32, labels=("yoga", "nothing"))
    assert (renamed.background, background_of(renamed)) == ("nothing", 1)
    without = registry.load(weight_file(tmp_path), CPU, FP32)
    assert background_of(without) is None
    # finished records of one are never taken for those of the other
    assert settings_record.of_classifier(plain)["background"] == "b"
    assert "background" not in settings_record.of_classifier(without)
    assert settings_record.identity_of(plain) != settings_record.identity_of(without)


@pytest.mark.parametrize(
    ("labels", "background"), [(["a", "b"], "c"), (["a"], "a"), (["a", "b"], "")]
)
def test_a_background_class_is_one_of_several_labels(
    tmp_path: Path, labels: list[str], background: str
) -> None:
    spec = {"frames": 4, "stride": 1, "resize": 36, "crop": [32, 32]}
    about = {"kind": "classifier", "arch": "tiny3d", "labels": labels, "spec": spec}
    write_weights(
        tmp_path / "x.safetensors",
        build("tiny3d", len(labels)).state_dict(),
        about | {"background": background},
    )
    with pytest.raises(WeightsError, match="not one of two or more labels") as got:
        registry.load(str(tmp_path / "x.safetensors"), CPU, FP32)
    assert got.value.code == "background-invalid"
    with pytest.raises(ClassifierError, match="not one of two or more labels") as caught:
        FunctionClassifier(lambda clips: clips, tuple(labels), SPEC, background=background)
    assert caught.value.code == "background-invalid"


@pytest.mark.parametrize("kind", [exported, scripted, state_dict, hugging_face])
def test_a_spec_states_a_background_class(kind: Callable[[Path], str], tmp_path: Path) -> None:
    name = kind(tmp_path)
    known = registry.load(name, CPU, FP32)
    assert background_of(known) is None
    last = known.labels[-1]
    plain = registry.load(name, CPU, FP32, spec_fields=(f"background={last}",))
    assert background_of(plain) == len(known.labels) - 1
    keeps_every_attribute(plain)
    with pytest.raises(ClassifierError, match=r"'nowhere' of classifier .* not one of two or more"):
        adjusted(registry.load(name, CPU, FP32, spec_fields=("background=nowhere",)), {})


def test_a_file_that_states_its_classes_takes_no_other_background(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"background of .* cannot be changed"):
        registry.load(weight_file(tmp_path), CPU, FP32, spec_fields=("background=a",))
