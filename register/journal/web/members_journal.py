"""Members' journal: list of lines, one line with its checks, and the lines as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Field, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.accounts.web import current_member
from register.cases import members_journal
from register.cases.members_journal import LinePosition, MembersJournalLine
from register.cases.members_journal_query import (
    ACT_GROUPS,
    CONSOLE_MEMBER,
    LEDGER_NAMES,
    LEDGERS,
    MembersJournalQuery,
)
from register.cases.vocabulary import Vocabulary
from register.db import db
from register.errors import NotFound
from register.exchange import csv_export
from register.journal import head
from register.journal.web import journal_sentences
from register.journal.web.journal_sentences import (
    GROUP_NAMES,
    KIND_NAMES,
    LEDGER_LABELS,
    LINE_CHECKS,
)
from register.reports import queries as reports
from register.text import dates
from register.web.blueprints import desk
from register.web.form_fields import BaseForm, line_field
from register.web.l10n import with_label
from register.web.request_context import current_vocabulary

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
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
    for group, kinds in ACT_GROUPS.items():
        name = GROUP_NAMES[group]
        yield SelectChoice(group, lazy_gettext("%(group)s : tous", group=name), optgroup=name)
        for kind in kinds:
            yield SelectChoice(kind, KIND_NAMES[kind], optgroup=name)


def _select_field(label: Any, choices: Any = ()) -> SelectField:
    options: dict[str, Any] = {"invalid_choice_message": _INVALID_CHOICE}
    return SelectField(label, choices=list(choices), default="", **options)


class JournalForm(BaseForm):
    """The filters, sent in the query string and therefore without CSRF token."""

    class Meta:
        csrf = False

    membre = _select_field(lazy_gettext("Membre"))
    acte = _select_field(lazy_gettext("Acte"), _kind_choices())
    cas = line_field(lazy_gettext("Cas nº"), limit=20)
    dossier = line_field(lazy_gettext("Dossier"), limit=20)
    du = line_field(lazy_gettext("Depuis le"), limit=20)
    au = line_field(lazy_gettext("Jusqu’au"), limit=20)
    livre = _select_field(
        lazy_gettext("Livre"),
        [
            SelectChoice("", lazy_gettext("Tous les livres")),
            *(SelectChoice(name, LEDGER_LABELS[name]) for name in LEDGERS),
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

    def validate_cas(self, field: Field) -> None:
        """Accept the public number of a case."""
        _check_number(field)

    def validate_dossier(self, field: Field) -> None:
        """Accept the id of a case on the desk."""
        _check_number(field)

    def validate_du(self, field: Field) -> None:
        """Accept a day as ``<input type="date">`` sends it."""
        _check_day(field)

    def validate_au(self, field: Field) -> None:
        """Accept a day that is not before the first one."""
        _check_day(field)
        since, until = _parse_day(self.du.data), _parse_day(field.data)
        if since and until and until < since:
            raise ValidationError(lazy_gettext("Ce jour est avant le premier."))

    @property
    def count(self) -> int:
        """How many filters are in force."""
        return sum(bool(field.data) for field in self)

    def to_query(self) -> MembersJournalQuery:
        """The query of a valid form."""
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
    """A day within the years that the register accepts; None otherwise."""
    try:
        day = date.fromisoformat(typed) if typed and _DAY.fullmatch(typed) else None
    except ValueError:
        return None
    is_in_range = day and dates.FIRST_YEAR <= day.year <= dates.LAST_YEAR
    return day if is_in_range else None


@desk.get("/journal", endpoint="journal")
def lines() -> ResponseReturnValue:
    """One page of the selected lines, newest first."""
    form = JournalForm.from_args(request.args, accounts.display_names(db.session()))
    if not form.validate():
        return _invalid_form_page(form)
    journal_query = form.to_query()
    stretch = members_journal.list_lines(
        db.session(), current_member.member(), journal_query, _start_place()
    )
    return render_template(
        "journal/members_journal.html",
        form=form,
        stretch=stretch,
        journal_query=journal_query,
        line_sentences=_line_sentences(stretch.lines),
        reports=_report_days(stretch.lines),
        books=LEDGER_LABELS,
        first=address(journal_query),
        older=address(journal_query, stretch.older) if stretch.older else "",
        table=address(journal_query, path=JOURNAL_PATH + ".csv"),
        begun="apres" in request.args,
    )


def _invalid_form_page(form: JournalForm) -> ResponseReturnValue:
    return render_template("journal/members_journal.html", form=form, stretch=None), 422


def address(
    journal_query: MembersJournalQuery, after: LinePosition | None = None, path: str = JOURNAL_PATH
) -> str:
    """The address of the lines of a query, or of those that follow a line."""
    pairs = journal_query.pairs()
    if after is not None:
        ledger, seq = after
        pairs.append(("apres", f"{LEDGER_NAMES[ledger]}-{seq}"))
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _start_place() -> LinePosition | None:
    """The line after which the requested page begins."""
    raw = request.args.get("apres", "")
    if not raw:
        return None
    match = _PLACE_FORM.fullmatch(raw)
    if match is None:
        raise NotFound("no_such_line")
    return LEDGERS[match[1]], int(match[2])


def _line_sentences(
    journal_lines: Sequence[MembersJournalLine],
) -> Sequence[tuple[MembersJournalLine, str, Sequence[tuple[str, str]]]]:
    vocabulary, member_name = current_vocabulary(), current_member.display_name
    return [
        (
            journal_line,
            journal_sentences.sentence(journal_line, member_name),
            journal_sentences.details(journal_line, member_name, vocabulary),
        )
        for journal_line in journal_lines
    ]


def _report_days(journal_lines: Sequence[MembersJournalLine]) -> Mapping[str, date]:
    """The days of receipt of the existing reports that lines refer to."""
    return reports.received_days(
        db.session(), {journal_line.report for journal_line in journal_lines if journal_line.report}
    )


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
        for key, sentences in LINE_CHECKS.items()
        # Nothing is confirmed of an unreadable line.
        for holds in [key not in line_check.problems and not unreadable]
    ]
    last_seq = head(db.session(), LEDGERS[name]).seq
    ((_line, sentence, details),) = _line_sentences([line_check.line])
    return render_template(
        "journal/members_journal_line.html",
        line_check=line_check,
        line=line_check.line,
        reports=_report_days([line_check.line]),
        sentence=sentence,
        details=details,
        checks=checks,
        books=LEDGER_LABELS,
        last=last_seq,
    )


@desk.get("/journal.csv", endpoint="journal_csv")
def csv_table() -> ResponseReturnValue:
    """The lines of the same filters as a CSV file."""
    names = accounts.display_names(db.session())
    form = JournalForm.from_args(request.args, names)
    if not form.validate():
        return _invalid_form_page(form)
    viewer, table_words = current_member.member(), _TableWords(names, current_vocabulary())
    csv_rows = _csv_rows(db.engine, viewer, form.to_query(), table_words)
    # The rows are read in batches, each in a session of its own: a slow client must not hold a
    # transaction open, which would keep erased words in SQLite's log.
    db.session.remove()
    body = stream_with_context(csv_export.encode_table(CSV_HEADER, csv_rows))
    response = Response(body, mimetype=csv_export.MIMETYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return response


class _TableWords:
    """Names and labels for the rows of the CSV, loaded before they are streamed."""

    def __init__(self, names: Mapping[int, str], vocabulary: Vocabulary) -> None:
        self.names, self.vocabulary = names, vocabulary
        self.console = str(_("la console"))

    def member_name(self, member: int | None) -> str:
        return self.names.get(member or 0, "") or self.console


def _csv_rows(
    engine: Engine, viewer: Member, journal_query: MembersJournalQuery, table_words: _TableWords
) -> Iterator[Sequence[object]]:
    after: LinePosition | None = None
    while True:
        with Session(engine) as session:
            stretch = members_journal.list_lines(session, viewer, journal_query, after, _BATCH_SIZE)
        yield from (_csv_row(journal_line, table_words) for journal_line in stretch.lines)
        after = stretch.older
        if after is None:
            return


def _csv_row(journal_line: MembersJournalLine, table_words: _TableWords) -> Sequence[object]:
    details = journal_sentences.details(
        journal_line, table_words.member_name, table_words.vocabulary
    )
    return (
        journal_line.ledger_name,
        journal_line.seq,
        journal_line.at.astimezone(dates.PARIS).isoformat()
        if journal_line.at
        else journal_line.day.isoformat(),
        journal_line.act,
        journal_sentences.sentence(journal_line, table_words.member_name),
        journal_sentences.actor(journal_line, table_words.member_name),
        journal_line.number,
        journal_line.incident_id,
        journal_line.title,
        journal_line.private.get("revision"),
        _(" ; ").join(with_label(label, detail) for label, detail in details),
        journal_line.public.get("event"),
        journal_line.digest,
    )
