"""Help and usage errors are quick: they load neither torch nor av."""

import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "torchvision", "torchaudio", "av", "numpy", "ray")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["classify", "--help"], 0),
        (["score", "-h"], 0),
        (["classify", "x.mp4", "--strategy", "best"], 2),
        (["classify", "x.mp4", "--classifier", "mc4"], 2),
        (["classify", "x.mp4", "--k", "2", "--k-visual", "3"], 2),
        (["extract", "x.mp4", "--what", "flow"], 2),
        (["classify", "/nowhere.mp4", "--classifier", "demo"], 1),
        (["classifiers", "mc4"], 2),
        (["classifiers", "mc3_18", "demo", "--spec", "frames=3"], 2),
        (["classify", "x.mp4", "--spec", "frames=3"], 2),
        (["classify", "x.mp4", "--classifier", "demo", "--arch", "mc3_18"], 2),
        (["classify", "x.mp4", "--temperature", "0"], 2),
        (["classify", "x.mp4", "--top-m", "3"], 2),
        (["score", "x.mp4", "--address", "auto"], 2),
        (["classify"], 2),
        (["classify", "x.mp4", "--device", "tpu"], 2),
        (["classify", "x.mp4", "--visual-sampler", "eyes"], 2),
        (["classify", "x.mp4", "--alpha", "0.5"], 2),
        (["classify", "x.mp4", "--weights", "/nowhere.pth"], 1),
        (["classify", "x.mp4", "--classifier", "/nowhere.pth"], 1),
        (["classify", "x.mp4", "--classifier", "demo", "--labels", "/nowhere.txt"], 1),
        (["classify", "x.mp4", "--classifier", "demo", "-o", "/nowhere/x.json"], 1),
        (["score", "x.mp4", "--audio-sampler", "/nowhere.safetensors"], 1),
        (["bench", "/nowhere.csv"], 1),
        (["train", "/nowhere.csv", "-o", "w.safetensors"], 1),
    ],
)
def test_nothing_heavy_is_imported(arguments: list[str], code: int) -> None:
    script = (
        "import sys\nfrom scsampler_cli.__main__ import main\n"
        "sys.argv = ['scsampler', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    code = stop.code or 0\n"
        f"print('LOADED', code, [m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert result.stderr.strip().splitlines()[-1] == f"LOADED {code} []", result.stderr


def test_help_is_shown_at_once() -> None:
    """The goal is half a second: the best of four starts, with time to spare for a busy machine."""
    spent = []
    for _ in range(4):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "scsampler_cli", "--help"], capture_output=True, check=True
        )
        spent.append(time.perf_counter() - start)
    assert min(spent) < 1.5


def test_the_main_path_does_without_torchvision() -> None:
    """Importing it loads PyTorch's compiler: two seconds of every run."""
    script = (
        "import sys, torch, scsampler_cli.pipeline.stages\n"
        "from scsampler_cli.classifiers import registry\n"
        "from scsampler_cli.samplers.scoring import load_audio, load_visual\n"
        "cpu, fp32 = torch.device('cpu'), torch.float32\n"
        "for name in ('actions6', 'demo'):\n"
        "    registry.load(name, cpu, fp32)\n"
        "load_visual('actions6-paper', cpu, fp32), load_audio('actions6-paper', cpu, fp32)\n"
        "heavy = ('torchvision', 'torch._dynamo', 'sympy', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
