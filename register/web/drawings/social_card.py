"""Drawing of social cards: a sheet with a ruled margin, 1200 × 630 pixels.

Pillow draws it with FiraGO (SIL Open Font Licence 1.1) from the package pymupdf-fonts, because a
server may have no fonts. FiraGO has Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Thai and
Devanagari. Arabic letters are joined and set from right to left where the system has FriBiDi;
elsewhere they are separate.
"""

from __future__ import annotations

import io
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pymupdf_fonts
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

WIDTH, HEIGHT = 1200, 630  # the recommended size of Open Graph images

# The light tokens of static/css/tokens.css: an image cannot follow the reader's colour scheme.
_PAPER, _INK, _GREY = "#faf9f4", "#1b211e", "#4d5752"
_ACCENT, _RULE, _MARGIN_RULE = "#14564a", "#d8d7cb", "#8fb3a8"

# The two rules of the margin, and the edges of the texts on both sides.
_RULE_POSITIONS = (270, 277)
_SIDE_EDGE, _BODY_LEFT, _BODY_RIGHT = 246, 312, 1136
_TOP, _TITLE_TOP, _BODY_BOTTOM = 48, 204, 594
_LEADING = 1.26
# Font sizes of titles, from short ones to those of 300 characters.
_SIZES = (60, 54, 48, 43, 39, 35, 32, 29, 27)

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True)
class SocialCard:
    """The texts of a card; all but the title may be empty.

    ``margin_lines``: short lines in the margin. ``overline``: the line above the title.
    ``footer_lines``: lines at the foot, the first in bold.
    """

    title: str
    margin_lines: Sequence[str] = ()
    overline: str = ""
    footer_lines: Sequence[str] = ()


def draw_card(card: SocialCard) -> bytes:
    """The card as a PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    canvas = ImageDraw.Draw(image)
    for rule_x in _RULE_POSITIONS:
        canvas.line([(rule_x, 0), (rule_x, HEIGHT)], fill=_MARGIN_RULE, width=2)
    bold = _font("figbo", 46)
    canvas.text((_SIDE_EDGE, _TOP), "Web", _ACCENT, bold, anchor="ra")
    canvas.text((_BODY_LEFT, _TOP), "Citoyen", _ACCENT, bold, anchor="la")
    _draw_margin(canvas, card.margin_lines)
    if card.overline:
        font = _font("figbo", 32)
        overline, *overflow = _wrap(card.overline, font, _BODY_RIGHT - _BODY_LEFT)
        overline = _shorten(overline, font) if overflow else overline
        canvas.text((_BODY_LEFT, _TITLE_TOP - 58), overline, _GREY, font, anchor="la")
    floor = _draw_footer(canvas, card.footer_lines)
    _draw_title(canvas, card.title, floor)
    texts = (card.title, card.overline, *card.margin_lines, *card.footer_lines)
    return _png(image, "\n".join(filter(None, texts)))


def _draw_margin(canvas: ImageDraw.ImageDraw, texts: Sequence[str]) -> None:
    font, top = _font("figo", 27), _TITLE_TOP - 54
    for text in texts:
        for line in _wrap(text, font, _SIDE_EDGE - 40):
            canvas.text((_SIDE_EDGE, top), line, _GREY, font, anchor="ra")
            top += 36
        top += 12


def _draw_footer(canvas: ImageDraw.ImageDraw, texts: Sequence[str]) -> int:
    """Draw the lines at the foot, and return their top edge."""
    lines = []
    for index, text in enumerate(texts):
        font = _font("figo" if index else "figbo", 29)
        lines += [(line, font) for line in _wrap(text, font, _BODY_RIGHT - _BODY_LEFT)]
    if not lines:
        return _BODY_BOTTOM
    top = _BODY_BOTTOM - 40 * len(lines)
    canvas.line([(_BODY_LEFT, top - 22), (_BODY_RIGHT, top - 22)], fill=_RULE, width=2)
    for index, (line, font) in enumerate(lines):
        canvas.text((_BODY_LEFT, top + 40 * index), line, _INK, font, anchor="la")
    return top - 22


def _draw_title(canvas: ImageDraw.ImageDraw, title: str, floor: int) -> None:
    room = floor - _TITLE_TOP - 12
    size, lines = _fit_title(title, room)
    font, height = _font("figbo", size), round(size * _LEADING)
    last = max(1, room // height)
    if len(lines) > last:
        lines = [*lines[: last - 1], _shorten(lines[last - 1], font)]
    # Right-to-left text is aligned to the right edge.
    text_x, anchor = (_BODY_RIGHT, "ra") if _is_right_to_left(title) else (_BODY_LEFT, "la")
    for index, line in enumerate(lines):
        canvas.text((text_x, _TITLE_TOP + index * height), line, _INK, font, anchor=anchor)


def _shorten(line: str, font: Font) -> str:
    while font.getlength(line + "…") > _BODY_RIGHT - _BODY_LEFT:
        line = line[:-1]
    return line.rstrip() + "…"


def _fit_title(title: str, room: int) -> tuple[int, list[str]]:
    """The largest font size with which a title fits, else the smallest, and the title's lines."""
    size, lines = _SIZES[-1], [title]
    for size in _SIZES:
        lines = _wrap(title, _font("figbo", size), _BODY_RIGHT - _BODY_LEFT)
        if len(lines) * round(size * _LEADING) <= room:
            break
    return size, lines


def _wrap(text: str, font: Font, width: int) -> list[str]:
    """A text in lines that fit; lines break at ordinary spaces only."""
    lines: list[str] = []
    line = ""
    for word in _wrappable_words(text, font, width):
        longer = f"{line} {word}" if line else word
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _wrappable_words(text: str, font: Font, width: int) -> Iterator[str]:
    """The words of a text; a word wider than a line is cut at the line's width."""
    for word in text.split(" "):
        remaining = word
        while remaining and font.getlength(remaining) > width:
            # Bisect, because the cost of each measure grows with the number of letters.
            end = bisect_left(
                range(2, len(remaining)),
                True,
                key=lambda end: font.getlength(remaining[:end]) > width,
            )
            yield remaining[: end + 1]
            remaining = remaining[end + 1 :]
        yield remaining


def _is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction is a right-to-left one (UAX #9, P2)."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return (
        next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"
    )


@cache
def _font(name: str, size: int) -> Font:
    return ImageFont.truetype(io.BytesIO(pymupdf_fonts.myfont(name)), size)


def _png(image: Image.Image, description: str) -> bytes:
    """The image as a PNG file with a description in words."""
    png_info = PngInfo()
    png_info.add_itxt("Description", description)
    # 32 colours look the same in a third of the bytes.
    reduced = image.quantize(32, dither=Image.Dither.NONE)
    file = io.BytesIO()
    reduced.save(file, "PNG", optimize=True, pnginfo=png_info)
    return file.getvalue()
