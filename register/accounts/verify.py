"""Verification of accounts: columns and passkeys against what the journal's lines say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member, Passkey
from register.accounts.passkeys import journal_key
from register.journal import Act
from register.journal.verify import Problem, private_lines

# Act → the columns of a member that its line sets, by its time and its private details.
_MEMBER_COLUMNS: Mapping[Act, Callable[[datetime, Mapping[str, Any]], dict[str, object]]] = {
    Act.MEMBER_ADDED: lambda at, private: {"role": private.get("role"), "created_at": at},
    Act.MEMBER_ROLE: lambda _at, private: {"role": private.get("role")},
    Act.MEMBER_CONFIRMED: lambda _at, _private: {"vouches_from": None},
    Act.MEMBER_DISABLED: lambda at, _private: {"disabled_at": at},
    Act.MEMBER_ENABLED: lambda _at, _private: {"disabled_at": None},
    Act.MEMBER_RESET: lambda _at, _private: {"disabled_at": None},
    # By a link of an administrator, the account does not vouch for a while.
    Act.MEMBER_PASSWORD: lambda _at, _private: {},
    Act.MEMBER_FACTOR: lambda _at, _private: {"factor": True},
    Act.MEMBER_FACTOR_RESET: lambda _at, _private: {"factor": False},
}
# Acts after which a member has no passkey.
_REMOVING_ACTS = (Act.MEMBER_DISABLED, Act.MEMBER_RESET, Act.MEMBER_FACTOR_RESET)


def member_problems(session: Session) -> Iterator[Problem]:
    """Missing accounts, and columns of accounts that differ from what the lines say."""
    expected_by_member: dict[Any, dict[str, object]] = {}
    for line, private in private_lines(session, _MEMBER_COLUMNS):
        expected = expected_by_member.setdefault(private.get("member"), {})
        expected |= _MEMBER_COLUMNS[Act(line.act)](line.at, private)
        if "vouches_from" in private:
            expected["vouches_from"] = private["vouches_from"]
    for member in session.scalars(select(Member).order_by(Member.id)):
        expected = expected_by_member.pop(member.id, {})
        actual = {
            "role": member.role,
            "created_at": member.created_at,
            "disabled_at": member.disabled_at,
            "factor": member.has_factor,
            "vouches_from": member.vouches_from and member.vouches_from.isoformat(),
        }
        for name, actual_value in actual.items():
            if actual_value != expected.get(name, False if name == "factor" else None):
                yield Problem("member_standing", {"member": member.id, "field": name})
    for missing_id in expected_by_member:
        yield Problem("member_missing", {"member": missing_id})
    yield from _passkey_problems(session)


def _passkey_problems(session: Session) -> Iterator[Problem]:
    """Members whose passkeys are not those that the lines leave them."""
    expected: set[tuple[int, str]] = set()
    acts = (Act.PASSKEY_ADDED, Act.PASSKEY_REMOVED, *_REMOVING_ACTS)
    for line, private in private_lines(session, acts):
        member_id, key = private["member"], private.get("passkey")
        if line.act == Act.PASSKEY_ADDED:
            expected.add((member_id, key))
        elif line.act == Act.PASSKEY_REMOVED:
            expected.discard((member_id, key))
        else:
            expected = {passkey for passkey in expected if passkey[0] != member_id}
    actual = {(row.member_id, journal_key(row)) for row in session.scalars(select(Passkey))}
    for member_id in sorted({member_id for member_id, _key in expected ^ actual}):
        yield Problem("member_standing", {"member": member_id, "field": "passkeys"})
