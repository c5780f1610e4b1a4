"""Draws ``static/img/card-*.png``, which other sites show beside a link to the register.

Run it as ``.venv/bin/python tools/social_card.py BOLD.otf`` when its words change, and commit what
it makes. The letters of the present pictures are FiraGO Bold (SIL Open Font Licence 1.1).
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(__file__).resolve().parent.parent / "static" / "img"
WIDTH, HEIGHT = 1200, 630  # the recommended size of Open Graph images
# The light tokens of static/css/tokens.css: a picture cannot follow the reader's colour scheme.
PAPER, INK, ACCENT = "#faf9f4", "#1b211e", "#14564a"
RULE, MARGIN_RULE = "#d8d7cb", "#8fb3a8"
# The two rules of the margin, and the edges of the words on both sides.
RULES, SIDE_EDGE, LEFT, RIGHT = (270, 277), 246, 312, 1136
WORDS = {
    "fr": (
        ("Registre public", "des intimidations de blogueurs", "et de médias locaux"),
        "Chaque cas est relu et sourcé\N{NO-BREAK SPACE}; l’autorité peut y répondre.",
    ),
    "en": (
        ("Public register", "of intimidation of bloggers", "and local media"),
        "Each case is reviewed and sourced; the authority may reply.",
    ),
}


def draw_card(title: tuple[str, ...], footer: str, font_path: str) -> Image.Image:
    """The card: a sheet with a ruled margin, the name of the register and what it is."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    canvas = ImageDraw.Draw(image)
    large, middle, small = (ImageFont.truetype(font_path, size) for size in (72, 54, 29))
    for x in RULES:
        canvas.line([(x, 0), (x, HEIGHT)], fill=MARGIN_RULE, width=2)
    canvas.text((SIDE_EDGE, 64), "Web", ACCENT, large, anchor="ra")
    canvas.text((LEFT, 64), "Citoyen", ACCENT, large, anchor="la")
    for rank, line in enumerate(title):
        canvas.text((LEFT, 236 + 74 * rank), line, INK, middle, anchor="la")
    canvas.line([(LEFT, 532), (RIGHT, 532)], fill=RULE, width=2)
    canvas.text((LEFT, 554), footer, INK, small, anchor="la")
    # 32 colours look the same in a third of the bytes.
    return image.quantize(32, dither=Image.Dither.NONE)


def main(font_path: str) -> None:
    """Write the card of each language."""
    for language, (title, footer) in WORDS.items():
        draw_card(title, footer, font_path).save(FOLDER / f"card-{language}.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
