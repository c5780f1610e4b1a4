"""Text analyzer: folded words without stop words, as French stems.

Cases and searches use it on every database, so that "filmé", "Filmer" and "filmait" match. Stop
words have no position: "mise en demeure" is two adjacent tokens. Words that the stemmer joins or
parts wrongly are in ``stems.toml``.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from threading import Lock

import snowballstemmer

from register.text.normalisation import fold

# To be changed with the tokens that this module makes: indexes are then rebuilt.
VERSION = 3
MAX_WORD_LENGTH = 40  # letters after these are cut off

_WORD = re.compile(r"[^\W_]+")
_CACHE_SIZE = 100_000  # words; a large French vocabulary, a few tens of megabytes at most
_stemmer = snowballstemmer.stemmer("french")
# The stemmer keeps the word in its own state and is not safe for threads.
_stemmer_lock = Lock()

# Not among them: "y" (a commune), "ta" (a court), "pas" and "sans" (negation), "contre" (who is
# sued). The last line is for readers of English.
_STOP_WORDS = frozenset(
    """
    a ai ainsi alors as au aucun aucune aussi autre autres aux avaient avait avant avec avoir ayant
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
    and at by for from in is of the to was were with
    """.split()  # noqa: SIM905 # a list of quoted words would take a hundred lines
)
# Abbreviations in names of places; the register writes them out.
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}


# Endings that are unified before stemming. The stemmer recognises "-ée" by the accent only, takes
# the "-ent" of a verb for that of a noun, and has no rule for "-trice" and "-ère". It reduces
# "communication" and "communiste" to the stem of "commune", which is in nearly every case.
_ENDINGS = (
    (re.compile(r"(?<=\w{3})is[tm]es?$"), "ist"),
    (re.compile(r"ees?$"), "e"),
    (re.compile(r"(?<=\w{4})(?<!em)ent(?:s|es?)?$"), "e"),
    (re.compile(r"trices?$"), "teur"),
    (re.compile(r"eres?$"), "er"),
    (re.compile(r"(?<![fl])ications?$"), "iquer"),
)


def forms(text: str) -> list[str]:
    """Folded words of a text in their order, without stop words."""
    words = (word[:MAX_WORD_LENGTH] for word in _WORD.findall(fold(text)))
    folded = (_ABBREVIATIONS.get(word, word) for word in words)
    return [form for form in folded if form not in _STOP_WORDS]


def tokens(text: str) -> list[str]:
    """Tokens of a text in their order, one for each of its :func:`forms`."""
    return [token_of(form) for form in forms(text)]


OWN = "="
# Folded word → token, for the words of the file.
STEM_EXCEPTIONS: dict[str, str] = {}


@lru_cache(maxsize=_CACHE_SIZE)
def token_of(form: str) -> str:
    """Token of one folded word.

    Words with a digit are names or numbers and are not stemmed. Nor are words in "y", nearly all
    of them names of places: "Gagny" is not "gagné". A token that no word of another family has
    begins with ``OWN``.
    """
    if form in STEM_EXCEPTIONS:
        return STEM_EXCEPTIONS[form]
    if len(form) < 4 or not form.isalpha() or form.endswith("y"):
        return form
    word = form
    for ending, replacement in _ENDINGS:
        word = ending.sub(replacement, word)
    with _stemmer_lock:
        stem: str = _stemmer.stemWord(word)
    return _trim_stem(stem, form)


def _trim_stem(stem: str, form: str) -> str:
    """Stem without the endings that the stemmer does not unify.

    It has no rule for plurals in "-os", "-us" and "-eux", takes every "-euse" for the feminine of
    "-eux", and gives "convoquer" and "convocation", or "publier" and "publié", two stems.
    """
    if stem.endswith("eux"):
        stem = f"{stem[:-1]}r" if form.endswith(("euse", "euses")) else stem[:-1]
    elif stem.endswith(("s", "e")) and len(stem) > 3:
        stem = stem[:-1]
    if len(stem) > 4:
        stem = f"{stem[:-2]}c" if stem.endswith("qu") else stem.removesuffix("i")
    return stem


for _family in tomllib.loads(Path(__file__).with_name("stems.toml").read_text("utf-8"))["famille"]:
    _own_token = OWN + _family["mots"][0]
    _token = token_of(_family["comme"]) if "comme" in _family else _own_token
    STEM_EXCEPTIONS |= dict.fromkeys(_family["mots"], _token)
