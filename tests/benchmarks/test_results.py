"""RESULTS.md: each program writes its own section and leaves the others as they are."""

from pathlib import Path

from tests.benchmarks.results import RESULTS, SECTIONS, write_section


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    for title in reversed(SECTIONS):
        write_section(title, f"of {title}\n\n| a |\n", file)
    before = file.read_text()
    assert [line[2:] for line in before.splitlines() if line.startswith("# ")] == list(SECTIONS)
    write_section("Soak", "anew", file)
    after = file.read_text()
    assert "of Soak" not in after
    assert before.replace("of Soak\n\n| a |", "anew") == after


def test_what_stands_there_is_kept_by_letter(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    text = RESULTS.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    body = text.partition("# Measured\n\n")[2].partition("\n# ")[0]
    write_section("Measured", body, file)
    assert file.read_text(encoding="utf-8") == text
