"""Names of earlier versions: they work, and a `DeprecationWarning` names the new one.

They are import paths and attributes. Former names of options are in `cli.help_pages`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = "scsampler_cli"
MOVED = {
    "video": "pipeline.video",
    "jobs": "batch",
    "jobs.cluster": "batch.ray.cluster",
    "schemas": "output.schemas",
    "report": "output.records",
    "classifiers.shipped": "classifiers.bundled",
}
"""Old module -> new module, both below the package, of the paths that were documented."""
REMOVAL = "the old name will be removed in version 2.0, not before 2027-12-01"
"""Until when a deprecated name works: a part of every message about one."""


class _Redirect(Loader):
    """Loads the module of a new path under an old one."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """None: Python makes an empty module by itself, which `exec_module` replaces."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Import the module of the new path and put it in the place of the empty one."""
        text = f"{self._old} has moved to {self._new}; {REMOVAL}"
        # Python does not count the frames of importlib: level 2 is the user's import statement
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        # importlib returns what is in sys.modules after this, not the module that it passed in
        sys.modules[module.__name__] = import_module(self._new)


class _Finder(MetaPathFinder):
    """Finds the old paths."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How to load an old path; None for any other."""
        package, _, name = fullname.partition(".")
        if package != PACKAGE or name not in MOVED:
            return None
        # a package, so that modules below it ("jobs.cluster" below "jobs") can be looked up
        loader = _Redirect(fullname, f"{PACKAGE}.{MOVED[name]}")
        return ModuleSpec(fullname, loader, is_package=True)


def keep_old_paths() -> None:
    """Let Python find modules under their old paths. To be called once."""
    # the last one: it is called only if nothing is found under a name
    sys.meta_path.append(_Finder())


def renamed(new: str) -> property:
    """An attribute under the name of an earlier version.

    Args:
        new: its name now.
    """

    def read(owner: Any) -> Any:
        text = f"this attribute is called {new} now; {REMOVAL}"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return getattr(owner, new)

    return property(read)
