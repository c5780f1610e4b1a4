"""Members' journal: list of lines, one line with its checks, and the lines as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Self

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Regexp

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.accounts.web import current_member
from register.cases import members_journal
from register.cases.members_journal import LEDGER_NAMES, LEDGERS, LinePosition, MembersJournalLine
from register.cases.vocabulary import Vocabulary
from register.db import db
from register.errors import NotFound
from register.exchange import csv_syntax
from register.journal import Ledger, head
from register.journal.queries import CONSOLE_MEMBER, JournalQuery
from register.journal.web import journal_sentences
from register.reports import queries as reports
from register.text import dates
from register.web import messages
from register.web.blueprints import desk
from register.web.form_fields import BaseForm, LineField, line_field
from register.web.l10n import with_label
from register.web.list_query import list_address
from register.web.request_context import current_vocabulary

_NUMBER = re.compile(r"(?:[1-9][0-9]{0,8})?\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INVALID_CHOICE = lazy_gettext("Choisissez dans la liste.")
JOURNAL_PATH = "/moderation/journal"
_PLACE_FORM = re.compile(rf"({'|'.join(LEDGERS)})-([1-9][0-9]{{0,8}})")
_BATCH_SIZE = 500  # lines read at once for the CSV
# Columns of the CSV, described in docs/moderation.md.
CSV_HEADER = (
    "livre",
    "ligne",
    "moment",
    "acte",
    "en_mots",
    "membre",
    "cas",
    "dossier",
    "titre",
    "version",
    "details",
    "evenement",
    "empreinte",
)


def _kind_choices() -> Iterator[SelectChoice]:
    yield SelectChoice("", lazy_gettext("Tous les actes"))
    for group, kinds in journal_sentences.ACT_GROUPS.items():
        name = messages.journal.group_names[group]
        yield SelectChoice(group, lazy_gettext("%(group)s : tous", group=name), optgroup=name)
        for kind, (_act, label) in kinds.items():
            yield SelectChoice(kind, label, optgroup=name)


def _select_field(label: Any, choices: Any = ()) -> SelectField:
    options: dict[str, Any] = {"invalid_choice_message": _INVALID_CHOICE}
    return SelectField(label, choices=list(choices), default="", **options)


def _number_field(label: Any) -> LineField:
    validator = Regexp(_NUMBER, message=lazy_gettext("Écrivez le numéro en chiffres, comme 12."))
    return line_field(label, limit=20, validators=[validator])


def _check_day(_form: BaseForm, field: Field) -> None:
    if field.data and _parse_day(field.data) is None:
        raise ValidationError(lazy_gettext("Écrivez le jour ainsi : 2026-03-02."))


def _parse_day(typed: str | None) -> date | None:
    """A day within the years that the register accepts; None otherwise."""
    try:
        day = date.fromisoformat(typed) if typed and _DAY.fullmatch(typed) else None
    except ValueError:
        return None
    is_in_range = day and dates.FIRST_YEAR <= day.year <= dates.LAST_YEAR
    return day if is_in_range else None


class JournalForm(BaseForm):
    """The filters, sent in the query string and therefore without CSRF token."""

    class Meta:
        csrf = False

    membre = _select_field(lazy_gettext("Membre"))
    acte = _select_field(lazy_gettext("Acte"), _kind_choices())
    cas = _number_field(lazy_gettext("Cas nº"))
    dossier = _number_field(lazy_gettext("Dossier"))
    du = line_field(lazy_gettext("Depuis le"), limit=20, validators=[_check_day])
    au = line_field(lazy_gettext("Jusqu’au"), limit=20, validators=[_check_day])
    livre = _select_field(
        lazy_gettext("Livre"),
        [
            SelectChoice("", lazy_gettext("Tous les livres")),
            *(SelectChoice(name, messages.journal.ledger_labels[name]) for name in LEDGERS),
        ],
    )

    @classmethod
    def from_args(cls, args: MultiDict[str, str], names: Mapping[int, str]) -> Self:
        """The form filled from the query string.

        :param names: display names by member id, of disabled members too.
        """
        form = cls(formdata=args)
        people = [(CONSOLE_MEMBER, lazy_gettext("la console")), *names.items()]
        form.membre.choices = [
            SelectChoice("", lazy_gettext("Tout le monde")),
            *(SelectChoice(str(member), name) for member, name in people),
        ]
        return form

    def validate_au(self, field: Field) -> None:
        """Accept a day that is not before the first one."""
        since, until = _parse_day(self.du.data), _parse_day(field.data)
        if since and until and until < since:
            raise ValidationError(lazy_gettext("Ce jour est avant le premier."))

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The filters in force, as they are in the address."""
        return [(field.name, field.data) for field in self if field.data]

    def to_query(self) -> JournalQuery:
        """The query of a valid form."""
        return JournalQuery(
            ledgers=(LEDGERS[self.livre.data],) if self.livre.data else tuple(Ledger),
            acts=journal_sentences.ACTS_BY_NAME.get(self.acte.data, ()),
            member=int(self.membre.data) if self.membre.data else None,
            number=int(self.cas.data) if self.cas.data else None,
            incident_id=int(self.dossier.data) if self.dossier.data else None,
            since=_parse_day(self.du.data),
            until=_parse_day(self.au.data),
        )


