"""Reports as tests make them: Amina's words, in whatever state a test begins with.

``receive_report(pen, store)`` is one that has just come in. :class:`Inbox` brings it further, with
the acts that members and reporters have, each in one word.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime, timedelta

from case_contents import a_case
from cast import AT, Cast
from databases import open_engine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.config import Settings
from register.db import Base
from register.journal import WriteTransaction
from register.key_store import KeyStore
from register.reports import acts, receipt_codes
from register.reports.acts.reporter import ReceivedReport
from register.reports.models import MessageKind, Report
from register.reports.report_content import ReportContent

TransactionFactory = Callable[..., AbstractContextManager[WriteTransaction]]

# Words that stand nowhere else, so that a test may look for them in a file.
WORDS = "Ce soir au conseil, le maire a fait retirer ma caméra par la police municipale."
CONTACT = "amina@exemple.test"
SENTENCE = "Votre récit ne dit pas où cela s’est passé."
QUESTION = "Quel jour était-ce ?"
ANSWER = "C’était le 17 mars, vers la fin."
CODE = re.compile(rf"\b[{receipt_codes.LETTERS}]{{4}}(?:-[{receipt_codes.LETTERS}]{{4}}){{3}}\b")
_FIELDS = {field.name for field in fields(ReportContent)}


def nonce() -> str:
    """That of one filling of a form."""
    return secrets.token_hex(16)


def a_report(**fields: object) -> ReportContent:
    """What Amina sends: ``a_report(account=…, types=(…))``."""
    answers: dict[str, object] = {
        "account": WORDS,
        "types": ("interdiction_filmer",),
        "place": "Gagny",
        "place_code": "commune:93032",
        "when": "hier soir",
        "actor": "maire",
        "target": "blogueur",
        "began": "aucune",
        "links": ("https://exemple.test/seance",),
    }
    return ReportContent(**{**answers, **fields})  # type: ignore[arg-type]


def receive_report(
    pen: TransactionFactory,
    store: KeyStore,
    *,
    at: datetime = AT,
    named: str = "",
    contact: str = "",
    suspect: bool = False,
    **fields: object,
) -> ReceivedReport:
    """A report that has just come in; its ``key`` and its ``code``.

    :param named: the nonce of its form; a new one by default.
    :param fields: of :class:`ReportContent`, where they shall differ.
    """
    assert set(fields) <= _FIELDS, fields
    with pen(at) as p:
        return acts.receive(
            p, store, a_report(**fields), named or nonce(), contact=contact, suspect=suspect
        )


def receipt_code(status: int, page: str) -> str:
    """The code of a receipt; empty on any other page."""
    match = CODE.search(page) if status == 200 else None
    return match[0] if match else ""


def count_rows(settings: Settings, model: type[Base]) -> int:
    """How many rows of a kind the register holds."""
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def report_row(session: Session, key: str) -> Report:
    """The row of a report as it is now."""
    session.rollback()
    session.expire_all()
    return session.get_one(Report, key)


class Inbox:
    """Reports in each state: what Amina sent, and what Bruno did with it, at ``at``."""

    def __init__(self, pen: TransactionFactory, store: KeyStore, cast: Cast) -> None:
        self.pen, self.store, self.cast = pen, store, cast

    def received(self, at: datetime = AT, **more: object) -> ReceivedReport:
        """One that nobody has looked at."""
        return receive_report(self.pen, self.store, at=at, **more)  # type: ignore[arg-type]

    def held(self, at: datetime = AT, **more: object) -> ReceivedReport:
        """One that Bruno has in hand."""
        filed = self.received(at, **more)
        with self.pen(at) as p:
            acts.claim(p, filed.key, by=self.cast.bruno)
        return filed

    def waiting(self, at: datetime = AT, **more: object) -> ReceivedReport:
        """One of which Bruno asked something."""
        filed = self.held(at, **more)
        with self.pen(at) as p:
            acts.ask_reporter(p, self.store, filed.key, QUESTION, by=self.cast.bruno)
        return filed

    def accepted(
        self, at: datetime = AT, into: int | None = None, **more: object
    ) -> ReceivedReport:
        """One that Bruno made a draft of, or joined to the case with that id."""
        filed = self.received(at, **more)
        with self.pen(at) as p:
            acts.accept(
                p,
                self.store,
                filed.key,
                by=self.cast.bruno,
                reason="signalé",
                new=None if into else a_case(),
                into=into,
            )
        return filed

    def declined(
        self, at: datetime = AT, reason: str = "insuffisant", **more: object
    ) -> ReceivedReport:
        """One that Bruno declined."""
        filed = self.received(at, **more)
        with self.pen(at) as p:
            acts.decline(p, self.store, filed.key, reason, by=self.cast.bruno, sentence=SENTENCE)
        return filed

    def spam(self, at: datetime = AT, **more: object) -> ReceivedReport:
        """One that Bruno put aside."""
        filed = self.received(at, **more)
        with self.pen(at) as p:
            acts.spam(p, filed.key, by=self.cast.bruno)
        return filed

    def withdrawn(self, at: datetime = AT, **more: object) -> ReceivedReport:
        """One that Amina took back."""
        filed = self.received(at, **more)
        with self.pen(at) as p:
            acts.withdraw(p, self.store, filed.key, nonce())
        return filed

    def purged(self, at: datetime = AT, **more: object) -> ReceivedReport:
        """One that was declined, and whose texts are gone."""
        filed = self.declined(at, **more)
        with self.pen(at + timedelta(days=91)) as p:
            acts.purge(p, self.store, undecided_after=24)
        return filed

    def answered(self, filed: ReceivedReport, text: str = ANSWER, at: datetime = AT) -> None:
        """Amina's answer."""
        with self.pen(at) as p:
            acts.add(p, self.store, filed.key, MessageKind.ANSWER, text, nonce())
