"""Mail server and sending address, as the settings name them."""

from __future__ import annotations

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from register.database_urls import PREFIX
from register.errors import ConfigError
from register.hosts import is_loopback

_PORTS = {"smtps": 465, "smtp": 587}
_LOCAL_PORT = 25


@dataclass(frozen=True)
class MailServer:
    """A mail server, as ``REGISTER_MAIL_URL`` names it."""

    host: str
    port: int
    user: str
    password: str
    has_tls: bool
    needs_starttls: bool


def parse_mail_url(url: str) -> MailServer:
    """A server from ``smtp://user:password@host:port`` or ``smtps://…``.

    ``smtp://`` requires STARTTLS, except on this machine, where ``?starttls=on`` requires it.

    :raises ValueError: it is not such a URL.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in _PORTS or not host or parts.port == 0 or parts.fragment:
        raise ValueError("not a mail server")
    if parts.path not in ("", "/") or parts.query not in ("", "starttls=on"):
        raise ValueError("more than a mail server")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password) or not (user + password).isprintable():
        raise ValueError("not a user with a password")
    has_tls, is_local = parts.scheme == "smtps", is_loopback(host)
    default_port = _LOCAL_PORT if is_local and not has_tls else _PORTS[parts.scheme]
    return MailServer(
        host=host,
        port=parts.port or default_port,
        user=user,
        password=password,
        has_tls=has_tls,
        needs_starttls=not has_tls and (bool(parts.query) or not is_local),
    )


def check_mail(url: str, sender: str) -> dict[str, str]:
    """Both settings of mail, or neither.

    :raises ConfigError: one without the other, or an invalid one. The URL is not repeated, because
        it has a password.
    """
    if bool(url) != bool(sender):
        present, other = ("MAIL_URL", "MAIL_FROM") if url else ("MAIL_FROM", "MAIL_URL")
        raise ConfigError("config_mail_both", name=PREFIX + present, other=PREFIX + other)
    try:
        if url:
            parse_mail_url(url)
    except ValueError as error:
        raise ConfigError("config_mail_url", name=PREFIX + "MAIL_URL") from error
    if sender and not bare_address(sender):
        raise ConfigError("config_mail_from", name=PREFIX + "MAIL_FROM", value=sender)
    return {"mail_url": url, "mail_from": sender}


def sender_domain(sender: str) -> str:
    """The domain of the address that sends."""
    return bare_address(sender).rpartition("@")[2]


def bare_address(text: str) -> str:
    """The address in ``Web Citoyen <registre@exemple.fr>``; empty when there is not just one.

    Addresses with other letters than ASCII (RFC 6531) are refused: few servers take them.
    """
    name, address = parseaddr(text)
    is_whole = text in (address, f"{name} <{address}>", f'"{name}" <{address}>')
    if not is_whole or not text.isprintable() or not address.isascii():
        return ""
    try:
        parsed = Address(name, addr_spec=address)
    except (MessageError, ValueError, IndexError):
        # The parser of the standard library does not expect every text.
        return ""
    return address if parsed.username and "." in parsed.domain else ""
