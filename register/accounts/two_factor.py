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
KEY_PURPOSE = "totp"  # of the key that closes a secret
STEP_SECONDS = 30  # seconds, what every application expects
DIGITS = 6
RECOVERY_CODE_COUNT = 10
# No i, l, o, 0 and 1: the codes are copied by hand. Five groups of five are 123 bits; those given
# before were of four, 99 bits, and hold.
_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
# A clock may be a step early or late (RFC 6238 §5.2).
DRIFT = (-1, 0, 1)
_QUIET_ZONE = 4  # modules of light around the drawing (ISO/IEC 18004)


def new_secret() -> str:
    """A secret of 160 bits, in base 32 as applications read it (RFC 4226 §4 R6)."""
    return pyotp.random_base32()


def seal_secret(root_key: bytes, member_id: int, secret: str) -> bytes:
    """A secret as it is kept: closed from the root key, of no use in another member's row."""
    return encryption.encrypt(root_key, KEY_PURPOSE, secret.encode(), _member_binding(member_id))


def open_secret(root_key: bytes, member_id: int, sealed: bytes) -> str:
    """The secret that :func:`seal_secret` closed.

    :raises SealError: ``seal_opens_nothing``.
    """
    return encryption.decrypt(root_key, KEY_PURPOSE, sealed, _member_binding(member_id)).decode()


def _member_binding(member_id: int) -> bytes:
    return f"member {member_id}".encode()


def otpauth_uri(secret: str, email: str) -> str:
    """The ``otpauth:`` address that an application reads from the drawing."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_svg(uri: str, title: str = "QR code") -> str:
    """The drawing as an ``svg`` element, to stand in a page as it is.

    It keeps its own colours, dark on light, because readers of such drawings need them in a dark
    page too; they are attributes and no style, which the page's policy would refuse.
    """
    qr = segno.make(uri, error="m", micro=False)
    module_rows = list(qr.matrix_iter(border=_QUIET_ZONE))
    dark_path = "".join(_dark_bars(y, modules) for y, modules in enumerate(module_rows))
    size = len(module_rows)
    return (
        f'<svg class="qr" role="img" viewBox="0 0 {size} {size}" width="240" height="240"'
        f' shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark_path}"/></svg>'
    )


def _dark_bars(y: int, module_row: Iterable[int]) -> str:
    """One row of the drawing, its dark modules joined."""
    x, bars = 0, ""
    for is_dark, modules in groupby(module_row):
        length = len(list(modules))
        bars += f"M{x} {y}h{length}v1h-{length}z" if is_dark else ""
        x += length
    return bars


def is_code(typed: str) -> bool:
    """Whether what was typed has the form of a code: six figures, spaces apart."""
    digits = "".join(typed.split())
    return len(digits) == DIGITS and digits.isascii() and digits.isdecimal()


def step_of(secret: str, code: str, at: datetime, after: int) -> int | None:
    """The half-minute whose code was given; None when it is wrong, too old or already used.

    :param after: the last half-minute whose code was used; none up to it is taken again.
    """
    digits = "".join(code.split())
    current_step = int(at.timestamp()) // STEP_SECONDS
    hotp = pyotp.HOTP(secret, digits=DIGITS)
    # Every step is compared, so that the time tells nothing of which one it was.
    matching_steps = [
        step
        for step in (current_step + drift for drift in DRIFT)
        if hmac.compare_digest(hotp.at(step).encode(), digits.encode("utf-8", "surrogatepass"))
    ]
    return max((step for step in matching_steps if step > after), default=None)


def recovery_codes() -> list[str]:
    """Ten codes, each of which stands in once for the application."""

    def group() -> str:
        return "".join(secrets.choice(_CODE_LETTERS) for _ in range(5))

    return ["-".join(group() for _ in range(5)) for _ in range(RECOVERY_CODE_COUNT)]


def recovery_digest(code: str) -> bytes:
    """What is kept of a recovery code: 123 random bits need no salt and no slow hash.

    Spaces, dashes and capitals make no difference.
    """
    letters = "".join(letter for letter in code.casefold() if letter in _CODE_LETTERS)
    return hashlib.sha256(b"recovery " + letters.encode()).digest()
