"""The animated picture of the README, recorded from the demo: `python screenshots/cast.py`.

Drives the real console on the emulated tenant in a pseudo-terminal, keeps its screen at a few
moments, and writes them as one SVG whose frames are shown in turn by CSS. Takes about a minute.
"""

import fcntl
import html
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte

HERE = Path(__file__).parent
COLUMNS, LINES = 100, 30
_X, _Y = 8.4, 17  # pixels of a cell
_TO_THE_END = "…"  # nothing is typed: the run is shown to its end, quicker than it was
_QUICKER = 3
#: What is typed, and how many seconds are looked at after it.
SCRIPT = (
    ("", 2.0),
    ("s", 2.5),
    ("60", 1.0),
    ("\r", 2.0),
    (_TO_THE_END, 4.0),
    ("f", 2.0),
    ("j", 1.0),
    ("j", 2.0),
    ("t", 4.0),
)
_STEP = 1.0  # seconds between two frames while something changes
_BACK, _FORE = "#121212", "#c6c6c6"


def record() -> Iterator[tuple[float, list[str]]]:
    """The seconds each screen stands, and its lines as SVG."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-c", "from siptui.cli import main; main()", "demo"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        start_new_session=True,
    )
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)

    def watch(seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([master], [], [], left)[0]:
                # Modes and key protocols that pyte would show as text.
                stream.feed(_without_private(os.read(master, 65536)))

    try:
        while "devices ready" not in " ".join(screen.display):
            watch(0.2)
        for keys, seconds in SCRIPT:
            if keys == _TO_THE_END:
                while "Ended:" not in " ".join(screen.display):
                    watch(_STEP * _QUICKER)
                    yield _STEP, [_line(screen, y) for y in range(LINES)]
            else:
                os.write(master, keys.encode())
            while seconds > 0:
                step = min(_STEP, seconds)
                watch(step)
                seconds -= step
                yield step, [_line(screen, y) for y in range(LINES)]
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


def _without_private(data: bytes) -> bytes:
    return re.sub(rb"\x1b\[[?>=<][\d;]*\$?[a-zA-Z]", b"", data)


def _line(screen: pyte.Screen, y: int) -> str:
    """A line as SVG: runs of one look, backgrounds as rectangles."""
    row = screen.buffer[y]
    parts, x = [], 0
    while x < COLUMNS:
        cell, start = row[x], x
        look = (cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore)
        text = ""
        while x < COLUMNS and look == (
            (c := row[x]).fg,
            c.bg,
            c.bold,
            c.reverse,
            c.underscore,
        ):
            text += c.data
            x += 1
        fore, back = _color(cell.fg, _FORE), _color(cell.bg, _BACK)
        if cell.reverse:
            fore, back = back, fore
        left, width = start * _X, (x - start) * _X
        if back != _BACK:
            parts.append(f'<rect x="{left:g}" width="{width:g}" height="{_Y}" fill="{back}"/>')
        if text.strip():
            bold = ' font-weight="bold"' if cell.bold else ""
            parts.append(
                f'<text x="{left:g}" y="13" fill="{fore}"{bold} textLength="{width:g}">'
                f"{html.escape(text)}</text>"
            )
    return "".join(parts)


def _color(name: str, default: str) -> str:
    return default if name == "default" else f"#{name}" if len(name) == 6 else name


def svg(frames: list[tuple[float, list[str]]]) -> str:
    """All frames in one picture. A line that several frames share is written once."""
    whole = sum(seconds for seconds, _ in frames)
    shared: dict[tuple[int, str], list[tuple[float, float]]] = {}
    at = 0.0
    for seconds, lines in frames:
        for y, line in enumerate(lines):
            if line:
                spans = shared.setdefault((y, line), [])
                if spans and abs(spans[-1][1] - at) < 1e-6:
                    spans[-1] = (spans[-1][0], at + seconds)
                else:
                    spans.append((at, at + seconds))
        at += seconds
    rules: dict[str, str] = {}
    groups = []
    for (y, line), spans in shared.items():
        name = ""
        if spans != [(0.0, whole)]:
            steps = _steps(spans, whole)
            name = rules.setdefault(steps, f"a{len(rules)}")
        shown = f' class="{name}"' if name else ""
        groups.append(f'<g transform="translate(8 {y * _Y + 8})"{shown}>{line}</g>')
    css = "".join(
        f"@keyframes {name}{{{steps}}}.{name}{{animation:{name} {whole:g}s step-end infinite}}"
        for steps, name in rules.items()
    )
    width, height = COLUMNS * _X + 16, LINES * _Y + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" '
        f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" '
        f'xml:space="preserve"><style>{css}</style>'
        f'<rect width="100%" height="100%" rx="6" fill="{_BACK}"/>' + "".join(groups) + "</svg>\n"
    )


def _steps(spans: list[tuple[float, float]], whole: float) -> str:
    marks: dict[str, int] = {"0%": 0}
    for start, end in spans:
        marks[f"{100 * start / whole:.4g}%"] = 1
        if end < whole:
            marks[f"{100 * end / whole:.4g}%"] = 0
    return "".join(f"{at}{{opacity:{shown}}}" for at, shown in marks.items())


def main() -> None:
    """Record, and write `demo.svg` beside this file."""
    (HERE / "demo.svg").write_text(svg(list(record())), encoding="utf-8")


if __name__ == "__main__":
    main()
