"""The card that other sites show beside a link: a sheet and its ruled margin, 1200 × 630 pixels.

Pillow draws it, with the letters of FiraGO (SIL Open Font Licence 1.1) from the package
pymupdf-fonts: a server may have no font at all, and these are Latin, Greek, Cyrillic, Arabic,
Hebrew, Georgian, Thai and Devanagari. Arabic letters are joined and set from right to left where
the system has FriBiDi; elsewhere they are all there, and stand apart.
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

WIDTH, HEIGHT = 1200, 630  # what Open Graph's readers ask for

# The tokens of static/css/tokens.css, in light: a picture does not know who looks at it.
_PAPER, _INK, _GREY = "#faf9f4", "#1b211e", "#4d5752"
_ACCENT, _RULE, _MARGIN_RULE = "#14564a", "#d8d7cb", "#8fb3a8"

# The margin's two lines, and where text ends before the first and begins after the second.
_RULES = (270, 277)
_SIDE, _BODY, _EDGE = 246, 312, 1136
_TOP, _TITLE_TOP, _FLOOR = 48, 204, 594
_LEADING = 1.26
# Letters of a title, from what a short one has to what 300 of them leave room for.
_SIZES = (60, 54, 48, 43, 39, 35, 32, 29, 27)

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True)
class Card:
    """What a card says; all but the title may be empty.

    ``side``: short lines for the margin. ``over``: the line above the title. ``under``: lines at
    the foot, the first of which weighs more.
    """

    title: str
    side: Sequence[str] = ()
    over: str = ""
    under: Sequence[str] = ()


def drawn(card: Card) -> bytes:
    """The card as a PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    for place in _RULES:
        pen.line([(place, 0), (place, HEIGHT)], fill=_MARGIN_RULE, width=2)
    bold = _font("figbo", 46)
    pen.text((_SIDE, _TOP), "Web", _ACCENT, bold, anchor="ra")
    pen.text((_BODY, _TOP), "Citoyen", _ACCENT, bold, anchor="la")
    _margin(pen, card.side)
    if card.over:
        font = _font("figbo", 32)
        over, *more = _wrapped(card.over, font, _EDGE - _BODY)
        over = _shortened(over, font) if more else over
        pen.text((_BODY, _TITLE_TOP - 58), over, _GREY, font, anchor="la")
    floor = _foot(pen, card.under)
    _title(pen, card.title, floor)
    return _png(image, "\n".join(text for text in _told(card) if text))


def _told(card: Card) -> Sequence[str]:
    return (card.title, card.over, *card.side, *card.under)


def _margin(pen: ImageDraw.ImageDraw, told: Sequence[str]) -> None:
    font, top = _font("figo", 27), _TITLE_TOP - 54
    for text in told:
        for line in _wrapped(text, font, _SIDE - 40):
            pen.text((_SIDE, top), line, _GREY, font, anchor="ra")
            top += 36
        top += 12


def _foot(pen: ImageDraw.ImageDraw, told: Sequence[str]) -> int:
    """Draw the lines at the foot, and say where they begin."""
    lines = []
    for place, text in enumerate(told):
        font = _font("figo" if place else "figbo", 29)
        lines += [(line, font) for line in _wrapped(text, font, _EDGE - _BODY)]
    if not lines:
        return _FLOOR
    top = _FLOOR - 40 * len(lines)
    pen.line([(_BODY, top - 22), (_EDGE, top - 22)], fill=_RULE, width=2)
    for place, (line, font) in enumerate(lines):
        pen.text((_BODY, top + 40 * place), line, _INK, font, anchor="la")
    return top - 22


def _title(pen: ImageDraw.ImageDraw, title: str, floor: int) -> None:
    room = floor - _TITLE_TOP - 12
    size, lines = _fitting(title, room)
    font, height = _font("figbo", size), round(size * _LEADING)
    last = max(1, room // height)
    if len(lines) > last:
        lines = [*lines[: last - 1], _shortened(lines[last - 1], font)]
    # A text that is read from the right begins there.
    place, anchor = (_EDGE, "ra") if _begins_at_the_right(title) else (_BODY, "la")
    for row, line in enumerate(lines):
        pen.text((place, _TITLE_TOP + row * height), line, _INK, font, anchor=anchor)


def _shortened(line: str, font: Font) -> str:
    while font.getlength(line + "…") > _EDGE - _BODY:
        line = line[:-1]
    return line.rstrip() + "…"


def _fitting(title: str, room: int) -> tuple[int, list[str]]:
    """The largest letters with which a title fits, and its lines; else the smallest."""
    size, lines = _SIZES[-1], [title]
    for size in _SIZES:
        lines = _wrapped(title, _font("figbo", size), _EDGE - _BODY)
        if len(lines) * round(size * _LEADING) <= room:
            break
    return size, lines


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    """A text in lines that fit; only ordinary spaces are places to begin another."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text, font, width):
        longer = f"{line} {word}" if line else word
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def _pieces(text: str, font: Font, width: int) -> Iterator[str]:
    """The words of a text; one that fits on no line is cut where the line ends."""
    for word in text.split(" "):
        rest = word
        while rest and font.getlength(rest) > width:
            # How many letters fit: each measure costs as much as the letters that it measures.
            end = bisect_left(
                range(2, len(rest)), True, key=lambda end: font.getlength(rest[:end]) > width
            )
            yield rest[: end + 1]
            rest = rest[end + 1 :]
        yield rest


def _begins_at_the_right(text: str) -> bool:
    """Whether the first letter with a direction is one that is read from the right (UAX #9, P2)."""
    ways = (unicodedata.bidirectional(letter) for letter in text)
    return next((way for way in ways if way in ("L", "R", "AL")), "L") != "L"


@cache
def _font(name: str, size: int) -> Font:
    return ImageFont.truetype(io.BytesIO(_letters(name)), size)


@cache
def _letters(name: str) -> bytes:
    found: bytes = pymupdf_fonts.myfont(name)
    return found


def _png(image: Image.Image, told: str) -> bytes:
    """The picture as a file, which says in words what it shows to whoever finds it alone."""
    words = PngInfo()
    words.add_itxt("Description", told)
    # Ink on paper has few shades: 32 of them look the same, in a third of the bytes.
    few = image.quantize(32, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True, pnginfo=words)
    return file.getvalue()
