"""Checks of ``doctor``: database, journal, data sets, seal key, reports, files, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from register import encryption
from register.accounts.sealed_address import count_plain_addresses
from register.cases import case_codes, published_texts, vocabulary
from register.config import LEGAL_FIELDS, MEMORY, Settings, missing_for_public
from register.database_urls import PREFIX
from register.db import now, read_only_engine
from register.errors import SealError, Unavailable
from register.evidence.clean_copy import copies
from register.evidence.sealed_files import SealedFiles
from register.evidence.upkeep import count_orphans
from register.journal import JournalEntry, Ledger, head
from register.journal.service_mode import read_mode
from register.key_store import KeyStore
from register.mail import outbox
from register.mail.delivery import DeliveryError, MailConnection
from register.mail_urls import parse_mail_url, sender_domain
from register.operations import move, replay_list, secret_files, setup
from register.operations.database_use import count_other_processes
from register.operations.missing_data import EmptyStoreError, incomplete_files, lost_keys
from register.operations.outages import Finding, outage, vital_findings
from register.reports import report_lists
from register.reports.models import Report
from register.reports.report_lists import ReportFolder, ReportQuery
from register.reports.retention import clock_jump, destruction_clause
from register.text.dates import paris_day

BACKUP_DAYS, REHEARSAL_DAYS = 2, 100
CLOCK_TOLERANCE = timedelta(minutes=10)
MAIL_SECONDS = 10.0  # for each answer of the mail server
TEXTS_LISTED = 5  # labels, places and pages that a finding names
# Words of the demonstration and of the example of the settings, and the beginnings of telephone
# numbers that Arcep keeps for fiction.
_EXAMPLE_WORDS = re.compile("exemple|example|fictif|fictive|démonstration|lorem", re.IGNORECASE)
_FICTION_NUMBERS = ("000000", "019900", "026191", "035301", "046571", "053649", "063998")
_QUICK = frozenset({"journal", "clock", "retention", "left_over"})


def examine(settings: Settings, *, quickly: bool = False) -> Iterator[Finding]:
    """Every check, those first on which others depend; an outage is the last finding.

    Nothing is written, neither rows nor a file in place of a missing one.

    :param quickly: for a page, without those that list files or ask another server.
    """
    engine = read_only_engine(settings.database_url)
    try:
        for finding in chain(
            vital_findings(settings, engine), _database_findings(settings, engine, quickly=quickly)
        ):
            yield finding
            if finding.is_outage:
                return
    finally:
        engine.dispose()
    if not quickly:
        yield from _copy_findings()
    missing = missing_for_public(settings)
    yield Finding("legal", not missing, ", ".join(missing))
    if not settings.is_loopback and not missing:
        fields = _example_fields(settings)
        yield Finding("legal_words", not fields, ", ".join(fields))


def _example_fields(settings: Settings) -> list[str]:
    """The variables of the legal notice that still say what an example says."""
    names = []
    for name in LEGAL_FIELDS:
        value = getattr(settings, name)
        number = "".join(filter(str.isdigit, value.replace("+33", "0")))
        is_number = name.endswith("_phone") and number.startswith(_FICTION_NUMBERS)
        if is_number or _EXAMPLE_WORDS.search(value):
            names.append(PREFIX + name.upper())
    return names


def _database_findings(settings: Settings, engine: Engine, *, quickly: bool) -> Iterator[Finding]:
    with Session(engine) as session:
        for code, findings in (
            ("territory", _data_findings(session)),
            ("texts", _text_findings(session)),
            *(("journal", _head_findings(session, ledger)) for ledger in Ledger),
            ("clock", _clock_findings(session)),
            ("key_store", _key_findings(settings, session)),
            ("retention", _retention_findings(session)),
            ("service_mode", _mode_finding(session)),
            ("addresses", _address_findings(engine)),
            ("mail", _mail_findings(settings, session)),
            ("left_over", _leftover_findings(settings, session)),
            ("connections", _connection_findings(settings, session)),
        ):
            if quickly and code not in _QUICK:
                continue
            try:
                yield from findings
            except (SQLAlchemyError, ValueError) as error:
                detail = f"{code} : {type(error).__name__}"
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    yield outage("database_lost", detail)
                else:
                    yield Finding("unexamined", False, detail)
                    session.rollback()
            except SealError as error:
                # There a moment ago.
                yield outage("key_store", error=error)


def _data_findings(session: Session) -> Iterator[Finding]:
    unknown = case_codes.unknown_places(session)
    is_resolved = case_codes.has_present_territory(session)
    yield Finding("territory", is_resolved and not unknown, ", ".join(unknown))
    has_dataset = session.get(vocabulary.Dataset, vocabulary.DATASET) is not None
    yield Finding("vocabulary", has_dataset and bool(vocabulary.current_vocabulary(session).lists))


def _text_findings(session: Session) -> Iterator[Finding]:
    """Whether labels, place names and pages are those that the public ledger seals."""
    differences = [
        " ".join(
            ", ".join(value) if isinstance(value, list) else str(value)
            for value in problem.values.values()
        )
        for problem in published_texts.problems(session)
    ]
    further = ["…"] if len(differences) > TEXTS_LISTED else []
    yield Finding("texts", not differences, " ; ".join(differences[:TEXTS_LISTED] + further))


def _head_findings(session: Session, ledger: Ledger) -> Iterator[Finding]:
    """Whether the head of a ledger is its last line; only ``verify`` reads every line."""
    position = head(session, ledger)
    last = session.scalar(
        select(func.max(JournalEntry.seq)).where(JournalEntry.ledger == ledger.value)
    )
    yield Finding("journal", (last or 0) == position.seq, f"{ledger.value} {position.seq}")


def _clock_findings(session: Session) -> Iterator[Finding]:
    """Whether the machine's clock is not behind the journal; that of reports has days only."""
    for ledger in (Ledger.PUBLIC, Ledger.DESK):
        at = session.scalar(
            select(JournalEntry.at)
            .where(JournalEntry.ledger == ledger.value)
            .order_by(JournalEntry.seq.desc())
            .limit(1)
        )
        if at is not None and at > now() + CLOCK_TOLERANCE:
            yield Finding("clock", False, f"{now():%Y-%m-%d %H:%M} UTC")
            return
    yield Finding("clock", True)


