"""The house rules that a machine can check: who imports what, and how long things are."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import scsampler_cli
from scsampler_cli import errors

ROOT = Path(scsampler_cli.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

LAYERS = (
    (
        "errors",
        "timeline",
        "scores",
        "ahead",
        "kept",
        "textfile",
        "folders",
        "urls",
        "places",
        "marks",
    ),
    (
        "config",
        "report",
        "shipped",
        "sparkline",
        "jobs.cores",
        "strict",
        "prune",
        "kept_records",
        "dependencies",
    ),
    (
        "features.clip",
        "features.motion",
        "features.reference",
        "features.residual",
        "features.store",
        "features.render",
        "features",
    ),
    (
        "media.boxes",
        "media.h264",
        "media.orientation",
        "media.damage",
        "media.opening",
        "media.scaling",
        "media.container",
        "media.keyframes",
        "media.log",
        "media.packets",
    ),
    ("media.video_info", "media.index", "media.reencode", "media.audio", "media.demo", "media"),
    ("media.seeking", "media.pictures"),
    ("media.compressed", "media.frames", "features.mel", "features.packets"),
    ("classifiers.base",),
    ("weightfile", "device", "inference", "resnet", "public", "cache"),
    ("samplers", "classifiers", "catalogue"),
    ("selection", "asks", "aggregate", "inputs", "tables", "cuts", "writers", "shards", "schemas"),
    ("journal", "results", "merging", "transcode"),
    ("jobs",),
    ("datasets",),
    ("replay",),
    ("bench", "pages"),  # what needs neither videos nor torch
    ("video",),
    ("stored", "clipprobs", "resolved"),
    ("models",),
    ("pipeline",),
    ("extras.plan", "reencoded"),
    ("extras",),
    ("tagger",),
    (
        "demo",
        "train",
        "bench.measure",
        "bench.models",
        "bench.timing",
        "bench.pace",
        "bench.speed",
        "bench.collect",
    ),
    ("__init__",),
    ("doctor",),
    ("console",),
    ("bars",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up; a module imports from its own layer or below."""

CONFINED = {
    "av": ("media",),
    "typer": ("cli",),
    "rich": ("bars",),
    "torch": (
        "samplers",
        "classifiers",
        "train",
        "bench.measure",
        "bench.models",
        "bench.timing",
        "bench.pace",
        "bench.speed",
        "bench.collect",
        "weightfile",
        "device",
        "inference",
        "resnet",
        "public",
        "features.mel",
        "features.residual",
    ),
    "torchvision": ("classifiers",),
    "torchaudio": ("features.mel",),
    "safetensors": ("weightfile",),
    "onnx": ("classifiers.files.onnx", "classifiers.files.external"),
    "google": ("classifiers.files.external",),
    "onnxruntime": ("classifiers.files.onnx",),
    "transformers": ("classifiers.huggingface",),
    "huggingface_hub": ("classifiers.huggingface",),
    "PIL": ("extras", "features.render"),
    "matplotlib": ("train.history", "bench.figures", "extras.sheet"),
    "ffmpeg": ("transcode",),
    "imageio_ffmpeg": ("transcode.program",),
    "ray": ("jobs.cluster", "jobs.connection", "jobs.fleet"),
}


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def layer(name: str) -> int:
    best = max(
        (
            (len(entry), level)
            for level, entries in enumerate(LAYERS)
            for entry in entries
            if _within(name, entry)
        ),
        default=None,
    )
    assert best is not None, f"{name} has no layer"
    return best[1]


def _within(name: str, entry: str) -> bool:
    return name == entry or name.startswith(entry + ".")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_modules() -> set[str]:
    return {module_name(path) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_point_downwards(path: Path) -> None:
    name = module_name(path)
    for imported in imports(path):
        target = imported.removeprefix("scsampler_cli.")
        if imported.startswith("scsampler_cli.") and target in own_modules():
            assert layer(target) <= layer(name), f"{name} imports {target}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_third_parties_stay_in_their_rooms(path: Path) -> None:
    name = module_name(path)
    for imported in imports(path):
        top = imported.split(".")[0]
        if top in CONFINED:
            assert any(_within(name, room) for room in CONFINED[top]), f"{name} imports {top}"
        else:
            assert top in {"scsampler_cli", "numpy", *sys.stdlib_module_names}, (
                f"{name} imports {top}"
            )


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_the_library_neither_prints_nor_exits_nor_reads_the_environment(path: Path) -> None:
    name = module_name(path)
    if name.startswith("cli") or name in ("console", "__main__"):
        return
    source = path.read_text()
    assert "print(" not in source
    assert "os.environ" not in source
    assert "sys.exit" not in source


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_files_and_functions_are_short(path: Path) -> None:
    source = path.read_text()
    assert source.count("\n") <= 350
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = (node.end_lineno or 0) - first.lineno + 1
            assert length <= 60, f"{node.name}: {length} lines"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_expected_error_says_what_to_try_next() -> None:
    expected = {error.__name__ for error in errors.ScsamplerError.__subclasses__()}
    assert "SettingsError" in expected
    without = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in expected
        and "hint" not in {keyword.arg for keyword in node.keywords}
    ]
    assert without == []
