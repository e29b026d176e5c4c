"""The packages hold everything that the program reads."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _built(kind: str, folder: Path) -> Path:
    """The package of `kind`, built by the build backend itself, which needs no network."""
    code = f"import hatchling.build as b; print(b.build_{kind}({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def in_wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with zipfile.ZipFile(_built("wheel", tmp_path_factory.mktemp("wheel"))) as wheel:
        return set(wheel.namelist())


def test_every_file_of_the_package_is_in_the_wheel(in_wheel: set[str]) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "siptui").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - in_wheel == set()


def test_themes_are_in_the_wheel(in_wheel: set[str]) -> None:
    themes = {f"siptui/themes/{path.name}" for path in (ROOT / "themes").glob("*.toml")}
    assert themes
    assert themes <= in_wheel


def test_nothing_else_is_in_the_wheel(in_wheel: set[str]) -> None:
    roots = {name.split("/")[0] for name in in_wheel}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"siptui"}


def test_the_sdist_can_run_its_own_tests(tmp_path: Path) -> None:
    with tarfile.open(_built("sdist", tmp_path)) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    for needed in ("tests/conftest.py", "tests/lists/plain.csv", "README.md", "CHANGELOG.md"):
        assert needed in names
    assert any(name.startswith("themes/") for name in names)
    assert not any("/.venv/" in name or name.startswith(".venv") for name in names)
