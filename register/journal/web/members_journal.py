"""The members' journal: its lines, one line opened and checked, and the lines as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.accounts.web import current_member
from register.cases import members_journal
from register.cases.members_journal import LEDGERS, Asked, Line, Place
from register.cases.vocabulary import Book
from register.db import db
from register.errors import NotFound
from register.exchange import safe_csv
from register.journal import head
from register.journal.web import journal_sentences
from register.journal.web.forms import JournalForm
from register.reports import queries as reports
from register.text import dates
from register.web.context import book
from register.web.l10n import named
from register.web.messages.journal import BOOK_NAMES, CHECKS

HOME = "/moderation/journal"
_PLACE = re.compile(rf"({'|'.join(LEDGERS)})-([1-9][0-9]{{0,8}})")
_AT_ONCE = 500  # lines read at a time for a table
# The table's columns; docs/moderation.md tells what each holds.
HEADER = (
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


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/journal", "journal", lines)
    blueprint.add_url_rule("/journal.csv", "journal_csv", table)
    # Beyond the bound a number is none that the database could hold.
    one = f"/journal/<any({', '.join(LEDGERS)}):name>/<int(min=1, max=999999999):seq>"
    blueprint.add_url_rule(one, "journal_line", line)


def lines() -> ResponseReturnValue:
    """The lines that were asked for, a page of them, newest first."""
    form = JournalForm.of(request.args, accounts.names(db.session()))
    if not form.validate():
        return _again(form)
    asked = form.asked()
    found = members_journal.stretch(db.session(), current_member.member(), asked, _after())
    return render_template(
        "moderation/journal.html",
        form=form,
        found=found,
        asked=asked,
        told=_told(found.lines),
        reports=_reports(found.lines),
        books=BOOK_NAMES,
        first=address(asked),
        older=address(asked, found.older) if found.older else "",
        table=address(asked, path=HOME + ".csv"),
        begun="apres" in request.args,
    )


def _again(form: JournalForm) -> ResponseReturnValue:
    return render_template("moderation/journal.html", form=form, found=None), 422


def address(asked: Asked, after: Place | None = None, path: str = HOME) -> str:
    """The address of some lines, or of those that follow a line."""
    pairs = asked.pairs()
    if after is not None:
        ledger, seq = after
        pairs.append(("apres", f"{members_journal.NAMES[ledger]}-{seq}"))
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _after() -> Place | None:
    """The line after which the stretch begins that an address asks for."""
    given = request.args.get("apres", "")
    if not given:
        return None
    found = _PLACE.fullmatch(given)
    if found is None:
        raise NotFound("no_such_line")
    return LEDGERS[found[1]], int(found[2])


def _told(found: Sequence[Line]) -> Sequence[tuple[Line, str, Sequence[tuple[str, str]]]]:
    words, who = book(), current_member.called
    return [
        (one, journal_sentences.sentence(one, who), journal_sentences.details(one, who, words))
        for one in found
    ]


def _reports(found: Sequence[Line]) -> Mapping[str, date]:
    """Those of the reports that lines speak of which are still there, each with its day."""
    return reports.days(db.session(), {one.report for one in found if one.report})


def line(name: str, seq: int) -> ResponseReturnValue:
    """One line with its private part, and its digests computed again."""
    opened = members_journal.opened(db.session(), current_member.member(), LEDGERS[name], seq)
    unreadable = "journal_unreadable" in opened.problems
    checks = [
        (good, str(said[0] if good else said[1]))
        for key, said in CHECKS.items()
        # What is bound to a part that cannot be read is not known to hold.
        for good in [key not in opened.problems and not unreadable]
    ]
    last = head(db.session(), LEDGERS[name]).seq
    ((_line, sentence, details),) = _told([opened.line])
    return render_template(
        "moderation/journal_line.html",
        opened=opened,
        line=opened.line,
        reports=_reports([opened.line]),
        sentence=sentence,
        details=details,
        checks=checks,
        books=BOOK_NAMES,
        last=last,
    )


# --- as a table ----------------------------------------------------------------------------


def table() -> ResponseReturnValue:
    """Exactly the lines that the same filters show, as a file for a spreadsheet."""
    names = accounts.names(db.session())
    form = JournalForm.of(request.args, names)
    if not form.validate():
        return _again(form)
    viewer, words = current_member.member(), _Words(names, book())
    rows = _rows(db.engine, viewer, form.asked(), words)
    # What is read from now on is read a stretch at a time: a slow reader must not hold a
    # transaction open, which would keep erased words in SQLite's log.
    db.session.remove()
    body = stream_with_context(safe_csv.encoded(HEADER, rows))
    answer = Response(body, mimetype=safe_csv.MIMETYPE)
    answer.headers["Content-Disposition"] = 'attachment; filename="journal.csv"'
    return answer


class _Words:
    """What the rows of a table are worded with: they are written once the request is over."""

    def __init__(self, names: Mapping[int, str], words: Book) -> None:
        self.names, self.book = names, words
        self.console = str(_("la console"))

    def who(self, member: int | None) -> str:
        return self.names.get(member or 0, "") or self.console


def _rows(
    engine: Engine, viewer: Member, asked: Asked, words: _Words
) -> Iterator[Sequence[object]]:
    after: Place | None = None
    while True:
        with Session(engine) as session:
            found = members_journal.stretch(session, viewer, asked, after, _AT_ONCE)
        yield from (_row(one, words) for one in found.lines)
        after = found.older
        if after is None:
            return


def _row(one: Line, words: _Words) -> Sequence[object]:
    details = journal_sentences.details(one, words.who, words.book)
    return (
        one.book,
        one.seq,
        one.at.astimezone(dates.PARIS).isoformat() if one.at else one.day.isoformat(),
        one.act,
        journal_sentences.sentence(one, words.who),
        journal_sentences.doer(one, words.who),
        one.number,
        one.dossier,
        one.title,
        one.private.get("revision"),
        _(" ; ").join(named(label, said) for label, said in details),
        one.public.get("event"),
        one.digest,
    )