def _key_findings(settings: Settings, session: Session) -> Iterator[Finding]:
    """Whether the file of the keys is private, and no report without its key."""
    with closing(setup.key_store(settings, session, reads_only=True)) as store:
        yield from _secret_findings(settings, store)
        lost = lost_keys(session, store)
        yield Finding("report_keys", not lost, str(lost or ""))
        yield from _file_findings(settings, session, store)
        yield from _backup_findings(settings, store)


def _secret_findings(settings: Settings, store: KeyStore) -> Iterator[Finding]:
    """Whether only the service reads what is secret, and no copy of it was left over."""
    key_folder = encryption.key_folder(settings.seal_dir, store.instance_id)
    last = replay_list.read_note(store, replay_list.BACKUP) or {}
    backups = [Path(last[name]) for name in ("folder", "keys") if name in last]
    for code, paths in (
        ("mode", secret_files.open_modes(settings, key_folder, backups)),
        ("owner", secret_files.other_owners(settings, key_folder, backups)),
        ("copies", secret_files.left_copies(settings, backups)),
    ):
        names = list(paths)
        yield Finding(code, not names, ", ".join(names))


def _file_findings(settings: Settings, session: Session, store: KeyStore) -> Iterator[Finding]:
    """Whether the store of files answers, and no file of a report or case lacks a part."""
    files = setup.sealed_files(settings, store)
    try:
        files.store.free_bytes()
        files.store.get("0" * 64)  # a missing bucket says so before any file is in it
        days, case_ids = incomplete_files(session, store, files)
        orphans = count_orphans(session, files, paris_day(now()))
    except (Unavailable, OSError) as error:
        place = settings.evidence_url or str(settings.instance / "evidence")
        is_empty = isinstance(error, EmptyStoreError)
        yield Finding("evidence_absent" if is_empty else "evidence_store", False, place)
        return
    yield Finding("evidence_store", True)
    yield Finding("evidence_left", not orphans, str(orphans or ""))
    yield from _version_finding(files)
    places = [day.isoformat() for day in days] + [str(case) for case in sorted(case_ids)]
    further = ["…"] if len(places) > TEXTS_LISTED else []
    detail = f"{len(places)} : {', '.join(places[:TEXTS_LISTED] + further)}" if places else ""
    yield Finding("evidence_files", not places, detail)


def _version_finding(files: SealedFiles) -> Iterator[Finding]:
    """Whether a bucket forgets what is deleted from it; nothing where it may not be asked."""
    with suppress(Unavailable):
        yield Finding("evidence_versions", not files.store.has_versions())


