"""The architecture that a machine can check: who imports what, and how long things are."""

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
    # words, numbers and settings
    *("errors", "text", "timeline", "config", "dependencies", "compat"),
    # files of this machine, and records in every form
    *("files", "output"),
    # from a video file to what the samplers see of its clips
    *("media", "features"),
    # s and f of the paper, and which clips are selected
    *("selection", "nn", "model_zoo", "samplers", "classifiers"),
    # many files, lists of them, what is kept of them, and the ffmpeg program
    *("batch", "cache", "datasets", "transcode"),
    # one video from end to end, and what is made beside its record
    *("pipeline", "artifacts", "find", "scorer", "tagger", "tasks"),
    # many videos with labels
    *("train", "bench"),
    # the ways in
    *("__init__", "doctor", "cli", "__main__"),
)
"""Rooms and modules of the package root, from the bottom up: each imports from those before it."""

CONFINED = {
    "av": ("media",),
    "typer": ("cli",),
    "rich": ("cli",),
    "torch": (
        "features",
        "nn",
        "model_zoo",
        "samplers",
        "classifiers",
        "train",
        "bench",
        "pipeline",
    ),
    "torchvision": ("classifiers",),
    "torchaudio": ("features.mel",),
    "safetensors": ("model_zoo",),
    "onnx": ("classifiers.model_files",),
    "google": ("classifiers.model_files",),
    "onnxruntime": ("classifiers.model_files",),
    "transformers": ("classifiers.huggingface_network", "classifiers.text_image"),
    "huggingface_hub": ("classifiers.huggingface_folder",),
    "PIL": ("artifacts", "features.render"),
    "matplotlib": ("train.history", "bench.figures", "artifacts.contact_sheet"),
    "ffmpeg": ("transcode",),
    "imageio_ffmpeg": ("transcode",),
    "ray": ("batch.ray",),
    "opentimelineio": ("output.cuts.otio",),
}
"""Packages of others, and where they may be imported. Other packages are for tests alone."""

WITHOUT_TORCH = (
    "bench.run_data",
    "bench.summary",
    "bench.report_files",
    "bench.run_folder",
    "pipeline.models",
    "config.find_settings",
    "find.found_ranking",
    "tasks",
)
"""Modules that can be imported without torch: the command line, and reports made again.

This includes all that they import at the top of the file.
"""

MAX_ROOT_MODULES = 9
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 60
MAX_POSITIONAL = 3
CALLED_BY_OTHERS = {
    *("Depthwise.__init__", "PointwiseDepthwise.__init__", "OwnWidth.__init__"),
    "_WithoutRandomNumbers.__torch_function__",
}
"""Functions that torchvision and torch call by position."""

BY_POSITION = {
    # the sizes or the order of axes
    *("ones", "zeros", "reshape", "view", "permute", "transpose", "expand", "meshgrid"),
    # any number of values
    *("Path", "TypeVar", "einsum", "integers", "pack", "partial", "suppress", "_git"),
    # functions of torch, numpy, torchaudio, PyAV and Pillow that read well so
    *("__init__", "MelScale", "ReduceLROnPlateau", "avg_pool2d", "max_pool2d"),
    *("open_memmap", "reformat", "text"),
}
"""Functions that may be called with more than three values by position."""


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_name(path): path for path in FILES}


