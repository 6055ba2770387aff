"""The probes of the doctor, which run in processes of their own: each tries one thing.

A probe returns JSON-able facts; any exception means that it failed. Packages are imported by name
inside the probes, so that this module loads even if all of them are missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
_VIDEO_S = 2.0
"""Length of the test video, in seconds."""
_MIN_MOTION_PX = 1.0
"""Pixels per frame: the patch in the test video moves faster than this most of the time."""


def main(arguments: Sequence[str]) -> None:
    """Run the probe `arguments[0]`, write its answer to standard output and end the process.

    The process ends without cleaning up, since a library's own clean-up may crash or hang.
    """
    # libraries that print to standard output now write to standard error
    answer = os.dup(1)
    os.dup2(2, 1)
    name, *rest = arguments
    try:
        result = {"facts": PROBES[name](*rest)}
    except BaseException as error:
        # also SystemExit, from a package that ends the program when it is imported
        result = _failure(error)
    with os.fdopen(answer, "w") as out:
        json.dump(result, out)
    sys.stderr.flush()
    os._exit(0)


def _failure(error: BaseException) -> Facts:
    first = (str(error).strip().splitlines() or [""])[0]
    kind = type(error).__name__
    hint = getattr(error, "hint", None)
    # scsampler's own errors have a hint, and a message that needs no class name before it
    words = [first] if hint else [kind, first]
    problem = ": ".join(filter(None, words))
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    return {"problem": problem, "hint": hint, "missing": missing}


def _package(module: str) -> Facts:
    """Import a package, and use a part of it."""
    started = time.perf_counter()
    loaded = import_module(module)
    facts = {"file": getattr(loaded, "__file__", None), "version": _version_of(loaded)}
    # an import alone does not load every compiled library
    facts |= _TRIED[module](loaded) if module in _TRIED else {}
    return {**facts, "seconds": round(time.perf_counter() - started, 2)}


def _version_of(module: Any) -> str | None:
    version = getattr(module, "__version__", None)
    return None if version is None else str(version)


def _try_numpy(numpy: Any) -> Facts:
    # calls LAPACK, whose library fails on some processors
    numpy.linalg.svd(numpy.eye(4))
    return {}


def _try_torch(torch: Any) -> Facts:
    # from_numpy fails if torch was built for another major version of numpy
    array = torch.from_numpy(import_module("numpy").ones((4, 4), "float32"))
    (array @ array).numpy()
    return {"cuda": torch.version.cuda, "hip": getattr(torch.version, "hip", None)}


def _try_torchvision(torchvision: Any) -> Facts:
    torch = import_module("torch")
    # an operator of its compiled library
    torchvision.ops.nms(torch.rand(4, 4), torch.rand(4), 0.5)
    return {}


def _try_torchaudio(_: Any) -> Facts:
    transforms, torch = import_module("torchaudio.transforms"), import_module("torch")
    # the part of it that `features.mel` uses
    transforms.MelScale(40, 16000, 125.0, 7500.0, 257)(torch.ones(257, 4))
    return {}


def _try_av(av: Any) -> Facts:
    libraries = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    return {"ffmpeg": av.ffmpeg_version_info, "libraries": libraries}


def _try_safetensors(safetensors: Any) -> Facts:
    # comes from its compiled module
    _ = safetensors.safe_open
    return {}


def _try_pillow(_: Any) -> Facts:
    # has the compiled module of Pillow
    import_module("PIL.Image").new("RGB", (8, 8)).tobytes()
    return {}


def _try_matplotlib(_: Any) -> Facts:
    import_module("matplotlib.figure").Figure()
    return {}


def _try_ffmpeg(ffmpeg: Any) -> Facts:
    # other packages on PyPI have a module of this name, too
    ffmpeg.get_args(ffmpeg.input("a").output("b"))
    return {}


def _try_imageio_ffmpeg(package: Any) -> Facts:
    return {"program": package.get_ffmpeg_exe()}


_TRIED: dict[str, Callable[[Any], Facts]] = {
    "numpy": _try_numpy,
    "torch": _try_torch,
    "torchvision": _try_torchvision,
    "torchaudio": _try_torchaudio,
    "av": _try_av,
    "safetensors": _try_safetensors,
    "PIL": _try_pillow,
    "matplotlib": _try_matplotlib,
    "ffmpeg": _try_ffmpeg,
    "imageio_ffmpeg": _try_imageio_ffmpeg,
}
"""Module -> what is tried after its import."""


def _devices() -> Facts:
    """The devices that networks can run on, and the one that `auto` chooses."""
    torch = import_module("torch")
    device = import_module("scsampler_cli.nn.device")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # warns of a driver that is too old
        usable = torch.cuda.is_available()
    reason = str(caught[-1].message).splitlines()[0] if caught else None
    gpus = [_gpu(torch, number) for number in range(torch.cuda.device_count())] if usable else []
    chosen = device.pick_device("auto")
    # builds for other systems than macOS may not have it
    mps = getattr(torch.backends, "mps", None)
    return {
        "cuda_build": torch.version.cuda or getattr(torch.version, "hip", None),
        "cuda": usable,
        "why_not": None if usable else reason,
        "gpus": gpus,
        "mps": bool(mps is not None and mps.is_available()),
        "threads": torch.get_num_threads(),
        "bf16": device.pick_dtype("auto", torch.device("cpu")) is torch.bfloat16,
        "auto": str(chosen),
        "precision": str(device.pick_dtype("auto", chosen)).removeprefix("torch."),
    }


def _gpu(torch: Any, number: int) -> Facts:
    """Name and memory of one GPU, and the problem if it does not compute."""
    facts = torch.cuda.get_device_properties(number)
    picture = torch.ones(1, 3, 16, 16, device=f"cuda:{number}")
    problem = None
    try:
        # fails if this torch was built without code for this generation of GPUs
        weights = torch.ones(4, 3, 3, 3, device=picture.device)
        torch.nn.functional.conv2d(picture, weights).sum().item()
    except RuntimeError as error:
        problem = str(error).splitlines()[0]
    return {"name": facts.name, "gb": round(facts.total_memory / 1e9, 1), "problem": problem}


def _clip(folder: str) -> Path:
    """A test video with sound: a patch slides left and right, and a chirp plays."""
    path = Path(folder) / "clip.mp4"
    demo = import_module("scsampler_cli.media.demo")
    demo.write_demo_video(path, "sliding", 1, seconds=_VIDEO_S, trimmed=True)
    return path


def _vectors() -> Facts:
    """Read motion vectors of an H.264 video."""
    config = import_module("scsampler_cli.config")
    video = import_module("scsampler_cli.pipeline.video")
    with tempfile.TemporaryDirectory() as folder:
        opened = video.Video(_clip(folder))
        clips = list(video.visual_clips(opened, config.FeatureSettings(inputs=("md",), p_frames=0)))
        moved = [float(abs(clip.motion).max()) for clip in clips if clip.motion.size]
        fastest = max(moved, default=0.0)
        if fastest < _MIN_MOTION_PX:
            raise RuntimeError("PyAV gave no motion vectors for a test video with motion")
        return {"codec": opened.info.codec, "fastest_px": round(fastest, 1), "clips": len(clips)}


def _sound() -> Facts:
    """Compute the log-mel spectrogram of an audio stream."""
    video = import_module("scsampler_cli.pipeline.video")
    with tempfile.TemporaryDirectory() as folder:
        mels = [clip.mel for clip in video.audio_clips(video.Video(_clip(folder)))]
        # None: a clip without sound
        with_sound = [mel for mel in mels if mel is not None]
        if not with_sound or not all(mel.std() > 0 for mel in with_sound):
            raise RuntimeError("the spectrogram of an audio stream is empty")
        return {"clips": len(with_sound), "shape": list(with_sound[0].shape)}


def _classify(classifier: str) -> Facts:
    """Tag a video with the bundled networks."""
    started = time.perf_counter()
    tagger = import_module("scsampler_cli.tagger").Tagger(classifier, k=1)
    with tempfile.TemporaryDirectory() as folder:
        result = tagger.tag(_clip(folder))
    return {"tags": len(result.tags), "seconds": round(time.perf_counter() - started, 2)}


def _public_weights() -> Facts:
    """The public checkpoints in the torch hub cache: size in bytes, and whether each is whole."""
    public = import_module("scsampler_cli.model_zoo.public")
    digest = import_module("scsampler_cli.model_zoo.weightfile").file_sha256
    found = {}
    for name, checkpoint in public.PUBLIC.items():
        path = public.cached_path(name)
        if path.is_file():
            # published names hold the first characters of the SHA-256 digest
            whole = digest(path).startswith(checkpoint.digest)
            found[name] = {"path": str(path), "bytes": path.stat().st_size, "whole": whole}
    return {"folder": str(public.cached_path(next(iter(public.PUBLIC))).parent), "files": found}


def _ffmpeg_program() -> Facts:
    """Find the program that makes reels, its version, and encoders that it lacks."""
    program = import_module("scsampler_cli.transcode.program")
    path = program.find_ffmpeg()
    # the first line is "ffmpeg version 7.1 Copyright (c) ..."
    command = [path, "-version"]
    process = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    first = (process.stdout.splitlines() or ["unknown version"])[0]
    encoders = program.encoders(path)
    return {
        "path": str(path),
        "version": first.removeprefix("ffmpeg version ").split(" Copyright")[0],
        "missing_encoders": [name for name in ("mpeg4", "libx264", "aac") if name not in encoders],
    }


PROBES: dict[str, Callable[..., Facts]] = {
    "package": _package,
    "devices": _devices,
    "vectors": _vectors,
    "sound": _sound,
    "classify": _classify,
    "public-weights": _public_weights,
    "ffmpeg-program": _ffmpeg_program,
}
"""Name -> probe."""
