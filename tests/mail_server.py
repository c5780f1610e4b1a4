"""A mail server on loopback that answers as a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from raw_http import free_port

ADDRESS = "127.0.0.1"


@dataclass
class Mailbox:
    """What a server got, and how it answers.

    Answers are lines of SMTP, or empty to accept.
    """

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    greetings: list[str] = field(default_factory=list)
    mail_answer: str = ""
    rcpt_answer: str = ""
    data_answer: str = ""
    seconds: float = 0.0
    drops_after_data: bool = False

    async def handle_EHLO(self, server, session, envelope, hostname, responses) -> Any:
        self.greetings.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options) -> str:
        if not self.mail_answer:
            envelope.mail_from = address
        return self.mail_answer or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if not self.rcpt_answer:
            envelope.rcpt_tos.append(address)
        # As many servers do, it repeats the address.
        return f"{self.rcpt_answer} <{address}>" if self.rcpt_answer else "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:
        await asyncio.sleep(self.seconds)
        if self.data_answer:
            return self.data_answer
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients += envelope.rcpt_tos
        if self.drops_after_data:
            server.transport.abort()
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[Mailbox]:
    """Serve a mailbox; ``options`` are those of aiosmtpd's controller."""
    port = free_port()
    controller = Controller(mailbox, hostname=ADDRESS, port=port, **options)
    controller.start()
    mailbox.greetings.clear()  # of the controller's own first connection
    mailbox.url = f"smtp://{ADDRESS}:{port}"
    try:
        yield mailbox
    finally:
        controller.stop()


def accept_password(user: str, password: str) -> Any:
    """An authenticator that accepts one password."""

    def authenticate(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        credentials = (data.login.decode(), data.password.decode())
        return AuthResult(success=credentials == (user, password), handled=False)

    return authenticate
