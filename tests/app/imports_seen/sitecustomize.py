"""Writes down what a worker imports, and when, in the file SIPTUI_IMPORTS_SEEN.

Python imports a module of this name at its start; this one stands in for `tests/worker/quick` and
loads it. A line is the time of day in seconds and the name of the module.
"""

import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_QUICK = Path(__file__).parents[2] / "worker" / "quick" / "sitecustomize.py"


class _Seen:
    """A finder that finds nothing and notes what others are about to load."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> None:
        finders: tuple[Any, ...] = (BuiltinImporter, FrozenImporter, PathFinder)
        if any(finder.find_spec(name, path) for finder in finders):
            with Path(os.environ["SIPTUI_IMPORTS_SEEN"]).open("a") as file:
                file.write(f"{time.time():.6f} {name}\n")


if "siptui.app.worker_main" in sys.orig_argv:
    sys.meta_path.insert(0, _Seen())  # type: ignore[arg-type]  # all that a finder must have

_spec = importlib.util.spec_from_file_location("quick", _QUICK)
assert _spec is not None
assert _spec.loader is not None
_spec.loader.exec_module(importlib.util.module_from_spec(_spec))
