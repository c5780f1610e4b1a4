"""What a typed place may mean, as a page offers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from flask_babel import gettext as _

from register.cases import area_counts, uncoded_places
from register.cases.filters import Query
from register.cases.uncoded_places import Elsewhere
from register.db import db
from register.territory.gazetteer import Place
from register.territory.resolve import INEXACT, LONGEST, Reading, resolve
from register.territory.web import place_names
from register.text.sanitize import one_line
from register.text.typography import french
from register.web import urls
from register.web.context import gazetteer, head, known_places, standing
from register.web.languages import language

# Filters that say where: a place typed anew takes the place of all of them.
_PLACES = ("commune", "departement", "region", "endroit", "pays")

Address = Callable[[Reading], str]


@dataclass(frozen=True)
class Choice:
    """One reading, where it leads, what is around it, its published cases, and why it is one.

    The kind of a reading may be ``endroit`` or ``pays`` too: what cases call their place.
    """

    reading: Reading
    address: str
    within: str
    cases: int
    why: str

    @property
    def named(self) -> str:
        """The place with what is around it."""
        return place_names.named(self.reading.name, self.within)

    @property
    def kind(self) -> str:
        """What the place is, in words."""
        return place_names.kind_of(self.reading.kind, self.reading.code)


@dataclass(frozen=True)
class Found:
    """The text that was typed and everything it may mean, the most likely first.

    ``elsewhere``: what cases call their place, in these words. ``near``: places of nearly that
    name, where there is nothing else.
    """

    typed: str
    choices: Sequence[Choice]
    near: Sequence[Choice] = ()
    elsewhere: Sequence[Choice] = ()

    @property
    def one(self) -> Choice | None:
        """The only place there is, when nobody has to choose."""
        return self.every[0] if len(self.every) == 1 else None

    @property
    def every(self) -> list[Choice]:
        """All there is to choose from, what cases call their place before places without one."""
        with_cases = list(takewhile(lambda choice: choice.cases, self.choices))
        return [*with_cases, *self.elsewhere, *self.choices[len(with_cases) :]]


def typed(values: Sequence[str]) -> str:
    """The place a person typed, on one line and bounded; empty when there is none."""
    return one_line(values[-1])[:LONGEST] if values else ""


def read(text: str, address: Address) -> Found:
    """The readings of a text.

    Beside a place of the territory, only what cases call by that very name is another meaning:
    whoever types Dijon does not mean "a commune not named, tribunal of Dijon".

    :param address: where a reading leads.
    """
    resolution = resolve(gazetteer(), text, known_places())
    readings, near = resolution.readings, resolution.near
    others = uncoded_places.matching(
        uncoded_places.labels(db.session(), head()), text, language=language()
    )
    if readings:
        others = [place for place in others if place.named]
    if others and all(reading.why in INEXACT for reading in readings):
        # "Canada" is no misspelt Canala where there are cases in Canada.
        readings, near = (), ()
    return Found(
        text,
        offered(readings, address),
        offered(near, address),
        [outside(place, address) for place in others],
    )


def offered(readings: Iterable[Reading], address: Address) -> list[Choice]:
    """Readings as a page offers them, in their order."""
    departements = gazetteer().departements
    return [
        Choice(
            reading=reading,
            address=address(reading),
            within=_within(reading, departements),
            cases=_cases(reading),
            why=why(reading),
        )
        for reading in readings
    ]


def outside(place: Elsewhere, address: Address) -> Choice:
    """A place of cases that the territory does not know, as a page offers it."""
    reading = Reading(place.kind, place.code, place.name, None, place.kind)
    return Choice(reading, address(reading), place.within, place.count, why(reading))


def page_of(reading: Reading) -> str:
    """The page of what a reading means; what is no place of the territory has a list of cases."""
    if reading.kind == "commune" and _is_through(reading):
        return place_names.page_of_commune(reading.code, reading.through_code or "")
    if reading.kind in urls.PLACES:
        return urls.PLACES[reading.kind](reading.code)
    return urls.cases(Query({reading.kind: (reading.code,)}))


def narrowed(query: Query, reading: Reading) -> Query:
    """The same search at a place; a place typed anew takes the place of the former ones.

    A former commune or an arrondissement stays what was asked for: the filter answers for the
    commune of today, and its chip names both.
    """
    rest = {name: kept for name, kept in query.values.items() if name not in _PLACES}
    code = reading.through_code or reading.code
    return replace(query, values={**rest, reading.kind: (code,)}, page=1)


def why(reading: Reading) -> str:
    """What makes a text mean this place, in words."""
    name, through = french(reading.name), french(reading.through or "")
    if through and through != name and reading.why in ("arrondissement", "ancienne_commune"):
        return _by_part()[reading.why] % {"name": name, "through": through}
    words = _words(place_names.is_overseas(reading.code))[reading.why]
    return f"{words} ({through})" if through and through != name else words


def _words(overseas: bool) -> dict[str, str]:
    number, name = _("numéro du département"), _("nom du département")
    if overseas:
        number, name = _("numéro de la collectivité"), _("nom de la collectivité")
    return {
        "code_insee": _("code Insee"),
        "departement_code": number,
        "nom": _("nom de la commune"),
        "code_postal": _("code postal"),
        "ancien_code": _("ancien code Insee"),
        "departement_nom": name,
        "region_nom": _("nom de la région"),
        "arrondissement": _("arrondissement"),
        "ancienne_commune": _("ancienne commune"),
        "dans_la_phrase": _("lieu nommé dans la phrase"),
        "debut_du_nom": _("début du nom"),
        "fin_du_nom": _("fin du nom"),
        "orthographe_proche": _("orthographe proche"),
        "endroit": _("lieu nommé par la source"),
        "pays": _("pays"),
    }


def _by_part() -> dict[str, str]:
    return {
        "arrondissement": _("%(through)s, arrondissement de %(name)s"),
        "ancienne_commune": _("%(through)s, ancienne commune, aujourd’hui %(name)s"),
    }


def _is_through(reading: Reading) -> bool:
    """Whether another place led to a commune: by its code, or by its name at the same code."""
    if reading.through_code is None:
        return False
    return reading.through_code != reading.code or reading.through not in (None, reading.name)


def _cases(reading: Reading) -> int:
    if reading.kind == "commune":
        return known_places().get(reading.code, 0)
    return area_counts.counts(db.session(), head(), standing().territory).get(
        (reading.kind, reading.code), 0
    )


def _within(reading: Reading, departements: Mapping[str, Place]) -> str:
    place = departements.get(reading.departement_code or "")
    if reading.kind != "commune" or place is None or place.name == reading.name:
        return ""
    return place.name
