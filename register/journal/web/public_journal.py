"""The public ledger: its page, its head, its lines to download, and the proof of a case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases import case_proof as proofs
from register.cases import public_journal
from register.cases.public_journal import Asked
from register.cases.web.public.cases import case_number
from register.cases.web.public.facet_options import Option
from register.cases.web.public.filter_panel import Chip
from register.db import db
from register.errors import Invalid, Moved, NotFound
from register.journal import line_time
from register.journal.queries import head_document, verbatim
from register.web import urls
from register.web.context import head
from register.web.etag import verifier
from register.web.l10n import edtf_words
from register.web.messages.journal import PUBLIC_KIND_NAMES

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/registre", view_func=lines)
    blueprint.add_url_rule("/registre/tete", view_func=tip)
    blueprint.add_url_rule("/registre.jsonl", view_func=download)
    blueprint.add_url_rule("/registre/verifier.py", view_func=program)
    blueprint.add_url_rule("/incidents/<number>/preuve", view_func=proof)


@dataclass(frozen=True)
class Panel:
    """What the form of filters needs."""

    kinds: list[Option]
    months: list[Option]
    count: int


def kinds() -> dict[str, str]:
    """What each kind of line is called."""
    return {kind: str(PUBLIC_KIND_NAMES[kind]) for kind in public_journal.KINDS}


def lines() -> ResponseReturnValue:
    """Every public act, the newest first, by kind and by month."""
    position = head()
    wanted = _number("ligne")
    if wanted is not None:
        if not 0 < wanted <= position.seq:
            raise NotFound("no_such_line")
        return redirect(urls.line(wanted, public_journal.page_of(wanted, position)), 303)
    asked = public_journal.parse(request.args.to_dict(flat=False))
    page = public_journal.page(db.session(), asked, position)
    if page.number > page.pages:
        raise NotFound("no_such_page")
    words = kinds()
    return render_template(
        "public/registre.html",
        page=page,
        asked=asked,
        head=position,
        panel=_panel(asked, words),
        chips=chips(asked),
        words={act: words[kind] for kind, act in public_journal.KINDS.items()},
    )


def chips(asked: Asked) -> list[Chip]:
    """The filters in force in words, each with the way to take it off."""
    words = kinds()
    found = [Chip(words[kind], urls.ledger(asked.without(kind))) for kind in asked.kinds]
    if asked.month:
        found.append(Chip(edtf_words(asked.month), urls.ledger(Asked(asked.kinds))))
    return found


def _panel(asked: Asked, words: dict[str, str]) -> Panel:
    last = head().seq
    known = []
    if last:
        session = db.session()
        known = public_journal.months(line_time(session, 1), line_time(session, last))
    if asked.month and asked.month not in known:
        known.append(asked.month)
    return Panel(
        kinds=[Option(kind, words[kind], kind in asked.kinds) for kind in public_journal.KINDS],
        months=[Option(month, edtf_words(month), month == asked.month) for month in known],
        count=len(asked.kinds) + bool(asked.month),
    )


def tip() -> Response:
    """Where the public ledger stands, for whoever wants to be able to prove it later."""
    return _json(head_document(db.session(), head()))


def download() -> Response:
    """The public ledger as JSON lines, verbatim: what the chain hashes, and nothing else."""
    position = head()
    after = _number("apres") or 0
    if after > position.seq:
        # Whoever holds more lines than there are has found something, and must be told.
        raise NotFound("no_such_line")
    return Response(_streamed(db.engine, after, position.seq), mimetype="application/jsonl")


def _streamed(engine: Engine, after: int, until: int) -> Iterator[bytes]:
    while after < until:
        # A session for each stretch: a slow reader must not hold a transaction open, which would
        # keep erased words in SQLite's log.
        with Session(engine) as session:
            stretch = verbatim(session, after, until)
        if not stretch:
            # A copy was put back meanwhile, and it is shorter.
            return
        yield b"".join(line + b"\n" for _seq, line in stretch)
        after = stretch[-1][0]


def proof(number: str) -> ResponseReturnValue:
    """What binds the text of a case, as it reads now or at a version, to its line."""
    head()
    try:
        answer = _json(proofs.proof(db.session(), case_number(number), _number("version")))
    except Moved as moved:
        return redirect(urls.proof(int(str(moved.values["number"]))), 301)
    # A search engine keeps what it indexed: the text must not outlive the case there.
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def program() -> Response:
    """The program that checks all this, which whoever runs it should read first."""
    try:
        source = verifier()
    except OSError as error:
        raise NotFound("no_such_row") from error
    return Response(source, mimetype="text/x-python")


def commands(base: str) -> list[str]:
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


def _number(name: str) -> int | None:
    """A number in the query: strict digits, no leading zero, bounded; None without one.

    :raises Invalid: ``filter``.
    """
    given = request.args.get(name, "")
    if not given:
        return None
    if not _NUMBER.fullmatch(given):
        raise Invalid("filter", name=name, value=given[:20])
    return int(given)


def _json(document: bytes) -> Response:
    return Response(document, mimetype="application/json")
