"""Load the network of a Hugging Face folder by the code of transformers, and check its weights."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from scsampler_cli.classifiers.huggingface_folder import no_transformers
from scsampler_cli.errors import WeightsError


def load_network(folder: Path, class_name: str, hint: str) -> nn.Module:
    """The network with its weights, in float32 on the CPU.

    Args:
        folder: its weight files are checked already (`huggingface_files.weight_files`).
        class_name: a class of transformers.
        hint: for weights that do not fit.

    Raises:
        ClassifierError: transformers is missing.
        WeightsError: the weights cannot be loaded, or do not fit.
    """
    try:
        import transformers
    except ImportError as error:
        raise no_transformers(folder.name) from error
    # the error below reports what matters
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model_class = getattr(transformers, class_name)
    try:
        network, loading_info = model_class.from_pretrained(
            folder,
            local_files_only=True,
            output_loading_info=True,
            dtype=torch.float32,
            # reported below, in one line
            ignore_mismatched_sizes=True,
        )
    except Exception as error:  # transformers passes on the exceptions of many libraries
        raise WeightsError(
            f"{folder.name} cannot be loaded ({' '.join(str(error).split())[:200]})",
            code="hugging-face-folder-invalid",
            hint="are config.json and the weights complete, and of one model?",
        ) from error
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        if found := loading_info.get(what):
            examples = ", ".join(map(str, list(found)[:3]))
            raise WeightsError(
                f"weights of {folder.name} do not fit: {len(found)} {what.split('_')[0]}: "
                f"{examples}",
                code="weights-mismatch",
                hint=hint,
            )
    fitted: nn.Module = network
    return fitted
