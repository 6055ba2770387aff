"""Text-image models of every family: their scores are those of transformers itself, and labels can
be any words."""

from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from transformers.models.siglip2.image_processing_siglip2 import get_image_size_for_max_num_patches

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.base import ClipClassifier, is_multi_label
from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.classifiers.labels import listed
from scsampler_cli.classifiers.text_image.label_wording import Wording
from scsampler_cli.classifiers.text_image.open_model import open_text_image_model
from scsampler_cli.errors import ClassifierError, InputError, SettingsError
from tests.synthetic import pan, write_video
from tests.text_models import FAMILIES, save_again

CPU, FP32 = torch.device("cpu"), torch.float32
LABELS = (
    "a photo of a dog",
    "a red circle, a blue square",
    'the word "goal" — twice',
    "it's 25% faster: {0}?",
    "一只猫在水里跳",
    "кот 🐶",
)
PLAIN = Wording(prompts=("{}",))
SIGMOID = ("siglip", "siglip2", "siglip2_naflex")
LONGEST = {"siglip2": 64, "siglip2_naflex": 64}
"""Tokens of the longest text, where it is not 40."""
Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / request.param
    FAMILIES[request.param](path)
    return path


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Pixels]:
    """Four decoded frames of an H.264 video, of 60 x 80 pixels."""
    path = tmp_path_factory.mktemp("videos") / "v.mp4"
    write_video(path, pan(4, 3, 2, height=60, width=80))
    with av.open(str(path)) as box:
        return [frame.to_ndarray(format="rgb24") for frame in box.decode(video=0)]


def load(
    path: Path, *given: str, labels: tuple[str, ...] = LABELS, wording: Wording = PLAIN
) -> ClipClassifier:
    return registry.load(str(path), CPU, FP32, labels=labels, spec_fields=given, wording=wording)


@cache
def parts(path: Path) -> tuple[Any, Any, Any]:
    """Model, tokenizer and image processor as transformers itself loads them."""
    return (
        transformers.AutoModel.from_pretrained(path).eval(),
        transformers.AutoTokenizer.from_pretrained(path),
        transformers.AutoImageProcessor.from_pretrained(path),
    )


