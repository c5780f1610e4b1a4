"""Packed names and what they lead to."""

from __future__ import annotations

import pytest

from register.territory.packed_names import PackedMapping, PackedNames, PackedRows


def test_names_keep_their_order_and_letters() -> None:
    names = PackedNames(["saint-denis", "", "l’haÿ", "aa"])
    assert list(names) == ["saint-denis", "", "l’haÿ", "aa"]
    assert (len(names), names[2]) == (4, "l’haÿ")


def test_a_name_is_found_among_sorted_ones_and_no_other() -> None:
    names = PackedNames(["", "01", "011", "02", "é"])
    assert [names.find(name) for name in names] == [0, 1, 2, 3, 4]
    for absent in ("0", "012", "z", "ê"):
        with pytest.raises(KeyError):
            names.find(absent)


def test_the_values_of_a_name_keep_their_order() -> None:
    values = ["no one’s", "first", "second", "third"]
    mapping = PackedMapping([("b", 3), ("", 2), ("a", 1), ("b", 1)], values.__getitem__)
    assert dict(mapping) == {"": ("second",), "a": ("first",), "b": ("third", "first")}
    assert mapping.get("c", ()) == ()
    assert dict(PackedMapping([], values.__getitem__)) == {}


def test_names_of_the_same_digest_are_distinct() -> None:
    # Their CRC-32 is the same.
    mapping = PackedMapping([("plumless", 0), ("buckeroo", 1)], ["first", "second"].__getitem__)
    assert dict(mapping) == {"plumless": ("first",), "buckeroo": ("second",)}
    assert mapping.get("plumless ", ()) == mapping.get("\ud800", ()) == ()


def test_rows_come_back_as_they_were_added() -> None:
    rows = PackedRows()
    for row in (("93066", "Saint-Denis", None, 48.93, 150_000), (), ("l’Haÿ", True)):
        rows.append(row)
    assert [rows[at] for at in range(len(rows))] == [
        ("93066", "Saint-Denis", None, 48.93, 150_000),
        (),
        ("l’Haÿ", True),
    ]
