"""Social cards: the images that other sites show with a link to the register.

A card is a sheet with a ruled margin, 1200 × 630 pixels.
Pillow draws it with FiraGO (SIL Open Font Licence 1.1) from the package pymupdf-fonts, because a
server may have no fonts. FiraGO has Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Thai and
Devanagari. Arabic letters are joined and set from right to left where the system has FriBiDi;
elsewhere they are separate.
"""

from __future__ import annotations

import io
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import pymupdf_fonts
from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from register.cases.data_version import VersionedMapCache
from register.cases.decisions import latest_decision
from register.cases.queries import PublicCase, load_public_case
from register.cases.web.decision_words import appeal_words
from register.cases.web.public.case_view import (
    acts_of_others,
    case_commune,
    party_label,
    with_article,
)
from register.db import db
from register.territory.place_queries import qualified_name
from register.territory.web import place_names
from register.text.typography import first_upper, french
from register.web import urls
from register.web.blueprints import public
from register.web.l10n import country_name, edtf_words, language, number, typeset
from register.web.request_context import current_vocabulary, head

WIDTH, HEIGHT = 1200, 630  # the recommended size of Open Graph images

# The light tokens of static/css/tokens.css: an image cannot follow the reader's colour scheme.
_PAPER, _INK, _GREY = "#faf9f4", "#1b211e", "#4d5752"
_ACCENT, _RULE, _MARGIN_RULE = "#14564a", "#d8d7cb", "#8fb3a8"

# The two rules of the margin, and the edges of the texts on both sides.
_RULE_POSITIONS = (270, 277)
_SIDE_EDGE, _BODY_LEFT, _BODY_RIGHT = 246, 312, 1136
_BODY_WIDTH = _BODY_RIGHT - _BODY_LEFT
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

    @property
    def description(self) -> str:
        """All texts but the title, as sentences."""
        lines = (", ".join(filter(None, self.margin_lines)), self.overline, *self.footer_lines)
        return " ".join(f"{line.rstrip('.')}." for line in lines if line)


_image_cache: VersionedMapCache[SocialCard, bytes] = VersionedMapCache(256)  # of about 15 kB each
_descriptions: VersionedMapCache[tuple[int, int, str], str] = VersionedMapCache(256)
# One drawing at a time: each takes a tenth of a second of processor time.
_drawing_lock = Lock()


@public.get("/carte.png")
def card() -> ResponseReturnValue:
    """The card of all pages except those of cases."""
    if request.query_string:
        return redirect(urls.card(), 303)
    head()
    social_card = SocialCard(
        title=_("Registre public des intimidations de blogueurs et de médias locaux"),
        footer_lines=(_("Chaque cas est relu et sourcé ; l’autorité peut y répondre."),),
    )
    return _image_response(social_card)


@public.get("/incidents/<number>/carte.png")
def case_card(number: str) -> ResponseReturnValue:
    """The card of the current version of a case, at an address that contains the version.

    All other query strings redirect to it, so that each card is drawn once.
    """
    head()
    case = load_public_case(db.session(), urls.case_number(number))
    address = urls.card(case.number, case.version)
    if request.query_string.decode("latin-1") != address.partition("?")[2]:
        return redirect(address, 303)
    return _image_response(case_social_card(case))


def _image_response(social_card: SocialCard) -> Response:
    with _drawing_lock:
        image = _image_cache.get_or_make(head().digest, social_card, lambda: draw_card(social_card))
    response = Response(image, mimetype="image/png")
    # Other sites embed it; all other responses are for this site's own pages only.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def case_description(case: PublicCase) -> str:
    """The texts of a case's card as sentences, for its page."""
    key = (case.number, case.version, language())
    return _descriptions.get_or_make(head().digest, key, lambda: case_social_card(case).description)


def case_social_card(case: PublicCase) -> SocialCard:
    """The texts of a case's card: only what a list of cases shows too, nothing of the title twice.

    They say who acted, whom the act targeted and how the case ended, in this order, with the day
    of the latest decision and what was filed against it.
    """
    content, vocabulary = case.snapshot.content, current_vocabulary()
    title = content["title"].lower()
    others_do = acts_of_others(content)
    codes = (code for code in content["types"] if code not in others_do)
    labels = (vocabulary.label("type", code).lower() for code in codes)
    types = ", ".join(label for label in labels if label not in title)
    target = party_label(with_article("cible", content["target"]), ", ".join(content["outlets"]))
    who, whom = with_article("acteur", content["actor"]), typeset(target)
    own_words, label = content["actor_text"], vocabulary.label("acteur", content["actor"])
    if own_words not in ("", content["actor"], label):
        who = _("%(who)s (selon la source : « %(words)s »)", who=who, words=french(own_words))
    outcome = _("inconnue")
    if content["outcome"] not in ("", "inconnue"):
        outcome = vocabulary.label("issue", content["outcome"])
    if decision := latest_decision(content):
        step = decision.part
        day = edtf_words(step["date"]) if decision.date else ""
        appeal = appeal_words(step) if step["appeal"] in ("oui", "ouvert") else ""
        outcome = ", ".join(filter(None, (outcome, typeset(day), appeal)))
    evidence = vocabulary.label("preuve", content["evidence"]).lower()
    if content["contested"]:
        evidence = _("%(evidence)s, contesté", evidence=evidence)
    date_text = edtf_words(content["date"]) if content["date"] else _("date inconnue")
    footer_lines = (
        first_upper(types),
        _("Qui agit : %(who)s. Qui est visé : %(whom)s.", who=who, whom=whom),
        _("Issue : %(outcome)s.", outcome=outcome),
        _("Niveau de preuve : %(evidence)s.", evidence=evidence),
    )
    return SocialCard(
        title=french(content["title"]),
        margin_lines=(
            _("nº %(number)s", number=number(case.number)),
            "" if date_text in title else typeset(date_text),
        ),
        overline=_place_line(content, title),
        footer_lines=tuple(filter(None, footer_lines)),
    )


