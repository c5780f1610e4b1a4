"""What an English reader types, as the labels of the vocabularies say it: "filming ban".

Cases are written in French and so are the words of the index; the labels that stand beside them on
an English page are the only English that such a page has. A word of a label leads to its filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from register.cases import facets
from register.cases.filters import CaseQuery
from register.cases.vocabulary import Vocabulary
from register.db import db
from register.text.fold import fold
from register.web.context import current_vocabulary, head

# Lists whose words stand beside a case, and the filters that they are of.
_LABEL_LISTS = ("type", "famille", "issue")
_WORD = re.compile(r"[^\W\d_]+")
# Letters of a word that need not be the same: "filmed", "filming", "films".
_STEM_LENGTH = 4
_MIN_LENGTH = 3
_STOP_WORDS = frozenset({"the", "and", "for", "from", "with", "was", "were", "not", "any"})


def matching_labels(query: CaseQuery, typed_text: str) -> Iterator[tuple[str, CaseQuery, int]]:
    """Labels that hold every word of a text: each with its search and how many cases that has.

    :param query: the search without these words.
    """
    if current_vocabulary().language == "fr":
        return
    typed_stems = _stems(typed_text)
    if not typed_stems:
        return
    for name, code, label in _all_labels(current_vocabulary()):
        # Values of one filter are alternatives: another would widen the search.
        if name not in query.values and typed_stems <= _stems(label):
            narrowed_query = replace(query, values={**query.values, name: (code,)}, page=1)
            count = facets.count_matches(
                db.session(), narrowed_query, current_vocabulary(), head(), None
            )
            if count:
                yield label, narrowed_query, count


def _all_labels(vocabulary: Vocabulary) -> Iterator[tuple[str, str, str]]:
    for name in _LABEL_LISTS:
        for code, word in vocabulary.lists[name].items():
            yield name, code, word.label


def _stems(text: str) -> set[str]:
    tokens = _WORD.findall(fold(text))
    return {
        word[:_STEM_LENGTH]
        for word in tokens
        if len(word) >= _MIN_LENGTH and word not in _STOP_WORDS
    }
