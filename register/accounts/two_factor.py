"""Second factor: time-based codes (TOTP, RFC 6238), their QR code, and recovery codes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp

from register import encryption

ISSUER = "Web Citoyen"
KEY_PURPOSE = "totp"  # of the key that encrypts secrets
STEP_SECONDS = 30  # as every authenticator application expects
DIGITS = 6
RECOVERY_CODE_COUNT = 10
# No i, l, o, 0 and 1: the codes are copied by hand. Five groups of five are 123 bits; codes of
# former versions have four, 99 bits, and stay valid.
_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
# A clock may be a step early or late (RFC 6238 §5.2).
DRIFT = (-1, 0, 1)
_QUIET_ZONE = 4  # light modules around the QR code (ISO/IEC 18004)


def new_secret() -> str:
    """A secret of 160 bits in base 32 (RFC 4226 §4 R6)."""
    return pyotp.random_base32()


def seal_secret(root_key: bytes, member_id: int, secret: str) -> bytes:
    """Encrypt a secret for storage, bound to its member."""
    return encryption.encrypt(root_key, KEY_PURPOSE, secret.encode(), member_binding(member_id))


def open_secret(root_key: bytes, member_id: int, sealed: bytes) -> str:
    """Decrypt what :func:`seal_secret` returned.

    :raises SealError: ``seal_opens_nothing``.
    """
    return encryption.decrypt(root_key, KEY_PURPOSE, sealed, member_binding(member_id)).decode()


def member_binding(member_id: int) -> bytes:
    """What binds something encrypted to the account of a member."""
    return f"member {member_id}".encode()


def otpauth_uri(secret: str, email: str) -> str:
    """The ``otpauth:`` URI in the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_svg(uri: str, title: str = "QR code") -> str:
    """A QR code as an ``svg`` element, to be inserted in a page.

    It is dark on light on dark pages too, as scanners require. The colours are attributes, because
    the page's content security policy refuses styles.
    """
    # A megabyte that only a member needs, once, to set up the factor.
    import segno

    looks = {"dark": "#000", "light": "#fff", "svgclass": "qr", "lineclass": None}
    svg: str = segno.make(uri, error="m", micro=False).svg_inline(
        border=_QUIET_ZONE, title=title, omitsize=True, **looks
    )
    attributes = 'role="img" width="240" height="240" shape-rendering="crispEdges"'
    return svg.replace("<svg", f"<svg {attributes}", 1)


def is_code(typed: str) -> bool:
    """Whether a text is six digits, ignoring spaces."""
    digits = "".join(typed.split())
    return len(digits) == DIGITS and digits.isascii() and digits.isdecimal()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time step of a code; None when the code is wrong or too old."""
    digits = "".join(code.split())
    current_step = int(at.timestamp()) // STEP_SECONDS
    hotp = pyotp.HOTP(secret, digits=DIGITS)
    # Every step is compared, so that the time taken does not reveal the matching one.
    matching_steps = [
        step
        for step in (current_step + drift for drift in DRIFT)
        if hmac.compare_digest(hotp.at(step).encode(), digits.encode("utf-8", "surrogatepass"))
    ]
    return max(matching_steps, default=None)


def recovery_codes() -> list[str]:
    """Ten new recovery codes."""

    def group() -> str:
        return "".join(secrets.choice(_CODE_LETTERS) for _ in range(5))

    return ["-".join(group() for _ in range(5)) for _ in range(RECOVERY_CODE_COUNT)]


def recovery_digest(code: str) -> bytes:
    """The stored digest of a recovery code, whose 123 random bits need no salt and no slow hash.

    Spaces, dashes and case are ignored.
    """
    letters = "".join(letter for letter in code.casefold() if letter in _CODE_LETTERS)
    return hashlib.sha256(b"recovery " + letters.encode()).digest()
