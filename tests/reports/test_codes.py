"""Receipt codes: what people copy by hand is what was shown to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.reports import receipts
from register.reports.receipts import LENGTH, LETTERS

KEY = bytes(range(32))
NONCES = st.binary(min_size=16, max_size=16).map(bytes.hex)
# What a hand, a keyboard or a telephone makes of a letter.
_LIKE = {"0": "0Oo", "1": "1IiLl"}


def test_a_code_is_sixteen_letters_none_of_which_looks_like_another():
    assert len(LETTERS) == len(set(LETTERS)) == 32
    assert not set(LETTERS) & set("ILOUilou")
    made = [receipts.derive_code(KEY, f"{number:032x}") for number in range(500)]
    assert all(len(code) == LENGTH == 16 for code in made)
    # Each place takes each letter: five bits a letter are eighty.
    assert all({code[place] for code in made} == set(LETTERS) for place in range(LENGTH))
    assert len(set(made)) == 500


def test_a_form_has_one_code_and_only_with_the_key_of_this_register():
    nonce = receipts.new_nonce()
    assert receipts.is_nonce(nonce)
    assert receipts.derive_code(KEY, nonce) == receipts.derive_code(KEY, nonce)
    assert receipts.derive_code(KEY, nonce) != receipts.derive_code(bytes(32), nonce)
    assert receipts.new_nonce() != nonce
    # What is kept of a code is neither the code nor what leads to it.
    kept = receipts.hash_code(KEY, receipts.derive_code(KEY, nonce))
    assert len(kept) == 32
    assert kept != receipts.hash_code(bytes(32), receipts.derive_code(KEY, nonce))


def test_what_one_sending_makes_is_named_by_its_form_and_its_purpose():
    name = receipts.derive_row_key(KEY, "a", "0" * 32)
    assert name == receipts.derive_row_key(KEY, "a", "0" * 32)
    assert (
        len(
            {
                name,
                receipts.derive_row_key(KEY, "b", "0" * 32),
                receipts.derive_row_key(KEY, "a", "1" * 32),
            }
        )
        == 3
    )
    assert len(name) == len(receipts.new_key()) == 32


@given(NONCES, st.data())
def test_a_code_is_read_as_people_copy_it(nonce, data):
    code = receipts.derive_code(KEY, nonce)
    assert receipts.normalize_code(receipts.format_code(code)) == code
    copied = [
        data.draw(st.sampled_from(["", " ", "-", "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\n", "."]))
        + data.draw(st.sampled_from(_LIKE.get(letter, letter + letter.lower())))
        for letter in code
    ]
    assert receipts.normalize_code("".join(copied)) == code


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ABCD-EFGH-JKMN-PQRS", "ABCDEFGHJKMNPQRS"),
        ("  abcd efgh jkmn pqrs\t", "ABCDEFGHJKMNPQRS"),
        ("oOiIlL", "001111"),
        # As a telephone's keyboard for another script types them.
        ("ＡＢ１２", "AB12"),
        ("", ""),
        ("????", ""),
        ("💥é", ""),
    ],
)
def test_what_was_typed_is_read(typed, read):
    assert receipts.normalize_code(typed) == read


def test_what_is_too_long_costs_nothing_and_is_no_code():
    assert len(receipts.normalize_code("A" * 10_000_000)) < 1_000
    # One sign that stands for eighteen.
    assert (
        len(receipts.normalize_code("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 10_000))
        < 10_000
    )


@pytest.mark.parametrize(
    "text",
    ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "0" * 31 + "\n", " " + "0" * 31, "٠" * 32],
    ids=ascii,
)
def test_what_is_no_nonce_is_none(text):
    assert not receipts.is_nonce(text)


def test_a_code_is_shown_in_four_groups():
    assert receipts.format_code("ABCDEFGHJKMNPQRS") == "ABCD-EFGH-JKMN-PQRS"
