"""Delivery to the mail server by SMTP (RFC 5321): one connection for several mails.

No error of this module has an address, a name or the server's words, which repeat addresses.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from enum import Enum

from register.mail_urls import MailServer

TIMEOUT_SECONDS = 30.0  # for each answer of the server
# The server closes the connection (RFC 5321 §3.8).
_CLOSING = 421


class DeliveryScope(Enum):
    """What an error of delivery concerns."""

    SERVER = "server"  # any mail: tried again later
    MAIL = "mail"  # this mail, which is tried again later
    RECIPIENT = "recipient"  # this mail, for good


class DeliveryError(Exception):
    """A mail that was not delivered.

    :param cause: a type of exception, or the step that the server refused.
    :param reply_code: the server's answer; 0 without one.
    """

    def __init__(self, scope: DeliveryScope, cause: str, reply_code: int = 0) -> None:
        super().__init__(cause, reply_code)
        self.scope, self.cause, self.reply_code = scope, cause, reply_code


class MailConnection:
    """An open connection, authenticated.

    :param domain: the name by which the register greets, that of the address that sends; the
        machine's own name would be in every mail.
    :raises DeliveryError: the server does not answer, has no valid certificate or refuses.
    """

    def __init__(self, server: MailServer, domain: str, timeout: float = TIMEOUT_SECONDS) -> None:
        try:
            self._smtp = _connect(server, domain, timeout)
        except OSError as error:
            raise _server_error(error) from None

    def __enter__(self) -> MailConnection:
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self._smtp.quit()
        except OSError:
            self._smtp.close()

    def send(self, mail: EmailMessage) -> None:
        """Hand a mail to the server.

        :raises DeliveryError: it has not taken the mail, or it is not known whether it has.
        """
        sender, recipient = (mail[name].addresses[0].addr_spec for name in ("From", "To"))
        try:
            self._smtp.sendmail(sender, [recipient], mail.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise _refused(DeliveryScope.RECIPIENT, "RCPT", code) from None
        except smtplib.SMTPDataError as error:
            raise _refused(DeliveryScope.RECIPIENT, "DATA", error.smtp_code) from None
        except OSError as error:
            raise _server_error(error) from None


def _connect(server: MailServer, domain: str, timeout: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.has_tls:
        smtp = smtplib.SMTP_SSL(server.host, server.port, domain, timeout=timeout, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, domain, timeout=timeout)
    try:
        if server.needs_starttls:
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _refused(scope: DeliveryScope, step: str, code: int) -> DeliveryError:
    if code == _CLOSING:
        return DeliveryError(DeliveryScope.SERVER, step, code)
    return DeliveryError(scope if code >= 500 else DeliveryScope.MAIL, step, code)


def _server_error(error: Exception) -> DeliveryError:
    code = getattr(error, "smtp_code", 0)
    return DeliveryError(DeliveryScope.SERVER, type(error).__name__, code)
