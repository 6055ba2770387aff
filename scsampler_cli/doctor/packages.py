"""The packages that scsampler uses: which versions, and whether each loads and works."""

from __future__ import annotations

from dataclasses import dataclass

from scsampler_cli.dependencies import (
    TORCH_FAMILY,
    accepted_range,
    in_range,
    install_command,
    installed,
    mend,
    required,
)
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check
from scsampler_cli.doctor.child import Answer


@dataclass(frozen=True)
class Package:
    """A package as it is installed and as it is imported."""

    name: str
    module: str
    serves: str
    """What does not work without it."""
    needed: bool = False
    """Whether tagging a video needs it."""
    extra: str | None = None
    """Of scsampler, that it belongs to; such a package may be absent."""


PACKAGES = (
    Package("numpy", "numpy", "all commands", needed=True),
    Package("torch", "torch", "all commands", needed=True),
    Package("av", "av", "all commands", needed=True),
    Package("safetensors", "safetensors", "all commands", needed=True),
    Package("typer", "typer", "all commands", needed=True),
    Package("rich", "rich", "help and progress bars", needed=True),
    Package("torchvision", "torchvision", "classifiers with a name"),
    Package("torchaudio", "torchaudio", "audio samplers"),
    Package("pillow", "PIL", "--thumbnails, --report and --render"),
    Package("matplotlib", "matplotlib", "charts of train and bench and --thumbnails"),
    Package("ffmpeg-python", "ffmpeg", "--reel and extract --reencode"),
    Package(
        "imageio-ffmpeg",
        "imageio_ffmpeg",
        "--reel and extract --reencode without another ffmpeg",
        extra="ffmpeg",
    ),
    Package("onnx", "onnx", "ONNX classifiers", extra="onnx"),
    Package("onnxruntime", "onnxruntime", "ONNX classifiers", extra="onnx"),
    Package("transformers", "transformers", "Hugging Face classifiers", extra="hf"),
    Package("ray", "ray", "runs with --engine ray", extra="ray"),
)
_SHOWN_LIBRARIES = ("libavcodec", "libavformat")
"""Of FFmpeg's, in the table; JSON has all."""


def wanted() -> list[Package]:
    """The packages to try: those of extras only where they are installed."""
    return [package for package in PACKAGES if not package.extra or installed(package.name)]


def examine(package: Package, answer: Answer, *, torch_works: bool) -> Check:
    """Judge what trying a package gave.

    Args:
        package: that was tried.
        answer: of the probe "package".
        torch_works: whether torch loads; where it does not, what is built on it cannot.
    """
    if answer.problem is not None:
        return _broken(package, answer, torch_works=torch_works)
    name, known = package.name, installed(package.name)
    loaded = answer.facts.get("version")
    facts = {**answer.facts, **_expected(name)}
    shown = loaded or known or "of unknown version"
    if not in_range(name):
        found = f"{shown} works here, but this scsampler asks for {required(name)}"
        return Check(name, WARNING, found, mend=mend(name), facts=facts)
    if _differs(loaded, known):
        found = f"{loaded} loads from {answer.facts['file']}, but {known} is installed"
        command = f"remove the other copy (see PYTHONPATH), then: {mend(name)}"
        return Check(name, WARNING, found, mend=command, facts=facts)
    return Check(name, OK, _described(shown, answer), mend=None, facts=facts)


def _expected(name: str) -> dict[str, str | None]:
    """Version in the package's metadata, and the versions that scsampler accepts."""
    return {"installed": installed(name), "accepted": accepted_range(name) or None}


def _differs(loaded: str | None, known: str | None) -> bool:
    """Whether two versions are not the same release; "2.11.0+cpu" is one with "2.11.0"."""
    if loaded is None or known is None:
        return False
    return loaded.partition("+")[0] != known.partition("+")[0]


def _described(shown: str, answer: Answer) -> str:
    libraries = answer.facts.get("libraries")
    if libraries is None:
        return shown
    versions = [f"{name} {libraries[name]}" for name in _SHOWN_LIBRARIES if name in libraries]
    return f"{shown} with FFmpeg {answer.facts['ffmpeg']} ({', '.join(versions)})"


def _broken(package: Package, answer: Answer, *, torch_works: bool) -> Check:
    name, known = package.name, installed(package.name)
    absent = known is None and answer.missing == package.module
    if absent:
        found = f"is not installed; {package.serves} need it"
    else:
        found = f"{known or 'of unknown version'} does not work: {answer.problem}"
        found += f"; {package.serves} need it"
    missing = (answer.missing or package.module).partition(".")[0]
    if name in TORCH_FAMILY[1:] and not torch_works:
        command = "first mend torch, then run scsampler doctor again"
    elif absent:
        command = install_command(required(name))
    elif missing != package.module:  # another package, on which this one depends
        command = install_command(missing)
    else:
        command = mend(name)
    status = ERROR if package.needed else WARNING
    return Check(name, status, found, mend=command, facts=_expected(name))
