"""The image tower of a text-image model: pictures or clips -> vectors, and how sentences fit them.

All vectors have length 1. Similarities are computed in float32, whatever the precision of the
network: the scale of a trained CLIP multiplies rounding errors by a hundred.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class FrameTower(nn.Module):
    """The tower of a model of pictures. A clip is the mean of its frames.

    Args:
        model: of transformers, with `get_image_features`.
        patch: side of the patches, in pixels, of a model that gets a list of them; None for one
            that gets pictures.
    """

    def __init__(self, model: nn.Module, patch: int | None) -> None:
        super().__init__()
        self.model, self._patch = model, patch

    def pictures(self, x: Tensor) -> Tensor:
        """Float [N, 3, h, w], normalised -> float32 [N, D]."""
        model: Any = self.model
        found = model.get_image_features(
            **(_patches(x, self._patch) if self._patch else {"pixel_values": x})
        )
        return unit(pooled(found))

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, 3, F, h, w], normalised -> float32 [N, D]."""
        count, frames = x.shape[0], x.shape[2]
        # [N, 3, F, h, w] -> [N F, 3, h, w]
        single = x.transpose(1, 2).flatten(0, 1)
        vectors = self.pictures(single).reshape(count, frames, -1)
        # of one frame exactly its vector: no second rounding
        return vectors[:, 0] if frames == 1 else unit(vectors.mean(dim=1))

    def similarities(self, x: Tensor, sentences: Tensor) -> Tensor:
        """How well sentences fit clips.

        Args:
            x: float [N, 3, F, h, w], normalised.
            sentences: float32 [S, D].

        Returns:
            float32 [N, S], cosines.
        """
        vectors = self(x)
        with torch.autocast(x.device.type, enabled=False):
            return vectors @ sentences.T


class ClipTower(nn.Module):
    """The tower of X-CLIP (Ni et al., ECCV 2022), a model of clips with F frames.

    Its sentences are adapted to each clip ("video-specific prompting", Sec. 3.3): the same sentence
    has another vector beside another clip.

    Args:
        model: `XCLIPModel` of transformers.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Float [N, 3, F, h, w], normalised -> float32 [N, D]."""
        return unit(self._features(x)[0])

    def similarities(self, x: Tensor, sentences: Tensor) -> Tensor:
        """How well sentences fit clips, each sentence adapted to each clip.

        Args:
            x: float [N, 3, F, h, w], normalised.
            sentences: float32 [S, D], as the text tower gives them: of any length.

        Returns:
            float32 [N, S], cosines.
        """
        model: Any = self.model
        clip, patches = self._features(x)
        texts = sentences.expand(len(x), -1, -1)
        texts = texts + model.prompts_generator(texts, patches)
        with torch.autocast(x.device.type, enabled=False):
            return torch.einsum("nd,nsd->ns", unit(clip), unit(texts))

    def _features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Vector of each clip [N, D], and of each patch over all frames [N, P, D]."""
        model: Any = self.model
        count, frames = x.shape[0], x.shape[2]
        # [N, 3, F, h, w] -> [N F, 3, h, w]
        seen = model.vision_model(pixel_values=x.transpose(1, 2).flatten(0, 1))
        of_frames = model.visual_projection(seen.pooler_output).unflatten(0, (count, frames))
        # by place: transformers 5.0 gives a tuple, later versions an object with two fields
        clip = model.mit(of_frames)[1]
        # the first place is that of the whole frame
        patches = model.prompts_visual_layernorm(seen.last_hidden_state[:, 1:])
        patches = patches @ model.prompts_visual_projection
        return clip, patches.unflatten(0, (count, frames)).mean(dim=1)


Tower = FrameTower | ClipTower


def unit(vectors: Tensor) -> Tensor:
    """Vectors of length 1, in float32: [..., D] -> [..., D]."""
    vectors = vectors.float()
    return vectors / vectors.norm(dim=-1, keepdim=True)


def pooled(found: Any) -> Tensor:
    """The vectors in what a model of transformers returns: a tensor, or an object that has it."""
    return found if isinstance(found, Tensor) else found.pooler_output


def _patches(x: Tensor, side: int) -> dict[str, Tensor]:
    """Pictures [N, 3, h, w] as lists of patches [N, rows * columns, side * side * 3]."""
    count, _, height, width = x.shape
    rows, columns = height // side, width // side
    parts = x.reshape(count, 3, rows, side, columns, side)
    # [N, 3, rows, side, columns, side] -> [N, rows, columns, side, side, 3]
    parts = parts.permute(0, 2, 4, 3, 5, 1)
    shape = torch.tensor([[rows, columns]] * count, device=x.device)
    return {
        "pixel_values": parts.reshape(count, rows * columns, -1),
        "pixel_attention_mask": torch.ones(
            count, rows * columns, dtype=torch.int32, device=x.device
        ),
        "spatial_shapes": shape,
    }
