"""Bars, interrupts, and files that must not be lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.running import DEMO, Run, check_failure, on_terminal


def test_a_terminal_gets_bars_and_a_pipe_pure_results(videos: Path, cache: Path) -> None:
    printed, shown = on_terminal(
        cache, "classify", videos, *DEMO, "--format", "jsonl", stdout=subprocess.PIPE
    )
    assert len([json.loads(line) for line in printed.splitlines()]) == 2
    assert "scoring" in shown
    assert "files" in shown
    assert "schema" not in shown


def test_bars_do_not_run_into_results(videos: Path, cache: Path) -> None:
    _, shown = on_terminal(cache, "classify", videos / "loud.mp4", *DEMO)
    before_table = shown[: shown.index(str(videos))]
    assert "scoring" in before_table
    assert before_table.endswith(("\x1b[2K", "\x1b[1A\x1b[2K", "\r", "\n")), repr(
        before_table[-40:]
    )


def test_an_output_never_overwrites_an_input(run: Run, videos: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mine.mp4"
    shutil.copy(videos / "loud.mp4", copy)
    for command in ("classify", "score", "extract"):
        check_failure(run(command, copy, "-o", copy), 2, "both input and output")
    assert copy.read_bytes() == (videos / "loud.mp4").read_bytes()


def test_an_interrupt_leaves_with_130_and_what_was_written(
    videos: Path, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(300):
        (folder / f"{i:03d}.mp4").symlink_to(videos / "loud.mp4")
    out = tmp_path / "tags.jsonl"
    command = [
        sys.executable,
        "-m",
        "scsampler_cli",
        "classify",
        str(folder),
        *DEMO,
        "-o",
        str(out),
    ]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cache,
        env={**os.environ, "COLUMNS": "80"},
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # a shell's background job ignores it
    )
    while not out.exists() or out.read_text().count("\n") < 2:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert all(json.loads(line)["status"] == "ok" for line in out.read_text().splitlines())
