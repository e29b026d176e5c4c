"""Show the pictures to the viewers that are installed: `python -m screenshots.viewers [NAME...]`.

Every picture is rendered beside a reference that is drawn in the plainest way, each character
alone in its cell, from what the terminal holds. Cells that look different are counted. Needs Pillow
and at least one of chromium and rsvg-convert; on Debian and Ubuntu

    apt-get install chromium librsvg2-bin fonts-dejavu-core && pip install pillow

`--keep FOLDER` leaves the renderings there, to be looked at.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path

from PIL import Image, ImageChops

from screenshots import svg
from screenshots.cells import Grid
from screenshots.shapes import shapes
from screenshots.svg import BASELINE, FONT_SIZE, HEIGHT, MARGIN, WIDTH

HERE = Path(__file__).parent
#: The mean difference of a cell's pixels, of 255, above which it does not look as it should.
_ALIKE = 8
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_TOGETHER = 8  # pictures that a browser is started for at once

Rendered = dict[str, Image.Image]


def reference(grid: Grid) -> str:
    """A picture whose every character stands alone."""
    width, height = len(grid[0]) * WIDTH + 2 * MARGIN, len(grid) * HEIGHT + 2 * MARGIN
    default = svg.commonest(grid)
    parts = []
    for line, row in enumerate(grid):
        for column, cell in enumerate(row):
            look, at = cell.look, f'x="{column * WIDTH}" y="{line * HEIGHT}"'
            parts.append(
                f'<rect {at} width="{WIDTH}" height="{HEIGHT}" fill="{look.back}" '
                'shape-rendering="crispEdges"/>'
            )
        for column, cell in enumerate(row):
            if not cell.blank and not shapes(cell.text, 1):
                look = cell.look
                weight = "bold" if look.bold else "normal"
                style = "italic" if look.italic else "normal"
                parts.append(
                    f'<text x="{column * WIDTH}" y="{line * HEIGHT + BASELINE}" fill="{look.fore}" '
                    f'font-weight="{weight}" font-style="{style}">{escape(cell.text)}</text>'
                )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" font-family="{svg.FONTS}" '
        f'font-size="{FONT_SIZE}"><rect x="{-MARGIN}" y="{-MARGIN}" width="{width}" '
        f'height="{height}" rx="6" fill="{default.back}"/>{"".join(parts)}</svg>'
    )


def by_librsvg(files: Mapping[str, Path], folder: Path) -> Rendered:
    """Render with rsvg-convert."""
    rendered = {}
    for name, file in files.items():
        target = folder / f"{name}.png"
        subprocess.run(["rsvg-convert", str(file), "-o", str(target)], check=True)
        rendered[name] = _flat(Image.open(target))
    return rendered


def by_chromium(files: Mapping[str, Path], folder: Path) -> Rendered:
    """Render as images of a page, as a README is shown; without motion."""
    program = next(found for name in _CHROMIUM if (found := shutil.which(name)))
    names, rendered = list(files), {}
    for begin in range(0, len(names), _TOGETHER):
        some = names[begin : begin + _TOGETHER]
        sizes = [_size(files[name]) for name in some]
        width, height = max(w for w, _ in sizes), sum(h for _, h in sizes)
        images = "".join(f'<img src="{files[name].absolute().as_uri()}">' for name in some)
        page, shot = folder / "page.html", folder / f"page-{begin}.png"
        page.write_text("<style>body{margin:0;background:#000}img{display:block}</style>" + images)
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--force-prefers-reduced-motion", f"--window-size={width},{height}",
                     f"--screenshot={shot}", page.absolute().as_uri()]  # fmt: skip
        subprocess.run([program, *arguments], check=True, capture_output=True, timeout=120)
        whole, top = _flat(Image.open(shot)), 0
        for name, (w, h) in zip(some, sizes, strict=True):
            rendered[name] = whole.crop((0, top, w, top + h))
            rendered[name].save(folder / f"{name}.png")
            top += h
    return rendered


def _flat(image: Image.Image) -> Image.Image:
    flat = Image.new("RGB", image.size, "#000")
    flat.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    return flat


def _size(file: Path) -> tuple[int, int]:
    from xml.etree import ElementTree

    root = ElementTree.parse(file).getroot()
    return int(root.attrib["width"]), int(root.attrib["height"])


def differing(picture: Image.Image, plain: Image.Image, grid: Grid) -> Iterator[tuple[int, int]]:
    """The cells that look different: line and column. Lines and blocks of a font are not compared:
    a terminal draws them itself, and so does the picture."""
    columns, lines = len(grid[0]), len(grid)
    difference = ImageChops.difference(picture, plain).convert("L")
    inside = difference.crop(
        (MARGIN, MARGIN, MARGIN + columns * WIDTH, MARGIN + lines * HEIGHT)
    ).resize((columns, lines), Image.Resampling.BOX)
    for line, row in enumerate(grid):
        for column, cell in enumerate(row):
            drawn = bool(shapes(cell.text, 1)) or cell.look.underline
            if not drawn and inside.getpixel((column, line)) > _ALIKE:  # type: ignore[operator]
                yield line, column


def main() -> int:
    """Compare; the exit code says whether all is alike."""
    parser = argparse.ArgumentParser(
        prog="python -m screenshots.viewers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="pictures without .svg; all of them if none")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    chosen = parser.parse_args()
    viewers: dict[str, Callable[[Mapping[str, Path], Path], Rendered]] = {}
    if shutil.which("rsvg-convert"):
        viewers["rsvg-convert"] = by_librsvg
    if any(map(shutil.which, _CHROMIUM)):
        viewers["chromium"] = by_chromium
    if not viewers:
        parser.error("neither chromium nor rsvg-convert is installed")
    grids = _grids(set(chosen.names))
    files = {name: HERE / f"{name}.svg" for name in grids}
    stale = [name for name, file in files.items() if not file.exists()]
    if stale:
        parser.error(f"take the pictures first: python -m screenshots (missing: {stale})")
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plain = {name: folder / f"{name}.plain.svg" for name in grids}
        for name, grid in grids.items():
            plain[name].write_text(reference(grid), encoding="utf-8")
        for viewer, render in viewers.items():
            target = (chosen.keep or folder) / viewer
            target.mkdir(parents=True, exist_ok=True)
            beside = folder / viewer / "plain"
            beside.mkdir(parents=True)
            pictures, references = render(files, target), render(plain, beside)
            cells = bad = 0
            for name, grid in grids.items():
                found = list(differing(pictures[name], references[name], grid))
                cells += len(grid) * len(grid[0])
                bad += len(found)
                if found:
                    print(f"{viewer}: {name}: {len(found)} cells, first at line {found[0]}")
            print(f"{viewer}: {len(grids)} pictures, {cells:,} cells, {bad:,} look different")
            wrong += bad
    return 1 if wrong else 0


def _grids(wanted: set[str]) -> dict[str, Grid]:
    """What the terminal holds, by picture, taken anew."""
    from screenshots import walk

    with tempfile.TemporaryDirectory() as folder:
        grids = walk.pictures(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        frames = walk.demo_frames(Path(folder))
    grids["demo"] = frames[walk.standing(frames)].grid
    return {name: grid for name, grid in grids.items() if not wanted or name in wanted}


if __name__ == "__main__":
    from screenshots.__main__ import same_order

    same_order("screenshots.viewers")
    sys.exit(main())
