"""Public journal: its page, head and lines to download, the proof of a case, the verifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases import public_journal, published_texts
from register.cases.filters import LENGTH_LIMIT, VALUES_LIMIT, parse_page_number, require_count
from register.db import db
from register.errors import Invalid, Moved, NotFound
from register.journal import line_time
from register.journal.queries import JournalQuery, head_document, public_lines
from register.journal.web.journal_sentences import PUBLIC_KINDS
from register.text import dates
from register.text.normalisation import one_line
from register.web import list_query, urls
from register.web.blueprints import public
from register.web.etag import verifier
from register.web.l10n import edtf_words
from register.web.request_context import head

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
# The years that dates may have.
_MONTH = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True)
class PublicJournalQuery:
    """Kinds of acts, civil month in Paris (``YYYY-MM``) and page of a list of lines."""

    kinds: tuple[str, ...] = ()
    month: str = ""
    page: int = 1

    def at_page(self, page: int) -> PublicJournalQuery:
        """Copy at another page."""
        return replace(self, page=page)

    @property
    def address(self) -> str:
        """Canonical address."""
        month = [("mois", self.month)] if self.month else []
        page = [("page", str(self.page))] if self.page > 1 else []
        return urls.ledger([*(("acte", kind) for kind in self.kinds), *month, *page])

    @property
    def is_bare(self) -> bool:
        """Whether there is no filter."""
        return not self.kinds and not self.month

    @property
    def selection(self) -> JournalQuery:
        """Acts and days that it selects."""
        acts = tuple(PUBLIC_KINDS[kind][0] for kind in self.kinds)
        if not self.month:
            return JournalQuery(acts=acts)
        month = dates.parse(self.month)
        return JournalQuery(acts=acts, since=month.first, until=month.last)


def parse(args: list_query.QueryArgs) -> PublicJournalQuery:
    """Parse the parameters of a URL; other names are left to the caller.

    :raises Invalid: ``filter``, ``filter_too_many`` or ``filter_single``, with the name; ``page``.
    """
    typed = {}
    for name, limit, accepts in (
        ("acte", VALUES_LIMIT, PUBLIC_KINDS.__contains__),
        ("mois", 1, _MONTH.fullmatch),
    ):
        typed[name] = [value for value in map(one_line, args.get(name, ())) if value]
        require_count(name, typed[name], limit)
        for value in typed[name]:
            if not accepts(value):
                raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])
    return PublicJournalQuery(
        kinds=tuple(kind for kind in PUBLIC_KINDS if kind in typed["acte"]),
        month=typed["mois"][0] if typed["mois"] else "",
        page=parse_page_number(list_query.last_value(args, "page")),
    )


@public.get("/registre")
def lines() -> ResponseReturnValue:
    """The lines of the public ledger, newest first, filtered by kind and month."""
    position = head()
    line_number = _number_parameter("ligne")
    if line_number is not None:
        if not 0 < line_number <= position.seq:
            raise NotFound("no_such_line")
        page = public_journal.page_of_line(line_number, position)
        return redirect(urls.line(line_number, page), 303)
    journal_query = parse(request.args.to_dict(flat=False))
    session = db.session()
    journal_page = public_journal.query_page(
        session, journal_query.selection, journal_query.page, position
    )
    list_query.require_page(journal_page.number, journal_page.pages)
    months = []
    if position.seq:
        months = list_months(line_time(session, 1), line_time(session, position.seq))
    if journal_query.month and journal_query.month not in months:
        months.append(journal_query.month)
    return render_template(
        "journal/public_journal.html",
        page=journal_page,
        journal_query=journal_query,
        head=position,
        kinds=[
            list_query.FacetOption(kind, str(label), kind in journal_query.kinds)
            for kind, (_act, label) in PUBLIC_KINDS.items()
        ],
        months=[
            list_query.FacetOption(month, edtf_words(month), month == journal_query.month)
            for month in months
        ],
        chips=chips(journal_query),
        words={act.value: str(label) for act, label in PUBLIC_KINDS.values()},
    )


def chips(journal_query: PublicJournalQuery) -> list[list_query.FilterChip]:
    """The filters in force in words, each with the address without it."""
    first_page = journal_query.at_page(1)
    removals = [
        (
            str(PUBLIC_KINDS[kind][1]),
            replace(first_page, kinds=tuple(other for other in first_page.kinds if other != kind)),
        )
        for kind in journal_query.kinds
    ]
    if journal_query.month:
        removals.append((edtf_words(journal_query.month), replace(first_page, month="")))
    return list_query.filter_chips(removals, lambda query: query.address)


def list_months(first: datetime, last: datetime) -> list[str]:
    """Civil months between two times, the newest first."""
    first_day, last_day = dates.paris_day(first), dates.paris_day(last)
    start = first_day.year * 12 + first_day.month - 1
    # Never before the first, even after the clock was set back.
    end = max(start, last_day.year * 12 + last_day.month - 1)
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(end, start - 1, -1)]


@public.get("/registre/tete")
def tip() -> Response:
    """The head of the public ledger, for outsiders to keep as an anchor."""
    return _json_response(head_document(db.session(), head()))


@public.get("/registre.jsonl")
def download() -> Response:
    """The public ledger as JSON lines: the hashed bytes, verbatim."""
    position = head()
    after = _number_parameter("apres") or 0
    if after > position.seq:
        # Somebody with more lines than there are has detected a truncated ledger: no empty answer.
        raise NotFound("no_such_line")
    return Response(_stream_lines(db.engine, after, position.seq), mimetype="application/jsonl")


def _stream_lines(engine: Engine, after: int, until: int) -> Iterator[bytes]:
    while after < until:
        # A new session for each batch: a slow client must not hold a transaction open, which would
        # keep erased words in SQLite's log.
        with Session(engine) as session:
            batch = public_lines(session, after, until)
        if not batch:
            # A backup with fewer lines was restored meanwhile.
            return
        yield b"".join(line + b"\n" for _seq, line in batch)
        after = batch[-1][0]


@public.get("/incidents/<number>/preuve")
def proof(number: str) -> ResponseReturnValue:
    """The proof that binds the text of a case, now or at a version, to its journal line."""
    head()
    try:
        version = _number_parameter("version")
        response = _json_response(
            public_journal.proof(db.session(), urls.case_number(number), version)
        )
    except Moved as error:
        return redirect(urls.proof(int(str(error.values["number"]))), 301)
    # The text must not stay in the index of a search engine after the case is erased.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


_TEXT_TYPES = {".json": "application/json", ".md": "text/markdown", ".gz": "application/gzip"}


@public.get("/registre/textes/<name>")
def published_text(name: str) -> Response:
    """A text around the cases, as the bytes whose digest the public ledger has."""
    head()
    body = published_texts.published_texts(db.session()).get(name)
    if body is None:
        raise NotFound("no_such_row")
    response = Response(body, mimetype=_TEXT_TYPES.get(Path(name).suffix, "text/csv"))
    # The page itself is what search engines may list.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@public.get("/registre/verifier.py")
def program() -> Response:
    """The program that verifies the ledger and proofs."""
    try:
        source = verifier()
    except OSError as error:
        raise NotFound("no_such_row") from error
    return Response(source, mimetype="text/x-python")


def verify_commands(base: str) -> list[str]:
    """Shell commands to verify the ledger, one case and one page; case 12 is an example."""
    files = {
        "registre.jsonl": "/registre.jsonl",
        "tete.json": "/registre/tete",
        "preuve.json": "/incidents/12/preuve",
        "methode.md": "/registre/textes/methode.md",
        "verifier.py": "/registre/verifier.py",
    }
    return [
        *(f"curl -o {name} {base}{path}" for name, path in files.items()),
        "python3 verifier.py registre.jsonl tete.json preuve.json methode.md",
    ]


def _number_parameter(name: str) -> int | None:
    """A number of the query string: at most nine digits, no leading zero; None when absent.

    :raises Invalid: ``filter``.
    """
    raw = request.args.get(name, "")
    if not raw:
        return None
    if not _NUMBER.fullmatch(raw):
        raise Invalid("filter", name=name, value=raw[:20])
    return int(raw)


def _json_response(document: bytes) -> Response:
    return Response(document, mimetype="application/json")
