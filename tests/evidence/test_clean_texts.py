"""Copies of plain texts: the words, and nothing that a reader cannot see."""

from __future__ import annotations

from io import BytesIO

import pytest
from evidence_samples import copied

from register.errors import CopyError
from register.evidence.clean_copy import texts
from register.evidence.clean_copy.edits import Edits, Passage
from register.evidence.clean_copy.limits import CopyLimits


def copy_of(content: bytes, edits: Edits | None = None, limits: CopyLimits | None = None):
    (page,) = texts.copy_text(BytesIO(content), edits or Edits(), limits or CopyLimits())
    return page.content.getvalue().decode(), page.notes


def test_a_text_stays_what_it_is() -> None:
    words = "Le maire : « pas de caméra ».\n\tAmina 👩‍👧 می‌خواهم\n"
    ((page, content),) = copied(words.encode())
    assert content.decode() == words
    assert (page.mime, page.notes) == ("text/plain", ())


def test_a_text_of_windows_becomes_utf_8() -> None:
    assert copy_of("n° 12 – « huis clos »\r\nfin\rmot".encode("cp1252")) == (
        "n° 12 – « huis clos »\nfin\nmot",
        (),
    )
    assert copy_of(b"\xef\xbb\xbfBonjour") == ("Bonjour", ())


@pytest.mark.parametrize(
    "character",
    ["\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\x1b", "\x85", "\u00ad", "\U000e0041"],
)
def test_invisible_characters_are_taken_out_and_said(character: str) -> None:
    assert copy_of(f"le maire{character} dit".encode()) == ("le maire dit", ("characters_removed",))


def test_passages_are_omitted_once_where_they_overlap() -> None:
    edits = Edits(passages=(Passage(5, 9), Passage(0, 6), Passage(12, 99)))
    assert copy_of(b"Jean Dupont et moi", edits) == ("[…]nt […]", ())
    edits = Edits(passages=(Passage(0, 4), Passage(50, 60)))
    assert copy_of(b"Jean Dupont", edits)[0].startswith("[…] Dupont")


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"Bonjour\0", "copy_broken"),
        (b"Bonjour \x81", "copy_broken"),
        (b"a" * 101, "copy_text"),
        ("\u200b \u202e".encode(), "copy_nothing_left"),
    ],
)
def test_a_text_that_cannot_be_copied_says_why(content: bytes, key: str) -> None:
    with pytest.raises(CopyError, match=key):
        copy_of(content, limits=CopyLimits(text_bytes=100))


def test_a_dropped_text_leaves_nothing() -> None:
    with pytest.raises(CopyError, match="copy_nothing_left"):
        copy_of(b"Bonjour", Edits(dropped_pages=(0,)))
