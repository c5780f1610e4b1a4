"""Detection of personal and sensitive data in texts, flagged for a moderator to decide.

A flag asks for a reason and forbids nothing: a few false positives cost less than a missed
telephone number, but many of them would be ignored. URLs are not scanned: a link to an article is
not a statement of the register.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from register.text.normalisation import clean, fold

HEALTH = (
    r"maladies?",
    r"arrets? maladie",
    r"handicapee?s?",
    r"(?:en situation de|son|sa|leur) handicap",
    r"cancers?",
    r"cancereu(?:x|ses?)",
    r"sida",
    r"seropositi(?:fs?|ves?)",
    r"vih",
    r"depressi(?:fs?|ves?)",
    r"(?:en|une|sa|pour) depression",
    r"psychiatri(?:e|ques?)",
    r"psychiatres?",
    r"schizophren(?:e|es|ie)",
    r"bipolaires?",
    r"autistes?",
    r"troubles? (?:mental|mentaux|psychiques?)",
    r"alcooli(?:ques?|sme)",
    r"toxicoman(?:e|es|ie)",
    # "Enceinte" alone is also a place: "dans l'enceinte de la mairie".
    r"femmes? enceintes?",
    r"(?:est|etait|tombee) enceinte",
    r"enceinte de \w+ (?:mois|semaines)",
    r"grossesse",
    r"fausse couche",
    r"avortement",
    r"hospitalisee?s?",
    r"certificats? medica(?:l|ux)",
    r"dossiers? medica(?:l|ux)",
    r"suicid(?:e|aires?)",
    r"tentatives? de suicide",
    r"burn out",
)

SEX_LIFE = (
    r"homosexuel(?:le)?s?",
    r"homosexualite",
    r"lesbiennes?",
    r"gays?",
    r"bisexuel(?:le)?s?",
    r"transsexuel(?:le)?s?",
    r"transgenres?",
    r"orientation sexuelle",
    r"vie (?:sexuelle|intime)",
    r"relations? sexuelles?",
    r"adulteres?",
    r"(?:son|leur) amant",
    r"sa maitresse",
    r"extra conjugale?s?",
    r"prostituee?s?",
    r"photos? intimes?",
    r"sex ?tapes?",
)

RELIGION = (
    r"musulmane?s?",
    r"islamistes?",
    r"catholiques?",
    r"(?:juive?s?|juifs?)",
    r"chretien(?:ne)?s?",
    # "Protestant" alone is often the participle of protester, and "orthodoxe" an opinion.
    r"protestantes?",
    r"(?:est|etait|eglise|temple|pasteur) protestante?",
    r"bouddhistes?",
    r"hindou(?:e|iste)?s?",
    r"athees?",
    r"evangeliques?",
    r"temoins? de jehovah",
    r"scientologues?",
    r"convertie?s? a l islam",
    r"francs? macon(?:ne)?s?",
)

MINOR = (
    # Not the adjective: "modification mineure", "rôle mineur".
    r"(?:une?|des|deux|trois|les?|la|l|ce|cette|ces|enfants?|fils|filles?|jeunes?|victimes?"
    r"|personnes?|eleves?|encore) mineure?s?(?! de fond)",
    r"agee?s? (?:seulement )?de (?:\d|1[0-7]) ans",
    r"(?:enfant|fille|fils|garcon|adolescente?|eleve|gamine?|jeune) de (?:\d|1[0-7]) ans",
    r"collegien(?:ne)?s?",
    r"lyceen(?:ne)?s?",
    r"ecolier(?:e)?s?",
    r"adolescente?s?",
    r"fillettes?",
    r"nourrissons?",
    r"(?:mon|son|leur) (?:enfant|bebe)",
    r"(?:mes|ses|leurs) enfants",
)

GRAVE_ACCUSATION = (
    r"corruptions?",
    r"corrompue?s?",
    r"corrupteurs?",
    r"pots? de vin",
    r"pedophil(?:e|es|ie)",
    r"pedocriminel(?:le)?s?",
    r"pedocriminalite",
    # Not the verb violer, which is also used of laws and rights.
    r"viols?",
    r"violeurs?",
    r"incestes?",
    r"agressions? sexuelles?",
    r"agresseurs? sexuels?",
    r"harcelements? sexuels?",
    r"escrocs?",
    r"escroqueries?",
    r"detournements? (?:de|d) (?:fonds|argent|biens|deniers|subventions?)(?: publics?)?",
    r"prises? illegales? d interets?",
    r"trafics? d influence",
    # Not road traffic, which has an article ("trafic de la route") or names vehicles.
    r"trafics? (?:de|d)(?! (?:la|l|routes?|vehicules?|voitures?|trains?|donnees)\b) \w+",
    r"trafiquante?s?",
    r"abus de biens? socia(?:l|ux)",
    r"abus de (?:confiance|faiblesse)",
    r"concussions?",
    r"favoritisme",
    r"emplois? fictifs?",
    r"blanchiments?",
    r"fraudes? (?:fiscales?|electorales?)",
    r"(?:voleurs?|voleuses?)",
    r"faux en ecritures?",
    r"extorsions?",
    r"rackets?",
    r"nazie?s?",
    r"neo ?nazie?s?",
    r"nazisme",
    r"negationnis(?:me|tes?)",
    r"mafias?",
    r"mafieu(?:x|ses?)",
    r"assassin(?:s|ats?)?",
    r"meurtri(?:ers?|eres?)",
    r"meurtres?",
    r"terroris(?:me|tes?)",
    r"proxenet(?:e|es|isme)",
)

_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")

# Ten digits from 0, or nine after +33 or 0033, as printed and as typed. Not inside a longer number,
# such as a docket, SIRET or file number. With one separator throughout: "01/02/2006 10:30" is no
# telephone number.
_PHONE = re.compile(
    r"(?<![\d+])(?:(?:\+|00)33[\s.\-]?(?:\(0\)[\s.\-]?)?|0)[1-9]"
    r"(?:(?P<between>[\s.\-/]{1,3})\d{2}(?:(?P=between)\d{2}){3}|\d{8})(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
# Since 2009 AA-123-AA, before 1234 ABC 75. Neither has I, O or U, which also excludes "100 EUR 50"
# and "12 TGI 75". Upper case only: in lower case they are words.
_PLATE = re.compile(
    r"\b(?:[A-HJ-NP-TV-Z]{2}([ -]?)\d{3}\1[A-HJ-NP-TV-Z]{2}"
    r"|\d{2,4}[ -][A-HJ-NP-TV-Z]{2,3}[ -](?:\d{2}|2[AB]|97\d))\b"
)
# At most three digits: "en 2006, place de la Mairie" is a date and a place.
_STREET_ADDRESS = re.compile(
    r"(?<![\d.,/])\d{1,3}(?:\s?(?:bis|ter|quater))?,?\s{1,3}"
    r"(?:rue|avenue|av\.|boulevard|bd\.?|place|impasse|allée|chemin|route|quai|cours(?!\sd['’])"
    r"|square|passage|villa|résidence|lotissement|sente|sentier|venelle|ruelle|faubourg|hameau)"
    r"\s[^\n,;.:()]{1,40}",
    re.IGNORECASE,
)
_PATTERNS = (
    ("telephone", _PHONE),
    ("courriel", _EMAIL),
    ("plaque", _PLATE),
    ("adresse", _STREET_ADDRESS),
)


def _whole_words(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


_WORDS = (
    ("adresse", _whole_words((r"domiciliee?s? (?:a|au|rue|\d+)", r"demeurant (?:a|au|rue|\d+)"))),
    ("sante", _whole_words(HEALTH)),
    ("vie_sexuelle", _whole_words(SEX_LIFE)),
    ("religion", _whole_words(RELIGION)),
    ("mineur", _whole_words(MINOR)),
    ("accusation_grave", _whole_words(GRAVE_ACCUSATION)),
)


@dataclass(frozen=True)
class Risk:
    """A risk flag: its stable code and the words of the text that raise it."""

    code: str
    excerpt: str


def risks(text: str) -> tuple[Risk, ...]:
    """The risks of a text without duplicates, by kind and then in the order of the text."""
    scanned = _URL.sub(" ", clean(text))
    flags = [
        Risk(code, " ".join(match.group().split()))
        for code, pattern in _PATTERNS
        for match in pattern.finditer(scanned)
    ]
    words = list(_WORD.finditer(scanned))
    # Folding may lengthen a word (œ). The start of each folded word leads back to the word in the
    # text, from which the excerpt is cut.
    starts: list[int] = []
    folded_words: list[str] = []
    length = 0
    for word in words:
        folded_word = fold(word.group()).replace(" ", "")
        starts.append(length)
        folded_words.append(folded_word)
        length += len(folded_word) + 1
    folded = " ".join(folded_words)
    for code, pattern in _WORDS:
        for match in pattern.finditer(folded):
            first = words[bisect_right(starts, match.start()) - 1]
            last = words[bisect_right(starts, match.end() - 1) - 1]
            excerpt = " ".join(scanned[first.start() : last.end()].split())
            flags.append(Risk(code, excerpt))
    return tuple(dict.fromkeys(flags))
