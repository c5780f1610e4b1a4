"""The filters of the members' journal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Self

from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, ValidationError

# The types that are published for WTForms do not know of its 3.3 yet.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from register.cases.members_journal import CONSOLE, GROUPS, LEDGERS, Asked
from register.text import dates
from register.web.form_fields import Form, line
from register.web.messages.journal import BOOK_NAMES, GROUP_NAMES, KIND_NAMES

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CHOOSE = _("Choisissez dans la liste.")


def _kinds() -> Iterator[SelectChoice]:
    yield SelectChoice("", _("Tous les actes"))
    for group, kinds in GROUPS.items():
        name = GROUP_NAMES[group]
        yield SelectChoice(group, _("%(group)s : tous", group=name), optgroup=name)
        for kind in kinds:
            yield SelectChoice(kind, KIND_NAMES[kind], optgroup=name)


def _books() -> Iterator[SelectChoice]:
    yield SelectChoice("", _("Tous les livres"))
    yield from (SelectChoice(name, BOOK_NAMES[name]) for name in LEDGERS)


def _select(label: Any, choices: Any = ()) -> SelectField:
    told: dict[str, Any] = {"invalid_choice_message": _CHOOSE}
    return SelectField(label, choices=list(choices), default="", **told)


class JournalForm(Form):
    """Which lines: an ordinary form of an address, so that it carries no token."""

    class Meta:
        csrf = False

    membre = _select(_("Membre"))
    acte = _select(_("Acte"), _kinds())
    cas = line(_("Cas nº"), limit=20)
    dossier = line(_("Dossier"), limit=20)
    du = line(_("Depuis le"), limit=20)
    au = line(_("Jusqu’au"), limit=20)
    livre = _select(_("Livre"), _books())

    @classmethod
    def of(cls, args: MultiDict[str, str], names: Mapping[int, str]) -> Self:
        """The form as an address fills it.

        :param names: what each member is called, disabled ones too.
        """
        form = cls(formdata=args)
        people = [(CONSOLE, _("la console")), *names.items()]
        form.membre.choices = [
            SelectChoice("", _("Tout le monde")),
            *(SelectChoice(str(member), name) for member, name in people),
        ]
        return form

    def validate_cas(self, field: Field) -> None:
        """A public number."""
        _number(field)

    def validate_dossier(self, field: Field) -> None:
        """An id of the desk."""
        _number(field)

    def validate_du(self, field: Field) -> None:
        """A day, as a browser's own calendar sends it."""
        _day(field)

    def validate_au(self, field: Field) -> None:
        """A day that is not before the first one."""
        _day(field)
        since, until = _as_day(self.du.data), _as_day(field.data)
        if since and until and until < since:
            raise ValidationError(_("Ce jour est avant le premier."))

    @property
    def count(self) -> int:
        """How many filters are in force."""
        return sum(bool(field.data) for field in self)

    def asked(self) -> Asked:
        """What was asked for, once it holds."""
        return Asked(
            member=_as_number(self.membre.data),
            kind=self.acte.data or "",
            number=_as_number(self.cas.data),
            dossier=_as_number(self.dossier.data),
            since=_as_day(self.du.data),
            until=_as_day(self.au.data),
            book=self.livre.data or "",
        )


def _number(field: Field) -> None:
    if field.data and not _NUMBER.fullmatch(field.data):
        raise ValidationError(_("Écrivez le numéro en chiffres, comme 12."))


def _as_number(text: str | None) -> int | None:
    return int(text) if text else None


def _day(field: Field) -> None:
    if field.data and _as_day(field.data) is None:
        raise ValidationError(_("Écrivez le jour ainsi : 2026-03-02."))


def _as_day(text: str | None) -> date | None:
    """A day of the years that the register knows."""
    try:
        found = date.fromisoformat(text) if text and _DAY.fullmatch(text) else None
    except ValueError:
        return None
    within = found and dates.FIRST_YEAR <= found.year <= dates.LAST_YEAR
    return found if within else None
