"""The filters of the members' journal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Self

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, ValidationError

# The types that are published for WTForms do not know of its 3.3 yet.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from register.cases.members_journal import ACT_GROUPS, CONSOLE_MEMBER, LEDGERS, MembersJournalQuery
from register.text import dates
from register.web.form_fields import BaseForm, line_field
from register.web.messages.journal import GROUP_NAMES, KIND_NAMES, LEDGER_LABELS

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INVALID_CHOICE = lazy_gettext("Choisissez dans la liste.")


def _kind_choices() -> Iterator[SelectChoice]:
    yield SelectChoice("", lazy_gettext("Tous les actes"))
    for group, kinds in ACT_GROUPS.items():
        name = GROUP_NAMES[group]
        yield SelectChoice(group, lazy_gettext("%(group)s : tous", group=name), optgroup=name)
        for kind in kinds:
            yield SelectChoice(kind, KIND_NAMES[kind], optgroup=name)


def _ledger_choices() -> Iterator[SelectChoice]:
    yield SelectChoice("", lazy_gettext("Tous les livres"))
    yield from (SelectChoice(name, LEDGER_LABELS[name]) for name in LEDGERS)


def _select_field(label: Any, choices: Any = ()) -> SelectField:
    options: dict[str, Any] = {"invalid_choice_message": _INVALID_CHOICE}
    return SelectField(label, choices=list(choices), default="", **options)


class JournalForm(BaseForm):
    """Which lines: an ordinary form of an address, so that it carries no token."""

    class Meta:
        csrf = False

    membre = _select_field(lazy_gettext("Membre"))
    acte = _select_field(lazy_gettext("Acte"), _kind_choices())
    cas = line_field(lazy_gettext("Cas nº"), limit=20)
    dossier = line_field(lazy_gettext("Dossier"), limit=20)
    du = line_field(lazy_gettext("Depuis le"), limit=20)
    au = line_field(lazy_gettext("Jusqu’au"), limit=20)
    livre = _select_field(lazy_gettext("Livre"), _ledger_choices())

    @classmethod
    def from_args(cls, args: MultiDict[str, str], names: Mapping[int, str]) -> Self:
        """The form as an address fills it.

        :param names: what each member is called, disabled ones too.
        """
        form = cls(formdata=args)
        people = [(CONSOLE_MEMBER, lazy_gettext("la console")), *names.items()]
        form.membre.choices = [
            SelectChoice("", lazy_gettext("Tout le monde")),
            *(SelectChoice(str(member), name) for member, name in people),
        ]
        return form

    def validate_cas(self, field: Field) -> None:
        """A public number."""
        _check_number(field)

    def validate_dossier(self, field: Field) -> None:
        """An id of the desk."""
        _check_number(field)

    def validate_du(self, field: Field) -> None:
        """A day, as a browser's own calendar sends it."""
        _check_day(field)

    def validate_au(self, field: Field) -> None:
        """A day that is not before the first one."""
        _check_day(field)
        since, until = _parse_day(self.du.data), _parse_day(field.data)
        if since and until and until < since:
            raise ValidationError(lazy_gettext("Ce jour est avant le premier."))

    @property
    def count(self) -> int:
        """How many filters are in force."""
        return sum(bool(field.data) for field in self)

    def to_query(self) -> MembersJournalQuery:
        """What was asked for, once it holds."""
        return MembersJournalQuery(
            member=_parse_number(self.membre.data),
            kind=self.acte.data or "",
            number=_parse_number(self.cas.data),
            incident_id=_parse_number(self.dossier.data),
            since=_parse_day(self.du.data),
            until=_parse_day(self.au.data),
            ledger_name=self.livre.data or "",
        )


def _check_number(field: Field) -> None:
    if field.data and not _NUMBER.fullmatch(field.data):
        raise ValidationError(lazy_gettext("Écrivez le numéro en chiffres, comme 12."))


def _parse_number(typed: str | None) -> int | None:
    return int(typed) if typed else None


def _check_day(field: Field) -> None:
    if field.data and _parse_day(field.data) is None:
        raise ValidationError(lazy_gettext("Écrivez le jour ainsi : 2026-03-02."))


def _parse_day(typed: str | None) -> date | None:
    """A day of the years that the register knows."""
    try:
        day = date.fromisoformat(typed) if typed and _DAY.fullmatch(typed) else None
    except ValueError:
        return None
    is_in_range = day and dates.FIRST_YEAR <= day.year <= dates.LAST_YEAR
    return day if is_in_range else None
