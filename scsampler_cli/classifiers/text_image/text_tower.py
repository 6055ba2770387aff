"""The text tower of a text-image model: sentences -> vectors, each sentence once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scsampler_cli.classifiers.text_image.families import Family
from scsampler_cli.classifiers.text_image.label_wording import check_words, sentences
from scsampler_cli.classifiers.text_image.towers import pooled, unit
from scsampler_cli.errors import ClassifierError
from scsampler_cli.model_zoo.weightfile import files_sha256

BATCH = 64
"""Sentences in a batch."""
_OFFSET_MODELS = ("altclip_text_model", "xlm-roberta", "roberta")
"""Text models that use their first two positions for other purposes."""
_SETTINGS = ("tokenizer*", "vocab*", "merges*", "special_tokens*", "*.model", "added_tokens*")
"""Files that decide how a sentence becomes numbers."""


class TextTower:
    """The text tower with its tokenizer.

    Args:
        model: of transformers, with `get_text_features`.
        tokenizer: of transformers.
        family: of the model.
        folder: of the model.

    Raises:
        ClassifierError: the tokenizer is incomplete.
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,
        family: Family,
        *,
        folder: Path,
    ) -> None:
        self._model: Any = model
        self._tokenizer, self._family = tokenizer, family
        self._name = folder.name
        config: Any = model.config
        self._vocabulary = int(config.text_config.vocab_size)
        # without its files transformers makes a tokenizer that knows no word, in silence
        if 2 * len(tokenizer) < self._vocabulary:
            raise self._other_vocabulary(len(tokenizer))
        self.most_tokens = _most_tokens(config, tokenizer)
        """Longest sentence, in tokens with those of start and end."""
        files = sorted({path for pattern in _SETTINGS for path in folder.glob(pattern)})
        self.sha256 = files_sha256([path for path in files if path.is_file()])
        """Of the files of the tokenizer."""

    def vectors(
        self, labels: Sequence[str], prompts: Sequence[str], *, device: torch.device
    ) -> Tensor:
        """A vector for each label: the mean over its prompts.

        One prompt gives what the model gives for its sentence. Of several prompts the vectors, of
        length 1 each, are averaged (Radford et al., ICML 2021, Sec. 3.1.4). X-CLIP adapts sentences
        before it scales them, so that its vectors are averaged as they are.

        Args:
            labels: L of them.
            prompts: with {} in the place of the label.
            device: of the network.

        Returns:
            float32 [L, D]; of length 1 but for X-CLIP.

        Raises:
            InputError: as `label_wording.check_words`.
            ClassifierError: a sentence is too long for the model.
        """
        for label in labels:
            check_words(label)
        texts = [text for label in labels for text in sentences(label, prompts)]
        found = torch.cat(
            [
                self._encoded(texts[start : start + BATCH], device)
                for start in range(0, len(texts), BATCH)
            ]
        )
        # [L, prompts, D]
        by_label = found.reshape(len(labels), len(prompts), -1)
        if self._family.reads_clips:
            return by_label.mean(dim=1)
        # of one prompt exactly its vector: no second rounding
        return unit(by_label[:, 0] if len(prompts) == 1 else unit(by_label).mean(dim=1))

    def _encoded(self, texts: Sequence[str], device: torch.device) -> Tensor:
        """Float32 [n, D], of any length."""
        # lengths first: the tokenizer would cut a sentence that is too long, in silence
        for text, tokens in zip(texts, self._tokenizer(list(texts))["input_ids"], strict=True):
            if len(tokens) > self.most_tokens:
                raise ClassifierError(
                    f"{text[:60]!r} has {len(tokens)} tokens, and {self._name} reads "
                    f"{self.most_tokens}",
                    code="sentence-too-long",
                    hint="use fewer words, in the label or in the prompt",
                )
        padding: dict[str, Any] = {"padding": True}
        if self._family.pads_text:
            padding = {"padding": "max_length", "max_length": self.most_tokens}
        inputs = self._tokenizer(list(texts), return_tensors="pt", **padding)
        # the network would fail, on a GPU for good
        if int(inputs["input_ids"].max()) >= self._vocabulary:
            raise self._other_vocabulary(len(self._tokenizer))
        # float32: labels are encoded once, so that speed does not matter
        with torch.inference_mode():
            found = self._model.get_text_features(**inputs.to(device))
        return pooled(found).float()

    def _other_vocabulary(self, tokens: int) -> ClassifierError:
        return ClassifierError(
            f"the tokenizer of {self._name} has {tokens} tokens, and its network "
            f"{self._vocabulary}",
            code="hugging-face-folder-invalid",
            hint="is the folder complete? files of the tokenizer seem to be missing",
        )


def _most_tokens(config: Any, tokenizer: Any) -> int:
    text = config.text_config
    positions = int(text.max_position_embeddings)
    if text.model_type in _OFFSET_MODELS:
        positions -= 2
    # a tokenizer without a limit states an absurd one
    return min(positions, int(tokenizer.model_max_length))
