"""Small text-image models with random weights, in folders as the Hugging Face hub has them: the
weights as safetensors, the config, the image processor and the tokenizer of each family.

Pictures are 32 pixels wide, texts have at most 40 tokens (64 in SigLIP 2). Random weights of the
usual size give nearly the same vector for any input, so they are larger here. `logit_scale` and
`logit_bias` are smaller than in trained models (100 for CLIP, 117 and -13 for SigLIP), because the
similarities of random vectors differ by some tenths: with 100 the softmax would be 0 and 1, with
-13 the sigmoid would be 0.

Not handled here: the tokenizers (`tests/text_tokenizers.py`), and models that know something
(`tests/colour_clip.py`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoProcessor, PreTrainedModel

from tests.text_tokenizers import (
    CONTEXT,
    bert_tokenizer,
    clip_tokenizer,
    gemma_tokenizer,
    roberta_tokenizer,
    siglip_tokenizer,
    write,
)

LOGIT_SCALE = 2.5  # as a logarithm, as models keep it: similarities are multiplied by 12.2
LOGIT_BIAS = -1.0
GEMMA_CONTEXT = 64

ATTENTION = ("q_proj", "k_proj", "query", "key")

TRUNK: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
VISION: dict[str, Any] = {**TRUNK, "image_size": 32, "patch_size": 8}
CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_STD = [0.26862954, 0.26130258, 0.27577711]


def make_clip(folder: Path, *, seed: int = 0) -> None:
    """The layout of `openai/clip-vit-base-patch32`: sizes are numbers, the class of the processor
    has its old name, and `eos_token_id` is 2, which is not the token's own number."""
    tokens = clip_tokenizer(folder, "CLIPProcessor")
    config = transformers.CLIPConfig(
        text_config={**clip_text(tokens), "projection_dim": 32},
        vision_config={**VISION, "projection_dim": 32},
        projection_dim=32,
    )
    save(transformers.CLIPModel, config, folder, seed=seed)
    processor(
        folder,
        feature_extractor_type="CLIPFeatureExtractor",
        size=32,
        crop_size=32,
        do_center_crop=True,
        resample=3,
        image_mean=CLIP_MEAN,
        image_std=CLIP_STD,
    )


def make_xclip(folder: Path, *, seed: int = 0) -> None:
    """The layout of `microsoft/xclip-base-patch32`. It reads clips of 4 frames."""
    tokens = clip_tokenizer(folder, "XCLIPProcessor")
    config = transformers.XCLIPConfig(
        text_config=clip_text(tokens),
        vision_config={
            **VISION,
            "mit_hidden_size": 32,
            "mit_intermediate_size": 64,
            "mit_num_hidden_layers": 1,
            "mit_num_attention_heads": 2,
            "num_frames": 4,
        },
        projection_dim=32,
        prompt_layers=2,
        prompt_num_attention_heads=2,
    )
    save(transformers.XCLIPModel, config, folder, seed=seed)
    processor(
        folder,
        processor_class="XCLIPProcessor",
        feature_extractor_type="VideoMAEFeatureExtractor",
        size={"shortest_edge": 32},
        crop_size={"height": 32, "width": 32},
        do_center_crop=True,
        resample=2,
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
    )


def make_siglip(folder: Path, *, seed: int = 0) -> None:
    """The layout of `google/siglip-base-patch16-224`, with a SentencePiece model."""
    tokens = siglip_tokenizer(folder)
    config = transformers.SiglipConfig(
        text_config={
            **TRUNK,
            "vocab_size": tokens,
            "max_position_embeddings": CONTEXT,
            "pad_token_id": 1,
            "bos_token_id": None,
            "eos_token_id": 1,
        },
        vision_config=VISION,
    )
    save(transformers.SiglipModel, config, folder, seed=seed)
    siglip_processor(folder, resample=3)


def make_siglip2(folder: Path, *, seed: int = 0) -> None:
    """The layout of `google/siglip2-base-patch16-224`: the model of SigLIP 1 with the tokenizer of
    Gemma."""
    tokens = gemma_tokenizer(folder, "SiglipProcessor")
    config = transformers.SiglipConfig(text_config=gemma_text(tokens), vision_config=VISION)
    save(transformers.SiglipModel, config, folder, seed=seed)
    siglip_processor(folder, resample=2)


