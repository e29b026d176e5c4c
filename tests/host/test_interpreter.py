"""Starting modules of siptui as processes, without what the folder or `PYTHONPATH` would add."""

import subprocess
from pathlib import Path

from siptui.host.interpreter import module_command


def test_the_package_is_found_by_its_own_place(tmp_path: Path) -> None:
    """As from a clone that is not installed: without `site` nothing else could lead to it."""
    python, *rest = module_command("siptui.host.lock_owner")
    done = subprocess.run(
        [python, "-S", *rest], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert "No module named" not in done.stderr
