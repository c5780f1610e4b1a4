"""How a text becomes tokens: folded, without the words that say nothing, each by its French stem.

Cases and searches go through the same door, on every database, so that "filmé", "Filmer" and
"filmait" meet. Words left out take no place: "mise en demeure" is two tokens side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock

import snowballstemmer

from register.text.normalisation import fold

# Whoever changes what this module makes of a text changes this too: indexes are then made anew.
VERSION = 2
# Longer than any word; what comes after would only be noise in an index.
MAX_WORD_LENGTH = 40

_WORD = re.compile(r"[^\W_]+")
_CACHE_SIZE = 100_000  # words; a large French vocabulary, a few tens of megabytes at most
_stemmer = snowballstemmer.stemmer("french")
# It works on a word of its own: of two threads at once, each would get the other's.
_stemmer_lock = Lock()

# "Y" is a commune and "TA" a court; "pas" and "sans" turn a sentence round, "contre" says who is
# sued: they are not here.
_STOP_WORDS = frozenset(
    """
    a ai ainsi alors as au aucun aucune aussi autre aux avaient avait avant avec avoir ayant
    c ce ceci cela celle celles celui ces cet cette ceux chaque chez comme comment
    d dans de depuis des donc dont du duquel durant
    elle elles en entre est et etaient etait etant ete etre eu eut
    fut furent
    ici il ils
    j je jusque
    l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui
    m ma mais me meme memes mes moi moins mon
    n ne ni nos notre nous
    on ont ou
    par parce pendant peu plus pour pourquoi puis
    qu quand que quel quelle quelles quels qui quoi
    s sa se selon sera seront ses si soit son sont sous suis sur
    t tandis te tel telle telles tels tes toi ton tous tout toute toutes tres tu
    un une
    vers voici voila vos votre vous
    """.split()  # noqa: SIM905 # a hundred quoted words on as many lines are read by nobody
)
# What people shorten in names of places; the whole word is what the register writes.
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


# Endings of one word that the stemmer leaves apart: it knows "-ée" by its accent alone, takes a
# verb's "-ent" for a noun's, and has no rule for "-trice" and "-ère". "Communication" it takes for
# "commune", which is in nearly every case.
_ENDINGS = (
    (re.compile(r"ees?$"), "e"),
    (re.compile(r"(?<=\w{4})(?<!em)ent(?:s|es?)?$"), "e"),
    (re.compile(r"trices?$"), "teur"),
    (re.compile(r"eres?$"), "er"),
    (re.compile(r"(?<![fl])ications?$"), "iquer"),
)


def forms(text: str) -> list[str]:
    """The words of a text as they are written, folded, in their order, silent ones left out."""
    return [form for form in _folded_words(text) if form not in _STOP_WORDS]


def tokens(text: str) -> list[str]:
    """The tokens of a text, in their order; one for each of its :func:`forms`."""
    return [token_of(form) for form in forms(text)]


@lru_cache(maxsize=_CACHE_SIZE)
def token_of(form: str) -> str:
    """The token of one folded word.

    Words with a digit are names or numbers and have no stem; nor have those in "y", which are
    nearly all names of places: "Gagny" is not "gagné".
    """
    if len(form) < 4 or not form.isalpha() or form.endswith("y"):
        return form
    word = form
    for ending, replacement in _ENDINGS:
        word = ending.sub(replacement, word)
    with _stemmer_lock:
        stem: str = _stemmer.stemWord(word)
    return _trim_stem(stem, form)


def _trim_stem(stem: str, form: str) -> str:
    """What the stemmer leaves apart at the end of a stem.

    It knows plurals in "-os", "-us" and "-eux" by no rule, takes "-euse" for the feminine of "-eux"
    alone, and parts "convoquer" from "convocation" and "publier" from "publié".
    """
    if stem.endswith("eux"):
        stem = f"{stem[:-1]}r" if form.endswith(("euse", "euses")) else stem[:-1]
    elif stem.endswith(("s", "e")) and len(stem) > 3:
        stem = stem[:-1]
    if len(stem) > 4:
        stem = f"{stem[:-2]}c" if stem.endswith("qu") else stem.removesuffix("i")
    return stem


def _folded_words(text: str) -> Iterator[str]:
    for word in _WORD.findall(fold(text)):
        truncated = word[:MAX_WORD_LENGTH]
        yield _ABBREVIATIONS.get(truncated, truncated)