def make_siglip2_naflex(folder: Path, *, seed: int = 0) -> None:
    """The layout of `google/siglip2-base-patch16-naflex`: pictures keep their aspect and become at
    most 16 patches of 8 pixels."""
    tokens = gemma_tokenizer(folder, "Siglip2Processor")
    vision = {**TRUNK, "patch_size": 8, "num_patches": 16}
    config = transformers.Siglip2Config(text_config=gemma_text(tokens), vision_config=vision)
    save(transformers.Siglip2Model, config, folder, seed=seed)
    processor(
        folder,
        processor_class="Siglip2Processor",
        image_processor_type="Siglip2ImageProcessor",
        max_num_patches=16,
        patch_size=8,
        do_rescale=True,
        resample=2,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


def make_metaclip2(folder: Path, *, seed: int = 0) -> None:
    """The layout of `facebook/metaclip-2-worldwide-huge-quickgelu`."""
    tokens = roberta_tokenizer(folder, "CLIPProcessor")
    config = transformers.MetaClip2Config(
        text_config={
            **TRUNK,
            "vocab_size": tokens,
            "max_position_embeddings": CONTEXT,
            "projection_dim": 32,
            "pad_token_id": 1,
            "bos_token_id": 0,
            "eos_token_id": 2,
        },
        vision_config={**VISION, "projection_dim": 32},
        projection_dim=32,
    )
    save(transformers.MetaClip2Model, config, folder, seed=seed)
    clip_processor(folder, processor_class="CLIPProcessor")


def make_altclip(folder: Path, *, seed: int = 0) -> None:
    """The layout of `BAAI/AltCLIP`: XLM-RoBERTa reads the texts."""
    tokens = roberta_tokenizer(folder, "AltCLIPProcessor")
    config = transformers.AltCLIPConfig(
        text_config={
            **TRUNK,
            "vocab_size": tokens,
            # Positions are counted from the padding token's number on.
            "max_position_embeddings": CONTEXT + 2,
            "project_dim": 32,
        },
        vision_config={**VISION, "projection_dim": 32},
        projection_dim=32,
    )
    save(transformers.AltCLIPModel, config, folder, seed=seed)
    clip_processor(folder, processor_class="AltCLIPProcessor")


def make_chinese_clip(folder: Path, *, seed: int = 0) -> None:
    """The layout of `OFA-Sys/chinese-clip-vit-base-patch16`: BERT reads the texts, and pictures are
    squeezed to a square."""
    tokens = bert_tokenizer(folder)
    config = transformers.ChineseCLIPConfig(
        text_config={**TRUNK, "vocab_size": tokens, "max_position_embeddings": CONTEXT},
        vision_config={**VISION, "projection_dim": 32},
        projection_dim=32,
    )
    save(transformers.ChineseCLIPModel, config, folder, seed=seed)
    processor(
        folder,
        feature_extractor_type="ChineseCLIPFeatureExtractor",
        image_processor_type="ChineseCLIPImageProcessor",
        size={"height": 32, "width": 32},
        do_center_crop=False,
        resample=3,
        image_mean=CLIP_MEAN,
        image_std=CLIP_STD,
    )


FAMILIES: dict[str, Callable[..., None]] = {
    "clip": make_clip,
    "siglip": make_siglip,
    "siglip2": make_siglip2,
    "siglip2_naflex": make_siglip2_naflex,
    "xclip": make_xclip,
    "metaclip2": make_metaclip2,
    "altclip": make_altclip,
    "chinese_clip": make_chinese_clip,
}


def save_again(folder: Path) -> None:
    """Write the processor as the installed `transformers` does: `processor_config.json` instead of
    `preprocessor_config.json`."""
    newest = AutoProcessor.from_pretrained(folder)
    (folder / "preprocessor_config.json").unlink()
    newest.save_pretrained(folder)


def save(kind: type[PreTrainedModel], config: Any, folder: Path, *, seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = kind(config)
        with torch.no_grad():
            for name, weights in model.named_parameters():
                if weights.ndim > 1:
                    # Where all tokens get the same attention, texts that are filled up to 64 of
                    # them have nearly the same vector.
                    factor = 3 if any(part in name for part in ATTENTION) else 1
                    torch.nn.init.normal_(weights, std=factor / weights[0].numel() ** 0.5)
            model.logit_scale.fill_(LOGIT_SCALE)
            if hasattr(model, "logit_bias"):
                model.logit_bias.fill_(LOGIT_BIAS)
    model.save_pretrained(folder)


def processor(folder: Path, **values: Any) -> None:
    known = {"do_resize": True, "do_normalize": True, **values}
    write(folder / "preprocessor_config.json", known)


def clip_processor(folder: Path, *, processor_class: str) -> None:
    processor(
        folder,
        processor_class=processor_class,
        image_processor_type="CLIPImageProcessor",
        size={"shortest_edge": 32},
        crop_size={"height": 32, "width": 32},
        do_center_crop=True,
        do_rescale=True,
        resample=3,
        image_mean=CLIP_MEAN,
        image_std=CLIP_STD,
    )


def siglip_processor(folder: Path, *, resample: int) -> None:
    processor(
        folder,
        processor_class="SiglipProcessor",
        image_processor_type="SiglipImageProcessor",
        size={"height": 32, "width": 32},
        do_rescale=True,
        resample=resample,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )


def clip_text(tokens: int) -> dict[str, Any]:
    text = {**TRUNK, "vocab_size": tokens, "max_position_embeddings": CONTEXT}
    return {**text, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}


def gemma_text(tokens: int) -> dict[str, Any]:
    # The processor of SigLIP 2 makes texts of 64 tokens, whatever the model has.
    text = {**TRUNK, "vocab_size": tokens, "max_position_embeddings": GEMMA_CONTEXT}
    return {**text, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 1}
