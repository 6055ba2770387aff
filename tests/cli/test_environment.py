"""Where generated files go, and how idle threads wait."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scsampler_cli.cli.environment import demo_dir

SCRIPT = """
import os, sys
from scsampler_cli.__main__ import main
sys.argv = ["scsampler", "--version"]
try:
    main()
finally:
    print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)
"""


@pytest.mark.parametrize(
    ("set_by_user", "expected"), [(None, "PASSIVE False"), ("ACTIVE", "ACTIVE False")]
)
def test_idle_threads_sleep_unless_the_user_says_otherwise(
    set_by_user: str | None, expected: str
) -> None:
    """And it is settled before torch, which reads it once, is imported."""
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    if set_by_user:
        environment["OMP_WAIT_POLICY"] = set_by_user
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == expected


def test_generated_files_go_to_the_users_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert demo_dir() == tmp_path / "scsampler" / "demo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert demo_dir() == tmp_path / "home" / ".cache" / "scsampler" / "demo"
