"""The public ledger: its page, its head, its lines to download, and the proof of a case."""

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
    """What the form of filters needs."""

    kinds: list[FacetOption]
    months: list[FacetOption]
    count: int


def kind_names() -> dict[str, str]:
    """What each kind of line is called."""
    return {kind: str(PUBLIC_KIND_NAMES[kind]) for kind in public_journal.PUBLIC_ACTS_BY_KIND}


@public.get("/registre")
def lines() -> ResponseReturnValue:
    """Every public act, the newest first, by kind and by month."""
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
        "public/registre.html",
        page=journal_page,
        asked=journal_query,
        head=position,
        panel=_filter_panel(journal_query, kind_labels),
        chips=chips(journal_query),
        words={act: kind_labels[kind] for kind, act in public_journal.PUBLIC_ACTS_BY_KIND.items()},
    )


def chips(journal_query: PublicJournalQuery) -> list[FilterChip]:
    """The filters in force in words, each with the way to take it off."""
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
    """Where the public ledger stands, for whoever wants to be able to prove it later."""
    return _json_response(head_document(db.session(), head()))


@public.get("/registre.jsonl")
def download() -> Response:
    """The public ledger as JSON lines, verbatim: what the chain hashes, and nothing else."""
    position = head()
    after = _number_parameter("apres") or 0
    if after > position.seq:
        # Whoever holds more lines than there are has found something, and must be told.
        raise NotFound("no_such_line")
    return Response(_stream_lines(db.engine, after, position.seq), mimetype="application/jsonl")


def _stream_lines(engine: Engine, after: int, until: int) -> Iterator[bytes]:
    while after < until:
        # A session for each stretch: a slow reader must not hold a transaction open, which would
        # keep erased words in SQLite's log.
        with Session(engine) as session:
            batch = public_lines(session, after, until)
        if not batch:
            # A copy was put back meanwhile, and it is shorter.
            return
        yield b"".join(line + b"\n" for _seq, line in batch)
        after = batch[-1][0]


@public.get("/incidents/<number>/preuve")
def proof(number: str) -> ResponseReturnValue:
    """What binds the text of a case, as it reads now or at a version, to its line."""
    head()
    try:
        response = _json_response(
            proofs.proof(db.session(), case_number(number), _number_parameter("version"))
        )
    except Moved as error:
        return redirect(urls.proof(int(str(error.values["number"]))), 301)
    # A search engine keeps what it indexed: the text must not outlive the case there.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@public.get("/registre/verifier.py")
def program() -> Response:
    """The program that checks all this, which whoever runs it should read first."""
    try:
        source = verifier()
    except OSError as error:
        raise NotFound("no_such_row") from error
    return Response(source, mimetype="text/x-python")


def verify_commands(base: str) -> list[str]:
    """What an outsider types to check the ledger and one case; the number is for them to choose."""
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
    """A number in the query: strict digits, no leading zero, bounded; None without one.

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
