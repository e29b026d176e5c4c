"""The developers' door: what it names is there."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
CONTRIBUTING = (GITHUB / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _ids(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}


def test_every_path_it_names_exists() -> None:
    named = set(
        re.findall(r"`((?:siptui|tests|themes|screenshots|\.ci|\.github)/[\w./-]*)`", CONTRIBUTING)
    )
    assert len(named) > 20
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_its_links_lead_somewhere() -> None:
    assert set(re.findall(r"\(#([\w-]+)\)", CONTRIBUTING)) <= _ids(CONTRIBUTING)
    for document, folder in ((CONTRIBUTING, GITHUB), (README, ROOT)):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", document):
            assert (folder / link).exists(), link


def test_it_has_a_guide_for_each_kind_of_addition() -> None:
    for what in ("cause", "key", "command", "vendor", "theme", "check", "scenario"):
        assert re.search(rf"^## Add a {what}", CONTRIBUTING, re.M), what
    for what in ("Set up", "Run one test", "The whole check", "The architecture on one page"):
        assert f"## {what}\n" in CONTRIBUTING


def test_the_readme_points_there() -> None:
    development = README.split("## Development")[1]
    assert ".github/CONTRIBUTING.md" in development
    assert ".github/SECURITY.md" in development


def test_the_workflow_runs_the_check_and_on_windows_its_tests() -> None:
    text = (GITHUB / "workflows" / "check.yml").read_text(encoding="utf-8")
    ran = re.findall(r"^\s*- run: (.+)$", text, re.M)
    assert (ran[0], ran[-1]) == (".ci/run", "python -m tests.windows")
    assert all(one.startswith("python -m pip install") for one in ran[1:-2])
    assert "contents: read" in text
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert f'"{oldest.removeprefix(">=")}"' in text


def test_hooks_use_the_tools_of_the_project() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    tools = set(re.findall(r"entry: \.venv/bin/([\w-]+)", text))
    check = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert tools == {"ruff", "mypy", "lint-imports"}
    assert all(f".venv/bin/{tool}" in check for tool in tools)


def test_a_report_asks_for_a_scrubbed_recording() -> None:
    text = (GITHUB / "ISSUE_TEMPLATE" / "fault.yml").read_text(encoding="utf-8")
    assert "--record" in text
    assert "--bundle" in text
    assert "Do not submit devices again only to make a recording" in text
