"""Import paths of earlier versions. They still work; a `DeprecationWarning` names the new path."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGE = "scsampler_cli"
MOVED = {
    "video": "pipeline.video",
    "jobs": "batch",
    "jobs.cluster": "batch.ray.cluster",
    "schemas": "output.schemas",
    "report": "output.records",
    "classifiers.shipped": "classifiers.bundled",
}
"""Module, as an earlier version documented it -> where it is now; both below the package."""


class _Redirect(Loader):
    """Loads the module of a new path under an old one."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The empty module that Python makes by itself will do; `exec_module` replaces it."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Put the real module in the place of the empty one, which importlib then hands out."""
        text = f"{self._old} has moved to {self._new}"
        # the frames above are importlib's, which Python leaves out of the count
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        sys.modules[module.__name__] = import_module(self._new)


class _Finder(MetaPathFinder):
    """Asked by Python after it has found nothing under a name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A loader for a path that has moved; None for any other."""
        package, _, name = fullname.partition(".")
        if package != PACKAGE or name not in MOVED:
            return None
        loader = _Redirect(fullname, f"{PACKAGE}.{MOVED[name]}")
        return ModuleSpec(fullname, loader, is_package=True)


def keep_old_paths() -> None:
    """Let Python find modules under their old paths; to be called once."""
    sys.meta_path.append(_Finder())
