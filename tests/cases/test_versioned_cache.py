"""Caches whose values hold for one version of the data."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from register.cases.data_version import VersionedCache, VersionedMapCache


def test_a_cache_builds_once_for_each_data_version():
    cache: VersionedCache[object] = VersionedCache()
    first = cache.get_or_make("a", object)
    assert cache.get_or_make("a", object) is first
    second = cache.get_or_make("b", object)
    assert second is not first
    # The value of the former version is gone.
    assert cache.get_or_make("a", object) is not first
    cache.clear()
    assert cache.get_or_make("a", object) is not first


def test_of_eight_concurrent_readers_one_builds_the_cached_value():
    cache: VersionedCache[int] = VersionedCache()
    builds = []
    barrier = Barrier(8)

    def read(_index):
        barrier.wait()
        return cache.get_or_make("a", lambda: builds.append(1) or len(builds))

    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(read, range(8))) == {1}
    assert builds == [1]


def test_a_failed_build_is_tried_again_at_the_next_request():
    single: VersionedCache[int] = VersionedCache()
    mapped: VersionedMapCache[str, int] = VersionedMapCache(2)
    with pytest.raises(ZeroDivisionError):
        single.get_or_make("a", lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        mapped.get_or_make("a", "k", lambda: 1 // 0)
    assert (single.get_or_make("a", lambda: 2), mapped.get_or_make("a", "k", lambda: 3)) == (2, 3)


def test_a_cache_of_one_data_version_is_bounded():
    cache: VersionedMapCache[int, object] = VersionedMapCache(3)
    first = cache.get_or_make("a", 0, object)
    assert cache.get_or_make("a", 0, object) is first
    for key in range(9):
        cache.get_or_make("a", key, object)
        assert len(cache) <= 3
    again = cache.get_or_make("b", 0, object)
    assert (again is first, len(cache)) == (False, 1)
    cache.clear()
    assert len(cache) == 0


def test_two_concurrent_builds_return_the_same_value():
    cache: VersionedMapCache[str, object] = VersionedMapCache(3)
    barrier = Barrier(2)

    def build():
        barrier.wait()
        return object()

    with ThreadPoolExecutor(2) as readers:
        first, second = readers.map(lambda _index: cache.get_or_make("a", "k", build), range(2))
    assert first is second
