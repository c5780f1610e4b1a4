"""The report form. Only the account of what happened is asked for; nothing else is ever refused
but for its length, or for a place that several places answer to, and that is asked once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, ValidationError

from register.reports import plain_words
from register.reports.report_content import (
    ACCOUNT_LIMIT,
    CONTACT_LIMIT,
    LINE_LIMIT,
    LINK_LIMIT,
    LINKS_LIMIT,
    Sent,
)
from register.territory.resolve import INEXACT, LONGEST, Resolution, resolve
from register.territory.web import place_choice
from register.territory.web.place_choice import Choice
from register.territory.web.place_field import code_of, in_words, known_place, named_in_full, stored
from register.text import relative_dates, typed_dates
from register.text.errors import TextError
from register.text.sanitize import one_line
from register.web.context import gazetteer, known_places
from register.web.form_fields import Form, Line, line, text
from register.web.l10n import number
from register.web.languages import language
from register.web.request_validation import DESK_BODY_LIMIT

# Said in the place of a code: the words are to stay as they were typed.
AS_TYPED = "tel_quel"
_KINDS = frozenset({"commune", "departement", "region"})

_ACCOUNT_MISSING = _("Dites ce qui s’est passé, même en une phrase : le reste est facultatif.")
_SEVERAL = _("Plusieurs lieux portent ce nom. Choisissez parmi eux, ou gardez vos mots.")
_UNSURE = _("Ce lieu n’est pas sûr. Choisissez parmi les noms proposés, ou gardez vos mots.")
_NEAR = _("Aucun lieu ne porte ce nom. Est-ce l’un de ceux-ci ? Sinon, gardez vos mots.")
_SHORTEN = _("Raccourcissez : « Ce qui s’est passé » peut dire le reste.")
_GONE = _("Cette réponse n’est plus proposée : choisissez-en une autre, ou laissez vide.")


def began() -> Mapping[str, Any]:
    """Who began proceedings, in words."""
    return {
        "contre_cible": _("Oui, contre la personne visée"),
        "par_cible": _("Oui, la personne visée elle-même"),
        "aucune": _("Non, personne"),
        "": _("Je ne sais pas, ou je préfère ne pas le dire"),
    }


def _at_most(limit: int, advice: Any) -> Any:
    """A validator: how long a text may be, and what to do with one that is longer."""

    def check(_form: Any, field: Any) -> None:
        if len(field.data) > limit:
            raise ValidationError(
                gettext(
                    "%(most)s caractères au plus. %(advice)s", most=number(limit), advice=advice
                )
            )

    return check


def _short(label: Any, limit: int = LINE_LIMIT, advice: Any = _SHORTEN) -> Line:
    """A line whose own check says what to do with one that is too long."""
    return line(label, limit=DESK_BODY_LIMIT, checks=[_at_most(limit, advice)])


class Ticked(SelectMultipleField):
    """Kinds of facts, ticked; one that is offered no more is said and left out."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Each known code once, in the order of the form."""
        known = plain_words.words("type", language())
        self.data = [code for code in known if code in valuelist]
        self.was_unknown = any(code not in known for code in valuelist)

    def pre_validate(self, form: Any) -> None:
        """Say that something was left out."""
        if getattr(self, "was_unknown", False):
            raise ValidationError(str(_GONE))


class _Offered:
    """One answer of a few; one that is offered no more is said and left out."""

    data: Any
    choices: Any
    was_unknown = False

    def process_formdata(self, valuelist: list[Any]) -> None:
        """The answer, if it is one of those on offer."""
        if valuelist:
            code = one_line(valuelist[0])
            self.was_unknown = code not in {one.value for one in self.choices}
            self.data = "" if self.was_unknown else code

    def pre_validate(self, form: Any) -> None:
        """Say that something was left out."""
        if self.was_unknown:
            raise ValidationError(str(_GONE))


class Select(_Offered, SelectField):
    """One word of a plain vocabulary, or none."""


class Radio(_Offered, RadioField):
    """One answer of a few, all in sight."""


def _code(value: str | None) -> str:
    return one_line(value or "")


def _offered(name: str) -> list[SelectChoice]:
    words = plain_words.words(name, language()).values()
    nothing = SelectChoice("", _("Je préfère ne pas le dire"))
    return [nothing, *(SelectChoice(word.code, word.label) for word in words)]


