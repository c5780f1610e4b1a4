"""The cache whose values hold for one version of the data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from register.cases.data_version import VersionedMapCache


def test_a_cache_makes_a_value_once_for_each_data_version():
    cache: VersionedMapCache[str, object] = VersionedMapCache(3)
    first = cache.get_or_make("a", "k", object)
    assert cache.get_or_make("a", "k", object) is first
    second = cache.get_or_make("b", "k", object)
    assert second is not first
    # The value of the former version is gone.
    assert cache.get_or_make("a", "k", object) is not first
    cache.clear()
    assert len(cache) == 0


def test_of_eight_concurrent_readers_one_makes_the_value():
    cache: VersionedMapCache[str, int] = VersionedMapCache(3)
    makings = []
    barrier = Barrier(8)

    def read(_index):
        barrier.wait()
        return cache.get_or_make("a", "k", lambda: makings.append(1) or len(makings))

    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(read, range(8))) == {1}
    assert makings == [1]


def test_a_slow_value_does_not_block_those_of_other_keys():
    cache: VersionedMapCache[str, bool] = VersionedMapCache(3)
    other_is_made = Event()
    with ThreadPoolExecutor(1) as readers:
        slow = readers.submit(cache.get_or_make, "a", "slow", lambda: other_is_made.wait(10))
        assert cache.get_or_make("a", "other", lambda: True)
        other_is_made.set()
        assert slow.result()


def test_a_failed_value_is_tried_again_at_the_next_request():
    cache: VersionedMapCache[str, int] = VersionedMapCache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("a", "k", lambda: 1 // 0)
    assert cache.get_or_make("a", "k", lambda: 3) == 3


def test_a_cache_of_one_data_version_is_bounded():
    cache: VersionedMapCache[int, object] = VersionedMapCache(3)
    for key in range(9):
        first = cache.get_or_make("a", key, object)
        assert cache.get_or_make("a", key, object) is first
        assert len(cache) <= 3
