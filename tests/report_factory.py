"""Reports of Amina, in each state.

``receive_report(pen, store)`` is a new report. :class:`Inbox` makes reports in other states by the
acts of members and reporters.
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

# Words that occur nowhere else, so that tests can search for them.
WORDS = "Ce soir au conseil, le maire a fait retirer ma caméra par la police municipale."
CONTACT = "amina@exemple.test"
SENTENCE = "Votre récit ne dit pas où cela s’est passé."
QUESTION = "Quel jour était-ce ?"
ANSWER = "C’était le 17 mars, vers la fin."
CODE = re.compile(rf"\b[{receipt_codes.LETTERS}]{{4}}(?:-[{receipt_codes.LETTERS}]{{4}}){{3}}\b")
_FIELDS = {field.name for field in fields(ReportContent)}


def nonce() -> str:
    """A new nonce of a form."""
    return secrets.token_hex(16)


def a_report(**fields: object) -> ReportContent:
    """The content of a report: ``a_report(account=…, types=(…))``."""
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
    """A new report; its ``key`` and its ``code``.

    :param named: the nonce of its form; a new one by default.
    :param fields: changed fields of :class:`ReportContent`.
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
    """The number of rows of a table."""
    with open_engine(settings.database_url) as engine, Session(engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def report_row(session: Session, key: str) -> Report:
    """The current row of a report."""
    session.rollback()
    session.expire_all()
    return session.get_one(Report, key)


class Inbox:
    """Reports in each state, made by Amina and Bruno at ``at``."""

    def __init__(self, pen: TransactionFactory, store: KeyStore, cast: Cast) -> None:
        self.pen, self.store, self.cast = pen, store, cast

    def received(self, at: datetime = AT, **fields: object) -> ReceivedReport:
        """A new report."""
        return receive_report(self.pen, self.store, at=at, **fields)  # type: ignore[arg-type]

    def held(self, at: datetime = AT, **fields: object) -> ReceivedReport:
        """A report claimed by Bruno."""
        report = self.received(at, **fields)
        with self.pen(at) as p:
            acts.claim(p, report.key, by=self.cast.bruno)
        return report

    def waiting(self, at: datetime = AT, **fields: object) -> ReceivedReport:
        """A report with a question of Bruno."""
        report = self.held(at, **fields)
        with self.pen(at) as p:
            acts.ask_reporter(p, self.store, report.key, QUESTION, by=self.cast.bruno)
        return report

    def accepted(
        self, at: datetime = AT, into: int | None = None, **fields: object
    ) -> ReceivedReport:
        """A report accepted by Bruno as a draft, or attached to the case with id ``into``."""
        report = self.received(at, **fields)
        with self.pen(at) as p:
            acts.accept(
                p,
                self.store,
                report.key,
                by=self.cast.bruno,
                reason="signalé",
                new=None if into else a_case(),
                into=into,
            )
        return report

    def declined(
        self, at: datetime = AT, reason: str = "insuffisant", **fields: object
    ) -> ReceivedReport:
        """A report declined by Bruno."""
        report = self.received(at, **fields)
        with self.pen(at) as p:
            acts.decline(p, self.store, report.key, reason, by=self.cast.bruno, sentence=SENTENCE)
        return report

    def spam(self, at: datetime = AT, **fields: object) -> ReceivedReport:
        """A report marked as spam by Bruno."""
        report = self.received(at, **fields)
        with self.pen(at) as p:
            acts.spam(p, report.key, by=self.cast.bruno)
        return report

    def withdrawn(self, at: datetime = AT, **fields: object) -> ReceivedReport:
        """A report withdrawn by Amina."""
        report = self.received(at, **fields)
        with self.pen(at) as p:
            acts.withdraw(p, self.store, report.key, nonce())
        return report

    def purged(self, at: datetime = AT, **fields: object) -> ReceivedReport:
        """A declined and purged report."""
        report = self.declined(at, **fields)
        with self.pen(at + timedelta(days=91)) as p:
            acts.purge(p, self.store, undecided_after=24)
        return report

    def answered(self, report: ReceivedReport, text: str = ANSWER, at: datetime = AT) -> None:
        """Add Amina's answer to a question."""
        with self.pen(at) as p:
            acts.add(p, self.store, report.key, MessageKind.ANSWER, text, nonce())
