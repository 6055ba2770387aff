"""Checks of the packages that scsampler uses: their versions, and whether each loads and works."""

from __future__ import annotations

from dataclasses import dataclass

from scsampler_cli.dependencies import (
    TORCH_FAMILY,
    accepted_range,
    in_range,
    install_command,
    installed,
    repair_command,
    required,
)
from scsampler_cli.doctor.check import ERROR, OK, WARNING, Check
from scsampler_cli.doctor.child import Answer


@dataclass(frozen=True)
class Package:
    """A package under its name on PyPI and under the name of its module."""

    name: str
    module: str
    serves: str
    """What needs it: the subject of "... need it"."""
    needed: bool = False
    """True if tagging a video needs it."""
    extra: str | None = None
    """The extra of scsampler that it belongs to; such a package may be absent."""


# in the order in which they are shown: those that everything needs, then the others, then extras
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
    Package("protobuf", "google.protobuf", "sentences of SigLIP", extra="hf"),
    Package("sentencepiece", "sentencepiece", "sentences of SigLIP", extra="hf"),
    Package("opentimelineio", "opentimelineio", "files of --format otio", extra="otio"),
    Package("ray", "ray", "runs with --engine ray", extra="ray"),
)
_SHOWN_LIBRARIES = ("libavcodec", "libavformat")
"""FFmpeg's libraries that the table names; JSON has all of them."""


def wanted() -> list[Package]:
    """The packages to check: those of extras only if they are installed."""
    return [package for package in PACKAGES if not package.extra or installed(package.name)]


def examine(package: Package, answer: Answer, *, torch_works: bool) -> Check:
    """The check of a package.

    Args:
        package: the package.
        answer: answer of the probe "package".
        torch_works: False if torch does not load: then packages that are built on it cannot load.
    """
    if answer.problem is not None:
        return _broken(package, answer, torch_works=torch_works)
    name, version = package.name, installed(package.name)
    loaded = answer.facts.get("version")
    facts = {**answer.facts, **_expected(name)}
    # the version that loads may be another one than the version that is installed
    shown = loaded or version or "of unknown version"
    if not in_range(name):
        found = f"{shown} works here, but this scsampler needs {required(name)}"
        return Check(name, WARNING, found, fix=repair_command(name), facts=facts)
    if _is_other_release(loaded, version):
        found = f"{loaded} loads from {answer.facts['file']}, but {version} is installed"
        fix = f"remove the other copy (see PYTHONPATH), then: {repair_command(name)}"
        return Check(name, WARNING, found, fix=fix, facts=facts)
    return Check(name, OK, _with_libraries(shown, answer), fix=None, facts=facts)


def _expected(name: str) -> dict[str, str | None]:
    """The version in the package's metadata, and the versions that scsampler accepts."""
    return {"installed": installed(name), "accepted": accepted_range(name) or None}


def _is_other_release(loaded: str | None, version: str | None) -> bool:
    """Whether two versions are different releases; "2.11.0+cpu" and "2.11.0" are the same one."""
    if loaded is None or version is None:
        return False
    # what follows "+" names the build
    return loaded.partition("+")[0] != version.partition("+")[0]


def _with_libraries(shown: str, answer: Answer) -> str:
    """A version, with the versions of FFmpeg and its libraries for PyAV, which brings its own."""
    libraries = answer.facts.get("libraries")
    if libraries is None:
        return shown
    versions = [f"{name} {libraries[name]}" for name in _SHOWN_LIBRARIES if name in libraries]
    return f"{shown} with FFmpeg {answer.facts['ffmpeg']} ({', '.join(versions)})"


def _broken(package: Package, answer: Answer, *, torch_works: bool) -> Check:
    name, version = package.name, installed(package.name)
    absent = version is None and answer.missing == package.module
    # a package is absent if its own module is missing, not one that it imports
    if absent:
        found = f"is not installed; {package.serves} need it"
    else:
        found = f"{version or 'of unknown version'} does not work: {answer.problem}"
        found += f"; {package.serves} need it"
    # the import may have failed in a module of this package, or in a package that it imports
    missing = (answer.missing or package.module).partition(".")[0]
    if name in TORCH_FAMILY[1:] and not torch_works:
        # their compiled parts are linked to torch: they load again with it, or show their own fault
        fix = "first repair torch, then run scsampler doctor again"
    elif absent:
        fix = install_command(required(name))
    elif missing != package.module:
        # a package that this one depends on
        fix = install_command(missing)
    else:
        fix = repair_command(name)
    status = ERROR if package.needed else WARNING
    return Check(name, status, found, fix=fix, facts=_expected(name))
