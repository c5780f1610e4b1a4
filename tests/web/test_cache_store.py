"""Cached pages are bounded in bytes, and pages of filters evict no case."""

from __future__ import annotations

import sys
import threading

import pytest

from register.web.fragments import LARGEST_SHARE, ByteLimitedCache
from register.web.page_cache import GZIP_RATIO, PAGE_OVERHEAD, CachedPage, PageCaches, is_reserved


def page(size=30, moved=""):
    return CachedPage((("Content-Type", "text/html"),), b"x" * size, moved)


def store(cache, key, cached):
    cache.store(key, cached, len(key) + cached.size)


COST = len("0") + page().size
# Room for ten pages: one may take an eighth.
LIMIT = 10 * COST


def test_a_page_cache_is_bounded_in_bytes_with_keys_and_headers():
    cache = ByteLimitedCache(LIMIT)
    for number in range(25):
        store(cache, chr(65 + number), page())
        assert cache.size <= LIMIT
    assert [letter for letter in map(chr, range(65, 90)) if cache.find(letter)] == [*"PQRSTUVWXY"]
    assert page().size == PAGE_OVERHEAD + len("Content-Type" + "text/html") + 30 + 30 // GZIP_RATIO


def test_an_empty_page_takes_space_too():
    """Empty answers under endless addresses are bounded all the same."""
    cache = ByteLimitedCache(100 * PAGE_OVERHEAD)
    for number in range(1000):
        store(cache, str(number), CachedPage((), b""))
    assert len(cache._cached) <= 100


def test_what_an_entry_costs_is_not_less_than_python_takes():
    cached = page(1000)
    memory = sum(
        sys.getsizeof(part)
        for part in (
            cached,
            cached.__dict__,
            cached.headers,
            cached.body,
            *cached.headers,
            "k" * 32,
        )
    )
    assert memory <= cached.size + 32


def test_the_most_recently_used_page_stays():
    cache = ByteLimitedCache(LIMIT)
    for number in range(10):
        store(cache, str(number), page())
    assert cache.find("0")
    store(cache, "a", page())
    assert (cache.find("0") is None, cache.find("1") is None) == (False, True)


def test_a_page_stored_twice_counts_once():
    cache = ByteLimitedCache(LIMIT)
    for _ in range(50):
        store(cache, "1", page())
    assert cache.size == COST
    assert cache.find("1") == page()


def test_a_page_too_large_for_the_cache_evicts_nothing():
    cache = ByteLimitedCache(LIMIT)
    store(cache, "1", page())
    for size in (LIMIT // LARGEST_SHARE, LIMIT, 10 * LIMIT):
        store(cache, "big", page(size))
        assert cache.find("big") is None
    assert cache.find("1")
    # Nor does what was there under its key stay in its place.
    store(cache, "1", page(LIMIT))
    assert (cache.find("1"), cache.size) == (None, 0)


def test_filters_evict_neither_home_nor_cases():
    caches = PageCaches(LIMIT)
    assert caches.find("a", "home") is None
    caches.store("a", "home", page(), reserved=True)
    for number in range(1000):
        caches.store("a", f"filter {number}", page(), reserved=False)
    assert caches.find("a", "home") == page()
    assert caches.size <= LIMIT // 2 + page().size + len("home")


def test_the_page_cache_holds_one_data_version_only():
    caches = PageCaches(2 * LIMIT)
    caches.store("a", "1", page(), reserved=False)
    assert caches.find("a", "1") is None  # no request had been for that position
    caches.store("a", "1", page(), reserved=False)
    caches.store("a", "2", page(), reserved=True)
    assert (caches.find("a", "1"), caches.find("a", "2")) == (page(), page())
    assert caches.find("b", "1") is None
    assert caches.size == 0
    caches.store("a", "1", page(), reserved=False)  # a reader of before, who ends late
    assert (caches.size, caches.find("a", "1")) == (0, None)


@pytest.mark.parametrize(
    ("path", "query", "own"),
    [
        ("/", "", True),
        ("/incidents/12", "", True),
        ("/incidents.atom", "", True),
        ("/", "n=1", False),
        ("/incidents/12", "n=1", False),
        ("/incidents.atom", "type=expulsion", False),
        ("/incidents", "", False),
        ("/incidents/12.atom", "", False),
        ("/incidents/12/droit-de-reponse", "", False),
        ("/incidents/012", "", False),
        ("/communes/93032", "", False),
        ("/communes/93032.atom", "", False),
    ],
)
def test_home_and_cases_have_a_share_of_their_own(path, query, own):
    assert is_reserved({"PATH_INFO": path, "QUERY_STRING": query}) is own


def test_many_threads_keep_the_bound_and_the_count():
    caches = PageCaches(LIMIT)
    failures = []

    def work(name):
        try:
            for number in range(2000):
                position = str(number // 100 % 3)
                key = f"{name}{number % 17}"
                cached = caches.find(position, key)
                assert cached is None or cached.body == b"x" * 30
                caches.store(position, key, page(), reserved=number % 2 == 0)
        except AssertionError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for cache in (caches._reserved, caches._general):
        size = sum(cost for _page, cost in cache._cached.values())
        assert cache.size == size <= LIMIT
