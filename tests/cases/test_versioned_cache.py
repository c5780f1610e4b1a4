"""What is kept of a moment of the register, and goes with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from register.cases.data_version import VersionedCache, VersionedMapCache


def test_a_cache_builds_once_for_each_data_version():
    kept: VersionedCache[object] = VersionedCache()
    first = kept.get_or_make("a", object)
    assert kept.get_or_make("a", object) is first
    second = kept.get_or_make("b", object)
    assert second is not first
    # Nothing of the former was kept.
    assert kept.get_or_make("a", object) is not first
    kept.clear()
    assert kept.get_or_make("a", object) is not first


def test_of_eight_concurrent_readers_one_builds_the_cached_value():
    kept: VersionedCache[int] = VersionedCache()
    made = []
    together = Barrier(8)

    def read(_place):
        together.wait()
        return kept.get_or_make("a", lambda: made.append(1) or len(made))

    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(read, range(8))) == {1}
    assert made == [1]


def test_a_failed_build_is_tried_again_at_the_next_request():
    once: VersionedCache[int] = VersionedCache()
    few: VersionedMapCache[str, int] = VersionedMapCache(2)
    with pytest.raises(ZeroDivisionError):
        once.get_or_make("a", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        few.get_or_make("a", "k", lambda: 1 // 0)
    assert (once.get_or_make("a", lambda: 2), few.get_or_make("a", "k", lambda: 3)) == (2, 3)


def test_a_cache_of_one_data_version_is_bounded():
    kept: VersionedMapCache[int, object] = VersionedMapCache(3)
    first = kept.get_or_make("a", 0, object)
    assert kept.get_or_make("a", 0, object) is first
    for key in range(9):
        kept.get_or_make("a", key, object)
        assert len(kept) <= 3
    again = kept.get_or_make("b", 0, object)
    assert (again is first, len(kept)) == (False, 1)
    kept.clear()
    assert len(kept) == 0


def test_two_concurrent_builds_return_the_same_value():
    kept: VersionedMapCache[str, object] = VersionedMapCache(3)
    together = Barrier(2)

    def slow():
        together.wait()
        return object()

    with ThreadPoolExecutor(2) as readers:
        one, other = readers.map(lambda _place: kept.get_or_make("a", "k", slow), range(2))
    assert one is other
