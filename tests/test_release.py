"""What the release script says of platforms, and that the workflow makes all of them."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ci_release", ROOT / ".ci" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ci_release"] = module
    spec.loader.exec_module(module)
    return module


def _names(release: ModuleType, target: str, python: str) -> set[str]:
    return set(
        re.findall(r"(?m)^([a-z0-9-]+)==", release.requirements(release.TARGETS[target], python))
    )


def test_each_platform_gets_what_it_needs_and_nothing_else(release: ModuleType) -> None:
    linux = _names(release, "linux-x86_64", "3.13")
    windows = _names(release, "windows-x86_64", "3.13")
    macos = _names(release, "macos-arm64", "3.13")
    assert {"jeepney", "secretstorage"} <= linux
    assert "pywin32-ctypes" in windows - linux
    assert not {"jeepney", "pywin32-ctypes"} & macos
    assert {"httpx", "msal", "textual"} <= linux & windows & macos
    assert "backports-tarfile" in _names(release, "linux-arm64", "3.11") - linux


def test_each_is_pinned_by_its_hashes(release: ModuleType) -> None:
    text = release.requirements(release.TARGETS["windows-x86_64"], "3.12")
    pins = re.findall(r"(?m)^\S+==\S+ (.*(?:\n .*)*)", text)
    assert len(pins) == len(_names(release, "windows-x86_64", "3.12"))
    assert all("--hash=sha256:" in pin for pin in pins)
    assert ";" not in text


def test_the_workflow_makes_every_platform_and_takes_no_right_it_does_not_need(
    release: ModuleType,
) -> None:
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"target: ([\w-]+),", text)) == set(release.TARGETS)
    assert set(re.findall(r"release\.py (\w+)", text)) == {"build", "wheels", "sbom", "demo"}
    assert text.index("permissions:\n  contents: read") < text.index("jobs:")
    assert text.count("contents: write") == 1


def test_two_builds_that_differ_are_refused(
    release: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build that takes its time from the clock instead of the commit."""
    made: list[str] = []

    def build(_builder: Path, kind: str, _source: Path, out: Path, environ: dict[str, str]) -> None:
        out.mkdir(exist_ok=True)
        made.append(environ["SOURCE_DATE_EPOCH"])
        (out / f"siptui.{kind}.tar.gz").write_text(f"made {len(made)}")

    monkeypatch.setattr(release, "_build", build)
    monkeypatch.setattr(release, "_unpacked", lambda _sdist, folder: folder)
    with pytest.raises(SystemExit, match="two builds of one commit differ"):
        release.build(tmp_path)
    assert list(tmp_path.iterdir()) == []
    of_commit = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert set(made) == {of_commit.stdout.strip()}
