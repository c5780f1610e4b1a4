"""Public journal: its page, head and lines to download, the proof of a case, the verifier."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases import public_journal
from register.cases import public_versions as proofs
from register.cases.public_journal import PublicJournalQuery
from register.cases.web.public.cases import case_number
from register.cases.web.public.filter_panel import FacetOption, FilterChip
from register.db import db
from register.errors import Invalid, Moved, NotFound
from register.journal import line_time
from register.journal.queries import head_document, public_lines
from register.journal.web.journal_sentences import PUBLIC_KIND_NAMES
from register.web import urls
from register.web.blueprints import public
from register.web.etag import verifier
from register.web.l10n import edtf_words
from register.web.request_context import head

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class JournalFilterPanel:
    """Options of the filter form, and the number of filters in force."""

    kinds: list[FacetOption]
    months: list[FacetOption]
    count: int


def kind_names() -> dict[str, str]:
    """Names of the kinds of public lines, by kind."""
    return {kind: str(PUBLIC_KIND_NAMES[kind]) for kind in public_journal.PUBLIC_ACTS_BY_KIND}


@public.get("/registre")
def lines() -> ResponseReturnValue:
    """The lines of the public ledger, newest first, filtered by kind and month."""
    position = head()
    line_number = _number_parameter("ligne")
    if line_number is not None:
        if not 0 < line_number <= position.seq:
            raise NotFound("no_such_line")
        return redirect(
            urls.line(line_number, public_journal.page_of_line(line_number, position)), 303
        )
    journal_query = public_journal.parse(request.args.to_dict(flat=False))
    journal_page = public_journal.query_page(db.session(), journal_query, position)
    if journal_page.number > journal_page.pages:
        raise NotFound("no_such_page")
    kind_labels = kind_names()
    return render_template(
        "journal/public_journal.html",
        page=journal_page,
        journal_query=journal_query,
        head=position,
        panel=_filter_panel(journal_query, kind_labels),
        chips=chips(journal_query),
        words={act: kind_labels[kind] for kind, act in public_journal.PUBLIC_ACTS_BY_KIND.items()},
    )


def chips(journal_query: PublicJournalQuery) -> list[FilterChip]:
    """The filters in force in words, each with the address without it."""
    kind_labels = kind_names()
    active_chips = [
        FilterChip(kind_labels[kind], urls.ledger(journal_query.without(kind)))
        for kind in journal_query.kinds
    ]
    if journal_query.month:
        active_chips.append(
            FilterChip(
                edtf_words(journal_query.month),
                urls.ledger(PublicJournalQuery(journal_query.kinds)),
            )
        )
    return active_chips


def _filter_panel(
    journal_query: PublicJournalQuery, kind_labels: dict[str, str]
) -> JournalFilterPanel:
    last_seq = head().seq
    month_options = []
    if last_seq:
        session = db.session()
        month_options = public_journal.list_months(
            line_time(session, 1), line_time(session, last_seq)
        )
    if journal_query.month and journal_query.month not in month_options:
        month_options.append(journal_query.month)
    return JournalFilterPanel(
        kinds=[
            FacetOption(kind, kind_labels[kind], kind in journal_query.kinds)
            for kind in public_journal.PUBLIC_ACTS_BY_KIND
        ],
        months=[
            FacetOption(month, edtf_words(month), month == journal_query.month)
            for month in month_options
        ],
        count=len(journal_query.kinds) + bool(journal_query.month),
    )


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
        response = _json_response(
            proofs.proof(db.session(), case_number(number), _number_parameter("version"))
        )
    except Moved as error:
        return redirect(urls.proof(int(str(error.values["number"]))), 301)
    # The text must not stay in the index of a search engine after the case is erased.
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
    """Shell commands to verify the ledger and one case; case 12 is an example."""
    files = {
        "registre.jsonl": "/registre.jsonl",
        "tete.json": "/registre/tete",
        "preuve.json": "/incidents/12/preuve",
        "verifier.py": "/registre/verifier.py",
    }
    return [
        *(f"curl -o {name} {base}{path}" for name, path in files.items()),
        "python3 verifier.py registre.jsonl tete.json preuve.json",
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