def tokens(path: Path, texts: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """As the documents of each model say: SigLIP's texts are filled up to the longest."""
    _, tokenizer, _ = parts(path)
    padding: dict[str, Any] = {"padding": True}
    if path.name in SIGMOID:
        padding = {"padding": "max_length", "max_length": LONGEST.get(path.name, 40)}
    return dict(tokenizer(list(texts), return_tensors="pt", **padding))


def theirs(path: Path, pictures: list[Pixels], texts: tuple[str, ...]) -> Floats:
    """Probabilities by transformers alone, [N, L]: a row for each picture, or one for the clip."""
    model, _, processor = parts(path)
    pixels = dict(processor(pictures, return_tensors="pt"))
    with torch.inference_mode():
        found = model(**pixels, **tokens(path, texts))
    logits = found.logits_per_video if path.name == "xclip" else found.logits_per_image
    rows: Floats = (logits.sigmoid() if path.name in SIGMOID else logits.softmax(-1)).numpy()
    return rows


def tolerance(path: Path) -> float:
    """Of probabilities. A processor that resizes in PIL (VideoMAE's, in transformers 5.0) rounds
    some pixels to another level."""
    return 1e-2 if getattr(parts(path)[2], "is_fast", None) is False else 2e-5


def clip_of(classifier: ClipClassifier, pictures: list[Pixels]) -> Pixels:
    return np.stack([fit_frame(picture, classifier.spec) for picture in pictures])[None]


def fits(path: Path) -> tuple[str, ...]:
    """Spec fields for frames of 60 x 80 in the way of the model's own processor, one frame each."""
    if path.name == "xclip":
        return ()
    if path.name != "siglip2_naflex":
        return ("frames=1",)
    sides = get_image_size_for_max_num_patches(60, 80, patch_size=8, max_num_patches=16)
    assert sides == (24, 32)
    return ("frames=1", "resize=24,32", "crop=24,32")


def test_probabilities_are_those_of_transformers_from_a_frame_on(
    folder: Path, frames: list[Pixels]
) -> None:
    """Decoded frames through their processor, tokenizer and model; frames of a model of pictures
    one by one."""
    classifier = load(folder, *fits(folder))
    assert classifier.labels == LABELS
    assert is_multi_label(classifier) == (folder.name in SIGMOID)
    wanted = theirs(folder, frames, LABELS)
    if folder.name == "xclip":
        found = classifier.classify(clip_of(classifier, frames))
    else:
        clips = [clip_of(classifier, [frame]) for frame in frames]
        found = classifier.classify(np.concatenate(clips))
    assert found.shape == wanted.shape
    assert np.allclose(found, wanted, atol=tolerance(folder))
    # weights that give every text or picture the same would pass all of this
    assert wanted.std(axis=1).min() > 0.01


def test_a_processor_in_the_newest_format_gives_the_same(
    folder: Path, frames: list[Pixels], tmp_path: Path
) -> None:
    copy = tmp_path / folder.name
    FAMILIES[folder.name](copy)
    save_again(copy)
    assert not (copy / "preprocessor_config.json").exists()
    first, second = load(folder), load(copy)
    assert first.spec == second.spec
    clip = clip_of(first, (frames * 2)[: first.spec.frames])
    assert np.array_equal(first.classify(clip), second.classify(clip))


def of_model(features: Any) -> torch.Tensor:
    vectors: torch.Tensor = features.pooler_output
    return vectors / vectors.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize("folder", [name for name in FAMILIES if name != "xclip"], indirect=True)
def test_a_clip_is_the_mean_of_its_frames_and_a_label_that_of_its_prompts(
    folder: Path, frames: list[Pixels]
) -> None:
    """Vectors of length 1 are averaged, and scaled to length 1 again, by hand from transformers'
    vectors."""
    prompts = ("a photo of {}", "{} in a video")
    labels = ("a dog", "a cat", "a car, at night")
    classifier = load(folder, "frames=4", labels=labels, wording=Wording(prompts=prompts))
    model, _, processor = parts(folder)
    fitted = clip_of(classifier, frames)
    with torch.inference_mode():
        pixels = processor(list(fitted[0]), return_tensors="pt")
        clip = of_model(model.get_image_features(**pixels)).mean(0)
        of_texts = [
            of_model(
                model.get_text_features(
                    **tokens(folder, tuple(prompt.format(label) for prompt in prompts))
                )
            ).mean(0)
            for label in labels
        ]
        cosines = torch.stack([torch.cosine_similarity(clip, text, dim=0) for text in of_texts])
        logits = model.logit_scale.exp() * cosines + getattr(model, "logit_bias", 0)
    wanted = logits.sigmoid() if folder.name in SIGMOID else logits.softmax(0)
    assert np.allclose(classifier.classify(fitted)[0], wanted.numpy(), atol=2e-5)


@pytest.mark.parametrize("folder", ["xclip"], indirect=True)
def test_prompts_of_x_clip_are_averaged_before_they_are_adapted_to_a_clip(
    folder: Path, frames: list[Pixels]
) -> None:
    prompts, labels = ("a photo of {}", "{} in a video"), ("a dog", "a cat", "a car, at night")
    classifier = load(folder, labels=labels, wording=Wording(prompts=prompts))
    model, _, processor = parts(folder)
    texts = tuple(prompt.format(label) for label in labels for prompt in prompts)
    fitted = clip_of(classifier, frames)

    def mean_of_prompts(_: object, __: object, found: torch.Tensor) -> torch.Tensor:
        return found.reshape(len(labels), len(prompts), -1).mean(1)

    hook = model.text_projection.register_forward_hook(mean_of_prompts)
    try:
        with torch.inference_mode():
            pixels = dict(processor(list(fitted[0]), return_tensors="pt"))
            wanted = model(**pixels, **tokens(folder, texts)).logits_per_video.softmax(-1)
    finally:
        hook.remove()
    assert np.allclose(classifier.classify(fitted), wanted.numpy(), atol=2e-5)


def test_the_order_of_prompts_does_not_matter_and_each_counts(
    folder: Path, frames: list[Pixels]
) -> None:
    given = [("a photo of {}", "video of {}"), ("video of {}", "a photo of {}"), ("video of {}",)]
    rows = []
    for prompts in given:
        classifier = load(folder, labels=("a dog", "a cat"), wording=Wording(prompts=prompts))
        rows.append(
            classifier.classify(clip_of(classifier, (frames * 2)[: classifier.spec.frames]))
        )
    assert np.allclose(rows[0], rows[1], atol=1e-6)
    assert not np.allclose(rows[0], rows[2], atol=1e-4)


def test_vectors_have_length_1_and_give_the_probabilities(
    folder: Path, frames: list[Pixels]
) -> None:
    model = open_text_image_model(str(folder), CPU, FP32)
    texts = model.of_sentences(["a dog", "a cat", "a car"])
    assert texts.shape == (3, model.dimensions)
    classifier = load(folder, labels=("a dog", "a cat", "a car"))
    clips = clip_of(classifier, (frames * 2)[: classifier.spec.frames])
    clip = model.of_clips(clips)
    for vectors in (texts, clip):
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    if not model.reads_clips:
        one = model.of_pictures(clips[0])
        assert np.allclose(one[:1], model.of_clips(clips[:, :1]), atol=1e-6)
        assert np.allclose(clip[0], one.mean(0) / np.linalg.norm(one.mean(0)), atol=1e-5)
    found = model.probabilities(clip @ texts.T)
    if folder.name in SIGMOID:
        assert found is not None
        assert np.allclose(found, classifier.classify(clips), atol=1e-5)
    else:
        assert found is None


def test_a_thousand_labels_are_as_exact_as_two(folder: Path, frames: list[Pixels]) -> None:
    labels = tuple(f"{number} dogs" for number in range(1000))
    classifier = load(folder, *fits(folder), labels=labels)
    found = classifier.classify(clip_of(classifier, frames[: classifier.spec.frames]))
    assert found.shape == (1, 1000)
    assert np.allclose(found, theirs(folder, frames, labels)[:1], atol=tolerance(folder))


def test_one_label_alone_needs_a_probability_of_its_own(folder: Path, frames: list[Pixels]) -> None:
    if folder.name in SIGMOID:
        both, one = load(folder, labels=LABELS[:2]), load(folder, labels=LABELS[:1])
        clip = clip_of(one, (frames * 2)[: one.spec.frames])
        assert np.allclose(one.classify(clip), both.classify(clip)[:, :1], atol=1e-6)
        return
    with pytest.raises(SettingsError, match="competes with nothing") as caught:
        load(folder, labels=LABELS[:1])
    assert caught.value.code == "labels-alone"


def test_labels_of_the_background_compete_and_are_one_class(
    folder: Path, frames: list[Pixels]
) -> None:
    wording = Wording(prompts=("{}",), background=LABELS[3:])
    given = (*fits(folder), "activation=softmax")
    classifier = load(folder, *given, labels=LABELS[:3], wording=wording)
    clip = clip_of(classifier, frames[: classifier.spec.frames])
    everything = load(folder, *given).classify(clip)
    found = classifier.classify(clip)
    assert classifier.labels[:3] == LABELS[:3]
    assert len(classifier.labels) == 4
    assert np.allclose(found[:, :3], everything[:, :3], atol=1e-5)
    assert np.allclose(found[:, 3], everything[:, 3:].sum(1), atol=1e-5)


@pytest.mark.parametrize(
    ("labels", "word"),
    [
        (("a dog", ""), "empty"),
        (("a dog", " \t"), "empty"),
        (("a dog", "a cat", "a dog"), "'a dog' is listed twice"),
        ((), "no name"),
    ],
)
def test_empty_and_double_labels_are_refused(
    folder: Path, labels: tuple[str, ...], word: str
) -> None:
    with pytest.raises(InputError, match=word) as caught:
        load(folder, labels=labels)
    assert caught.value.code == "labels-invalid"


def test_without_labels_it_asks_for_them(folder: Path) -> None:
    with pytest.raises(ClassifierError, match="it needs labels") as caught:
        registry.load(str(folder), CPU, FP32)
    assert caught.value.code == "sentences-missing"


def test_labels_as_text_keep_their_commas_and_quotes(folder: Path, frames: list[Pixels]) -> None:
    labels = listed('a dog, "a red, round ball", "the word ""goal"""')
    assert labels == ("a dog", "a red, round ball", 'the word "goal"')
    classifier = load(folder, *fits(folder), labels=labels)
    assert classifier.labels == labels
    found = classifier.classify(clip_of(classifier, frames[: classifier.spec.frames]))
    assert np.allclose(found, theirs(folder, frames, labels)[:1], atol=tolerance(folder))


def test_the_longest_sentence_is_read_and_a_longer_one_is_refused(
    folder: Path, frames: list[Pixels]
) -> None:
    """Never cut: what is cut could be the word that matters."""
    _, tokenizer, _ = parts(folder)
    most = LONGEST.get(folder.name, 40)
    words = 1
    while len(tokenizer("dog " * words + "dog")["input_ids"]) <= most:
        words += 1
    longest = ("dog " * words).strip()
    classifier = load(folder, *fits(folder), labels=("a cat", longest))
    found = classifier.classify(clip_of(classifier, frames[: classifier.spec.frames]))
    assert np.allclose(
        found, theirs(folder, frames, ("a cat", longest))[:1], atol=tolerance(folder)
    )
    with pytest.raises(ClassifierError, match=rf"tokens, and {folder.name} reads {most}") as caught:
        load(folder, labels=("a cat", f"{longest} dog"))
    assert caught.value.code == "sentence-too-long"
    with pytest.raises(ClassifierError, match="reads"):
        load(folder, labels=("a cat", "🐶 dog " * 3000))
