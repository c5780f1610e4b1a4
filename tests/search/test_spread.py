"""The order in which the indexer reads a register for a new index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.search import indexer


@given(st.sets(st.integers(1, 100_000), max_size=300))
def test_every_case_is_read_once(numbers):
    assert sorted(indexer.spread_sample_first(sorted(numbers))) == sorted(numbers)


@pytest.mark.parametrize("size", [1_001, 2_500, 10_000, 99_999])
def test_the_first_sample_is_spread_over_all_numbers(size, monkeypatch):
    monkeypatch.setattr(indexer, "SAMPLE_SIZE", 100)
    first = indexer.spread_sample_first(range(1, size + 1))[:100]
    quarters = [sum(number > size * part // 4 for number in first) for part in range(4)]
    assert quarters[0] == 100
    assert all(abs(count - 25 * (4 - part)) <= 3 for part, count in enumerate(quarters))
