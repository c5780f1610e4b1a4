"""Acts on the invitation to reply, and on the address of the authority that it goes to."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from register.accounts.models import Member
from register.accounts.sealed_address import MAX_ADDRESS_LENGTH
from register.cases import validation
from register.cases.acts import _steps as steps
from register.cases.invitations import (
    AuthorityContact,
    commune_of_authority,
    contact_of,
    mail_values,
    require_mailable,
    stop_mails,
)
from register.cases.models import Incident, Invitation
from register.errors import Invalid, NotFound
from register.journal import Act, JournalEntry, WriteTransaction
from register.mail.messages import MailKind
from register.mail.outbox import Outbox
from register.mail_urls import bare_address
from register.text.dates import paris_day

# The text of an invitation by mail, for members: the address stands nowhere but in the contact.
MAILED = "Par courriel, à l’adresse publique de l’autorité."


def invite(
    tx: WriteTransaction,
    incident_id: int,
    text: str,
    *,
    by: int,
    on: date | None = None,
    seen: int | None = None,
) -> JournalEntry:
    """Record on which day the authority was invited to reply, or why it was not.

    :param text: how it was invited, or the reason.
    :raises Invalid: ``day_to_come`` for a future day.
    """
    case, member = steps.begin_act(tx, incident_id, Act.INVITED, by, seen)
    invited_on = steps.past_day(tx, "on", on) if on else None
    text = steps.required_text("text", text, multiline=True)
    _add_invitation(tx, case, member, invited_on=invited_on, text=text)
    return steps.record(tx, Act.INVITED, case, member.id, invited=on is not None)


def invite_by_mail(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    outbox: Outbox | None,
    link: str,
    seen: int | None = None,
) -> JournalEntry:
    """Invite the authority of a public case by a mail to its contact, once.

    :param outbox: None in a register without a mail server.
    :param link: the page on which the authority replies.
    :raises Refused: as :func:`~register.cases.invitations.require_mailable`.
    """
    case, member = steps.begin_act(tx, incident_id, Act.INVITED, by, seen)
    contact, box = require_mailable(tx.session, case, outbox)
    values = mail_values(case.number, case.moved_at, link, tx.at)
    mail_id = box.enqueue(tx.session, MailKind.REPLY_INVITATION, contact.address, tx.at, **values)
    mail = {"mail_id": mail_id, "contact": contact.key}
    _add_invitation(tx, case, member, invited_on=paris_day(tx.at), text=MAILED, **mail)
    return steps.record(tx, Act.INVITED, case, member.id, invited=True, mailed=True)


# Built once, because an import executes it for every row.
_INSERT = Invitation.__table__.insert()


def _add_invitation(tx: WriteTransaction, case: Incident, member: Member, **columns: Any) -> None:
    origin = {"incident_id": case.id, "noted_at": tx.at, "noted_by": member.id}
    tx.session.execute(_INSERT, {**origin, **columns})


def note_contact(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    address: str,
    source: str,
    checked_on: date,
    is_public_office: bool,
) -> JournalEntry:
    """Note the address of the authority's public office, in place of a former one.

    :param source: the page that publishes it.
    :param is_public_office: the member attests that it is no person's address.
    :raises Invalid: ``contact_unchecked``, ``contact_address``, ``contact_source`` or
        ``day_to_come``, each with its field.
    """
    case, member = steps.begin_act(tx, incident_id, Act.CONTACT_NOTED, by)
    if not is_public_office:
        raise Invalid("contact_unchecked", field="is_public_office")
    if not address or len(address) > MAX_ADDRESS_LENGTH or bare_address(address) != address:
        raise Invalid("contact_address", field="address")
    if any(validation.url_faults("source", source, is_required=True)):
        raise Invalid("contact_source", field="source")
    former = contact_of(tx.session, case)
    if former is not None:
        remove_contact(tx, former, case, member)
    contact = AuthorityContact(
        key=secrets.token_hex(16),
        commune=commune_of_authority(case),
        incident_id=case.id,
        address=address,
        source=source,
        checked_on=steps.past_day(tx, "checked_on", checked_on),
        checked_by=member.id,
    )
    steps.insert(tx, contact)
    return steps.record(tx, Act.CONTACT_NOTED, case, member.id, contact=contact.key)


def erase_contact(tx: WriteTransaction, incident_id: int, *, by: int) -> JournalEntry:
    """Erase the address of a case's authority; a mail to it that still waits does not leave.

    :raises NotFound: ``no_such_row``.
    """
    case, member = steps.begin_act(tx, incident_id, Act.CONTACT_ERASED, by)
    contact = contact_of(tx.session, case)
    if contact is None:
        raise NotFound("no_such_row")
    return remove_contact(tx, contact, case, member)


def remove_contact(
    tx: WriteTransaction, contact: AuthorityContact, case: Incident, member: Member, **more: Any
) -> JournalEntry:
    """The erasure itself, whose rules were checked."""
    stop_mails(tx.session, Invitation.contact == contact.key)
    tx.session.delete(contact)
    tx.session.flush()
    steps.scrub_after_commit(tx)
    return steps.record(tx, Act.CONTACT_ERASED, case, member.id, contact=contact.key, **more)