def _backup_findings(settings: Settings, store: KeyStore) -> Iterator[Finding]:
    """Whether the last backup and its last rehearsal are recent."""
    for kind, days in ((replay_list.BACKUP, BACKUP_DAYS), (replay_list.REHEARSAL, REHEARSAL_DAYS)):
        last = replay_list.note_time(store, kind)
        if last is not None or not settings.is_loopback:
            day = paris_day(last).isoformat() if last else ""
            yield Finding(kind, not is_late(settings, last, days), day)


def is_late(settings: Settings, last: datetime | None, days: int) -> bool:
    """Whether the last backup or rehearsal is too old; a demonstration needs none."""
    return not settings.is_loopback if last is None else now() - last > timedelta(days=days)


def _retention_findings(session: Session) -> Iterator[Finding]:
    """Whether no report is late for a decision or its destruction, nor the clock has jumped."""
    today = paris_day(now())
    late = report_lists.count_reports(session, ReportQuery(folder=ReportFolder.OVERDUE), today)
    since = clock_jump(session, today)
    yield Finding("overdue", not late, str(late or ""))
    # The retention runs each hour; yesterday is left to a register that was stopped for a night.
    due = destruction_clause(today - timedelta(days=2))
    late_texts = session.scalar(select(func.count()).select_from(Report).where(due))
    yield Finding("late_texts", not late_texts, str(late_texts or ""))
    yield Finding("retention", since is None, since.isoformat() if since else "")


def _mode_finding(session: Session) -> Iterator[Finding]:
    """Whether forms are taken: a register that was closed for an hour must not stay so."""
    state = read_mode(session)
    since = state.since.isoformat(timespec="minutes") if state.since else ""
    yield Finding("service_mode", state.is_open, "" if state.is_open else f"{state.mode} {since}")


def _address_findings(engine: Engine) -> Iterator[Finding]:
    """Whether every address of a member is encrypted."""
    count = count_plain_addresses(engine)
    yield Finding("addresses", not count, str(count or ""))


def _mail_findings(settings: Settings, session: Session) -> Iterator[Finding]:
    """Whether the server answers, mails leave, and none was given up in the last weeks."""
    if settings.mail_url and (fault := _mail_fault(settings)):
        yield Finding("mail_away", False, fault)
        return
    at = now()
    late, dead = outbox.count_late(session, at), outbox.count_dead(session, at)
    if settings.mail_url or late or dead:
        yield Finding("mail", not late, str(late or ""))
        yield Finding("dead_mail", not dead, str(dead or ""))


def _mail_fault(settings: Settings) -> str:
    """Why the mail server takes no mail; empty when it would."""
    server, domain = parse_mail_url(settings.mail_url), sender_domain(settings.mail_from)
    try:
        with MailConnection(server, domain, MAIL_SECONDS):
            return ""
    except DeliveryError as error:
        return " ".join(filter(None, (error.cause, str(error.reply_code or ""))))


def _leftover_findings(settings: Settings, session: Session) -> Iterator[Finding]:
    """Files of the register from before its move to PostgreSQL, if there are any."""
    if paths := move.left_over(settings, setup.identity(session).instance_id):
        yield Finding("left_over", False, ", ".join(map(str, paths)))


def _connection_findings(settings: Settings, session: Session) -> Iterator[Finding]:
    """Those of the other processes that use the same PostgreSQL."""
    if session.get_bind().dialect.name == "postgresql":
        yield from process_findings(settings, session, count_other_processes(session.connection()))


def process_findings(settings: Settings, session: Session, processes: int) -> Iterator[Finding]:
    """Whether several processes share the counts of their limits, and the server's connections.

    :param processes: those that serve; one may be the worker.
    """
    if processes > 2 and settings.rate_limits:
        yield Finding("limiter", settings.limiter_url != MEMORY)
    if processes and session.get_bind().dialect.name == "postgresql":
        most = processes * settings.database_connections
        free = session.scalar(
            text(
                "SELECT current_setting('max_connections')::int"
                " - current_setting('superuser_reserved_connections')::int"
            )
        )
        yield Finding("connections", most <= (free or 0), f"{most} / {free}")


def _copy_findings() -> Iterator[Finding]:
    """Whether hostile evidence files are kept from files and network, and ffmpeg is there."""
    unprotected = copies.missing_protections()
    yield Finding("copy_child", not unprotected, ", ".join(unprotected))
    # Without it sounds and videos stay sealed, which is no fault.
    yield Finding("ffmpeg" if copies.has_ffmpeg() else "no_ffmpeg", True)
