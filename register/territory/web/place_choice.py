"""What a typed place may mean, as a page offers it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import ngettext

from register.cases import case_places, communes_with_cases
from register.cases.case_places import UncodedPlace
from register.cases.filters import CaseQuery
from register.db import db
from register.territory.gazetteer import GazetteerPlace
from register.territory.resolve import (
    INEXACT,
    MAX_TYPED_LENGTH,
    PlaceReading,
    resolve,
    suggest_places,
)
from register.territory.web import place_names
from register.text.normalisation import one_line
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.l10n import count_words
from register.web.languages import in_language, language
from register.web.request_context import commune_case_counts, current_data_version, gazetteer, head
from register.web.view_permissions import without_csrf_token

# Filters that say where: a place typed anew takes the place of all of them.
_PLACE_FILTERS = ("commune", "departement", "region", "endroit", "pays")

ReadingUrl = Callable[[PlaceReading], str]


@dataclass(frozen=True)
class PlaceChoice:
    """One reading, where it leads, what is around it, its published cases, and why it is one.

    The kind of a reading may be ``endroit`` or ``pays`` too: what cases call their place.
    """

    reading: PlaceReading
    address: str
    area_name: str
    case_count: int
    why: str

    @property
    def qualified_name(self) -> str:
        """The place with what is around it."""
        return place_names.qualified_name(self.reading.name, self.area_name)

    @property
    def kind_label(self) -> str:
        """What the place is, in words."""
        return place_names.kind_label(self.reading.kind, self.reading.code)


@dataclass(frozen=True)
class PlaceMatches:
    """The text that was typed and everything it may mean, the most likely first.

    ``uncoded_choices``: what cases call their place, in these words. ``near_choices``: places of
    nearly that name, where there is nothing else.
    """

    typed: str
    choices: Sequence[PlaceChoice]
    near_choices: Sequence[PlaceChoice] = ()
    uncoded_choices: Sequence[PlaceChoice] = ()

    @property
    def sole_choice(self) -> PlaceChoice | None:
        """The only place there is, when nobody has to choose."""
        return self.all_choices[0] if len(self.all_choices) == 1 else None

    @property
    def all_choices(self) -> list[PlaceChoice]:
        """All there is to choose from, what cases call their place before places without one."""
        with_cases = list(takewhile(lambda choice: choice.case_count, self.choices))
        return [*with_cases, *self.uncoded_choices, *self.choices[len(with_cases) :]]


def typed_place(field_values: Sequence[str]) -> str:
    """The place a person typed, on one line and bounded; empty when there is none."""
    return one_line(field_values[-1])[:MAX_TYPED_LENGTH] if field_values else ""


def match_places(typed: str, address: ReadingUrl) -> PlaceMatches:
    """The readings of a text.

    Beside a place of the territory, only what cases call by that very name is another meaning:
    whoever types Dijon does not mean "a commune not named, tribunal of Dijon".

    :param address: where a reading leads.
    """
    resolution = resolve(gazetteer(), typed, commune_case_counts())
    readings, near_readings = resolution.readings, resolution.near_readings
    uncoded = case_places.match_places(
        case_places.load_place_labels(db.session(), head()), typed, language=language()
    )
    if readings:
        uncoded = [place for place in uncoded if place.is_prefix_match]
    if uncoded and all(reading.why in INEXACT for reading in readings):
        # "Canada" is no misspelt Canala where there are cases in Canada.
        readings, near_readings = (), ()
    return PlaceMatches(
        typed,
        choices_for(readings, address),
        choices_for(near_readings, address),
        [uncoded_choice(place, address) for place in uncoded],
    )


def choices_for(readings: Iterable[PlaceReading], address: ReadingUrl) -> list[PlaceChoice]:
    """Readings as a page offers them, in their order."""
    departements = gazetteer().departements
    return [
        PlaceChoice(
            reading=reading,
            address=address(reading),
            area_name=_departement_name(reading, departements),
            case_count=_case_count(reading),
            why=match_reason(reading),
        )
        for reading in readings
    ]


def uncoded_choice(place: UncodedPlace, address: ReadingUrl) -> PlaceChoice:
    """A place of cases that the territory does not know, as a page offers it."""
    reading = PlaceReading(place.kind, place.code, place.name, None, place.kind)
    return PlaceChoice(
        reading, address(reading), place.countries, place.count, match_reason(reading)
    )


def place_url(reading: PlaceReading) -> str:
    """The page of what a reading means; what is no place of the territory has a list of cases."""
    if reading.kind == "commune" and _is_alias(reading):
        return place_names.commune_url(reading.code, reading.alias_code or "")
    if reading.kind in urls.PLACES:
        return urls.PLACES[reading.kind](reading.code)
    return urls.cases(CaseQuery({reading.kind: (reading.code,)}))


def query_at_place(query: CaseQuery, reading: PlaceReading) -> CaseQuery:
    """The same search at a place; a place typed anew takes the place of the former ones.

    A former commune or an arrondissement stays what was asked for: the filter answers for the
    commune of today, and its chip names both.
    """
    other_filters = {
        name: codes for name, codes in query.values.items() if name not in _PLACE_FILTERS
    }
    code = reading.alias_code or reading.code
    return replace(query, values={**other_filters, reading.kind: (code,)}, page=1)


def match_reason(reading: PlaceReading) -> str:
    """What makes a text mean this place, in words."""
    name, alias_name = french(reading.name), french(reading.alias_name or "")
    if alias_name and alias_name != name and reading.why in ("arrondissement", "ancienne_commune"):
        return _alias_reason_labels()[reading.why] % {"name": name, "through": alias_name}
    reason = _reason_labels(place_names.is_overseas(reading.code))[reading.why]
    return f"{reason} ({alias_name})" if alias_name and alias_name != name else reason


def _reason_labels(is_overseas: bool) -> dict[str, str]:
    number_label, name_label = _("numéro du département"), _("nom du département")
    if is_overseas:
        number_label, name_label = _("numéro de la collectivité"), _("nom de la collectivité")
    return {
        "code_insee": _("code Insee"),
        "departement_code": number_label,
        "nom": _("nom de la commune"),
        "code_postal": _("code postal"),
        "ancien_code": _("ancien code Insee"),
        "departement_nom": name_label,
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


def _alias_reason_labels() -> dict[str, str]:
    return {
        "arrondissement": _("%(through)s, arrondissement de %(name)s"),
        "ancienne_commune": _("%(through)s, ancienne commune, aujourd’hui %(name)s"),
    }


def _is_alias(reading: PlaceReading) -> bool:
    """Whether another place led to a commune: by its code, or by its name at the same code."""
    if reading.alias_code is None:
        return False
    return reading.alias_code != reading.code or reading.alias_name not in (None, reading.name)


def _case_count(reading: PlaceReading) -> int:
    if reading.kind == "commune":
        return commune_case_counts().get(reading.code, 0)
    return communes_with_cases.count_by_area(
        db.session(), head(), current_data_version().territory
    ).get((reading.kind, reading.code), 0)


def _departement_name(reading: PlaceReading, departements: Mapping[str, GazetteerPlace]) -> str:
    place = departements.get(reading.departement_code or "")
    if reading.kind != "commune" or place is None or place.name == reading.name:
        return ""
    return place.name


MAX_SUGGESTIONS = 8
# Of these, so many at most are what cases call their place, however many cases do.
_MAX_UNCODED = 3


@public.route("/communes/suggest", methods=["GET", "POST"])
@without_csrf_token
def suggestions() -> Response:
    """Completions of ``q`` as JSON, the most likely first, at most :data:`MAX_SUGGESTIONS`.

    The boxes of our pages send it in the body of a POST: an address is in caches and logs, and what
    somebody types before they report is nobody's.
    """
    # Read first: what is shown must not be older than the position it is shown for.
    position = head()
    typed = typed_place(request.values.getlist("q"))
    labels = case_places.load_place_labels(db.session(), position)
    uncoded = case_places.match_places(labels, typed, is_partial=True, language=language())[
        :_MAX_UNCODED
    ]
    readings = (
        suggest_places(gazetteer(), typed, commune_case_counts(), MAX_SUGGESTIONS - len(uncoded))
        if typed
        else ()
    )
    places = [
        *choices_for(readings, place_url),
        *(uncoded_choice(place, place_url) for place in uncoded),
    ]
    body = {"q": typed, "places": [_place_json(place) for place in places]}
    response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _place_json(choice: PlaceChoice) -> dict[str, object]:
    """A place as the list shows it.

    ``detail`` is the line under the name. ``text`` is what a box may hold so that its form reads
    this very place: no département has two communes of one name.
    """
    reading = choice.reading
    typed_name = reading.alias_name or reading.name
    return {
        "kind": reading.kind,
        "code": reading.code,
        "name": french(reading.name),
        "within": french(choice.area_name),
        "why": choice.why,
        "cases": choice.case_count,
        "address": in_language(choice.address, language()),
        "detail": _detail(choice),
        "text": place_names.qualified_name(
            typed_name, choice.area_name if reading.kind == "commune" else ""
        ),
    }


def _detail(choice: PlaceChoice) -> str:
    """What the name does not say: that it is no commune, what led to it, how many cases."""
    parts = []
    if choice.reading.kind not in ("commune", "endroit"):
        parts.append(choice.kind_label)
    if choice.reading.kind == "commune" and choice.reading.why != "nom":
        parts.append(choice.why)
    if choice.case_count:
        parts.append(
            ngettext(
                "%(count)s cas",
                "%(count)s cas",
                choice.case_count,
                count=count_words(choice.case_count),
            )
        )
    return " · ".join(parts)
