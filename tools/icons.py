"""Draws the icons of ``static/img`` that are no SVG, from the shapes of ``icon.svg`` there.

Run it as ``.venv/bin/python tools/icons.py`` when that file has changed, and commit what it makes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from lxml import etree
from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parent.parent / "static" / "img"
# A browser's tab, a telephone's home screen, the register's picture for search engines.
SIZES = (32, 180, 512)
# Telephones cut the corners themselves, and show what is transparent in black.
SQUARE_SIZES = frozenset({180})
# Each shape is drawn so many times larger, and then made small: its edges come out soft.
OVERSAMPLING = 8


def draw_icon(size: int, *, square: bool = False) -> Image.Image:
    """The icon in a square of ``size`` pixels; ``square``: without round corners."""
    (rect, path) = etree.parse(FOLDER / "icon.svg").getroot()
    large = size * OVERSAMPLING
    scale = large / int(rect.get("width"))
    image = Image.new("RGBA", (large, large))
    canvas = ImageDraw.Draw(image)
    radius = 0 if square else int(rect.get("rx")) * scale
    canvas.rounded_rectangle((0, 0, large - 1, large - 1), radius, fill=rect.get("fill"))
    half = int(path.get("stroke-width")) / 2
    for x, y, direction, length in re.findall(r"M(\d+) (\d+)([vh])(\d+)", path.get("d")):
        x_start, y_start, extent = int(x), int(y), int(length)
        box = (
            (x_start - half, y_start, x_start + half, y_start + extent)
            if direction == "v"
            else (x_start, y_start - half, x_start + extent, y_start + half)
        )
        first, second, third, fourth = (round(side * scale) for side in box)
        canvas.rectangle((first, second, third - 1, fourth - 1), fill=path.get("stroke"))
    return image.resize((size, size), Image.Resampling.BOX)


def main(folder: Path = FOLDER) -> None:
    """Write every icon into a folder."""
    for size in SIZES:
        image = draw_icon(size, square=size in SQUARE_SIZES)
        image.save(folder / f"icon-{size}.png", optimize=True)
    draw_icon(48).save(folder / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
