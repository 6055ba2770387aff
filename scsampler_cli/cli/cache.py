"""Where generated files are kept between runs. The only module that reads the environment."""

import os
from pathlib import Path


def demo_dir() -> Path:
    """Folder of the generated videos: $XDG_CACHE_HOME or ~/.cache, scsampler/demo."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "scsampler" / "demo"
