"""How sure it is that words within a phrase name a place, by what stands around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import category

from register.territory.codes import is_departement_code
from register.territory.common_words import is_ordinary
from register.territory.gazetteer import Gazetteer
from register.territory.interpretations import Reading, weight
from register.territory.name_normalisation import ARTICLES, CONTRACTED, OFFICES, PREPOSITIONS, Words
from register.territory.tokenizer import Word

# Inhabitants. A town of so many is offered for its bare name in small letters; a city of so many
# even for one that is an ordinary word, after "à" or "de": "à nice".
_TOWN = 2_000
_CITY = 10_000
_BEFORE_A_NAME = frozenset({"a", "d", "de"})
_LONG = 3  # letters; "de" and "le" are small in titles too
# What a number beside these words is of: a law, a page, a chamber of a court; a sum.
COUNTED = frozenset(
    ("alinea", "art", "article", "articles", "chambre", "loi", "n", "no", "numero", "page", "pages")
)
_AMOUNTS = frozenset(("dollars", "eur", "euro", "euros", "francs", "habitants"))
_DAYS = 31


@dataclass(frozen=True, slots=True)
class Mention:
    """The words from ``first`` to before ``last``, which are the name of a place.

    ``name``: the folded words of that name; the article of "du Bourget" is one of them.
    """

    text: str
    words: Sequence[Word]
    first: int
    last: int
    name: Words

    @property
    def before(self) -> str:
        """The folded word before the name, or ""."""
        return self.words[self.first - 1].folded if self.first else ""

    @property
    def is_contracted(self) -> bool:
        """Whether the article of the name is hidden in "du", "au", "des" or "aux"."""
        return len(self.name) > self.last - self.first


def is_offered(
    gazetteer: Gazetteer,
    mention: Mention,
    readings: Iterable[Reading],
    known: Mapping[str, int],
) -> bool:
    """Whether a name in the middle of other words is taken for a place."""
    if _is_sure(mention):
        return True
    led = mention.is_contracted or mention.before in _BEFORE_A_NAME
    weights = [weight(gazetteer, reading, known) for reading in readings]
    people = max(-fewer for _cases, fewer, _code in weights)
    has_cases = any(cases for cases, _fewer, _code in weights)
    if is_ordinary(mention.name):
        # "La garde à vue" differs from "la ville de La Garde" by its capital only.
        return led and mention.name[0] not in ARTICLES and (has_cases or people >= _CITY)
    nouns = [word for word in mention.name if word not in ARTICLES]
    return led or _begins(mention) or len(nouns) > 1 or has_cases or people >= _TOWN


def is_number_of_a_place(text: str, words: Sequence[Word], place: int) -> bool:
    """Whether a number among words may be that of a département, a postal or an INSEE code.

    "Le maire du 93", "filmer 93220" are; "article 65", "10000 euros" and "le 12" are not.
    """
    word = words[place]
    if len(word.folded) == 1:
        return False
    before = text[word.start - 1 : word.start] or " "
    after = text[word.end : word.end + 1] or " "
    if (before, after) == ("(", ")"):
        return True
    if not (before.isspace() or before in "('’") or not (after.isspace() or after in "),;.!?"):
        return False
    if text[word.end :].lstrip()[:1] in ("€", "$", "%"):
        return False
    previous = words[place - 1].folded if place else ""
    following = words[place + 1].folded if place + 1 < len(words) else ""
    if previous in COUNTED or following in _AMOUNTS or following[:1].isdecimal():
        return False
    if not word.folded.isdecimal():
        return True
    if not is_departement_code(word.folded):
        return not following or not previous or previous in PREPOSITIONS
    if previous in OFFICES or (previous == "le" and _is_after(words, place - 1, "dans")):
        return True
    led = not following or previous == "le" or previous in CONTRACTED
    return led and int(word.folded) > _DAYS


def _is_after(words: Sequence[Word], place: int, before: str) -> bool:
    return place > 0 and words[place - 1].folded == before


def _is_sure(mention: Mention) -> bool:
    if " ".join(mention.name) in OFFICES:
        return False
    return _is_hyphenated(mention) or _follows_office(mention) or _is_proper(mention)


def _is_hyphenated(mention: Mention) -> bool:
    """ "Noisy-le-Sec": nobody writes so but for a name."""
    gaps = (
        mention.text[one.end : other.start]
        for one, other in pairwise(mention.words[mention.first : mention.last])
    )
    return any(gap == "\u2212" or (len(gap) == 1 and category(gap) == "Pd") for gap in gaps)


def _follows_office(mention: Mention) -> bool:
    """ "mairie de", "conseil municipal du"."""
    if mention.before not in PREPOSITIONS:
        return False
    folded = [word.folded for word in mention.words[: mention.first - 1]]
    return any(" ".join(folded[-size:]) in OFFICES for size in (1, 2, 3))


def _is_proper(mention: Mention) -> bool:
    """A capital that is neither the first of a sentence nor one of many."""
    start = mention.text[: mention.words[mention.first].start].rstrip()[-1:]
    if start in ("", ".", "!", "?", "…"):
        return False
    has_article = not mention.is_contracted and mention.name[0] in ARTICLES
    capitals = [mention.first + has_article]
    if has_article and is_ordinary(mention.name):
        # "La Garde", but "la Chambre criminelle" of a court.
        capitals.append(mention.first)
    return all(_is_capital(mention, place) for place in capitals) and any(
        len(word.folded) > _LONG and mention.text[word.start].islower() for word in mention.words
    )


def _begins(mention: Mention) -> bool:
    """A capital at the beginning, which a telephone may have put there."""
    return mention.first == 0 and _is_capital(mention, 0)


def _is_capital(mention: Mention, place: int) -> bool:
    return mention.text[mention.words[place].start].isupper()