def room(name: str) -> str:
    return name.split(".")[0]


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports, inside of functions and for types, too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path: Path) -> set[str]:
    """Modules of this package that a module imports, inside of functions and for types, too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                # either a module of a room, or a name of a module
                full = f"{node.module}.{alias.name}"
                found.add(full if full.removeprefix("scsampler_cli.") in MODULES else node.module)
    own = {
        name.removeprefix("scsampler_cli.") for name in found if name.startswith("scsampler_cli")
    }
    own = {"__init__" if name == "scsampler_cli" else name for name in own}
    return (own & set(MODULES)) - {module_name(path)}


def test_every_room_has_its_layer() -> None:
    assert {room(name) for name in MODULES} == set(LAYERS)


def test_the_package_root_is_small() -> None:
    assert len(list(ROOT.glob("*.py"))) <= MAX_ROOT_MODULES


def test_file_names_say_which_file_is_meant() -> None:
    names = [path.name for path in FILES if path.name not in ("__init__.py", "base.py")]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_to_lower_rooms(name: str) -> None:
    for target in own_imports(MODULES[name]):
        if room(target) != room(name):
            assert LAYERS.index(room(target)) < LAYERS.index(room(name)), f"{name} imports {target}"


def test_no_import_cycle() -> None:
    """Of any kind: also inside of a room, inside of a function, and for types alone."""
    graph = {name: own_imports(path) for name, path in MODULES.items()}
    while graph:
        leaves = {name for name, targets in graph.items() if not targets & set(graph)}
        assert leaves, f"a cycle among {sorted(graph)}"
        graph = {name: targets for name, targets in graph.items() if name not in leaves}


@pytest.mark.parametrize("name", MODULES)
def test_third_parties_stay_in_their_rooms(name: str) -> None:
    for imported in imports(MODULES[name]):
        top = imported.split(".")[0]
        if top in CONFINED:
            assert any(_within(name, place) for place in CONFINED[top]), f"{name} imports {top}"
        else:
            assert top in {"scsampler_cli", "numpy", *sys.stdlib_module_names}, (
                f"{name} imports {top}"
            )


def _within(name: str, place: str) -> bool:
    return name == place or name.startswith((f"{place}.", f"{place}_"))


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_it_starts_without_torch(name: str) -> None:
    assert "torch" not in _imported_at_the_top(name, set())


def _imported_at_the_top(name: str, known: set[str]) -> set[str]:
    """Packages of others that come with a module when it is imported."""
    if name in known:
        return set()
    known.add(name)
    found = set()
    for node in ast.parse(MODULES[name].read_text()).body:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for imported in names:
            target = imported.removeprefix("scsampler_cli.")
            if imported.startswith("scsampler_cli.") and target in MODULES:
                found |= _imported_at_the_top(target, known)
            elif not imported.startswith("scsampler_cli"):
                found.add(imported.split(".")[0])
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_library_neither_prints_nor_exits_nor_reads_the_environment(name: str) -> None:
    if room(name) in ("cli", "__main__"):
        return
    source = MODULES[name].read_text()
    assert "print(" not in source
    assert "os.environ" not in source
    assert "sys.exit" not in source


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_are_short(name: str) -> None:
    source = MODULES[name].read_text()
    assert source.count("\n") <= MAX_FILE_LINES
    for function in functions(source):
        assert code_lines(function) <= MAX_FUNCTION_LINES, function.name


def functions(source: str) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))


def code_lines(function: ast.FunctionDef) -> int:
    """Lines of the body, without its docstring."""
    first = function.body[0]
    if ast.get_docstring(function) and len(function.body) > 1:
        first = function.body[1]
    return (function.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("name", MODULES)
def test_arguments_after_the_third_have_names(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text())
    for owner in ast.walk(tree):
        if not isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        for function in owner.body:
            if not isinstance(function, ast.FunctionDef) or _is_command(function):
                continue
            qualified = f"{getattr(owner, 'name', '')}.{function.name}"
            positional = [
                argument.arg
                for argument in function.args.args
                if argument.arg not in ("self", "cls")
            ]
            if qualified not in CALLED_BY_OTHERS:
                assert len(positional) <= MAX_POSITIONAL, qualified


def _is_command(function: ast.FunctionDef) -> bool:
    """True of a Typer command, whose arguments are options."""
    return any("guarded" in ast.unparse(decorator) for decorator in function.decorator_list)


@pytest.mark.parametrize("name", MODULES)
def test_no_call_hands_over_more_than_three_values_by_position(name: str) -> None:
    for call in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(call, ast.Call) and len(call.args) > MAX_POSITIONAL:
            called = ast.unparse(call.func).split(".")[-1]
            assert called in BY_POSITION, f"{name}:{call.lineno} {called}"


@pytest.mark.parametrize("name", MODULES)
def test_settings_are_given_by_name(name: str) -> None:
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Settings", "Options", "Recipe")):
            decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            fields = [entry for entry in node.body if isinstance(entry, ast.AnnAssign)]
            assert len(fields) < 4 or "kw_only=True" in decorators, node.name


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_for(name: str) -> None:
    assert ast.get_docstring(ast.parse(MODULES[name].read_text()))


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
