"""Receipt codes and nonces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.reports import receipt_codes
from register.reports.receipt_codes import LENGTH, LETTERS

KEY = bytes(range(32))
NONCES = st.binary(min_size=16, max_size=16).map(bytes.hex)
# Characters that readers confuse with a letter of a code.
_LOOKALIKES = {"0": "0Oo", "1": "1IiLl"}


def test_a_code_has_sixteen_letters_without_lookalikes():
    assert len(LETTERS) == len(set(LETTERS)) == 32
    assert not set(LETTERS) & set("ILOUilou")
    codes = [receipt_codes.derive_code(KEY, f"{number:032x}") for number in range(500)]
    assert all(len(code) == LENGTH == 16 for code in codes)
    # Every letter occurs in every position: sixteen letters of five bits are 80 bits.
    assert all({code[place] for code in codes} == set(LETTERS) for place in range(LENGTH))
    assert len(set(codes)) == 500


def test_a_code_depends_on_the_nonce_and_the_receipt_key_only():
    nonce = receipt_codes.new_key()
    assert receipt_codes.is_nonce(nonce)
    assert receipt_codes.derive_code(KEY, nonce) == receipt_codes.derive_code(KEY, nonce)
    assert receipt_codes.derive_code(KEY, nonce) != receipt_codes.derive_code(bytes(32), nonce)
    assert receipt_codes.new_key() != nonce
    # The stored hash depends on the lookup key.
    code_hash = receipt_codes.hash_code(KEY, receipt_codes.derive_code(KEY, nonce))
    assert len(code_hash) == 32
    assert code_hash != receipt_codes.hash_code(bytes(32), receipt_codes.derive_code(KEY, nonce))


def test_a_row_key_depends_on_the_nonce_and_the_purpose():
    name = receipt_codes.derive_row_key(KEY, "a", "0" * 32)
    assert name == receipt_codes.derive_row_key(KEY, "a", "0" * 32)
    assert (
        len(
            {
                name,
                receipt_codes.derive_row_key(KEY, "b", "0" * 32),
                receipt_codes.derive_row_key(KEY, "a", "1" * 32),
            }
        )
        == 3
    )
    assert len(name) == len(receipt_codes.new_key()) == 32


@given(NONCES, st.data())
def test_a_copied_code_is_normalised(nonce, data):
    code = receipt_codes.derive_code(KEY, nonce)
    assert receipt_codes.normalize_code(receipt_codes.format_code(code)) == code
    copied = [
        data.draw(st.sampled_from(["", " ", "-", "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\n", "."]))
        + data.draw(st.sampled_from(_LOOKALIKES.get(letter, letter + letter.lower())))
        for letter in code
    ]
    assert receipt_codes.normalize_code("".join(copied)) == code


@pytest.mark.parametrize(
    ("typed", "normalised"),
    [
        ("ABCD-EFGH-JKMN-PQRS", "ABCDEFGHJKMNPQRS"),
        ("  abcd efgh jkmn pqrs\t", "ABCDEFGHJKMNPQRS"),
        ("oOiIlL", "001111"),
        # Full-width letters, as some telephones type them.
        ("ＡＢ１２", "AB12"),
        ("", ""),
        ("????", ""),
        ("💥é", ""),
    ],
)
def test_a_typed_code_is_normalised(typed, normalised):
    assert receipt_codes.normalize_code(typed) == normalised


def test_a_long_typed_code_is_truncated():
    assert len(receipt_codes.normalize_code("A" * 10_000_000)) < 1_000
    # NFKC expands this character to eighteen.
    expanding = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 10_000
    assert len(receipt_codes.normalize_code(expanding)) < 10_000


@pytest.mark.parametrize(
    "text",
    ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "0" * 31 + "\n", " " + "0" * 31, "٠" * 32],
    ids=ascii,
)
def test_a_malformed_nonce_is_refused(text):
    assert not receipt_codes.is_nonce(text)


def test_a_code_is_formatted_in_four_groups():
    assert receipt_codes.format_code("ABCDEFGHJKMNPQRS") == "ABCD-EFGH-JKMN-PQRS"
