"""The second factor: time-based codes, the QR code of the secret, and recovery codes."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pyotp
import pytest

from register.accounts import two_factor
from register.errors import SealError

# RFC 6238 appendix B, SHA-1: the last six of its eight figures.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
RFC = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
]
AT = datetime(2026, 3, 2, 9, 30, 5, tzinfo=UTC)
NOW = int(AT.timestamp()) // 30


def _code(secret, step):
    return pyotp.HOTP(secret).at(step)


@pytest.mark.parametrize(("moment", "code"), RFC)
def test_the_codes_are_those_of_the_rfc(moment, code):
    at = datetime.fromtimestamp(moment, UTC)
    assert two_factor.step_of(RFC_SECRET, code, at) == moment // 30


def test_a_new_secret_has_160_random_bits():
    secrets = {two_factor.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch("[A-Z2-7]{32}", secret) for secret in secrets)


@pytest.mark.parametrize(
    ("drift", "is_accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_wrong(drift, is_accepted):
    step = NOW + drift
    accepted_step = two_factor.step_of(RFC_SECRET, _code(RFC_SECRET, step), AT)
    assert accepted_step == (step if is_accepted else None)


def test_a_code_may_be_typed_with_spaces():
    code = _code(RFC_SECRET, NOW)
    for typed in (f"{code[:3]} {code[3:]}", f" {code}\n", f"{code[:3]}\u202f{code[3:]}"):
        assert two_factor.step_of(RFC_SECRET, typed, AT) == NOW


@pytest.mark.parametrize("code", ["", "0", "abcdef", "\ud800", "0" * 100_000, "000000\0", "١٢٣٤٥٦"])
def test_a_malformed_code_is_refused(code):
    assert two_factor.step_of(RFC_SECRET, code, AT) is None


def test_digits_of_another_script_are_refused():
    arabic = _code(RFC_SECRET, NOW).translate({ord("0") + n: 0x660 + n for n in range(10)})
    assert two_factor.step_of(RFC_SECRET, arabic, AT) is None


def test_the_otpauth_address_has_issuer_account_and_parameters():
    secret = two_factor.new_secret()
    address = urlsplit(two_factor.otpauth_uri(secret, "amina+blog@register.test"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path == "/Web%20Citoyen:amina%2Bblog%40register.test"
    assert parse_qs(address.query) == {"secret": [secret], "issuer": ["Web Citoyen"]}
    assert pyotp.parse_uri(address.geturl()).secret == secret


def test_the_qr_code_is_allowed_by_the_content_security_policy():
    svg = two_factor.qr_svg("otpauth://totp/x?secret=A", "Le <secret> & l’adresse")
    for refused in ("style", "data:", "href", "<script", "url(", "xmlns:xlink"):
        assert refused not in svg
    root = ElementTree.fromstring(svg)
    assert (root.tag, root.get("role")) == ("svg", "img")
    assert root.findtext("title") == "Le <secret> & l’adresse"
    light, dark = root.findall("path")
    assert (light.get("fill"), dark.get("stroke")) == ("#fff", "#000")


def test_the_qr_code_encodes_the_otpauth_address():
    """The bars of the SVG are the dark modules, row after row."""
    import segno

    address = two_factor.otpauth_uri(two_factor.new_secret(), "amina@register.test")
    root = ElementTree.fromstring(two_factor.qr_svg(address))
    size = int(root.get("viewBox").split()[2])
    modules = [[0] * size for _ in range(size)]
    x = y = 0.0
    # Each bar begins at a place relative to the end of the one before.
    moves = re.findall(r"[Mm](-?\d+) (\d+(?:\.5)?)h(\d+)", root.findall("path")[1].get("d"))
    for right, down, length in moves:
        x, y = x + int(right), y + float(down)
        for column in range(int(x), int(x) + int(length)):
            modules[int(y)][column] = 1
        x += int(length)
    expected = segno.make(address, error="m", micro=False).matrix_iter(border=4)
    assert modules == [list(row) for row in expected]


def test_recovery_codes_are_unique_long_and_without_ambiguous_letters():
    codes = [code for _ in range(100) for code in two_factor.recovery_codes()]
    assert (len(codes), len(set(codes))) == (1_000, 1_000)
    assert all(re.fullmatch(r"([a-z2-9]{5}-){4}[a-z2-9]{5}", code) for code in codes)
    assert not set("".join(codes)) & set("01lio")
    # All 31 letters occur, so the entropy of a code follows from its length.
    letters = set("".join(codes)) - {"-"}
    assert len(letters) == 31
    assert min(len(code.replace("-", "")) for code in codes) * math.log2(len(letters)) >= 112


def test_a_recovery_code_of_four_groups_is_still_valid():
    """Codes of former versions have four groups instead of five."""
    digest = two_factor.recovery_digest("abcde-fghjk-mnpqr-stuvw")
    assert digest.hex().startswith("e040366cd742")


def test_a_recovery_code_is_recognised_however_it_is_typed():
    code = two_factor.recovery_codes()[0]
    digest = two_factor.recovery_digest(code)
    for typed in (code.upper(), code.replace("-", ""), code.replace("-", " – "), f"\t{code}\n"):
        assert two_factor.recovery_digest(typed) == digest
    assert two_factor.recovery_digest(code[:-1]) != digest
    assert code.encode() not in digest
    assert len({two_factor.recovery_digest(code) for code in two_factor.recovery_codes()}) == 10


def test_a_secret_is_encrypted_for_one_member():
    key, secret = bytes(32), two_factor.new_secret()
    encrypted = two_factor.seal_secret(key, 3, secret)
    assert secret.encode() not in encrypted
    assert two_factor.open_secret(key, 3, encrypted) == secret
    with pytest.raises(SealError):
        two_factor.open_secret(key, 4, encrypted)


def test_a_code_lasts_a_minute_and_a_half():
    code = _code(RFC_SECRET, NOW)
    times = [AT + timedelta(seconds=second) for second in range(-120, 120)]
    accepted = [at for at in times if two_factor.step_of(RFC_SECRET, code, at)]
    assert len(accepted) == 90
