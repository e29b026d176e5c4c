"""What Python and pytest compile of the tests, and the constants that hypothesis keeps of them,
made once for several processes of pytest."""

import contextlib
import os
from importlib import import_module
from pathlib import Path


def compile_new(tests: Path) -> None:
    """Import the modules of tests that changed since they were compiled, in processes that end
    with it. What they compile, each process of pytest reads; one that fails there is told of by
    those."""
    new = [path for path in sorted(tests.rglob("test_*.py")) if not _is_compiled(path)]
    shares = os.cpu_count() or 1
    started = [_fork_import(tests.parent, new[share::shares]) for share in range(shares) if new]
    for pid in started:
        os.waitpid(pid, 0)


def _is_compiled(path: Path) -> bool:
    made = path.stat().st_mtime
    kept = path.parent.glob(f"__pycache__/{path.stem}.*-pytest-*.pyc")
    return any(one.stat().st_mtime >= made for one in kept)


def _fork_import(root: Path, paths: list[Path]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        for path in paths:
            with contextlib.suppress(BaseException):
                import_module(".".join(path.relative_to(root).with_suffix("").parts))
        with contextlib.suppress(Exception):  # of this version: it reads every source for them
            from hypothesis.internal.conjecture.providers import _get_local_constants

            _get_local_constants()
    finally:
        os._exit(0)
