"""What a restored register does again: destructions and what hid or closed something."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from register.accounts import acts as accounts
from register.accounts import one_use_links, passkeys
from register.accounts.models import Member, MemberInvitation, PasswordLink, Role
from register.cases.acts import replays
from register.cases.models import CaseState, Incident
from register.db import now
from register.errors import RegisterError
from register.incoming import acts as incoming
from register.journal import Act, JournalEntry, WriteTransaction, writing
from register.key_store import KeyStore
from register.operations.replay_list import (
    CASE,
    MEMBER,
    REPORT,
    SECRET_ACTS,
    SUBJECTS,
    ReplayEntry,
    missing_from,
)
from register.reports.acts import replays as reports
from register.reports.models import Report


@dataclass
class Replay:
    """What was done again, as numbers by act, and what a person has to do again, by act.

    The latter are numbers or ids of cases, keys of reports and ids of accounts.
    """

    done: dict[Act, int] = field(default_factory=dict)
    by_hand: dict[Act, list[str]] = field(default_factory=dict)


def replay(engine: sa.Engine, store: KeyStore, entries: Iterable[ReplayEntry]) -> Replay:
    """Do again what the journal of a restored register does not have; may be repeated.

    What the backup does not know, a later case for example, is passed over. Links that were still
    valid are revoked: some were since.
    """
    with Session(engine) as session:
        missing = missing_from(session, entries)
    outcome = Replay()
    for act in SUBJECTS:
        for entry in (each for each in missing if each.act == act.value):
            try:
                with writing(engine) as tx:
                    is_done, by_hand = _replay_one(tx, store, act, entry)
            except RegisterError:
                # Not as it was then: a case that is public here, or the last administrator.
                with Session(engine) as session:
                    is_done, by_hand = False, _label(session, entry)
            if is_done:
                outcome.done[act] = outcome.done.get(act, 0) + 1
            if by_hand:
                outcome.by_hand.setdefault(act, []).append(by_hand)
    # What an erased case had, and the keys of what was purged.
    incoming.run_retention(engine, store, now(), only_erased=True)
    _revoke_links(engine)
    return outcome


def _replay_one(
    tx: WriteTransaction, store: KeyStore, act: Act, entry: ReplayEntry
) -> tuple[bool, str]:
    """Do one act again; whether it was done, and what a person has to do again."""
    if SUBJECTS[act] == CASE:
        return _replay_case(tx, act, entry)
    if SUBJECTS[act] == REPORT:
        return _replay_report(tx, store, act, entry)
    if SUBJECTS[act] == MEMBER:
        return _replay_member(tx, act, entry)
    if act is Act.PASSKEY_REMOVED:
        return passkeys.remove_again(tx, entry.subject, event=entry.event), ""
    if act is Act.INCOMING_PURGED:
        return incoming.purge_again(tx, entry.subject), ""
    why = str(entry.details.get("why", ""))
    if act is Act.REPORT_FILE_REMOVED:
        return reports.remove_file_again(tx, store, entry.subject, why, event=entry.event), ""
    origin: dict[str, Any] = {"by": entry.details.get("by"), "event": entry.event}
    line: JournalEntry | None = None
    if act is Act.DESTROYED:
        redaction = _line(tx.session, entry.subject)
        if redaction is not None:
            line = replays.destroy_again(tx, json.loads(redaction.private_json)["destruction"])
    elif act is Act.CONTACT_ERASED:
        line = replays.erase_contact_again(tx, entry.subject, **origin)
    elif act is Act.SOURCE_DROPPED:
        line = replays.drop_source_copy_again(tx, entry.subject, **origin)
    else:
        line = replays.remove_file_again(tx, entry.subject, why, **origin)
    return line is not None, ""


def _replay_case(tx: WriteTransaction, act: Act, entry: ReplayEntry) -> tuple[bool, str]:
    first_line = _line(tx.session, entry.subject)
    if first_line is None or first_line.incident_id is None:
        return False, ""
    case = tx.load(Incident, first_line.incident_id)
    origin: dict[str, Any] = {"by": entry.details.get("by"), "event": entry.event}
    if act in (Act.ERASED, Act.DISCARDED):
        return replays.erase_again(tx, case.id, **origin) is not None, ""
    label = _case_label(case)
    if act is Act.SOURCE_WITHDRAWN:
        # Done with the withdrawal of its report, unless the key of that report is gone.
        is_done = case.report_withdrawn or case.state == CaseState.ERASED
        return False, "" if is_done else label
    # The passages of a redaction are nowhere written down: the case is hidden until it is redacted.
    restriction = str(entry.details.get("restriction") or replays.REVIEW)
    line = replays.withdraw_again(tx, case.id, restriction, **origin)
    is_redaction = act is Act.REDACTED and case.state != CaseState.ERASED
    return line is not None, label if is_redaction else ""


def _replay_report(
    tx: WriteTransaction, store: KeyStore, act: Act, entry: ReplayEntry
) -> tuple[bool, str]:
    key, details = entry.subject, entry.details
    if act is Act.REPORT_WITHDRAWN:
        return reports.withdraw_again(tx, store, key), ""
    if act is Act.REPORT_MASKED:
        report = tx.session.get(Report, key)
        return False, key if report is not None and report.sealed is not None else ""
    state, reason = str(details.get("state", "")), str(details.get("reason", ""))
    return reports.destroy_again(tx, store, key, state, reason), ""


def _replay_member(tx: WriteTransaction, act: Act, entry: ReplayEntry) -> tuple[bool, str]:
    first_line = _line(tx.session, entry.subject)
    if first_line is None:
        return False, ""
    member = tx.load(Member, json.loads(first_line.private_json)["member"])
    if act in SECRET_ACTS:
        return False, str(member.id)
    if act is Act.MEMBER_ROLE:
        role = Role(str(entry.details["role"]))
        if member.role == role:
            return False, ""
        accounts.set_role(tx, member.id, role)
    elif member.is_active:
        accounts.disable_member(tx, member.id)
    else:
        return False, ""
    return True, ""


def _revoke_links(engine: sa.Engine) -> None:
    with writing(engine) as tx:
        for invitation in one_use_links.pending(tx.session, MemberInvitation, tx.at):
            one_use_links.revoke(tx, invitation.id, by=None)
        for link in one_use_links.pending(tx.session, PasswordLink, tx.at):
            one_use_links.revoke_link(tx, link.id, by=link.member_id)


def _label(session: Session, entry: ReplayEntry) -> str:
    """Number or id of the case of an entry, id of its account, or the key of what has no line."""
    line = _line(session, entry.subject)
    if line is None:
        return entry.subject
    if line.incident_id is None:
        return str(json.loads(line.private_json)["member"])
    return _case_label(session.get_one(Incident, line.incident_id))


def _case_label(case: Incident) -> str:
    return str(case.number or f"#{case.id}")


def _line(session: Session, event: str) -> JournalEntry | None:
    return session.scalar(sa.select(JournalEntry).where(JournalEntry.event == event))
