"""Places and days that an account names as those of its facts: "hier soir, à la mairie de Gagny".

They are offered to the person who wrote it, who confirms one by a button; nothing is taken alone.
So a missed place costs little and a false one costs trust: a name counts only after words that
put somebody there, and a date only where it is not that of a law, a letter or a summons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from register.territory import name_normalisation as names
from register.territory.gazetteer import Gazetteer
from register.territory.readings import INEXACT, PlaceReading, readings_of_name
from register.territory.resolve import resolve
from register.text import dates
from register.text.date_reading import DateReading, read_date
from register.text.normalisation import fold
from register.text.person_names import first_names
from register.text.typography import first_upper

# Characters of an account that are read; a long one states place and day early.
READ_LENGTH = 3_000
MAX_OFFERS = 3
_MAX_HOMONYMS = 4
_MAX_NAME_WORDS = 7
_CUE_LENGTH = 60  # characters before a name that may say what it is
# Inhabitants from which a name is a place in small letters too.
_TOWN_POPULATION = 5_000
# Inhabitants of a town whose former name is offered beside the village that has it today.
_CITY_POPULATION = 20_000

# Words, folded, that say whose the name after "de" is. A court, a street or a station of that name
# may be anywhere.
_OFFICES = (
    r"(?:mairie|hotel de ville|conseil municipal|conseil|conseil communautaire|commune|ville"
    r"|village|bourg|maire|mairesse|premier adjoint|adjoint|adjointe|municipalite|majorite"
    r"|police municipale|mediatheque|bibliotheque|marche|habitants?|elue?s?|salle des fetes"
    r"|centre ville|town hall|mayor|council|municipal council)"
)
_OFFICE_CUE = re.compile(rf"(?:^|[^a-z0-9]){_OFFICES} (?:de la|de l|de|d|du|des|of|in|a|au) $")
_AT_CUE = re.compile(r"(?:^|[^a-z0-9])(?:a|au|aux|in|at) $")
# What "à" and the name after it do not put there: somebody who lives or goes there, what is said
# to somebody, what is compared.
_ELSEWHERE = re.compile(
    r"(?:^|[^a-z])(?:habit[a-z]*|vis|vit|vivons|vivent|nee?|demeur[a-z]*|demenage[a-z]*|parti[es]*"
    r"|vais|va|allons|vont|rend[a-z]*|travaill[a-z]*|etudi[a-z]*|retour|train|reside[a-z]*|loge"
    r"|dit|disait|dire|parl[a-z]*|demand[a-z]*|donn[a-z]*|remis|remettre|ecri[a-z]*|repond[a-z]*"
    r"|montr[a-z]*|envoy[a-z]*|expliqu[a-z]*|reproch[a-z]*|telephon[a-z]*|propos[a-z]*|transmi[a-z]*"
    r"|grace|face|quant|rapport|appartien[a-z]*|ressemble[a-z]*|contrairement|comme|adress[a-z]*"
    r"|tribunal|tribunal judiciaire|cour d appel|cour|saisi|ministere|prefecture|live|lives|born"
    r"|siege|interview[a-z]*|raconte[a-z]*|paru|publie|imprime) (?:aussi |pas |encore )?"
    r"(?:a|au|aux|in|at) $"
)
_AREA = re.compile(r" ?\((?:[0-9]{2,3}|2[AB]|[A-Z][\w’' -]{3,25})\)")


# --- places -------------------------------------------------------------------------------------


def place_hints(gazetteer: Gazetteer, account: str) -> list[PlaceReading]:
    """Communes where an account says that it happened, the surest first; homonyms together."""
    text = account[:READ_LENGTH]
    has_capitals = _has_capitals(text)
    hints: dict[tuple[str, str], tuple[PlaceReading, bool]] = {}
    for sentence in re.split(r"[\n.!?;:]+", text):
        for reading, is_office in _sentence_hints(gazetteer, sentence, has_capitals=has_capitals):
            key = (reading.code, reading.alias_code or "")
            if key not in hints or is_office:
                hints[key] = (reading, is_office)
    # A town hall that is named says more than a place that is.
    has_office = any(is_office for _reading, is_office in hints.values())
    readings = [reading for reading, is_office in hints.values() if is_office or not has_office]
    by_name = {reading.name for reading in readings}
    limit = _MAX_HOMONYMS if len(by_name) == 1 else MAX_OFFERS
    return readings if len(readings) <= limit else []


def _sentence_hints(
    gazetteer: Gazetteer, sentence: str, *, has_capitals: bool
) -> Iterator[tuple[PlaceReading, bool]]:
    """The communes that a sentence names, each with whether as the seat of who acts."""
    words = names.split_words(sentence)
    index = 0
    while index < len(words):
        before = fold(sentence[max(0, words[index].start - _CUE_LENGTH) : words[index].start]) + " "
        is_office = _OFFICE_CUE.search(before) is not None
        is_there = _AT_CUE.search(before) is not None and not _ELSEWHERE.search(before)
        name_length = 1
        readings: list[PlaceReading] = []
        # "La ville de Nancy", but "parlé à Nancy".
        if is_office or (is_there and words[index].folded not in first_names()):
            name_length, readings = _longest_name(gazetteer, sentence, words, index, has_capitals)
        for reading in readings:
            yield reading, is_office
        index += name_length


def _longest_name(
    gazetteer: Gazetteer, sentence: str, words: list[names.TextWord], start: int, has_capitals: bool
) -> tuple[int, list[PlaceReading]]:
    """How many words from ``start`` are the longest name of a commune, and what it may be.

    One word, and nothing, where there is no name.
    """
    article = names.CONTRACTED_ARTICLES.get(words[start - 1].folded, "") if start else ""
    for count in range(min(_MAX_NAME_WORDS, len(words) - start), 0, -1):
        run = words[start : start + count]
        folded = tuple(word.folded for word in run)
        if "" in folded:
            continue
        typed = sentence[run[0].start : run[-1].end]
        if sentence[run[-1].end : run[-1].end + 1] in ("-", "\u2011"):
            continue
        forms = ((f"{first_upper(article)} {typed}", (article, *folded)),) if article else ()
        for name, folded_name in (*forms, (typed, folded)):
            if " ".join(folded_name) not in gazetteer.places_by_name:
                continue
            if not _is_proper(typed, folded, has_capitals=has_capitals):
                continue
            area = _AREA.match(sentence, run[-1].end)
            resolution = resolve(gazetteer, name + (area[0] if area else ""))
            readings = [
                reading
                for reading in resolution.of_kinds({names.COMMUNE}).readings
                if reading.why not in INEXACT
            ]
            if not area:
                readings += _large_former_communes(gazetteer, " ".join(folded_name), readings)
            if readings and _is_enough(gazetteer, readings, typed, has_capitals=has_capitals):
                return count, readings
    return 1, []


def _large_former_communes(
    gazetteer: Gazetteer, name: str, readings: list[PlaceReading]
) -> list[PlaceReading]:
    """Towns that bore a name which only a village bears today: Évry is a village of Yonne."""
    codes = {reading.code for reading in readings}
    return [
        reading
        for reading in readings_of_name(gazetteer, name)
        if reading.kind == names.COMMUNE
        and reading.code not in codes
        and (gazetteer.communes[reading.code].population or 0) >= _CITY_POPULATION
    ]


def _is_proper(typed: str, folded: names.Words, *, has_capitals: bool) -> bool:
    """Whether words are written as a name is, in a text that writes names so."""
    letters = re.findall(r"[^\W\d_]+", typed)
    long_words = [word for word in letters if fold(word) not in names.SMALL_WORDS] or [typed]
    is_capital = all(word[0].isupper() for word in long_words)
    if has_capitals:
        return is_capital
    return "-" in typed or not names.is_ordinary(folded)


def _is_enough(
    gazetteer: Gazetteer, readings: list[PlaceReading], typed: str, *, has_capitals: bool
) -> bool:
    """Whether a name in small letters is that of a town."""
    if has_capitals or "-" in typed:
        return True
    population = max(gazetteer.communes[reading.code].population or 0 for reading in readings)
    return population >= _TOWN_POPULATION


def _has_capitals(text: str) -> bool:
    """Whether a text writes names with a capital: neither all small letters nor all capitals."""
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    if not letters or capitals * 2 > len(letters):
        return False
    # A capital in the middle of a sentence.
    return re.search(r"[^\W\d_][,’']? ?[A-ZÀ-Þ][a-zà-ÿ]", text) is not None


# --- days ---------------------------------------------------------------------------------------

_WEEKDAY = r"(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
_MONTH = (
    r"(?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre"
    r"|d[ée]cembre)"
)
_ENGLISH_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_PART = r"(?: (?:au )?(?:matin|midi|apr[eè]s[- ]midi|soir))?"
_NUMBER = r"(?:[0-9]{1,2}|une?|deux|trois|quatre|cinq|six|sept|huit|dix|quinze)"
_DATE = re.compile(
    rf"(?<![\w-])(?:"
    rf"avant[- ]hier{_PART}|hier{_PART}|aujourd[’']hui|ce matin|ce midi"
    rf"|cet apr[eè]s[- ]midi|ce soir"
    rf"|(?:{_WEEKDAY} )?[0-9]{{1,2}}(?:er)? {_MONTH}(?: [0-9]{{4}})?"
    rf"|[0-9]{{1,2}}/[0-9]{{1,2}}/(?:[0-9]{{4}}|[0-9]{{2}})"
    rf"|{_WEEKDAY}{_PART} (?:dernier|pass[ée])"
    rf"|il y a {_NUMBER} (?:jours?|semaines?|mois|ans?)"
    rf"|ce week-?end|(?:la )?semaine (?:derni[eè]re|pass[ée]e)|(?:le )?mois dernier"
    rf"|(?:le )?week-?end (?:dernier|pass[ée])"
    rf"|(?:en|au mois d[e’' ]+|d[ée]but|fin|mi-?) ?{_MONTH} [0-9]{{4}}"
    rf"|(?:au |en |l[’'])?(?:printemps|[ée]t[ée]|automne|hiver) (?:de )?[0-9]{{4}}"
    rf"|yesterday(?: (?:morning|afternoon|evening))?|last (?:night|week)"
    rf"|[0-9]{{1,2}} {_ENGLISH_MONTH} [0-9]{{4}}|{_ENGLISH_MONTH} [0-9]{{1,2}},? [0-9]{{4}}"
    rf")(?![\w-])",
    re.IGNORECASE,
)
# Words, folded, after which a date is another one: that of a law or a letter, or a bound.
_OTHER_DATE = re.compile(
    r"(?:^|[^a-z])(?:lois?|ordonnances?|decrets?|arretes?|arret|circulaires?|jugements?|jugee?"
    r"|decisions?|deliberations?|directives?|codes?|reglements?|articles?|modifiee?s?|nee?s?"
    r"|courriers?|lettres?|courriels?|mails?|tribunal|cour|elections?|scrutin|mandats?|depuis|avant"
    r"|apres|jusqu|des|d ici|rendez vous|convoque[a-z]*|convocation|audience|prevue?s?|attendue?s?"
    r"|reportee?s?|facture|contrat|video|billet|paru|publiee?|act|law|since|before|until|born)"
    r"(?: (?:n|no|numero)? ?[0-9][0-9 ]*)?(?: (?:municipale?s?|prefectorale?s?|organique))?"
    r"(?: (?:en date|datee?|de|pour|signee?))?(?: (?:du|le|au|a|of|on|for|the))? $"
)
# "Le Parisien du 12 mai".
_NEWSPAPER = re.compile(r"(?:L[ae]s? |L[’'])[A-ZÀ-Þ][\w’'-]+ (?:du|de) $")
_HABIT = re.compile(r"(?:^|[^a-z])(?:chaque|tous les|comme|ni|pas) $")
# "Today" means these days, further on in a story.
_TODAY_LENGTH = 120
_MAX_YEARS = 30


def date_hints(account: str, today: date) -> list[tuple[str, DateReading]]:
    """Words of an account that tell a day of its facts, and what they mean; none of many.

    In its order, each day once.

    :param today: the day on which the form was displayed.
    """
    text = account[:READ_LENGTH]
    hints: dict[str, tuple[str, DateReading]] = {}
    for match in _DATE.finditer(text):
        before = fold(text[max(0, match.start() - _CUE_LENGTH) : match.start()]) + " "
        if _OTHER_DATE.search(before) or _HABIT.search(before):
            continue
        if _NEWSPAPER.search(text[: match.start()][-_CUE_LENGTH:]):
            continue
        words = match[0]
        if fold(words) == "aujourd hui" and match.start() > _TODAY_LENGTH:
            continue
        reading = read_date(words, today)
        if not reading.start or reading.is_future:
            continue
        if dates.parse(reading.start).year < today.year - _MAX_YEARS:
            continue
        hints.setdefault(reading.start, (words, reading))
    return list(hints.values()) if len(hints) <= MAX_OFFERS else []
