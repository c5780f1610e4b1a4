"""What an English reader types, as the labels of the vocabularies say it: "filming ban".

Cases are written in French and so are the words of the index; the labels that stand beside them on
an English page are the only English that such a page has. A word of a label leads to its filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from register.cases import facets
from register.cases.filters import Query
from register.cases.vocabulary import Book
from register.db import db
from register.text.fold import fold
from register.web.context import book, head

# Lists whose words stand beside a case, and the filters that they are of.
_LISTS = ("type", "famille", "issue")
_WORD = re.compile(r"[^\W\d_]+")
# Letters of a word that need not be the same: "filmed", "filming", "films".
_STEM = 4
_SHORTEST = 3
_EMPTY = frozenset({"the", "and", "for", "from", "with", "was", "were", "not", "any"})


def labelled(query: Query, text: str) -> Iterator[tuple[str, Query, int]]:
    """Labels that hold every word of a text: each with its search and how many cases that has.

    :param query: the search without these words.
    """
    if book().language == "fr":
        return
    asked = _words(text)
    if not asked:
        return
    for name, code, label in _labels(book()):
        # Values of one filter are alternatives: another would widen the search.
        if name not in query.values and asked <= _words(label):
            there = replace(query, values={**query.values, name: (code,)}, page=1)
            count = facets.matching(db.session(), there, book(), head(), None)
            if count:
                yield label, there, count


def _labels(known: Book) -> Iterator[tuple[str, str, str]]:
    for name in _LISTS:
        for code, word in known.lists[name].items():
            yield name, code, word.label


def _words(text: str) -> set[str]:
    found = _WORD.findall(fold(text))
    return {word[:_STEM] for word in found if len(word) >= _SHORTEST and word not in _EMPTY}
