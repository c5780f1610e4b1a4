"""What is kept of a moment of the register, and goes with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from register.cases.versioned_cache import Few, Once


def test_one_thing_is_made_once_for_a_moment_and_again_for_the_next():
    kept: Once[object] = Once()
    first = kept.of("a", object)
    assert kept.of("a", object) is first
    second = kept.of("b", object)
    assert second is not first
    # Nothing of the former was kept.
    assert kept.of("a", object) is not first
    kept.forget()
    assert kept.of("a", object) is not first


def test_of_eight_readers_one_makes_it():
    kept: Once[int] = Once()
    made = []
    together = Barrier(8)

    def read(_place):
        together.wait()
        return kept.of("a", lambda: made.append(1) or len(made))

    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(read, range(8))) == {1}
    assert made == [1]


def test_what_could_not_be_made_is_made_for_the_next_who_asks():
    once: Once[int] = Once()
    few: Few[str, int] = Few(2)
    with pytest.raises(ZeroDivisionError):
        once.of("a", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        few.of("a", "k", lambda: 1 // 0)
    assert (once.of("a", lambda: 2), few.of("a", "k", lambda: 3)) == (2, 3)


def test_a_few_things_of_a_moment_never_grow_for_ever():
    kept: Few[int, object] = Few(3)
    first = kept.of("a", 0, object)
    assert kept.of("a", 0, object) is first
    for key in range(9):
        kept.of("a", key, object)
        assert len(kept) <= 3
    again = kept.of("b", 0, object)
    assert (again is first, len(kept)) == (False, 1)
    kept.forget()
    assert len(kept) == 0


def test_two_who_make_the_same_get_the_same():
    kept: Few[str, object] = Few(3)
    together = Barrier(2)

    def slow():
        together.wait()
        return object()

    with ThreadPoolExecutor(2) as readers:
        one, other = readers.map(lambda _place: kept.of("a", "k", slow), range(2))
    assert one is other
