"""Detection of personal and sensitive data in texts, flagged for a moderator to decide.

A flag asks for a reason and forbids nothing: a few false positives cost less than a missed
telephone number, but many of them would be ignored. URLs are not scanned: a link to an article is
not a statement of the register.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from register.text.normalisation import clean, fold
from register.text.person_names import private_names

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

# What makes a statement one about a person: a union or a party that speaks or is spoken of raises
# no flag.
_MEMBER = (
    r"(?:adherente?|encartee?|militante?|sympathisante?|membre|permanente?|responsable|deleguee?"
    r"|representante?|secretaire|elue?|candidate?)s?"
)
_OF = (
    r"(?: (?:de|du|des|d|a|au|aux|la|le|les|l|une?|chez"
    r"|parti|syndicat|section|syndical|general))*"
)
UNION_MEMBERSHIP = (
    r"(?:non )?syndiquee?s?",
    r"syndicalistes?",
    r"(?:cegetiste|cedetiste)s?",
    r"appartenance syndicale",
    r"activites? syndicales?",
    rf"{_MEMBER} syndica(?:l|le|ux|les)",
    # Many "syndicats" are groupings of communes.
    rf"{_MEMBER} (?:du|d un|de son|au) syndicat\b"
    r"(?! (?:mixte|intercommunal|intercommunaux|d initiative|de communes|des eaux|departemental))",
    # "Sud" is a point of the compass, except with the name of a branch.
    rf"{_MEMBER}{_OF} (?:cgt|cfdt|fo|force ouvriere|fsu|unsa|cftc|cfe cgc|cfe|snj|sgen|snes|fnsea"
    r"|solidaires|sud (?:ct|sante|rail|education|ptt|solidaires|collectivites))",
)

_PARTY = (
    r"(?:ps|rn|fn|lr|lfi|eelv|pcf|udi|ump|modem|lrem|npa|rassemblement national|front national"
    r"|reconquete|(?:les )?republicains?|renaissance|parti|socialistes?|communistes?|insoumise?s?"
    r"|ecologistes?|royalistes?|anarchistes?|nationalistes?|politique"
    r"|(?:extreme |ultra )?(?:droite|gauche))"
)
POLITICAL_OPINION = (
    r"encartee?s?",
    # Not of elected persons, whose party is public.
    r"(?<!elu )(?<!elue )(?<!elus )(?<!maire )(?<!depute )(?<!deputee )(?<!senateur )"
    r"(?:adherent|encarte|militant|sympathisant|membre|ex membre|partisan|electeur|electrice"
    r"|(?:est|etait|blogueur|blogueuse|journaliste|habitante?|citoyen|citoyenne|agente?) proche)"
    rf"e?s?{_OF} {_PARTY}",
    rf"(?:sa|leur) carte{_OF} {_PARTY}",
    r"(?:ses|sa|son|leurs|leur|mes|mon) (?:opinion|conviction|idee|engagement|sympathie)s?"
    r" politiques?",
    r"(?:a|ont|ai|avait|avoir|ayant) vote (?:(?:pour|a|l|le|la|les|au|d) )*"
    rf"(?:{_PARTY}|le pen|macron|melenchon|zemmour|bardella)",
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
    # The active voice, which has an author; not the figures of speech.
    r"(?:ai|a|as|ont|avait|avaient|aurait|auraient|ayant|avoir)"
    r" (?:\w{1,12}ment |deja |aussi |meme )?(?:(?:vole|derobe)(?! (?:la vedette|au|en)\b)"
    r"|frappe(?! (?:a|au|aux|les esprits|l europe|le pays|la region)\b)|gifle|cogne"
    r"|tabasse|roue de coups|agresse|poignarde|sequestre|etrangle|viole (?:une?|sa|son|ses|des)\b"
    r"|detourne(?! (?:le regard|l attention|les yeux|la tete|le sens)\b)|falsifie|escroque|soudoye"
    r"|corrompu|trafique|blanchi|extorque|rackette|cambriole|incendie|pille)e?s?",
    r"(?:pique|tape) dans la caisse",
    # Not press offences: whoever is prosecuted for defamation is charged without any inquiry.
    r"(?:coupable|complice|accusee?|soupconnee?|suspectee?)s? (?:de|d)"
    r"(?! (?:diffam|injur|denigre|insult|outrage|ne|mal)\w*)(?: \w+)?",
    r"mise?s? en examen pour (?!diffam|injur)\w+",
    r"detournements?",
    r"falsifi(?:ee?s?|cations?)",
    r"malversations?",
    r"fraud(?:es?|eurs?|euses?|uleu(?:x|ses?))",
    r"vols? (?:de|d|avec|a|en reunion)(?! (?:nuit|oiseau|ligne|avion|drones?|la|lyon|paris))\b",
    r"violences? (?:conjugales?|sexuelles?|familiales?|intrafamiliales?|sur mineure?s?)",
    r"delinquante?s?",
    r"faux (?:documents?|temoignages?|certificats?)",
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
# A country, two check digits and at most 30 others, of which the country says how many (ISO 13616).
_IBAN = re.compile(r"\b(?=([A-Z]{2}\d{2}(?:[ .\u00a0\u202f-]?[A-Z0-9]){11,30}))", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\W_]+")
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI NL", 19: "SI", 20: "AT EE LT LU", 21: "CH HR LI LV",
        22: "BG DE GB IE", 23: "GI IL", 24: "AD CZ DZ ES RO SE SK TN", 25: "PT", 26: "IS TR",
        27: "FR GR IT MC SM", 28: "AL CY HU MA PL", 31: "MT",
    }.items()
    for country in countries.split()
}  # fmt: skip
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
    ("syndicat", _whole_words(UNION_MEMBERSHIP)),
    ("opinion_politique", _whole_words(POLITICAL_OPINION)),
    ("accusation_grave", _whole_words(GRAVE_ACCUSATION)),
)
# Every kind of risk, in the order of the flags.
CODES = tuple(dict.fromkeys(("nom", "iban", *(code for code, _pattern in (*_PATTERNS, *_WORDS)))))


@dataclass(frozen=True)
class Risk:
    """A risk flag: its stable code and the words of the text that raise it."""

    code: str
    excerpt: str


def risks(text: str) -> tuple[Risk, ...]:
    """The risks of a text without duplicates, by kind and then in the order of the text."""
    scanned = _URL.sub(" ", clean(text))
    flags = [
        Risk("nom", " ".join(scanned[start:end].split())) for start, end in private_names(scanned)
    ]
    flags += [Risk("iban", account) for account in _ibans(scanned)]
    flags += [
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


def _ibans(text: str) -> Iterator[str]:
    """Bank accounts with a valid check number (ISO 7064, mod 97), without separators."""
    for match in _IBAN.finditer(text):
        account = _SEPARATORS.sub("", match.group(1)).upper()
        account = account[: _IBAN_LENGTHS.get(account[:2], 0)]
        if (
            account
            and int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1
        ):
            yield account
