"""Removal of passages from texts by their words."""

from __future__ import annotations

import pytest

from register.text.passage_removal import (
    REMOVAL_MARK,
    REMOVED_URL,
    PassageRemoval,
    is_too_common,
    remove_from_tree,
    removed_passages,
)

REMOVAL = PassageRemoval(["06 12 34 56 78", "Jean Dupont", "3, rue de l'Église", "…"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Joindre le 0612345678.", "Joindre le §."),
        ("Joindre le 06.12.34.56.78 ou le 06-12-34-56-78.", "Joindre le § ou le §."),
        ("JEAN   DUPONT, et jean‑dupont", "§, et §"),
        ("Jean Duponts, Grosjean Dupont", "Jean Duponts, Grosjean Dupont"),
        ("**Jean** Dupont parle", "**§** parle"),
        ("Jean **Dupont** parle", "**§** parle"),
        ("*Jean* **Dupont** parle", "***§*** parle"),
        ("un _compte_ jean_dupont", "un _compte_ §"),
        ("Je&#97;n&nbsp;Dupont", "§"),
        ("au 3 rue de l’eglise", "au §"),
        ("Jean\n\nDupont", "§"),
        ("[lui](https://x.fr/jean%20dupont/1) écrit", f"[lui]({REMOVED_URL}) écrit"),
        ("https://x.fr/jean-dupont?page=2", REMOVED_URL),
        ("Jean Dupont, rue de l’Église", "§, rue de l’Église"),
        ("50 % de réduction & autres", "50 % de réduction & autres"),
    ],
)
def test_a_passage_is_found_by_its_letters_between_two_word_ends(text, expected):
    expected = expected.replace("§", REMOVAL_MARK)
    assert REMOVAL.remove_from(text) == expected
    assert REMOVAL.occurs_in(text) is (text != expected)
    assert not REMOVAL.occurs_in(expected)


def test_overlapping_passages_are_one_removal():
    removal = PassageRemoval(["le maire de Gagny", "Gagny, M. Untel"])
    assert removal.remove_from("Ici le maire de Gagny, M. Untel, filme.") == (
        f"Ici {REMOVAL_MARK}, filme."
    )


def test_the_words_of_the_mark_are_no_passage():
    removal = PassageRemoval(["passage", "invalid"])
    text = f"Un passage : {REMOVAL_MARK}, {REMOVED_URL}"
    assert removal.remove_from(text) == f"Un {REMOVAL_MARK} : {REMOVAL_MARK}, {REMOVED_URL}"


def test_only_texts_of_a_tree_change():
    tree = {"code": "jean-dupont", "parts": [{"text": "Jean Dupont", "rank": 1, "none": None}]}
    assert remove_from_tree(tree, REMOVAL, frozenset({"code"})) == {
        "code": "jean-dupont",
        "parts": [{"text": REMOVAL_MARK, "rank": 1, "none": None}],
    }


@pytest.mark.parametrize(
    ("passage", "expected"),
    [("le de la a été", True), ("78", True), ("Ly", True), ("maire", False), ("06 12", False)],
)
def test_common_words_alone_are_no_passage(passage, expected):
    assert is_too_common(passage) is expected


def test_removed_words_are_cut_at_the_ends_of_sentences():
    before = {"title": "Un titre", "text": "M. Untel filme le 06 12 34 56 78. Il habite ici. Bon."}
    after = {"title": "Un titre", "text": "[…] filme. Bon."}
    assert removed_passages(before, after) == ["M. Untel", "le 06 12 34 56 78", "Il habite ici"]


def test_a_field_that_goes_is_removed_whole():
    assert removed_passages({"text": "Un mot.\nUn mot !\nAutre"}, {}) == ["Un mot", "Autre"]
