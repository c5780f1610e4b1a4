"""Ceremonies of passkeys (WebAuthn Level 3): options for the browser, verification of its answers.

User verification is always required: an authenticator that asks for a finger, a face or a PIN is
two proofs in one. No attestation is asked: which make of authenticator a member has is not ours to
know.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from register import encryption
from register.accounts import passkeys, two_factor
from register.accounts.models import Member
from register.accounts.passkeys import Credential, OpenPasskey, PasskeyUse
from register.errors import Refused, SealError
from register.hosts import is_ip_address, is_onion

# ``webauthn`` is imported where it is used: its parsers of certificates cost a start more time than
# the whole room.

# From the question to the answer; browsers are given the same time.
LIFETIME = timedelta(minutes=5)
_TIMEOUT = int(LIFETIME.total_seconds()) * 1_000  # milliseconds
_HANDLE_PURPOSE = "passkey user"
_MAX_ANSWER_LENGTH = 16_384  # characters
_MAX_CREDENTIAL_LENGTH = 1_023  # bytes (WebAuthn §7.1, step 25)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class RelyingParty:
    """The site that passkeys are bound to: its host, and its origin with scheme and port."""

    host: str
    origin: str


@dataclass(frozen=True)
class Challenge:
    """Random bytes that an authenticator signs, and when they were issued."""

    nonce: bytes
    issued_at: datetime


@dataclass(frozen=True)
class Answer:
    """The JSON that a browser answered, and the challenge that waits for an answer, if any."""

    text: str
    challenge: Challenge | None
    party: RelyingParty


def relying_party(base_url: str) -> RelyingParty | None:
    """The relying party of a register's address.

    None for an address of numbers, which is no RP ID (§5.1.2), and for an onion address, whose
    browser has no passkeys.
    """
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if is_ip_address(host) or is_onion(host):
        return None
    is_default_port = parts.port in (None, _DEFAULT_PORTS[parts.scheme])
    return RelyingParty(
        host, f"{parts.scheme}://{host}" + ("" if is_default_port else f":{parts.port}")
    )


def new_challenge(at: datetime) -> Challenge:
    """A challenge of 256 bits."""
    return Challenge(secrets.token_bytes(32), at)


def creation_options(
    root_key: bytes,
    party: RelyingParty,
    challenge: Challenge,
    member: Member,
    existing: Iterable[OpenPasskey],
) -> str:
    """The options to make a passkey, as JSON.

    :param existing: those of the member, whose authenticators make no other one.
    """
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=two_factor.ISSUER,
        user_id=_user_handle(root_key, member.id),
        user_name=member.email,
        user_display_name=member.display_name,
        challenge=challenge.nonce,
        timeout=_TIMEOUT,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(existing),
    )
    return webauthn.options_to_json(options)


def request_options(
    party: RelyingParty, challenge: Challenge, allowed: Iterable[OpenPasskey] = ()
) -> str:
    """The options to use a passkey, as JSON.

    :param allowed: those of the signed-in member. Without any, the browser offers what it has for
        this site, and the options reveal nothing about accounts.
    """
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=party.host,
        challenge=challenge.nonce,
        timeout=_TIMEOUT,
        allow_credentials=_descriptors(allowed),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def verify_creation(answer: Answer, at: datetime) -> Credential:
    """The credential that an authenticator made (§7.1).

    :raises Refused: ``passkey_expired`` or ``passkey_refused``.
    """
    import webauthn
    from webauthn.helpers import parse_registration_credential_json, structs

    challenge = _require_fresh(answer, at)
    with _refusing_what_fails():
        credential = parse_registration_credential_json(answer.text)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge.nonce,
            expected_rp_id=answer.party.host,
            expected_origin=answer.party.origin,
            require_user_verification=True,
        )
        if len(verified.credential_id) > _MAX_CREDENTIAL_LENGTH:
            raise ValueError("a credential id that is too long")
    transports: list[structs.AuthenticatorTransport] = credential.response.transports or []
    return Credential(
        verified.credential_id,
        verified.credential_public_key,
        verified.sign_count,
        tuple(sorted({transport.value for transport in transports})),
    )


def verify_use(
    session: Session, root_key: bytes, answer: Answer, at: datetime, member_id: int | None = None
) -> PasskeyUse:
    """The use of a passkey that answered a challenge (§7.2), to be stored.

    :param member_id: whose passkey it must be; None for whoever signs in.
    :raises Refused: ``passkey_expired``, ``passkey_unknown``, ``passkey_refused``, or
        ``passkey_copied`` for one that was found to be copied before.
    """
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json

    challenge = _require_fresh(answer, at)
    with _refusing_what_fails():
        credential = parse_authentication_credential_json(answer.text)
        passkey = passkeys.find(session, root_key, credential.raw_id)
    if passkey is None or member_id not in (None, passkey.row.member_id):
        raise Refused("passkey_unknown")
    owner_id, handle = passkey.row.member_id, credential.response.user_handle
    # An authenticator may leave out whose passkey it is when the options named the passkeys.
    if handle != _user_handle(root_key, owner_id) and (handle or member_id is None):
        raise Refused("passkey_unknown")
    if passkey.row.copied_at is not None:
        raise Refused("passkey_copied")
    if passkey.row.used_at is not None and passkey.row.used_at >= challenge.issued_at:
        # A form that was sent twice, and no copy.
        raise Refused("passkey_expired")
    with _refusing_what_fails():
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.nonce,
            expected_rp_id=answer.party.host,
            expected_origin=answer.party.origin,
            credential_public_key=passkey.credential.public_key,
            # Compared below: a copy has another sentence than a wrong signature.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    before, count = passkey.credential.sign_count, verified.new_sign_count
    # Zero from the beginning is an authenticator that does not count (§6.1.1).
    is_copy = count <= before and (before, count) != (0, 0)
    return PasskeyUse(passkey.row.id, owner_id, challenge.issued_at, count, is_copy)


def _require_fresh(answer: Answer, at: datetime) -> Challenge:
    challenge = answer.challenge
    if challenge is None or not timedelta() <= at - challenge.issued_at < LIFETIME:
        raise Refused("passkey_expired")
    if len(answer.text) > _MAX_ANSWER_LENGTH:
        raise Refused("passkey_refused")
    return challenge


@contextmanager
def _refusing_what_fails() -> Iterator[None]:
    """Refuse what the library refuses, and what its parsers stumble over."""
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        yield
    except (WebAuthnException, SealError, ValueError, TypeError, RecursionError) as error:
        raise Refused("passkey_refused") from error


def _user_handle(root_key: bytes, member_id: int) -> bytes:
    """By what authenticators recognise an account; it reveals nothing about it (§14.6.1)."""
    return encryption.keyed_digest(root_key, _HANDLE_PURPOSE, str(member_id).encode())


def _descriptors(existing: Iterable[OpenPasskey]) -> list[Any]:
    from webauthn.helpers import structs

    return [
        structs.PublicKeyCredentialDescriptor(
            id=passkey.credential.id,
            transports=[
                structs.AuthenticatorTransport(transport)
                for transport in passkey.credential.transports
            ],
        )
        for passkey in existing
    ]
