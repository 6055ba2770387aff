"""Hugging Face folders: geometry and labels from their configs, the processors' own pixels, and
what is refused."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.geometry import fit_frame, normalise
from scsampler_cli.errors import ClassifierError, InputError, SettingsError, WeightsError
from scsampler_cli.pipeline.settings_record import identity_of
from tests.classifiers.making import Evil
from tests.synthetic import texture

CPU, FP32 = torch.device("cpu"), torch.float32
COMMON = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": 32,
    "num_frames": 4,
    "id2label": {0: "run", 1: "jump", 2: "swim"},
    "label2id": {"run": 0, "jump": 1, "swim": 2},
}
SIZES = {"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}}


def videomae(folder: Path) -> None:
    config = transformers.VideoMAEConfig(patch_size=8, tubelet_size=2, **COMMON)
    transformers.VideoMAEForVideoClassification(config).save_pretrained(folder)
    transformers.VideoMAEImageProcessor(image_mean=[0.4, 0.5, 0.6], **SIZES).save_pretrained(folder)


def timesformer(folder: Path) -> None:
    config = transformers.TimesformerConfig(patch_size=8, **COMMON)
    transformers.TimesformerForVideoClassification(config).save_pretrained(folder)
    transformers.VideoMAEImageProcessor(image_std=[0.2, 0.3, 0.4], **SIZES).save_pretrained(folder)


def vivit(folder: Path) -> None:
    config = transformers.VivitConfig(tubelet_size=[2, 8, 8], **COMMON)
    transformers.VivitForVideoClassification(config).save_pretrained(folder)
    transformers.VivitImageProcessor(**SIZES).save_pretrained(folder)  # with its offset


MAKERS: dict[str, tuple[Callable[[Path], None], int]] = {
    "videomae": (videomae, 4),
    "timesformer": (timesformer, 32),
    "vivit": (vivit, 2),
}


@pytest.fixture(params=MAKERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / request.param
    MAKERS[request.param][0](path)
    return path


def load(path: Path | str, *given: str, labels: tuple[str, ...] | None = None) -> ClipClassifier:
    return registry.load(str(path), CPU, FP32, weights=None, labels=labels, spec_fields=given)


def test_geometry_and_labels_come_from_the_configs(folder: Path) -> None:
    classifier = load(folder)
    assert classifier.labels == ("run", "jump", "swim")
    spec = classifier.spec
    assert (spec.frames, spec.stride, spec.resize, spec.crop) == (
        4,
        MAKERS[folder.name][1],
        36,
        (32, 32),
    )
    assert classifier.name == classifier.weights.source == folder.name
    assert len(classifier.weights.sha256 or "") == 64
    assert load(folder, "stride=7").spec.stride == 7
    assert load(folder, labels=("x", "y", "z")).labels == ("x", "y", "z")


def test_pixels_and_answers_are_those_of_transformers(folder: Path) -> None:
    """The whole chain against the model's own processor and class, on frames larger than it
    wants."""
    frames = [texture(60, 80, seed) for seed in range(4)]
    kind = {"videomae": "VideoMAE", "timesformer": "VideoMAE", "vivit": "Vivit"}[folder.name]
    processor = getattr(transformers, f"{kind}ImageProcessor").from_pretrained(folder)
    theirs = processor(frames, return_tensors="pt")["pixel_values"]  # [1, 4, 3, 32, 32]
    classifier = load(folder)
    clip = np.stack([fit_frame(frame, classifier.spec) for frame in frames])[None]
    ours = normalise(clip, classifier.spec, CPU).transpose(1, 2)
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().mean() < 2 / 255 / min(classifier.spec.std)
    model = transformers.AutoModelForVideoClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        wanted = model(pixel_values=ours).logits.softmax(1).numpy()
    assert np.allclose(classifier.classify(clip), wanted, atol=1e-6)


def change(folder: Path, file: str = "config.json", **values: object) -> None:
    config = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**config, **values}))


def test_several_labels_at_once_are_told_by_the_config(folder: Path) -> None:
    change(folder, problem_type="multi_label_classification")
    classifier = load(folder)
    assert classifier.multi_label
    assert classifier.classify(np.zeros((1, 4, 32, 32, 3), np.uint8)).max() < 1


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"auto_map": {"AutoModel": "model.Mine"}}, "needs to run code that came with it"),
        ({"model_type": "bert"}, "is a 'bert' model"),
    ],
)
def test_foreign_code_and_other_models_are_refused(
    tmp_path: Path, values: dict[str, object], word: str
) -> None:
    videomae(tmp_path / "m")
    change(tmp_path / "m", **values)
    with pytest.raises(ClassifierError, match=word) as caught:
        load(tmp_path / "m")
    assert "videomae" in str(caught.value.hint)


def test_a_folder_without_a_processor_asks_for_what_it_lacks_and_takes_a_toml_file(
    tmp_path: Path,
) -> None:
    videomae(tmp_path / "m")
    (tmp_path / "m" / "preprocessor_config.json").unlink()
    with pytest.raises(
        ClassifierError, match="m lacks the spec fields resize, mean, std"
    ) as caught:
        load(tmp_path / "m")
    (tmp_path / "m" / "scsampler.toml").write_text(
        str(caught.value.example).replace("[128, 171]", "40")
    )
    assert load(tmp_path / "m").spec.resize == 40
    assert load(tmp_path / "m").labels == ("run", "jump", "swim")
    (tmp_path / "m" / "names.txt").write_text("a\nb\nc\n")
    with (tmp_path / "m" / "scsampler.toml").open("a") as file:
        file.write('\nlabels = "names.txt"\n')
    assert load(tmp_path / "m").labels == ("a", "b", "c")


def test_weights_that_do_not_fit_are_refused_not_invented(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    change(tmp_path / "m", num_hidden_layers=3)
    with pytest.raises(WeightsError, match=r"weights of m do not fit: \d+ missing"):
        load(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="m cannot be loaded"):
        load(tmp_path / "m")
    (tmp_path / "m" / "config.json").write_text("{")
    with pytest.raises(ClassifierError, match=r"config\.json"):
        load(tmp_path / "m")


def test_weights_in_parts_are_known_by_all_of_them(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    network = transformers.VideoMAEForVideoClassification.from_pretrained(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    network.save_pretrained(tmp_path / "m", max_shard_size="20KB")
    parts = sorted((tmp_path / "m").glob("model-*.safetensors"))
    assert len(parts) > 1
    first = load(tmp_path / "m").weights.sha256
    with torch.no_grad():
        network.classifier.bias += 1
    network.save_pretrained(tmp_path / "m", max_shard_size="20KB")
    assert load(tmp_path / "m").weights.sha256 not in (None, first)


def renamed(folder: Path, names: Callable[[str], str]) -> None:
    """The weights in parts of other names, which the index tells."""
    network = transformers.VideoMAEForVideoClassification.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    network.save_pretrained(folder, max_shard_size="20KB")
    index = folder / "model.safetensors.index.json"
    known = json.loads(index.read_text())
    for part in sorted(set(known["weight_map"].values())):
        target = folder / names(part)
        target.parent.mkdir(exist_ok=True)
        (folder / part).rename(target)
    known["weight_map"] = {name: names(part) for name, part in known["weight_map"].items()}
    index.write_text(json.dumps(known))


def test_parts_of_any_name_count(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    renamed(tmp_path / "m", lambda part: f"parts/w{part[6:11]}.safetensors")
    first = load(tmp_path / "m").weights.sha256
    parts = sorted((tmp_path / "m" / "parts").iterdir())
    assert len(parts) > 1
    for part in parts:
        tensors = {name: tensor + 1 for name, tensor in load_file(part).items()}
        save_file(tensors, part, {"format": "pt"})
        second = load(tmp_path / "m").weights.sha256
        assert second not in (None, first)
        first = second


def test_weights_outside_the_folder_are_refused(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    renamed(tmp_path / "m", lambda part: f"../{part}")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    with pytest.raises(WeightsError, match="is not in the folder"):
        load(tmp_path / "m")


def test_a_file_that_the_config_names_counts_and_not_the_one_that_is_not_loaded(
    tmp_path: Path,
) -> None:
    videomae(tmp_path / "m")
    shutil.copy(tmp_path / "m" / "model.safetensors", tmp_path / "m" / "other.safetensors")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(
        json.dumps(config | {"transformers_weights": "other.safetensors"})
    )
    (tmp_path / "m" / "model.safetensors").write_bytes(b"of no concern")
    first = load(tmp_path / "m")
    tensors = {
        name: tensor + 1 for name, tensor in load_file(tmp_path / "m" / "other.safetensors").items()
    }
    save_file(tensors, tmp_path / "m" / "other.safetensors", {"format": "pt"})
    assert load(tmp_path / "m").weights.sha256 not in (None, first.weights.sha256)


def test_another_config_of_the_same_weights_is_another_classifier(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    before = load(tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    after = load(tmp_path / "m")
    assert before.weights == after.weights
    assert identity_of(before) != identity_of(after)


def test_an_adapter_whose_base_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    (tmp_path / "m" / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}')
    with pytest.raises(ClassifierError, match="holds an adapter"):
        load(tmp_path / "m")


def test_labels_must_be_as_many_as_classes(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    with pytest.raises(ClassifierError, match="2 labels for the 3 classes"):
        load(tmp_path / "m", labels=("a", "b"))
    with pytest.raises(SettingsError, match="unknown field"):
        load(tmp_path / "m", "fps=3")


def test_the_cache_is_looked_into_and_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="does not hold 'org/model'") as caught:
        load("hf:org/model")
    assert "hf download org/model" in str(caught.value.hint)
    commit = "0" * 40
    stored = tmp_path / "models--org--model"
    videomae(stored / "snapshots" / commit)
    (stored / "refs").mkdir()
    (stored / "refs" / "main").write_text(commit)
    classifier = load("hf:org/model")
    assert classifier.name == "hf:org/model"
    assert classifier.labels == ("run", "jump", "swim")


def test_without_transformers_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videomae(tmp_path / "m")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ClassifierError, match="needs transformers") as caught:
        load(tmp_path / "m")
    assert "pip install transformers" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"num_frames": "many"}, "num_frames: frames cannot be 'many'"),
        ({"num_frames": -4}, "num_frames: frames cannot be -4"),
        ({"image_size": None}, "image_size: crop cannot be None"),
    ],
)
def test_a_config_of_wrong_types_names_the_field(
    tmp_path: Path, values: dict[str, object], word: str
) -> None:
    videomae(tmp_path / "m")
    change(tmp_path / "m", **values)
    with pytest.raises(SettingsError, match=f"m/config.json, {word}"):
        load(tmp_path / "m")


def test_a_processor_of_wrong_types_is_told(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    change(tmp_path / "m", "preprocessor_config.json", image_mean="grey")
    with pytest.raises(ClassifierError, match=r"preprocessor_config\.json: TypeError"):
        load(tmp_path / "m")
    change(tmp_path / "m", "preprocessor_config.json", image_mean=[0.5])
    with pytest.raises(SettingsError, match=r"preprocessor_config\.json, mean cannot be"):
        load(tmp_path / "m")


def test_a_head_of_another_size_is_told_with_both_sizes(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    change(tmp_path / "m", id2label={"0": "a", "1": "b"}, label2id={"a": 0, "b": 1})
    with pytest.raises(WeightsError, match=r"do not fit: 2 mismatched: .*classifier"):
        load(tmp_path / "m")


def test_a_pickle_with_code_in_the_folder_is_refused_in_the_usual_words(tmp_path: Path) -> None:
    videomae(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    torch.save({"classifier.weight": Evil(tmp_path / "ran")}, tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(
        WeightsError, match=r"it holds (posix|nt)\.mkdir\); loading it could run code"
    ) as caught:
        load(tmp_path / "m")
    assert "save_file" in str(caught.value.hint)
    assert not (tmp_path / "ran").exists()


def test_a_name_that_is_none_of_the_hubs_is_refused() -> None:
    for name in ("hf:../../etc", "hf:model", "hf:"):
        with pytest.raises(InputError, match="expected hf:ORG/NAME"):
            load(name)


@pytest.mark.parametrize("names", [{"first": "a", "second": "b", "third": "c"}, ["a", "b", "c"], 7])
def test_labels_of_wrong_types_are_told(tmp_path: Path, names: object) -> None:
    videomae(tmp_path / "m")
    change(tmp_path / "m", id2label=names)
    with pytest.raises(ClassifierError, match=r"m/config\.json: id2label: "):
        load(tmp_path / "m")
