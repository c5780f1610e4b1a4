"""Passkeys of members: rows and acts.

A row holds a keyed digest of the credential id, and name, credential id and public key encrypted
for its member: it names nothing without the root key, and whoever can only write the database
cannot add a passkey to an account. What browsers and authenticators exchange is in
:mod:`register.accounts.passkey_ceremonies`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from register import encryption
from register.accounts import sessions, vouching
from register.accounts.models import PASSKEY_NAME_LENGTH, Member, Passkey
from register.accounts.two_factor import member_binding
from register.errors import Invalid, Refused
from register.journal import Act, WriteTransaction
from register.text.normalisation import one_line

MAX_PASSKEYS = 10
_CONTENT_PURPOSE = "passkey"
_LOOKUP_PURPOSE = "passkey look-up"


@dataclass(frozen=True)
class Credential:
    """What an authenticator made: id, COSE public key, counter, and how it can be reached."""

    id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


@dataclass(frozen=True)
class OpenPasskey:
    """A passkey with its decrypted content."""

    row: Passkey
    name: str
    credential: Credential


@dataclass(frozen=True)
class PasskeyUse:
    """A valid signature, not stored yet.

    :param is_copy: the counter of the authenticator went back: another one has the same key.
    """

    passkey_id: int
    member_id: int
    issued_at: datetime
    sign_count: int
    is_copy: bool


# --- rows ----------------------------------------------------------------------------------------


def list_passkeys(session: Session, root_key: bytes, member_id: int) -> Sequence[OpenPasskey]:
    """The passkeys of a member, oldest first.

    :raises SealError: ``seal_opens_nothing``, for a row that this register did not write.
    """
    rows = select(Passkey).where(Passkey.member_id == member_id).order_by(Passkey.id)
    return [_open(root_key, row) for row in session.scalars(rows)]


def find(session: Session, root_key: bytes, credential_id: bytes) -> OpenPasskey | None:
    """The passkey with a credential id.

    :raises SealError: as :func:`list_passkeys`.
    """
    row = session.scalar(select(Passkey).where(Passkey.lookup == _lookup(root_key, credential_id)))
    return _open(root_key, row) if row is not None else None


def has_passkey(session: Session, member_id: int) -> bool:
    """Whether a member has a passkey."""
    return session.scalar(select(Passkey.id).where(Passkey.member_id == member_id)) is not None


def store_use(
    session: Session, use: PasskeyUse, at: datetime, *conditions: ColumnElement[bool]
) -> bool:
    """Store a use by a conditional update; False when its challenge was used before.

    :param conditions: on the member, who may have changed during the verification.
    """
    stmt = update(Passkey).where(
        Passkey.id == use.passkey_id,
        Passkey.copied_at.is_(None),
        # One that was issued before the last use may be the one that this use answered.
        Passkey.used_at.is_(None) | (Passkey.used_at < use.issued_at),
        (Passkey.sign_count < use.sign_count) | ((Passkey.sign_count == 0) & (use.sign_count == 0)),
        Passkey.member_id.in_(select(Member.id).where(*conditions)),
    )
    stmt = stmt.values(used_at=at, sign_count=use.sign_count).returning(Passkey.id)
    stored = session.execute(stmt, execution_options={"synchronize_session": False})
    return stored.first() is not None


def store_copy(session: Session, use: PasskeyUse, at: datetime) -> None:
    """Store that a passkey was copied; it opens nothing any more."""
    session.execute(update(Passkey).where(Passkey.id == use.passkey_id).values(copied_at=at))


def _open(root_key: bytes, row: Passkey) -> OpenPasskey:
    plain = encryption.decrypt(
        root_key, _CONTENT_PURPOSE, row.sealed, member_binding(row.member_id)
    )
    content = json.loads(plain)
    credential = Credential(
        bytes.fromhex(content["credential"]),
        bytes.fromhex(content["public_key"]),
        row.sign_count,
        tuple(content["transports"]),
    )
    return OpenPasskey(row, content["name"], credential)


def _lookup(root_key: bytes, credential_id: bytes) -> bytes:
    return encryption.keyed_digest(root_key, _LOOKUP_PURPOSE, credential_id)


# --- acts ----------------------------------------------------------------------------------------
# Lines name a passkey by a part of its keyed digest, and never by the name that the member chose.


def add_passkey(
    tx: WriteTransaction, member_id: int, root_key: bytes, name: str, credential: Credential
) -> None:
    """Add a passkey to a member's account.

    :param name: how the member recognises it; nobody else reads it.
    :raises Invalid: ``passkey_name``, for none or a long one.
    :raises Refused: ``passkey_factor`` without a second factor, whose recovery codes remain when
        all passkeys are lost; ``passkey_limit``, ``passkey_exists``, or a member who may not act
        any more.
    """
    member = vouching.load_acting_member(tx, member_id)
    name = one_line(name)
    if not 0 < len(name) <= PASSKEY_NAME_LENGTH:
        raise Invalid("passkey_name", limit=PASSKEY_NAME_LENGTH)
    if not member.has_factor:
        raise Refused("passkey_factor")
    count = select(func.count()).where(Passkey.member_id == member_id)
    if (tx.session.scalar(count) or 0) >= MAX_PASSKEYS:
        raise Refused("passkey_limit", limit=MAX_PASSKEYS)
    if find(tx.session, root_key, credential.id) is not None:
        raise Refused("passkey_exists")
    content = {
        "name": name,
        "credential": credential.id.hex(),
        "public_key": credential.public_key.hex(),
        "transports": credential.transports,
    }
    row = Passkey(
        member_id=member_id,
        lookup=_lookup(root_key, credential.id),
        sealed=encryption.encrypt(
            root_key, _CONTENT_PURPOSE, json.dumps(content).encode(), member_binding(member_id)
        ),
        sign_count=credential.sign_count,
        added_at=tx.at,
    )
    tx.session.add(row)
    tx.record(Act.PASSKEY_ADDED, by=member_id, details=_details(row))


def remove_passkey(
    tx: WriteTransaction, member_id: int, passkey_id: int, *, except_session: int | None = None
) -> bool:
    """Remove a passkey of a member; False when they have no such passkey.

    Their other sessions end, because a lost device may be signed in.

    :param except_session: the current session, which stays open.
    :raises Refused: a member who may not act any more.
    """
    vouching.load_acting_member(tx, member_id)
    row = tx.session.get(Passkey, passkey_id)
    if row is None or row.member_id != member_id:
        return False
    sessions.delete_sessions(tx.session, member_id, except_session)
    tx.record(Act.PASSKEY_REMOVED, by=member_id, details=_details(row))
    tx.session.delete(row)
    return True


def remove_again(tx: WriteTransaction, key: str, *, event: str) -> bool:
    """Remove a passkey that a restore brought back; False when there is none.

    :param key: its name in journal lines.
    :param event: of the line of its removal.
    """
    rows = tx.session.scalars(select(Passkey)).all()
    row = next((row for row in rows if journal_key(row) == key), None)
    if row is None:
        return False
    tx.record(Act.PASSKEY_REMOVED, by=None, details={**_details(row), "again": event})
    tx.session.delete(row)
    return True


def delete_passkeys(session: Session, member_id: int) -> None:
    """Delete the passkeys of a member, in an act that says so."""
    session.execute(delete(Passkey).where(Passkey.member_id == member_id))


def _details(row: Passkey) -> dict[str, object]:
    return {"member": row.member_id, "passkey": journal_key(row)}


def journal_key(row: Passkey) -> str:
    """The name of a passkey in journal lines."""
    return row.lookup.hex()[:32]