class ReportForm(Form):
    """What somebody reports, as they write it."""

    class Meta(Form.Meta):
        """Without a session there is no token of it: the form bears its own (``jeton``)."""

        csrf = False

    recit = text(
        _("Ce qui s’est passé"),
        limit=DESK_BODY_LIMIT,
        checks=[
            DataRequired(_ACCOUNT_MISSING),
            _at_most(
                ACCOUNT_LIMIT,
                _("Gardez l’essentiel : vous pourrez ajouter la suite après l’envoi."),
            ),
        ],
    )
    types = Ticked(_("De quoi il s’agit"), choices=[], validate_choice=False)
    lieu = _short(_("Où"), LONGEST)
    lieu_code = StringField(filters=[_code])
    lieu_lu = HiddenField(filters=[_code])
    quand = _short(_("Quand"))
    acteur = Select(
        _("Qui a agi"), choices=lambda: _offered("acteur"), default="", validate_choice=False
    )
    acteur_texte = _short(_("Qui a agi, avec vos mots"))
    cible = Select(
        _("Qui était visé"), choices=lambda: _offered("cible"), default="", validate_choice=False
    )
    cible_texte = _short(_("Qui était visé, avec vos mots"))
    procedure = Radio(
        _("Plainte ou procès"),
        choices=[SelectChoice(code, said) for code, said in began().items()],
        default="",
        validate_choice=False,
    )
    liens = text(_("Où cela peut se vérifier"), limit=DESK_BODY_LIMIT)
    contact = _short(_("Vous joindre"), CONTACT_LIMIT, _("Une adresse ou un numéro suffit."))
    site_web = StringField(filters=[_code])
    jeton = HiddenField(filters=[_code])

    # The day on which the form was shown: "hier soir" is the evening before. It comes with the
    # form's token, so that the same form sent again the next day still says the same.
    shown_on: date | None = None
    # What a typed place may be, the likeliest first; known once it was read.
    places: Sequence[Choice] = ()
    _asks: Any = None

    def begin_at(self, place: str) -> None:
        """Write a place as if it had been typed and read; what is no place writes nothing.

        :param place: kind and code, as :attr:`place_code` has them.
        """
        found = known_place(place)
        if found:
            known = stored(*found)
            self.lieu.data = self.lieu_lu.data = known["typed"]
            self.lieu_code.data = known["code"]

    def validate_lieu(self, field: Any) -> None:
        """Ask once which of several places is meant."""
        self.settle()
        if self._asks:
            raise ValidationError(str(self._asks))

    def validate_liens(self, field: Any) -> None:
        """Refuse only what is too much."""
        if len(self.links) > LINKS_LIMIT:
            raise ValidationError(
                gettext("%(most)s lignes au plus : gardez les plus utiles.", most=LINKS_LIMIT)
            )
        for place, link in enumerate(self.links, start=1):
            if len(link) > LINK_LIMIT:
                raise ValidationError(
                    gettext(
                        "La ligne %(line)s dépasse %(most)s caractères : raccourcissez-la.",
                        line=place,
                        most=number(LINK_LIMIT),
                    )
                )

    def settle(self) -> None:
        """Read the place. A text that was read before keeps what was chosen for it then."""
        typed = self.lieu.data
        if not typed or len(typed) > LONGEST:
            self.lieu_code.data = self.lieu_lu.data = ""
            return
        found = resolve(gazetteer(), typed, known_places())
        readings = [one for one in found.readings or found.near if one.kind in _KINDS]
        self.places = place_choice.offered(readings, place_choice.page_of)
        if self.lieu_lu.data == typed:
            if self.lieu_code.data not in {code_of(one) for one in readings}:
                self.lieu_code.data = AS_TYPED
            return
        is_one = len(readings) == 1 and bool(found.readings)
        self.lieu_lu.data = typed
        self.lieu_code.data = code_of(readings[0]) if is_one else "" if readings else AS_TYPED
        if readings and not is_one:
            self._asks = _question(found)

    def offered(self) -> list[tuple[str, str]]:
        """The places to choose from as code and name, what tells them apart included."""
        return [(code_of(one.reading), named_in_full(one)) for one in self.places]

    @property
    def place_code(self) -> str:
        """The place that was read (``commune:93032``); empty where the words are to stay."""
        code = str(self.lieu_code.data)
        return "" if code == AS_TYPED or not self.lieu.data else code

    @property
    def date(self) -> str:
        """The date in EDTF, where the words are one."""
        recent = relative_dates.read(self.quand.data, self.shown_on) if self.shown_on else None
        if recent:
            return recent.isoformat()
        try:
            return typed_dates.read(self.quand.data)
        except TextError:
            return ""

    @property
    def links(self) -> tuple[str, ...]:
        """What stands on each line."""
        lines = map(one_line, self.liens.data.split("\n"))
        return tuple(line for line in lines if line)

    @property
    def sent(self) -> Sent:
        """What is sent, once it holds."""
        return Sent(
            account=self.recit.data,
            types=tuple(self.types.data or ()),
            place=self.lieu.data,
            place_code=self.place_code,
            when=self.quand.data,
            date=self.date,
            actor=self.acteur.data,
            actor_text=self.acteur_texte.data,
            target=self.cible.data,
            target_text=self.cible_texte.data,
            began=self.procedure.data,
            links=self.links,
        )

    def hidden(self) -> list[tuple[str, str]]:
        """Its fields and values, to be carried by a page that shows them in words."""
        told: list[tuple[str, str]] = []
        for field in self:
            if field.short_name == "types":
                told += [(field.name, code) for code in field.data or ()]
            elif field.short_name != "jeton":
                told.append((field.name, field.data or ""))
        return [(name, value) for name, value in told if value]


def _question(found: Resolution) -> Any:
    if not found.readings:
        return _NEAR
    return _UNSURE if all(one.why in INEXACT for one in found.readings) else _SEVERAL


def understood(place_code: str) -> str:
    """The place that a report was read as, in words."""
    kind, _colon, code = place_code.partition(":")
    return in_words(kind, code)
