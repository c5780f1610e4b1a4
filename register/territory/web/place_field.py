"""A place typed by any name that people use for it, read as the public pages read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField
from wtforms.validators import ValidationError

from register.territory.resolve import MAX_TYPED_LENGTH, PlaceReading, resolve
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import PlaceChoice
from register.text.normalisation import one_line
from register.web.form_fields import FieldGroup, line_field
from register.web.request_context import commune_case_counts, gazetteer

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
        """Refuse what is no place, and what is several."""
        self.settle()
        if field.data and not self.place:
            raise ValidationError(_AMBIGUOUS if self.choices else _NO_MATCH)

    def settle(self) -> None:
        """Read the text, unless its reading is known."""
        typed = self.typed.data
        if not typed or len(typed) > MAX_TYPED_LENGTH or (self.place and self.read.data == typed):
            return
        self.code.data, self.read.data = "", typed
        resolution = resolve(gazetteer(), typed, commune_case_counts())
        readings = [reading for reading in resolution.readings if reading.kind in self.kinds]
        if len(readings) == 1:
            self.code.data = place_key(readings[0])
            return
        near = [reading for reading in resolution.near_readings if reading.kind in self.kinds]
        self.choices = place_choice.choices_for(readings or near, place_choice.place_url)

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
        return describe_place(*self.place)

    def offered(self) -> list[tuple[str, str, str]]:
        """The choices as code, name, and what makes the text mean them."""
        return [
            (place_key(choice.reading), choice_label(choice), choice.why) for choice in self.choices
        ]


class LinkedRow(PlaceRow):
    """A linked commune."""

    kinds = frozenset({"commune"})
    typed = line_field(_("Commune"), limit=MAX_TYPED_LENGTH)


def stored_place(kind: str, code: str) -> dict[str, str]:
    """A stored place as the row shows it."""
    label = one_line(full_name(kind, code))[:MAX_TYPED_LENGTH]
    return {"typed": label, "code": f"{kind}:{code}", "read": label}


def place_from_key(key: str) -> tuple[str, str] | None:
    """Kind and code of a place that an address tells (``commune:93032``); None for no place."""
    match = _PLACE_KEY.fullmatch(key)
    if match is None or place_names.place_name(match[1], match[2]) == match[2]:
        return None
    return match[1], match[2]


def place_key(reading: PlaceReading) -> str:
    """Kind and code of a reading; a former or smaller place keeps its own code."""
    return f"{reading.kind}:{reading.alias_code or reading.code}"


def full_name(kind: str, code: str) -> str:
    """A place with its département, by the name that its code has."""
    view = place_names.find_commune_view(code) if kind == "commune" else None
    if view is None:
        return place_names.place_name(kind, code)
    departement_name = view.departement.name if view.departement else ""
    return place_names.qualified_name(view.former_name or view.commune.name, departement_name)


def describe_place(kind: str, code: str) -> str:
    """A place that was read, in words: "Puteaux (Hauts-de-Seine), commune"."""
    return f"{full_name(kind, code)}, {place_names.kind_label(kind, code)}"


def choice_label(choice: PlaceChoice) -> str:
    """A choice by its name, with what it is where that is no commune."""
    return (
        f"{choice.qualified_name}, {choice.kind_label}"
        if choice.reading.kind != "commune"
        else choice.qualified_name
    )
