"""Composition of mails: plain text in French, one recipient, nothing that is loaded or tracked."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter

from register.mail_urls import bare_address
from register.text.typography import french

_TEXTS_FILE = Path(__file__).with_name("texts.toml")
# RFC 3676 §4.2 recommends at most 78 characters with the space that ends a soft line.
_LINE_WIDTH = 72


class MailKind(StrEnum):
    """Kinds of mail; each has its subject and text in ``texts.toml``."""

    TEST = "test"
    MEMBER_INVITATION = "member_invitation"
    RESET_LINK = "reset_link"
    PASSKEY = "passkey"
    NOTICE = "notice"
    CONTENT_NOTICE_RECEIVED = "content_notice_received"
    CONTENT_NOTICE_DECIDED = "content_notice_decided"
    COMPLAINT_RECEIVED = "complaint_received"
    COMPLAINT_DECIDED = "complaint_decided"
    REPLY_INVITATION = "reply_invitation"


@dataclass(frozen=True)
class MailText:
    """Subject and text of a kind, with the names of their values in braces."""

    subject: str
    text: str

    @property
    def names(self) -> frozenset[str]:
        """The names of the values."""
        fields = Formatter().parse(self.subject + self.text)
        return frozenset(name for _literal, name, _spec, _conversion in fields if name)


@cache
def mail_texts() -> Mapping[MailKind, MailText]:
    """The text of each kind."""
    tables = tomllib.loads(_TEXTS_FILE.read_text("utf-8"))
    return {MailKind(kind): MailText(**table) for kind, table in tables.items()}


def require_values(kind: MailKind, values: Mapping[str, str]) -> None:
    """Require the values that a text names, each of one line.

    :raises ValueError: a fault in the code.
    """
    if mail_texts()[kind].names != values.keys():
        raise ValueError(f"values of the mail {kind}: {sorted(values)}")
    if not all(value.isprintable() for value in values.values()):
        raise ValueError(f"a value of the mail {kind} has several lines")


def compose(
    kind: MailKind,
    values: Mapping[str, str],
    *,
    sender: str,
    recipient: str,
    message_id: str,
    at: datetime,
) -> EmailMessage:
    """The mail, the same bytes at each attempt.

    :param sender: the address that sends, with or without a name.
    :param at: when the mail was written to the outbox.
    :raises ValueError: an address that is not one.
    """
    if not recipient or bare_address(recipient) != recipient:
        raise ValueError("not an address that mail can be sent to")
    mail_text = mail_texts()[kind]
    name, address = parseaddr(sender)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = french(mail_text.subject.format_map(values))
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    # RFC 3834: no holiday notice answers it.
    mail["Auto-Submitted"] = "auto-generated"
    body = _flowed(mail_text.text.format_map(values))
    mail.set_content(body, cte="quoted-printable", params={"format": "flowed"})
    mail["Content-Language"] = "fr"
    return mail


def _flowed(text: str) -> str:
    """A text in short lines that a mail program joins again (RFC 3676)."""
    return "\n".join(_flowed_line(line) for line in text.strip().split("\n")) + "\n"


def _flowed_line(line: str) -> str:
    # Links stay whole and untouched.
    if "://" in line:
        return line
    wrapped = textwrap.wrap(
        french(line), _LINE_WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return " \n".join(wrapped)
