"""French spaces and apostrophes, and the texts that they leave unchanged."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.text.typography import (
    count_words,
    english,
    french,
    number,
    spell_out,
    typeset,
    typeset_html,
)

# "_" stands for the thin no-break space and "~" for the plain one, to be seen in the tables.
SIGNS = str.maketrans({"_": "\u202f", "~": "\u00a0"})

# Pieces that match the rules, since random letters rarely do.
PIECES = st.lists(
    st.sampled_from(
        [
            *(" ", "\xa0", "\u202f", "\n", "'", "’", ";", "?", "!", ":", "«"),
            *("»", "a", "été", "l'", "1", "26", "000", "juin", "1er", "nº", "art."),
            *("p.", "€", "%", "EUR", ".", ",", ")", "(", "_", "http://a.fr/?q=1;b", "x@y.fr"),
            *("a.pdf", "www.", "\ue000", "…", '"'),
        ]
    ),
    max_size=20,
).map("".join)
TEXTS = PIECES | st.text(max_size=60)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("l'élu d'ici", "l’élu d’ici"),
        ("aujourd'hui", "aujourd’hui"),
        ("5'30", "5'30"),
        ("Pourquoi ? Non ! Si ; oui", "Pourquoi_? Non_! Si_; oui"),
        ("Pourquoi? Non! Quoi?!", "Pourquoi_? Non_! Quoi_?!"),
        ("a;b c", "a;b c"),
        ("« image » «image»", "«_image_» «_image_»"),
        ("(vraiment?) « Quoi? »", "(vraiment_?) «_Quoi_?_»"),
        ("Le maire : non", "Le maire~: non"),
        ("Le maire: non", "Le maire: non"),
        ("à 10:30, note :)", "à 10:30, note :)"),
        ("le 26 juin 2006 et le 1er juillet", "le 26~juin 2006 et le 1er~juillet"),
        ("en 2006 juin", "en 2006 juin"),
        ("nº 3, n° 452521, art. 29, p. 12", "nº~3, n°~452521, art.~29, p.~12"),
        ("cap 3", "cap 3"),
        ("75 000 EUR, 3 €, 12 %", "75_000~EUR, 3~€, 12~%"),
        ("1 234 567 et 12 3456", "1_234_567 et 12 3456"),
        ("1234 567 890", "1234 567 890"),
        ("01 23 45 67 89", "01 23 45 67 89"),
        ("http://a.fr/?x=l'a;b! ok", "http://a.fr/?x=l'a;b! ok"),
        ("voir http://a.fr/b ?", "voir http://a.fr/b_?"),
        ("jean.d'arc@mairie.fr ; lui", "jean.d'arc@mairie.fr_; lui"),
        ("www.l'a.fr?", "www.l'a.fr?"),
        ("l'arrêté.pdf", "l'arrêté.pdf"),
        ("\ue000 l'a \ue000'", "\ue000 l’a \ue000'"),
        ("", ""),
    ],
)
def test_french(typed: str, expected: str) -> None:
    assert french(typed) == re.sub(r"[_~]", lambda sign: sign[0].translate(SIGNS), expected)


@given(TEXTS)
def test_french_twice_is_french_once(text: str) -> None:
    assert french(french(text)) == french(text)


@given(TEXTS)
def test_only_spaces_and_apostrophes_change(text: str) -> None:
    def bare(line: str) -> str:
        return re.sub("[ \u00a0\u202f]", "", line).replace("’", "'")

    assert bare(french(text)) == bare(text)


@given(PIECES)
def test_addresses_are_unchanged(text: str) -> None:
    for token in re.findall(r"\S+", text):
        if "://" in token or "@" in token:
            assert token in french(text)


@given(PIECES)
def test_an_html_typeset_twice_is_typeset_once(text: str) -> None:
    once = typeset_html(f"<p>{text.replace('<', '')}</p>", "fr")
    assert typeset_html(once, "fr") == once


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>l'été</p>", "<p>l’été</p>"),
        ("<a href=\"x'y ?\">l'a</a>", '<a href="x\'y ?">l’a</a>'),
        ('<a title="a > b l\'x">ok</a>', '<a title="a > b l\'x">ok</a>'),
        ("<code>l'a ?</code> l'a ?", "<code>l'a ?</code> l’a_?"),
        ("<pre><code>l'a</code> l'b</pre>l'c", "<pre><code>l'a</code> l'b</pre>l’c"),
        ("a &amp; b ; &lt;b&gt;", "a &amp; b_; &lt;b&gt;"),
        ("R&amp;D; suite", "R&amp;D_; suite"),
        ("l&#39;a&nbsp;b", "l’a~b"),
        ("&amp;amp; &amp;lt;", "&amp;amp; &amp;lt;"),
        ("<em>mot</em> ! l'<em>a</em>", "<em>mot</em>_! l’<em>a</em>"),
        ("« <em>mot</em> »", "«_<em>mot</em>_»"),
    ],
)
def test_typeset_html(source: str, expected: str) -> None:
    assert typeset_html(source, "fr") == expected.translate(SIGNS)


@pytest.mark.parametrize(
    "pattern",
    [
        " ",
        "\u00a0 ",
        "?",
        "a?",
        "1 000 ",
        "1 ",
        "«",
        "« ",
        "» ",
        "'",
        "a'",
        "12",
        ".a",
        "nº ",
        "@",
        "1er ",
    ],
)
def test_a_long_repetitive_text_is_typeset_quickly(pattern: str) -> None:
    text = (pattern * 100_000)[:100_000]
    start = time.process_time()
    french(text)
    assert time.process_time() - start < 1.5


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2500 EUR d'amende chacun", "2 500 € d'amende chacun"),
        ("770000 EUR", "770 000 €"),
        ("7 400 € puis 3000EUR", "7 400 € puis 3 000 €"),
        ("250000 CHF payés", "250 000 CHF payés"),
        ("procès le 2006-09-05, puis 2007-06-06.", "procès le 5 septembre 2006, puis 6 juin 2007."),
        # Unclear, impossible, or a part of something else: as written.
        ("1.500 EUR, 1500,50 EUR, 1/2 EUR", "1.500 EUR, 1500,50 EUR, 1/2 EUR"),
        ("un EUR, 12 EUROS, 1 234 5 EUR", "un EUR, 12 EUROS, 1 234 5 EUR"),
        ("2010-02-30, 2006-09, 2006-09-05?", "2010-02-30, 2006-09, 2006-09-05?"),
        ("n° 2006-09-05-12 et /2006-09-05/", "n° 2006-09-05-12 et /2006-09-05/"),
        ("https://a.test/?le=2006-09-05", "https://a.test/?le=2006-09-05"),
    ],
)
def test_amounts_and_days_in_words(typed: str, expected: str) -> None:
    assert spell_out(typed) == expected
    assert spell_out(expected) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (999, "999"), (1482, "1_482"), (34969, "34_969"), (1234567, "1_234_567")],
)
def test_number(value: int, expected: str) -> None:
    assert number(value) == expected.translate(SIGNS)


def test_count_words() -> None:
    assert [count_words(count) for count in (0, 1, 4, 16, 17, 1482)] == [
        "zéro",
        "un",
        "quatre",
        "seize",
        "17",
        "1\u202f482",
    ]
    assert count_words(1, feminine=True) == "une"
    assert count_words(2, feminine=True) == "deux"
    assert count_words(-1) == "-1"


@pytest.mark.parametrize(
    ("typed", "typeset_text"),
    [
        ("the town's 3 June meeting", "the town’s 3\u00a0June meeting"),
        ("Act No. 3, art. 5", "Act No.\u00a03, art.\u00a05"),
        ("Why? Yes; 1,234: no!", "Why? Yes; 1,234: no!"),
        # Addresses are unchanged.
        (
            "see http://a.fr/l'a?x=1 or j.d'arc@ville.fr",
            "see http://a.fr/l'a?x=1 or j.d'arc@ville.fr",
        ),
    ],
)
def test_english_has_its_own_marks(typed: str, typeset_text: str) -> None:
    assert english(typed) == typeset(typed, "en") == typeset_text
    assert english(typeset_text) == typeset_text
