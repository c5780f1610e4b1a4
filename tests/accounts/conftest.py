"""A cheap password hash for the tests of accounts."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from register.accounts import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the lowest cost of argon2id."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
