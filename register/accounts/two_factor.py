"""The second factor: codes of an application (TOTP, RFC 6238), and codes for when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from html import escape
from itertools import groupby

import pyotp
import segno

from register import encryption

ISSUER = "Web Citoyen"
PURPOSE = "totp"  # of the key that closes a secret
STEP = 30  # seconds, what every application expects
DIGITS = 6
RECOVERY_CODES = 10
# No i, l, o, 0 and 1: the codes are copied by hand. Five groups of five are 123 bits; those given
# before were of four, 99 bits, and hold.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
# A clock may be a step early or late (RFC 6238 §5.2).
DRIFT = (-1, 0, 1)
_MARGIN = 4  # modules of light around the drawing (ISO/IEC 18004)


def new_secret() -> str:
    """A secret of 160 bits, in base 32 as applications read it (RFC 4226 §4 R6)."""
    return pyotp.random_base32()


def closed(root_key: bytes, member_id: int, secret: str) -> bytes:
    """A secret as it is kept: closed from the root key, of no use in another member's row."""
    return encryption.sealed(root_key, PURPOSE, secret.encode(), _bound(member_id))


def opened(root_key: bytes, member_id: int, kept: bytes) -> str:
    """The secret that :func:`closed` closed.

    :raises SealError: ``seal_opens_nothing``.
    """
    return encryption.opened(root_key, PURPOSE, kept, _bound(member_id)).decode()


def _bound(member_id: int) -> bytes:
    return f"member {member_id}".encode()


def uri(secret: str, email: str) -> str:
    """The ``otpauth:`` address that an application reads from the drawing."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(uri: str, title: str = "QR code") -> str:
    """The drawing as an ``svg`` element, to stand in a page as it is.

    It keeps its own colours, dark on light, because readers of such drawings need them in a dark
    page too; they are attributes and no style, which the page's policy would refuse.
    """
    code = segno.make(uri, error="m", micro=False)
    rows = list(code.matrix_iter(border=_MARGIN))
    dark = "".join(_bars(y, row) for y, row in enumerate(rows))
    size = len(rows)
    return (
        f'<svg class="qr" role="img" viewBox="0 0 {size} {size}" width="240" height="240"'
        f' shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )


def _bars(y: int, row: Iterable[int]) -> str:
    """One row of the drawing, its dark modules joined."""
    x, bars = 0, ""
    for dark, modules in groupby(row):
        length = len(list(modules))
        bars += f"M{x} {y}h{length}v1h-{length}z" if dark else ""
        x += length
    return bars


def is_code(text: str) -> bool:
    """Whether what was typed has the form of a code: six figures, spaces apart."""
    given = "".join(text.split())
    return len(given) == DIGITS and given.isascii() and given.isdecimal()


def step_of(secret: str, code: str, at: datetime, after: int) -> int | None:
    """The half-minute whose code was given; None when it is wrong, too old or already used.

    :param after: the last half-minute whose code was used; none up to it is taken again.
    """
    given = "".join(code.split())
    now = int(at.timestamp()) // STEP
    clock = pyotp.HOTP(secret, digits=DIGITS)
    # Every step is compared, so that the time tells nothing of which one it was.
    found = [
        step
        for step in (now + drift for drift in DRIFT)
        if hmac.compare_digest(clock.at(step).encode(), given.encode("utf-8", "surrogatepass"))
    ]
    return max((step for step in found if step > after), default=None)


def recovery_codes() -> list[str]:
    """Ten codes, each of which stands in once for the application."""

    def group() -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(5))

    return ["-".join(group() for _ in range(5)) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> bytes:
    """What is kept of a recovery code: 123 random bits need no salt and no slow hash.

    Spaces, dashes and capitals make no difference.
    """
    bare = "".join(letter for letter in code.casefold() if letter in _LETTERS)
    return hashlib.sha256(b"recovery " + bare.encode()).digest()
