"""RESULTS.md beside this file: a section for each program that measures."""

from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
#: The order in which the sections stand.
SECTIONS = ("Measured", "Soak", "Campaign")


def write_section(title: str, text: str, file: Path = RESULTS) -> None:
    """Put `text` under `# title`; the other sections stay as they are."""
    found = _sections(file.read_text(encoding="utf-8") if file.exists() else "")
    found[title] = text.strip()
    order = [*SECTIONS, *(name for name in found if name not in SECTIONS)]
    parts = [f"# {name}\n\n{found[name]}\n" for name in order if name in found]
    file.write_text("\n".join(parts), encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith("# "):
            title = line[2:].strip()
            found[title] = ""
        elif title:
            found[title] += line + "\n"
    return {name: body.strip() for name, body in found.items()}
