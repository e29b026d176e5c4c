"""Take all pictures anew: `python -m screenshots`. Needs nothing but the test extra.

The same sources give the same files, byte by byte. `python -m screenshots.viewers` then shows them
to the viewers that are installed.
"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Write every picture beside this file; those that are not taken any more go."""
    from screenshots import svg, walk

    written: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, grid in walk.pictures(Path(folder)).items():
            written[f"{name}.svg"] = svg.still(grid)
    with tempfile.TemporaryDirectory() as folder:
        frames = walk.demo_frames(Path(folder))
    written["demo.svg"] = svg.animated(frames, walk.standing(frames))
    for old in HERE.glob("*.svg"):
        if old.name not in written:
            old.unlink()
    for name, text in written.items():
        (HERE / name).write_text(text, encoding="utf-8")
    size = sum(len(text.encode()) for text in written.values())
    print(f"{len(written)} pictures, {size / 1e6:.2f} MB")


def same_order(module: str) -> None:
    """Begin anew with a fixed hash seed: in another order of sets pictures are others."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        os.execve(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]], environment)


if __name__ == "__main__":
    same_order("screenshots")
    main()
