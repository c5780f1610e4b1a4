"""Comparison of two texts, word by word, in a bounded time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.text.text_comparison import TextDiff, diff_texts


def marked_text(diff: TextDiff) -> str:
    """The pieces as one line: [-gone-] and {+new+}."""
    marks = {"same": "{}", "gone": "[-{}-]", "new": "{{+{}+}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in diff.pieces)


def both_texts(diff: TextDiff) -> tuple[str, str]:
    """Both texts, put together again from the pieces."""
    before = "".join(piece.text for piece in diff.pieces if piece.kind != "new")
    after = "".join(piece.text for piece in diff.pieces if piece.kind != "gone")
    return before, after


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("", "", ""),
        ("Le maire", "Le maire", "Le maire"),
        ("", "Nouveau", "{+Nouveau+}"),
        ("Ancien", "", "[-Ancien-]"),
        ("Le maire refuse.", "La mairie refuse.", "[-Le maire-]{+La mairie+} refuse."),
        ("l’élu", "l’élue", "l’[-élu-]{+élue+}"),
        ("une séance", "une séance publique", "une séance{+ publique+}"),
        ("vrai", "vrai ?", "vrai{+ ?+}"),
        ("a\n\nb\n\nc", "a\n\nX\n\nc", "a\n\n[-b-]{+X+}\n\nc"),
        ("un deux trois", "trois un deux", "{+trois +}un deux[- trois-]"),
        # Two changes with only a space between them are merged.
        ("il a dit non hier", "elle avait dit non hier", "[-il a-]{+elle avait+} dit non hier"),
    ],
)
def test_changed_words_are_marked(before: str, after: str, marked: str) -> None:
    assert marked_text(diff_texts(before, after)) == marked


def test_a_long_text_with_few_changes_has_exactly_those() -> None:
    words = [f"mot{number}" for number in range(8_000)]
    changed = list(words)
    for place in range(50, 8_000, 400):
        changed[place] = "CHANGÉ"
    diff = diff_texts(" ".join(words), " ".join(changed))
    assert not diff.coarse
    assert [piece.text for piece in diff.pieces if piece.kind == "new"] == ["CHANGÉ"] * 20


def test_a_long_rewritten_passage_is_replaced_whole_and_marked_as_coarse() -> None:
    generator = random.Random(7)
    texts = ["".join(generator.choice("ab ") for _ in range(60_000)) for _ in range(2)]
    diff = diff_texts(f"Avant.\n{texts[0]}\nAprès.", f"Avant.\n{texts[1]}\nAprès.")
    assert diff.coarse
    assert diff.pieces[0].text == "Avant.\n"
    assert diff.pieces[-1].text.endswith("Après.")


def kinds(diff: TextDiff) -> set[str]:
    return {piece.kind for piece in diff.pieces}


def test_equal_texts_have_no_changed_piece() -> None:
    assert kinds(diff_texts("a b", "a b")) == {"same"}
    assert kinds(diff_texts("a b", "a c")) == {"same", "gone", "new"}


@given(st.text("ab c\n.’", max_size=60), st.text("ab c\n.’", max_size=60))
def test_the_pieces_are_the_two_texts(before: str, after: str) -> None:
    assert both_texts(diff_texts(before, after)) == (before, after)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_of_any_texts_are_the_two_texts(before: str, after: str) -> None:
    diff = diff_texts(before, after)
    assert both_texts(diff) == (before, after)
    assert (kinds(diff) <= {"same"}) == (before == after)


def hostile_pairs() -> list[tuple[str, str]]:
    """Texts of 200,000 characters that a naive comparison would take minutes over."""
    generator = random.Random(11)

    def random_text(parts: list[str]) -> str:
        return "".join(generator.choice(parts) for _ in range(200_000))[:200_000]

    alphabets = [["a ", "b "], ["a\n", "b\n"], ["!", "?"], ["😀", "😁"], list("ab \n.")]
    pairs = [(random_text(parts), random_text(parts)) for parts in alphabets]
    words = [f"m{number}" for number in range(30_000)]
    pairs.append((" ".join(words), " ".join(reversed(words))))
    pairs.append((" ".join(words), " ".join(words[:15_000] * 2)))
    pairs.append(("a" * 200_000, "b" * 200_000))
    # Words that occur twice in one text and once in the other.
    pairs.append((" ".join(f"m{n // 2}" for n in range(30_000)), " ".join(words)))
    return pairs


def test_hostile_texts_are_compared_within_a_second() -> None:
    for before, after in hostile_pairs():
        began = time.process_time()
        diff = diff_texts(before, after)
        assert time.process_time() - began < 1
        assert both_texts(diff) == (before, after)


def test_an_excerpt_leaves_out_what_is_far_from_a_change():
    row = "Procédure\nsens : contre la cible\nissue : relaxe\n" + "note : rien de neuf.\n" * 20
    far = diff_texts(row + "fin : 2010", row.replace("relaxe", "appel") + "fin : 2010").excerpt
    # What stands before the change on its lines says what it is about.
    assert [(piece.kind, piece.text) for piece in far.pieces if piece.text] == [
        ("same", "Procédure\nsens : contre la cible\nissue : "),
        ("gone", "relaxe"),
        ("new", "appel"),
        ("same", "\nnote : rien de neuf."),
    ]
    assert "skipped" in {piece.kind for piece in far.pieces}
    near = diff_texts("un deux trois", "un quatre trois").excerpt
    assert [piece.text for piece in near.pieces] == ["un ", "deux", "quatre", " trois"]
    words = "mot " * 200
    middle = diff_texts(f"A {words}B", f"C {words}D").excerpt
    texts = [piece.text for piece in middle.pieces if piece.kind == "same"]
    assert 200 < sum(map(len, texts)) < 400
