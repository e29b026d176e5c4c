"""The constraints are what `uv.lock` says, for pip: every file of it by its hash."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_MADE_BY = "see the head of tests/constraints.txt for the command that makes it anew"
_PIN = re.compile(
    r"(?m)^([a-z0-9-]+)==([^ ;\\]+)[^\\\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+)"
)


def _pinned(file: str = "constraints.txt") -> dict[str, tuple[str, set[str]]]:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    return {
        name: (version, set(re.findall(r"sha256:[0-9a-f]{64}", hashes)))
        for name, version, hashes in _PIN.findall(text)
    }


def _locked() -> dict[str, dict[str, object]]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return {package["name"]: package for package in lock["package"]}


def test_each_is_pinned_to_the_locked_version_by_the_locked_hashes() -> None:
    locked = _locked()
    for name, (version, hashes) in (_pinned() | _pinned("constraints-broker.txt")).items():
        package = locked[name]
        files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]  # type: ignore[misc] # parsed
        assert version == package["version"], _MADE_BY
        assert hashes == {file["hash"] for file in files}, _MADE_BY


def test_all_that_an_installation_needs_is_in_it() -> None:
    locked, needed = _locked(), {"siptui"}
    todo = ["siptui"]
    while todo:
        package = locked[todo.pop()]
        found = list(package.get("dependencies", ()))  # type: ignore[call-overload] # parsed
        if package["name"] == "siptui":
            found += package["optional-dependencies"]["keyring"]  # type: ignore[index] # parsed
        for one in found:
            if one["name"] not in needed:
                needed.add(one["name"])
                todo.append(one["name"])
    assert needed - {"siptui"} <= set(_pinned()), _MADE_BY


def test_the_broker_is_pinned_apart_and_for_windows_alone() -> None:
    file = "constraints-broker.txt"
    assert set(_pinned(file)) == {"pymsalruntime"}, _MADE_BY
    assert not set(_pinned(file)) & set(_pinned()), "it may not be passed on, as releases are"
    assert "; sys_platform == 'win32' " in (ROOT / "tests" / file).read_text(encoding="utf-8")
    siptui = _locked()["siptui"]
    (needed,) = siptui["optional-dependencies"]["broker"]  # type: ignore[index] # parsed
    assert needed["marker"] == "sys_platform == 'win32'"
    extra = _locked()[needed["name"]]["optional-dependencies"]["broker"]  # type: ignore[index] # parsed
    assert {one["name"] for one in extra} == set(_pinned(file)), _MADE_BY


def test_the_readme_says_how_it_is_used() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("pip install -r tests/constraints.txt") == 1
