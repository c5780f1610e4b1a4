"""The words of a search on a page: the cases they find, and their marks in what a list shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask import current_app
from markupsafe import Markup, escape

from register.cases.filters import Query
from register.db import db
from register.search import highlight, query_parser, service
from register.search.engine import Engine
from register.search.query_model import CODE, Asked, Part
from register.search.service import Hits, Reach
from register.web import etag
from register.web.context import book, head

_TAG = re.compile("<[^>]*>")
_MARK = Markup("<mark>{}</mark>")


@dataclass(frozen=True)
class Words:
    """What a person typed, how it was read, and the cases that answer it."""

    text: str
    asked: Asked
    hits: Hits

    @property
    def unheeded(self) -> str:
        """A word that was typed to ask for alternatives, which a search does not have; or empty."""
        return query_parser.alternative(self.text)

    @property
    def strength(self) -> Mapping[int, int]:
        """The numbers of the cases, as the layer of incidents takes them."""
        return self.hits.strength


def index() -> Engine:
    """The search engine of this application."""
    return cast(Engine, current_app.extensions[etag.SEARCH])


def sought(query: Query) -> Words | None:
    """What the words of a search find; None for a search without any.

    :raises Invalid: a text that cannot be searched for; see ``language``.
    """
    if not query.words:
        return None
    asked = query_parser.parse(query.words)
    hits = service.find_asked(db.session(), index(), asked, book(), head())
    if hits.reach is Reach.TITLES:
        # The index may be back in a moment under the stamp that it had.
        etag.in_passing()
    return Words(query.words, asked, hits)


def also(text: str) -> Mapping[int, int] | None:
    """What another search by words would find; None without an index, which would take too long."""
    hits = service.proposed(db.session(), index(), query_parser.parse(text), book(), head())
    if hits is None:
        etag.in_passing()
        return None
    return hits.strength


class Marker:
    """Marks in what a list shows of a case the words that were asked."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._known: dict[tuple[bool, str], Markup] = {}
        # A département or a year is meant by a number, and stands in no text.
        self._is_of_words = any(_is_word(part) for part in asked.wanted)

    def __call__(self, text: str) -> Markup:
        """The text as HTML; of HTML, only what a reader sees is looked at."""
        # A text that reads "<b>" and the HTML that says so are equal, and are not the same.
        key = (isinstance(text, Markup), str(text))
        if key not in self._known:
            self._known[key] = _marked(text, self._asked)
        return self._known[key]

    def shows(self, *told: Markup) -> bool:
        """Whether what was marked shows why the case was found, or nothing could."""
        return not self._is_of_words or any("<mark>" in text for text in told)


def marker(words: Words | None) -> Marker | None:
    """The marker of a search; None where there is nothing to mark."""
    return Marker(words.asked) if words and words.asked.wanted else None


def _is_word(part: Part) -> bool:
    return not all(token.startswith(CODE) for way in part.ways for token in way.tokens)


def _marked(text: str, asked: Asked) -> Markup:
    if not isinstance(text, Markup):
        return _pieces(text, asked)
    told, end = [], 0
    for tag in _TAG.finditer(text):
        # A part of a Markup is one, too.
        told += [_pieces(text[end : tag.start()].unescape(), asked), text[slice(*tag.span())]]
        end = tag.end()
    return Markup("").join([*told, _pieces(text[end:].unescape(), asked)])


def _pieces(text: str, asked: Asked) -> Markup:
    told = (
        _MARK.format(piece) if found else escape(piece)
        for piece, found in highlight.marked(asked, text)
    )
    return Markup("").join(told)
