"""Which addresses are a member's, and which of them a sign-in may lead on to."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

MEMBER_PREFIXES = ("/compte", "/moderation")
SIGN_IN = "/compte/connexion"
SIGN_OUT = "/compte/deconnexion"
FACTOR = "/compte/seconde-preuve"
ACCOUNT = "/compte"
DESK = "/moderation"

# Longer, and the address of the sign-in page that carries it would be refused by the guards.
_MAX_ADDRESS_LENGTH = 1_500


def is_member_path(path: str) -> bool:
    """Whether an address is behind the door, whether or not there is a view at it."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in MEMBER_PREFIXES)


def member_address(address: str) -> str:
    """The address, if it is one behind this register's own door; else the empty text.

    ``//elsewhere``, ``\\\\elsewhere`` and ``javascript:`` are all read as an address by a browser;
    none of them begins with a path of ours.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    rebuilt = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if (
        rebuilt != address
        or not is_member_path(parts.path)
        or len(quote(address)) > _MAX_ADDRESS_LENGTH
    ):
        return ""
    if "\\" in address or any(ord(letter) < 33 for letter in address):
        return ""
    return "" if parts.path in (SIGN_IN, SIGN_OUT) else address


def sign_in_url(address: str) -> str:
    """The address of the sign-in page that leads on to another one, where that is ours."""
    target = member_address(address)
    return f"{SIGN_IN}?suite={quote(target, safe='/')}" if target else SIGN_IN
