"""Folders of text-image models that are refused: without a tokenizer, with code of their own, with
pickled or foreign weights, and models that read no text."""

import contextlib
import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from scsampler_cli import Tagger
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.text_image.open_model import open_text_image_model
from scsampler_cli.errors import ClassifierError, InputError, SettingsError, WeightsError
from tests.classifiers.making import Evil
from tests.text_models import FAMILIES, VISION, clip_processor, make_clip, make_siglip
from tests.text_tokenizers import bert_tokenizer

CPU, FP32 = torch.device("cpu"), torch.float32
OF_TOKENIZERS = ("tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "spiece.model")


@pytest.fixture(params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    FAMILIES[request.param](path)
    return path


def load(path: Path, *given: str) -> ClipClassifier:
    return registry.load(str(path), CPU, FP32, labels=("a dog", "a cat"), spec_fields=given)


def change(path: Path, **values: object) -> None:
    config = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**config, **values}), "utf-8")


@pytest.mark.parametrize("lacks_config", [False, True])
def test_a_missing_tokenizer_is_never_replaced(folder: Path, lacks_config: bool) -> None:
    """transformers would make one that knows no word, so that all labels were alike."""
    for name in (*OF_TOKENIZERS, *(["tokenizer_config.json"] if lacks_config else [])):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(ClassifierError, match=f"the tokenizer of {folder.name}") as caught:
        load(folder)
    assert caught.value.code == "hugging-face-folder-invalid"
    assert "complete" in str(caught.value.hint)


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path) -> None:
    make_siglip(tmp_path / "m")
    bert_tokenizer(tmp_path / "m")
    with pytest.raises(ClassifierError, match=r"of m has \d+ tokens, and its network \d+"):
        load(tmp_path / "m")


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00" * 100])
def test_damaged_tokenizers_are_refused(tmp_path: Path, name: str, text: str) -> None:
    make_clip(tmp_path / "m")
    (tmp_path / "m" / name).write_text(text)
    with pytest.raises(ClassifierError, match="the tokenizer of m cannot be loaded") as caught:
        load(tmp_path / "m")
    assert "\n" not in str(caught.value)


def test_code_that_comes_with_a_model_is_never_run(folder: Path, tmp_path: Path) -> None:
    (folder / "mine.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\n")
    for name, key in [("config.json", "AutoModel"), ("preprocessor_config.json", "AutoProcessor")]:
        kept = (folder / name).read_text("utf-8")
        change(folder / name, auto_map={key: "mine.Mine"})
        if name == "config.json":
            with pytest.raises(ClassifierError, match="needs to run code that came with it"):
                load(folder)
        else:
            load(folder)  # transformers has the code of this processor itself
        (folder / name).write_text(kept, "utf-8")
    mine = {"auto_map": {"AutoTokenizer": ["mine.Mine", None]}, "tokenizer_class": "Mine"}
    change(folder / "tokenizer_config.json", **mine)
    with contextlib.suppress(ClassifierError):
        load(folder)  # by the class of its model type, where that is enough
    assert not (tmp_path / "ran").exists()


def test_pickled_weights_with_code_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"logit_scale": Evil(tmp_path / "ran")}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="loading it could run code"):
        load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("lost", ["text_model.", "vision_model.", "logit_scale"])
def test_missing_weights_are_not_invented(folder: Path, lost: str) -> None:
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith(lost)}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(WeightsError, match=r"do not fit: \d+ missing") as caught:
        load(folder)
    assert caught.value.code == "weights-mismatch"


def test_a_model_that_reads_no_text_is_refused(tmp_path: Path) -> None:
    config = transformers.CLIPVisionConfig(**VISION)
    transformers.CLIPVisionModel(config).save_pretrained(tmp_path / "m")
    clip_processor(tmp_path / "m", processor_class="CLIPProcessor")
    for opened in (load, lambda path: open_text_image_model(str(path), CPU, FP32)):
        with pytest.raises(ClassifierError, match="m is a 'clip_vision_model' model") as caught:
            opened(tmp_path / "m")
        assert caught.value.code == "hugging-face-model-unsupported"
        assert "siglip" in str(caught.value.hint)


@pytest.mark.parametrize("given", ["layout=NCTHW", "arch=tiny3d", "background=a dog"])
def test_spec_fields_without_meaning_are_refused(folder: Path, given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(folder, given)
    assert given.split("=")[0] in str(caught.value)


def test_a_geometry_that_the_network_cannot_take_is_refused(folder: Path) -> None:
    wrong = ["crop=20"]
    if folder.name == "xclip":
        wrong.append("frames=3")
    for given in wrong:
        with pytest.raises(SettingsError, match=given.split("=")[0]):
            load(folder, given)


def test_a_folder_that_does_not_say_how_pictures_are_made(tmp_path: Path) -> None:
    make_clip(tmp_path / "m")
    (tmp_path / "m" / "preprocessor_config.json").unlink()
    with pytest.raises(ClassifierError, match=r"m does not say how pictures are made") as caught:
        load(tmp_path / "m")
    assert "preprocessor_config.json" in str(caught.value)
    found = load(tmp_path / "m", "resize=32", "mean=0.5,0.5,0.5", "std=0.5,0.5,0.5")
    assert found.spec.resize == 32


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((1, 2), "the label 1 is not a text"),
        (("a", " "), "a label is empty"),
        (("a", "b\udcff"), "is not UTF-8"),
        (("a", "a "), "'a' is listed twice"),
        (("a",), "competes with nothing"),
        (("a", "background"), "has the name of the background class"),
        (("a", "c"), "'c' is a label and a label of the background"),
    ],
)
def test_labels_that_mean_nothing(tmp_path: Path, labels: tuple[str, ...], message: str) -> None:
    make_clip(tmp_path / "m")
    background = ("c",) if message.endswith("background") or "class" in message else ()
    with pytest.raises((InputError, SettingsError), match=message):
        Tagger(tmp_path / "m", labels=labels, background_labels=background)


def test_labels_of_siglip_need_no_background(tmp_path: Path) -> None:
    make_siglip(tmp_path / "m")
    with pytest.raises(SettingsError, match="labels of the background have no effect"):
        Tagger(tmp_path / "m", labels=["a"], background_labels=["b"])
    # each label has a probability of its own: one is enough
    assert Tagger(tmp_path / "m", labels=["a"]).classifier.labels == ("a",)


def test_labels_in_the_file_of_a_folder_are_for_classify_alone(tmp_path: Path) -> None:
    make_clip(tmp_path / "m")
    toml = tmp_path / "m" / "scsampler.toml"
    toml.write_text('labels = ["a dog", "a cat"]\nframes = 2\n')
    assert Tagger(tmp_path / "m").classifier.labels == ("a dog", "a cat")
    assert open_text_image_model(str(tmp_path / "m"), CPU, FP32).spec.frames == 2
    with pytest.raises(SettingsError, match="activation has no effect on the vectors"):
        open_text_image_model(str(tmp_path / "m"), CPU, FP32, spec_fields=["activation=softmax"])
    toml.write_text('layout = "NCTHW"\n')
    with pytest.raises(SettingsError, match="layout of m cannot be changed"):
        open_text_image_model(str(tmp_path / "m"), CPU, FP32)
