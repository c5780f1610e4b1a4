"""How often one source may ask for what costs something or could be guessed.

A source is an HMAC of its address, under a key that is made in memory and changes each day: no
address is kept, counted or logged. An IPv6 address counts with its /64, which one subscriber has
whole. Nothing is refused because many ask at once from many places.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, cast

from flask import Flask, current_app, request
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from register.config import Settings
from register.db import now
from register.text.dates import paris_day
from register.web.logs import log

_EXTENSION = "register.limits"
_DAYS_KEPT = 2
_MEMORY = "memory://"

# A council room is one address for all who sit in it.
RATES: Mapping[str, str] = {
    "report": "10 per hour; 40 per day",
    # While more reports wait than the moderators can read.
    "report_tight": "3 per hour; 8 per day",
    # Codes that opened nothing: with 80 bits a million of them a day would find none either.
    "code": "20 per 10 minutes; 100 per day",
    "message": "20 per hour",
    "receipt": "30 per 10 minutes",
    "sign_in": "30 per 10 minutes",
}
# So many unread reports, and limits tighten and the desk is warned.
FLOOD = 200


class _DayKey(Protocol):
    """Gives the key of a day."""

    def __call__(self, day: date) -> bytes: ...


@dataclass
class Limits:
    """Counts, in memory or in a Redis that keeps nothing on disk."""

    limiter: MovingWindowRateLimiter
    key_of: _DayKey

    def wait(self, rate: str, address: str, *, counted: bool = True) -> int:
        """Seconds until a source may ask again; 0 when it may now.

        :param counted: whether this request counts; one that is only looked at does not.
        """
        try:
            source = self._source(address)
            for item in _items(rate):
                asked = self.limiter.hit if counted else self.limiter.test
                if not asked(item, rate, source):
                    reset, _left = self.limiter.get_window_stats(item, rate, source)
                    return max(1, math.ceil(reset - time.time()))
        except StorageError as error:
            # Whoever reports must not be turned away because a counter is.
            log().warning("limiter_away", cause=type(error).__name__)
        return 0

    def _source(self, address: str) -> str:
        return hmac.digest(
            self.key_of(paris_day(now())), grouped(address).encode(), hashlib.sha256
        ).hex()


def grouped(address: str) -> str:
    """What of an address is one source: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _items(rate: str) -> list[RateLimitItem]:
    return parse_many(RATES[rate])


def attach(app: Flask, settings: Settings) -> None:
    """Give an application its limits."""
    if not settings.rate_limits:
        app.extensions[_EXTENSION] = None
        return
    app.extensions[_EXTENSION] = _limits(settings.limiter_url)


def _limits(url: str) -> Limits:
    storage = cast(
        "MemoryStorage | RedisStorage",
        storage_from_string(url, wrap_exceptions=True, **_options(url)),
    )
    return Limits(MovingWindowRateLimiter(storage), _keys(storage))


def _options(url: str) -> dict[str, Any]:
    """How a Redis is asked: once, and not for long; one that is away must hold nobody up."""
    if url == _MEMORY:
        return {}
    # An extra: whoever counts in memory has it not.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)}


def _keys(storage: Storage) -> _DayKey:
    if isinstance(storage, RedisStorage):
        return _Shared(storage)
    return _Own()


class _Own:
    """A key of this process, made anew each day and kept nowhere."""

    def __init__(self) -> None:
        self._of: tuple[date, bytes] = (date.min, b"")

    def __call__(self, day: date) -> bytes:
        known, key = self._of
        if day != known:
            # Both at once: another thread must not meet this day with yesterday's key, or none.
            key = secrets.token_bytes(32)
            self._of = (day, key)
        return key


class _Shared:
    """A key that several processes share, in the Redis that counts for all of them."""

    def __init__(self, storage: RedisStorage) -> None:
        self._redis = storage.storage

    def __call__(self, day: date) -> bytes:
        name = f"webcitoyen:limits:{day.isoformat()}"
        try:
            self._redis.set(name, secrets.token_bytes(32), nx=True, ex=_DAYS_KEPT * 24 * 3600)
            return bytes(cast(bytes, self._redis.get(name)))
        except Exception as error:
            # The client's own errors: ``limits`` wraps those of its counting only.
            raise StorageError(error) from error


def are_on() -> bool:
    """Whether limits, minimum time and the trap for robots are in force."""
    return current_app.extensions[_EXTENSION] is not None


def wait(rate: str, *, counted: bool = True) -> int:
    """Seconds until whoever sent this request may ask again; 0 when they may now."""
    kept = cast("Limits | None", current_app.extensions[_EXTENSION])
    return kept.wait(rate, request.remote_addr or "", counted=counted) if kept else 0