@desk.get("/journal", endpoint="journal")
def lines() -> ResponseReturnValue:
    """One page of the selected lines, newest first."""
    form = JournalForm.from_args(request.args, accounts.display_names(db.session()))
    if not form.validate():
        return _invalid_form_page(form)
    parameters, older = form.parameters, ""
    raw_place = request.args.get("apres", "")
    place = _PLACE_FORM.fullmatch(raw_place)
    if raw_place and place is None:
        raise NotFound("no_such_line")
    # The line after which the page begins.
    after = (LEDGERS[place[1]], int(place[2])) if place else None
    journal_page = members_journal.list_lines(
        db.session(), current_member.member(), form.to_query(), after
    )
    if journal_page.older is not None:
        ledger, seq = journal_page.older
        older_place = ("apres", f"{LEDGER_NAMES[ledger]}-{seq}")
        older = list_address(JOURNAL_PATH, [*parameters, older_place])
    return render_template(
        "journal/members_journal.html",
        form=form,
        stretch=journal_page,
        first=list_address(JOURNAL_PATH, parameters),
        older=older,
        table=list_address(f"{JOURNAL_PATH}.csv", parameters),
        begun="apres" in request.args,
        **_template_words(journal_page.lines),
    )


def _invalid_form_page(form: JournalForm) -> ResponseReturnValue:
    return render_template("journal/members_journal.html", form=form, stretch=None), 422


def _template_words(journal_lines: Sequence[MembersJournalLine]) -> dict[str, Any]:
    """Lines with their sentences and details, ledgers, and the days of the reports that exist."""
    vocabulary, member_name = current_vocabulary(), current_member.display_name
    report_keys = {journal_line.report for journal_line in journal_lines if journal_line.report}
    summaries = reports.summaries(db.session(), report_keys)
    return {
        "line_sentences": [
            (
                journal_line,
                journal_sentences.sentence(journal_line, member_name),
                journal_sentences.details(journal_line, member_name, vocabulary),
            )
            for journal_line in journal_lines
        ],
        "reports": {key: summary.day for key, summary in summaries.items()},
    }


# The bound keeps the number within the integers of the database.
@desk.get(
    f"/journal/<any({', '.join(LEDGERS)}):name>/<int(min=1, max=999999999):seq>",
    endpoint="journal_line",
)
def line(name: str, seq: int) -> ResponseReturnValue:
    """One line with its private part and the result of its verification."""
    line_check = members_journal.load_checked_line(
        db.session(), current_member.member(), LEDGERS[name], seq
    )
    unreadable = "journal_unreadable" in line_check.problems
    checks = [
        (holds, str(sentences[0] if holds else sentences[1]))
        for key, sentences in messages.journal.line_checks.items()
        # Nothing is confirmed of an unreadable line.
        for holds in [key not in line_check.problems and not unreadable]
    ]
    return render_template(
        "journal/members_journal_line.html",
        line_check=line_check,
        checks=checks,
        last=head(db.session(), LEDGERS[name]).seq,
        **_template_words([line_check.line]),
    )


@desk.get("/journal.csv", endpoint="journal_csv")
def csv_table() -> ResponseReturnValue:
    """The lines of the same filters as a CSV file."""
    names = accounts.display_names(db.session())
    form = JournalForm.from_args(request.args, names)
    if not form.validate():
        return _invalid_form_page(form)
    viewer, vocabulary = current_member.member(), current_vocabulary()
    csv_rows = _csv_rows(db.engine, viewer, form.to_query(), names, vocabulary)
    # The rows are read in batches, each in a session of its own: a slow client must not hold a
    # transaction open, which would keep erased words in SQLite's log.
    db.session.remove()
    body = stream_with_context(csv_syntax.encode_table(CSV_HEADER, csv_rows))
    response = Response(body, mimetype=csv_syntax.MIMETYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return response


def _csv_rows(
    engine: Engine,
    viewer: Member,
    journal_query: JournalQuery,
    names: Mapping[int, str],
    vocabulary: Vocabulary,
) -> Iterator[Sequence[object]]:
    console = str(_("la console"))

    def member_name(member: int | None) -> str:
        return names.get(member or 0, "") or console

    after: LinePosition | None = None
    while True:
        with Session(engine) as session:
            journal_page = members_journal.list_lines(
                session, viewer, journal_query, after, _BATCH_SIZE
            )
        for journal_line in journal_page.lines:
            yield _csv_row(journal_line, member_name, vocabulary)
        after = journal_page.older
        if after is None:
            return


def _csv_row(
    journal_line: MembersJournalLine,
    member_name: journal_sentences.MemberNames,
    vocabulary: Vocabulary,
) -> Sequence[object]:
    time, day = journal_line.at, journal_line.day
    details = journal_sentences.details(journal_line, member_name, vocabulary)
    return (
        journal_line.ledger_name,
        journal_line.seq,
        (time.astimezone(dates.PARIS) if time else day).isoformat(),
        journal_line.act,
        journal_sentences.sentence(journal_line, member_name),
        journal_sentences.actor(journal_line, member_name),
        journal_line.number,
        journal_line.incident_id,
        journal_line.title,
        journal_line.private.get("revision"),
        _(" ; ").join(with_label(label, detail) for label, detail in details),
        journal_line.public.get("event"),
        journal_line.digest,
    )
