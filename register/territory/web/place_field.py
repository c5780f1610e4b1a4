"""A place typed by any name that people use for it, read as the public pages read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField
from wtforms.validators import ValidationError

from register.territory.resolve import LONGEST, Reading, resolve
from register.territory.web import place_choice, place_names
from register.territory.web.place_choice import Choice
from register.text.sanitize import one_line
from register.web.context import gazetteer, known_places
from register.web.desk_fields import Row
from register.web.form_fields import line

_CODE = re.compile(r"(commune|departement|region):([0-9A-Z]{1,5})")

_NOWHERE = _(
    "Aucun lieu de France ne répond à ce nom. Écrivez le nom entier de la commune ou son code "
    "postal ; si la source ne la nomme pas, videz ce champ et décrivez le lieu en mots."
)
_SEVERAL = _("Plusieurs lieux peuvent répondre à ce nom : choisissez le vôtre juste dessous.")


class PlaceRow(Row):
    """A typed place and the code that it was read as.

    ``code`` stands for ``read``, the text it was read from: another text is read anew. So a code
    that no name leads to any more stays what it was for as long as nobody touches it.
    """

    quiet = frozenset({"code", "read"})
    # What may be meant here; a linked place is always a commune.
    kinds: frozenset[str] = frozenset({"commune", "departement", "region"})

    typed = line(_("Lieu"), limit=LONGEST)
    code = StringField()
    read = HiddenField()
    # What there is to choose from, where the text has several readings or only near ones.
    choices: Sequence[Choice] = ()

    def validate_typed(self, field: Any) -> None:
        """Refuse what is no place, and what is several."""
        self.settle()
        if field.data and not self.place:
            raise ValidationError(_SEVERAL if self.choices else _NOWHERE)

    def settle(self) -> None:
        """Read the text, unless its reading is known."""
        text = self.typed.data
        if not text or len(text) > LONGEST or (self.place and self.read.data == text):
            return
        self.code.data, self.read.data = "", text
        found = resolve(gazetteer(), text, known_places())
        readings = [one for one in found.readings if one.kind in self.kinds]
        if len(readings) == 1:
            self.code.data = code_of(readings[0])
            return
        near = [one for one in found.near if one.kind in self.kinds]
        self.choices = place_choice.offered(readings or near, place_choice.page_of)

    @property
    def place(self) -> tuple[str, str] | None:
        """Kind and code; None while nothing was read."""
        found = _CODE.fullmatch(str(self.code.data or ""))
        return (found[1], found[2]) if found and found[1] in self.kinds else None

    @property
    def understood(self) -> str:
        """The place that was read, in words."""
        if self.is_empty or self.place is None or self.read.data != self.typed.data:
            return ""
        return in_words(*self.place)

    def offered(self) -> list[tuple[str, str, str]]:
        """The choices as code, name, and what makes the text mean them."""
        return [(code_of(one.reading), named_in_full(one), one.why) for one in self.choices]


class LinkedRow(PlaceRow):
    """A linked commune."""

    kinds = frozenset({"commune"})
    typed = line(_("Commune"), limit=LONGEST)


def stored(kind: str, code: str) -> dict[str, str]:
    """A stored place as the row shows it."""
    text = one_line(named(kind, code))[:LONGEST]
    return {"typed": text, "code": f"{kind}:{code}", "read": text}


def known_place(text: str) -> tuple[str, str] | None:
    """Kind and code of a place that an address tells (``commune:93032``); None for no place."""
    found = _CODE.fullmatch(text)
    if found is None or place_names.name_of(found[1], found[2]) == found[2]:
        return None
    return found[1], found[2]


def code_of(reading: Reading) -> str:
    """Kind and code of a reading; a former or smaller place keeps its own code."""
    return f"{reading.kind}:{reading.through_code or reading.code}"


def named(kind: str, code: str) -> str:
    """A place with its département, by the name that its code has."""
    here = place_names.of_commune(code) if kind == "commune" else None
    if here is None:
        return place_names.name_of(kind, code)
    around = here.departement.name if here.departement else ""
    return place_names.named(here.former or here.commune.name, around)


def in_words(kind: str, code: str) -> str:
    """A place that was read, in words: "Puteaux (Hauts-de-Seine), commune"."""
    return f"{named(kind, code)}, {place_names.kind_of(kind, code)}"


def named_in_full(one: Choice) -> str:
    """A choice by its name, with what it is where that is no commune."""
    return f"{one.named}, {one.kind}" if one.reading.kind != "commune" else one.named
