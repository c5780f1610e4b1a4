"""What is kept in memory is bounded in bytes, and a filter pushes no case off."""

from __future__ import annotations

import sys
import threading

import pytest

from register.web.page_cache import (
    GZIP_RATIO,
    LARGEST_SHARE,
    PAGE_OVERHEAD,
    ByteLimitedCache,
    CachedPage,
    PageCaches,
    is_reserved,
)


def page(size=30, moved=""):
    return CachedPage((("Content-Type", "text/html"),), b"x" * size, moved)


COST = len("0") + page().size
# Room for ten pages: one may take an eighth.
LIMIT = 10 * COST


def test_a_page_cache_is_bounded_in_bytes_with_keys_and_headers():
    shelf = ByteLimitedCache(LIMIT)
    for number in range(25):
        shelf.store(chr(65 + number), page())
        assert shelf.size <= LIMIT
    assert [letter for letter in map(chr, range(65, 90)) if shelf.find(letter)] == [*"PQRSTUVWXY"]
    assert page().size == PAGE_OVERHEAD + len("Content-Type" + "text/html") + 30 + 30 // GZIP_RATIO


def test_an_empty_page_takes_space_too():
    """Empty answers under endless addresses are bounded all the same."""
    shelf = ByteLimitedCache(100 * PAGE_OVERHEAD)
    for number in range(1000):
        shelf.store(str(number), CachedPage((), b""))
    assert len(shelf._pages) <= 100


def test_what_an_entry_costs_is_not_less_than_python_takes():
    told = page(1000)
    there = sum(
        sys.getsizeof(part)
        for part in (told, told.__dict__, told.headers, told.body, *told.headers, "k" * 32)
    )
    assert there <= told.size + 32


def test_the_most_recently_used_page_stays():
    shelf = ByteLimitedCache(LIMIT)
    for number in range(10):
        shelf.store(str(number), page())
    assert shelf.find("0")
    shelf.store("a", page())
    assert (shelf.find("0") is None, shelf.find("1") is None) == (False, True)


def test_a_page_stored_twice_counts_once():
    shelf = ByteLimitedCache(LIMIT)
    for _ in range(50):
        shelf.store("1", page())
    assert shelf.size == COST
    assert shelf.find("1") == page()


def test_a_page_too_large_for_the_cache_evicts_nothing():
    shelf = ByteLimitedCache(LIMIT)
    shelf.store("1", page())
    for size in (LIMIT // LARGEST_SHARE, LIMIT, 10 * LIMIT):
        shelf.store("big", page(size))
        assert shelf.find("big") is None
    assert shelf.find("1")
    # Nor does what was there under its key stay in its place.
    shelf.store("1", page(LIMIT))
    assert (shelf.find("1"), shelf.size) == (None, 0)


def test_filters_evict_neither_home_nor_cases():
    shelves = PageCaches(LIMIT)
    assert shelves.find("a", "home") is None
    shelves.store("a", "home", page(), reserved=True)
    for number in range(1000):
        shelves.store("a", f"filter {number}", page(), reserved=False)
    assert shelves.find("a", "home") == page()
    assert shelves.size <= 2 * LIMIT


def test_the_page_cache_holds_one_data_version_only():
    shelves = PageCaches(LIMIT)
    shelves.store("a", "1", page(), reserved=False)
    assert shelves.find("a", "1") is None  # nobody had asked for that position
    shelves.store("a", "1", page(), reserved=False)
    shelves.store("a", "2", page(), reserved=True)
    assert (shelves.find("a", "1"), shelves.find("a", "2")) == (page(), page())
    assert shelves.find("b", "1") is None
    assert shelves.size == 0
    shelves.store("a", "1", page(), reserved=False)  # a reader of before, who ends late
    assert (shelves.size, shelves.find("a", "1")) == (0, None)


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
    shelves = PageCaches(LIMIT)
    failures = []

    def work(name):
        try:
            for number in range(2000):
                position = str(number // 100 % 3)
                key = f"{name}{number % 17}"
                found = shelves.find(position, key)
                assert found is None or found.body == b"x" * 30
                shelves.store(position, key, page(), reserved=number % 2 == 0)
        except AssertionError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdef"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for shelf in (shelves._reserved, shelves._general):
        there = sum(len(key) + kept.size for key, kept in shelf._pages.items())
        assert shelf.size == there <= LIMIT
