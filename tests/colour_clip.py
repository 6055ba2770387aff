"""A small CLIP that connects six coloured shapes with their names, and videos of these shapes.

It learns within seconds on any processor, from pictures that are drawn here. So a search for "a red
circle" has a known answer. The model knows these shapes, and grounds without a shape; of other
words it knows nothing.

Not handled here: models with random weights (`tests/text_models.py`).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch.nn import functional
from transformers import CLIPModel

from tests.synthetic import texture, tone, write_video
from tests.text_models import clip_processor, clip_text
from tests.text_tokenizers import clip_tokenizer

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]

HEIGHT, WIDTH, FPS = 96, 128, 10
PROMPTS = ("{}", "a photo of {}", "video of {}")
NOTHING = "an empty wall"  # the name of a ground without a shape
LOGIT_SCALE = math.log(20)
PICTURES = 48  # of each shape, to learn from
EACH = 6  # of them in a step
STEPS = 350


def circle(y: NDArray[np.float64], x: NDArray[np.float64]) -> Mask:
    return np.hypot(y, x) <= 1


def square(y: NDArray[np.float64], x: NDArray[np.float64]) -> Mask:
    return np.maximum(abs(y), abs(x)) <= 0.85


def triangle(y: NDArray[np.float64], x: NDArray[np.float64]) -> Mask:
    return (y <= 0.8) & (abs(x) <= (y + 1) * 0.6)


def star(y: NDArray[np.float64], x: NDArray[np.float64]) -> Mask:
    """With five rays."""
    turn = (np.arctan2(x, -y) / (2 * np.pi) * 5) % 1  # 0 and 1 at the tips
    return np.hypot(y, x) <= 0.45 + 0.65 * abs(turn - 0.5) * 2


def cross(y: NDArray[np.float64], x: NDArray[np.float64]) -> Mask:
    return (np.minimum(abs(y), abs(x)) <= 0.3) & (np.maximum(abs(y), abs(x)) <= 1)


def ring(y: NDArray[np.float64], x: NDArray[np.float64]) -> Mask:
    return circle(y, x) & (np.hypot(y, x) > 0.55)


Shape = tuple[Callable[[NDArray[np.float64], NDArray[np.float64]], Mask], tuple[int, int, int]]
SHAPES: dict[str, Shape] = {
    "a red circle": (circle, (220, 30, 30)),
    "a blue square": (square, (30, 60, 220)),
    "a green triangle": (triangle, (30, 180, 50)),
    "a yellow star": (star, (240, 220, 30)),
    "a white cross": (cross, (250, 250, 250)),
    "a purple ring": (ring, (150, 40, 190)),
}


def shape_picture(name: str | None, seed: int) -> Pixels:
    """uint8 [96, 128, 3]: the shape on a pale textured ground, or the ground alone. The seed gives
    ground, place, size and shade."""
    rng = np.random.default_rng(seed)
    ground = texture(HEIGHT, WIDTH, seed).astype(np.float64)
    picture = ground.mean(-1, keepdims=True) * 0.4 + ground * 0.2 + rng.uniform(20, 60)
    radius = rng.uniform(22, 34)
    top, left = HEIGHT / 2 + rng.uniform(-10, 10), WIDTH / 2 + rng.uniform(-10, 10)
    shade = rng.uniform(-20, 20, 3)
    if name is not None:
        inside, colour = SHAPES[name]
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        picture[inside((y - top) / radius, (x - left) / radius)] = colour + shade
    return picture.clip(0, 255).astype(np.uint8)


def write_shape_video(
    path: Path,
    parts: Sequence[tuple[str | None, float]],
    *,
    seed: int = 0,
    sound_hz: float | None = None,
) -> Path:
    """H.264 of 128 x 96 pixels and 10 frames a second with a keyframe every two seconds at least:
    part after part, each a still picture of a shape, or of a ground alone, for so many seconds.
    With `sound_hz` there is a tone over the whole length."""
    sound = None if sound_hz is None else tone(sum(seconds for _, seconds in parts), sound_hz)
    options = {"g": str(2 * FPS), "preset": "veryfast"}
    return write_video(path, _frames(parts, seed), fps=FPS, options=options, audio=sound)


def make_colour_clip(folder: Path, *, seed: int = 0) -> None:
    """Write a trained CLIP with processor and tokenizer, as the hub has them.

    Raises:
        AssertionError: it did not learn to tell the shapes apart.
    """
    tokens = clip_tokenizer(folder, "CLIPProcessor")
    clip_processor(folder, processor_class="CLIPProcessor")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # More of them wait for each other longer than such layers take.
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = _new_model(tokens)
            loss = _train(model, folder, seed=seed)
    finally:
        torch.set_num_threads(threads)
    assert loss < 0.1, f"The loss is still {loss:.3f}."
    model.save_pretrained(folder)


def _new_model(tokens: int) -> CLIPModel:
    trunk = {"hidden_size": 32, "intermediate_size": 64}
    vision = {"num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    config = transformers.CLIPConfig(
        text_config={**clip_text(tokens), **trunk, "projection_dim": 32},
        vision_config={**vision, **trunk, "projection_dim": 32},
        projection_dim=32,
    )
    model = CLIPModel(config)
    with torch.no_grad():
        model.logit_scale.fill_(LOGIT_SCALE).requires_grad_(False)
    return model


def _train(model: CLIPModel, folder: Path, *, seed: int) -> float:
    """The mean loss of the last steps."""
    names = [*SHAPES, None]
    texts = _texts(folder)
    pixels = _pixels(folder, names, first=1_000_000 * (seed + 1))  # [names, PICTURES, 3, 32, 32]
    labels = torch.arange(len(names)).repeat_interleave(EACH)
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=STEPS)
    losses = []
    model.train()
    for step in range(STEPS):
        chosen = pixels[labels, torch.randint(PICTURES, labels.shape)]
        noisy = chosen + 0.1 * torch.randn_like(chosen) + 0.1 * torch.randn(len(chosen), 3, 1, 1)
        logits = model(pixel_values=noisy, **texts[step % len(texts)]).logits_per_image
        # A name fits its pictures better than all others do, and a picture its name: search sorts
        # pictures by one name, a classifier names by one picture.
        of_names = functional.cross_entropy(logits.T, _shares(labels).T)
        loss = functional.cross_entropy(logits, labels) + of_names - math.log(EACH)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    return float(np.mean(losses[-20:]))


def _shares(labels: torch.Tensor) -> torch.Tensor:
    """float [pictures, names]: each name's pictures share its probability equally."""
    fits = functional.one_hot(labels).float()
    return fits / fits.sum(0)


def _texts(folder: Path) -> list[dict[str, torch.Tensor]]:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    names = [*SHAPES, NOTHING]
    return [
        tokenizer([prompt.format(name) for name in names], padding=True, return_tensors="pt")
        for prompt in PROMPTS
    ]


def _pixels(folder: Path, names: Sequence[str | None], *, first: int) -> torch.Tensor:
    process = transformers.AutoImageProcessor.from_pretrained(folder)
    pictures = [
        shape_picture(name, first + number * PICTURES + seed)
        for number, name in enumerate(names)
        for seed in range(PICTURES)
    ]
    pixels = process(images=pictures, return_tensors="pt")["pixel_values"]
    return pixels.unflatten(0, (len(names), PICTURES))


def _frames(parts: Sequence[tuple[str | None, float]], seed: int) -> Iterator[Pixels]:
    for number, (name, seconds) in enumerate(parts):
        picture = shape_picture(name, 1000 * seed + number)
        for _ in range(round(seconds * FPS)):
            yield picture
