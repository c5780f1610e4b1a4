"""Members whose passwords cost nothing to check, but where the cost is what is looked at."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from register.accounts import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with hardly any work: what is tried here is what surrounds it."""
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
