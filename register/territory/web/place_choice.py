"""A typed place: what it may mean, its field in a form, and completions while it is typed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from flask import Response, request
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from wtforms import HiddenField, StringField
from wtforms.validators import ValidationError

from register.cases import case_places
from register.cases.case_places import UncodedPlace
from register.cases.filters import CaseQuery
from register.cases.selection import Selection
from register.errors import Invalid
from register.territory.gazetteer import gazetteer
from register.territory.name_normalisation import ALL_KINDS, GROUP, MAX_TYPED_LENGTH
from register.territory.place_queries import countries_of_town, find_commune, qualified_name
from register.territory.readings import INEXACT, PlaceReading, PlaceResolution
from register.territory.resolve import resolve, suggest_places
from register.territory.web import place_names
from register.text.normalisation import fold_name, one_line
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public, without_csrf_token
from register.web.form_fields import FieldGroup, line_field
from register.web.l10n import count_words, country_name, in_language, language
from register.web.request_context import commune_case_counts, current_facet_index

# Filters that say where: a place typed anew takes the place of all of them.
_PLACE_FILTERS = ("commune", "departement", "region", "epci", "endroit", "pays")

ReadingUrl = Callable[[PlaceReading], str]


@dataclass(frozen=True)
class PlaceChoice:
    """One reading, where it leads, what is around it, and its published cases.

    The kind of a reading may be ``endroit`` or ``pays`` too: what cases call their place.
    """

    reading: PlaceReading
    address: str
    area_name: str
    case_count: int

    @property
    def qualified_name(self) -> str:
        """The place with what is around it."""
        name = self.reading.name
        if self.reading.kind == GROUP:
            name = place_names.place_name(GROUP, self.reading.code)
        return qualified_name(name, self.area_name)

    @property
    def kind_label(self) -> str:
        """What the place is, in words."""
        return place_names.kind_label(self.reading.kind, self.reading.code)

    @property
    def label(self) -> str:
        """The place by its name, with what it is where that is no commune."""
        if self.reading.kind == "commune":
            return self.qualified_name
        return f"{self.qualified_name}, {self.kind_label}"

    @property
    def why(self) -> str:
        """What makes the text mean this place, in words."""
        return place_names.match_reason(self.reading)


@dataclass(frozen=True)
class PlaceMatches:
    """The text that was typed and everything it may mean, the most likely first.

    ``uncoded_choices``: what cases call their place, in these words. ``near_choices``: places of
    nearly that name. ``countries``: of a town abroad, where nothing else has just this name.
    """

    typed: str
    choices: Sequence[PlaceChoice]
    near_choices: Sequence[PlaceChoice] = ()
    uncoded_choices: Sequence[PlaceChoice] = ()
    countries: Sequence[PlaceChoice] = ()

    @property
    def sole_choice(self) -> PlaceChoice | None:
        """The only place there is, when nobody has to choose."""
        is_sole = len(self.all_choices) == 1 and not (self.near_choices or self.countries)
        return self.all_choices[0] if is_sole else None

    @property
    def all_choices(self) -> list[PlaceChoice]:
        """All there is to choose from, what cases call their place before places without one."""
        with_cases = list(takewhile(lambda choice: choice.case_count, self.choices))
        return [*with_cases, *self.uncoded_choices, *self.choices[len(with_cases) :]]


def typed_place(field_values: Sequence[str]) -> str:
    """The place a person typed, on one line; empty when there is none.

    :raises Invalid: ``place_too_long``.
    """
    typed = one_line(field_values[-1]) if field_values else ""
    if len(typed) > MAX_TYPED_LENGTH:
        raise Invalid("place_too_long", limit=MAX_TYPED_LENGTH)
    return typed


def match_places(typed: str, address: ReadingUrl) -> PlaceMatches:
    """The readings of a text.

    Beside a place of the territory, only what cases call by that very name is another meaning:
    whoever types Dijon does not mean "a commune not named, tribunal of Dijon". Liège may be abroad.

    :param address: where a reading leads.
    """
    resolution = resolve_typed(typed)
    readings, near_readings = resolution.readings, resolution.near_readings
    uncoded = case_places.match_places(current_facet_index(), typed, language())
    if readings:
        uncoded = [place for place in uncoded if place.is_prefix_match]
    if uncoded and all(reading.why in INEXACT for reading in readings):
        # "Canada" is no misspelt Canala where there are cases in Canada.
        readings, near_readings = (), ()
    is_literal = fold_name(typed) in (fold_name(each.alias_name or each.name) for each in readings)
    countries = [
        PlaceReading("pays", code, country_name(code), None, "pays")
        for code in (() if is_literal or uncoded else countries_of_town(typed))
    ]
    return PlaceMatches(
        typed,
        choices_for(readings, address),
        choices_for(near_readings, address),
        [uncoded_choice(place, address) for place in uncoded],
        choices_for(countries, address),
    )


def resolve_typed(typed: str, kinds: Collection[str] = ALL_KINDS) -> PlaceResolution:
    """The readings of a text as places of some kinds, by the published cases of today."""
    return resolve(gazetteer(), typed, commune_case_counts()).of_kinds(kinds)


def choices_for(readings: Iterable[PlaceReading], address: ReadingUrl) -> list[PlaceChoice]:
    """Readings as a page offers them, in their order."""
    departements = gazetteer().departements
    choices = []
    for reading in readings:
        area = departements.get(reading.departement_code or "")
        has_area = area and reading.kind == "commune" and area.name != reading.name
        area_name = area.name if area and has_area else ""
        cases = case_count(reading.kind, reading.code)
        choices.append(PlaceChoice(reading, address(reading), area_name, cases))
    return choices


def uncoded_choice(place: UncodedPlace, address: ReadingUrl) -> PlaceChoice:
    """A place of cases that the territory does not know, as a page offers it."""
    reading = PlaceReading(place.kind, place.code, place.name, None, place.kind)
    return PlaceChoice(reading, address(reading), place.countries, place.count)


def case_count(kind: str, code: str) -> int:
    """How many published cases a place of the territory has, as its page counts them."""
    return Selection(current_facet_index(), CaseQuery({kind: (code,)})).total


def place_url(reading: PlaceReading) -> str:
    """The page of what a reading means; what is no place of the territory has a list of cases."""
    if reading.kind not in urls.PLACES:
        return urls.cases(CaseQuery({reading.kind: (reading.code,)}))
    if reading.kind == "commune" and reading.alias_code is not None:
        details = find_commune(reading.code)
        alias = details.name_at_code(reading.alias_code) if details else None
        if alias:
            is_meant = alias.name == (reading.alias_name or "")
            through = reading.alias_code if is_meant else reading.alias_name
            return place_names.commune_url(reading.code, through or "")
    return urls.PLACES[reading.kind](reading.code)


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


# --- completions --------------------------------------------------------------------------------

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
    index = current_facet_index()
    typed = one_line((request.values.getlist("q") or [""])[-1])[:MAX_TYPED_LENGTH]
    places = case_places.match_places(index, typed, language(), is_partial=True)
    uncoded = places[:_MAX_UNCODED]
    limit = MAX_SUGGESTIONS - len(uncoded)
    readings = suggest_places(gazetteer(), typed, commune_case_counts(), limit) if typed else ()
    choices = choices_for(readings, place_url)
    choices += [uncoded_choice(place, place_url) for place in uncoded]
    body = {"q": typed, "places": [_place_json(choice) for choice in choices]}
    response = Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _place_json(choice: PlaceChoice) -> dict[str, object]:
    """A place as the list shows it.

    ``detail`` is the line under the name: what that does not say. ``text`` is what a box may hold
    so that its form reads this very place: no département has two communes of one name.
    """
    reading = choice.reading
    is_commune = reading.kind == "commune"
    details = [choice.kind_label] if reading.kind not in ("commune", "endroit") else []
    if is_commune and reading.why != "nom":
        details.append(choice.why)
    if cases := choice.case_count:
        details.append(ngettext("%(count)s cas", "%(count)s cas", cases, count=count_words(cases)))
    return {
        "kind": reading.kind,
        "code": reading.code,
        "name": french(reading.name) if reading.kind != GROUP else choice.qualified_name,
        "within": french(choice.area_name),
        "why": choice.why,
        "cases": cases,
        "address": in_language(choice.address, language()),
        "detail": " · ".join(details),
        "text": qualified_name(
            reading.alias_name or reading.name, choice.area_name if is_commune else ""
        ),
    }


# --- the field of a form ------------------------------------------------------------------------

_PLACE_KEY = re.compile(r"(commune|departement|region):([0-9A-Z]{1,5})")

_NO_MATCH = _(
    "Aucun lieu de France ne répond à ce nom. Écrivez le nom entier de la commune ou son code "
    "postal ; si la source ne la nomme pas, videz ce champ et décrivez le lieu en mots."
)
_AMBIGUOUS = _("Plusieurs lieux peuvent répondre à ce nom : choisissez le vôtre juste dessous.")


class PlaceRow(FieldGroup):
    """A typed place and the code that it was read as.

    ``code`` stands for ``read``, the text it was read from: another text is read anew. So a code
    that no name leads to any more stays what it was for as long as nobody touches it.
    """

    prefilled_fields = frozenset({"code", "read"})
    # What may be meant here; a linked place is always a commune.
    kinds: frozenset[str] = frozenset({"commune", "departement", "region"})

    typed = line_field(_("Lieu"), limit=MAX_TYPED_LENGTH)
    code = StringField()
    read = HiddenField()
    # What there is to choose from, where the text has several readings or only near ones.
    choices: Sequence[PlaceChoice] = ()

    def validate_typed(self, field: Any) -> None:
        """Read the text, unless its reading is known; refuse what is no place, or several."""
        typed = self.typed.data
        is_read = self.place and self.read.data == typed
        if typed and len(typed) <= MAX_TYPED_LENGTH and not is_read:
            self.code.data, self.read.data = "", typed
            resolution = resolve_typed(typed, self.kinds)
            if reading := resolution.sole_reading:
                self.code.data = place_key(reading)
            else:
                readings = (*resolution.readings, *resolution.near_readings)
                self.choices = choices_for(readings, place_url)
        if field.data and not self.place:
            raise ValidationError(_AMBIGUOUS if self.choices else _NO_MATCH)

    @property
    def place(self) -> tuple[str, str] | None:
        """Kind and code; None while nothing was read."""
        match = _PLACE_KEY.fullmatch(str(self.code.data or ""))
        return (match[1], match[2]) if match and match[1] in self.kinds else None

    @property
    def understood(self) -> str:
        """The place that was read, in words."""
        if self.is_empty or self.place is None or self.read.data != self.typed.data:
            return ""
        return place_names.describe_place(*self.place)

    def offered(self) -> list[tuple[str, str, str]]:
        """The choices as code, name, and what makes the text mean them."""
        return [(place_key(choice.reading), choice.label, choice.why) for choice in self.choices]


class LinkedRow(PlaceRow):
    """A linked commune."""

    kinds = frozenset({"commune"})
    typed = line_field(_("Commune"), limit=MAX_TYPED_LENGTH)


def stored_place(kind: str, code: str) -> dict[str, str]:
    """A stored place as the row shows it."""
    label = one_line(place_names.full_name(kind, code))[:MAX_TYPED_LENGTH]
    return {"typed": label, "code": f"{kind}:{code}", "read": label}


def place_key(reading: PlaceReading) -> str:
    """Kind and code of a reading; a former or smaller place keeps its own code."""
    return f"{reading.kind}:{reading.alias_code or reading.code}"


def place_from_key(key: str) -> tuple[str, str] | None:
    """Kind and code of a place that an address tells (``commune:93032``); None for no place."""
    match = _PLACE_KEY.fullmatch(key)
    if match is None or place_names.place_name(match[1], match[2]) == match[2]:
        return None
    return match[1], match[2]