def _place_line(content: Mapping[str, Any], title: str) -> str:
    """The place, as exact as it is known."""
    area = country_name(content["country"]) if content["country"] != "FR" else ""
    for kind in ("region", "departement"):
        if content[kind]:
            area = place_names.place_name(kind, content[kind])
    name = content["place_label"]
    if commune := case_commune(content):
        # Communes of several départements share a name: this one is always shown.
        name, area = commune.commune.name, commune.departement.name if commune.departement else ""
    if name.lower() not in title:
        return qualified_name(first_upper(name), area)
    return "" if area.lower() in title else typeset(area)


def draw_card(card: SocialCard) -> bytes:
    """The card as a PNG with a description in words."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    canvas = ImageDraw.Draw(image)
    for rule_x in _RULE_POSITIONS:
        canvas.line([(rule_x, 0), (rule_x, HEIGHT)], fill=_MARGIN_RULE, width=2)
    bold = _font("figbo", 46)
    canvas.text((_SIDE_EDGE, _TOP), "Web", _ACCENT, bold, anchor="ra")
    canvas.text((_BODY_LEFT, _TOP), "Citoyen", _ACCENT, bold, anchor="la")
    font, top = _font("figo", 27), _TITLE_TOP - 54
    for text in card.margin_lines:
        for line in _wrap(text, font, _SIDE_EDGE - 40):
            canvas.text((_SIDE_EDGE, top), line, _GREY, font, anchor="ra")
            top += 36
        top += 12
    if card.overline:
        font = _font("figbo", 32)
        overline, *overflow = _wrap(card.overline, font, _BODY_WIDTH)
        overline = _shorten(overline, font) if overflow else overline
        canvas.text((_BODY_LEFT, _TITLE_TOP - 58), overline, _GREY, font, anchor="la")
    floor = _draw_footer(canvas, card.footer_lines)
    _draw_title(canvas, card.title, floor)
    texts = (card.title, card.overline, *card.margin_lines, *card.footer_lines)
    png_info, file = PngInfo(), io.BytesIO()
    png_info.add_itxt("Description", "\n".join(filter(None, texts)))
    # 32 colours look the same in a third of the bytes.
    reduced = image.quantize(32, dither=Image.Dither.NONE)
    reduced.save(file, "PNG", optimize=True, pnginfo=png_info)
    return file.getvalue()


def _draw_footer(canvas: ImageDraw.ImageDraw, texts: Sequence[str]) -> int:
    """Draw the lines at the foot, and return their top edge."""
    lines = []
    for index, text in enumerate(texts):
        font = _font("figo" if index else "figbo", 29)
        lines += [(line, font) for line in _wrap(text, font, _BODY_WIDTH)]
    if not lines:
        return _BODY_BOTTOM
    top = _BODY_BOTTOM - 40 * len(lines)
    canvas.line([(_BODY_LEFT, top - 22), (_BODY_RIGHT, top - 22)], fill=_RULE, width=2)
    for index, (line, font) in enumerate(lines):
        canvas.text((_BODY_LEFT, top + 40 * index), line, _INK, font, anchor="la")
    return top - 22


def _draw_title(canvas: ImageDraw.ImageDraw, title: str, floor: int) -> None:
    """Draw the title in the largest font size with which it fits, else in the smallest."""
    room = floor - _TITLE_TOP - 12
    for size in _SIZES:
        font, height = _font("figbo", size), round(size * _LEADING)
        lines = _wrap(title, font, _BODY_WIDTH)
        if len(lines) * height <= room:
            break
    last = max(1, room // height)
    if len(lines) > last:
        lines = [*lines[: last - 1], _shorten(lines[last - 1], font)]
    # The first letter with a direction gives that of the title (UAX #9, P2).
    directions = (unicodedata.bidirectional(letter) for letter in title)
    is_right_to_left = next((name for name in directions if name in ("L", "R", "AL")), "L") != "L"
    text_x, anchor = (_BODY_RIGHT, "ra") if is_right_to_left else (_BODY_LEFT, "la")
    for index, line in enumerate(lines):
        canvas.text((text_x, _TITLE_TOP + index * height), line, _INK, font, anchor=anchor)


def _shorten(line: str, font: Font) -> str:
    while font.getlength(line + "…") > _BODY_WIDTH:
        line = line[:-1]
    return line.rstrip() + "…"


def _wrap(text: str, font: Font, width: int) -> list[str]:
    """A text in lines that fit; lines break at ordinary spaces only."""
    words: list[str] = []
    for remaining in text.split(" "):
        # A word wider than a line is cut at the line's width.
        while remaining and font.getlength(remaining) > width:
            # Bisect, because the cost of each measure grows with the number of letters.
            end = bisect_left(
                range(2, len(remaining)),
                True,
                key=lambda end: font.getlength(remaining[:end]) > width,
            )
            words.append(remaining[: end + 1])
            remaining = remaining[end + 1 :]
        words.append(remaining)
    lines: list[str] = []
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


@cache
def _font(name: str, size: int) -> Font:
    return ImageFont.truetype(io.BytesIO(pymupdf_fonts.myfont(name)), size)
