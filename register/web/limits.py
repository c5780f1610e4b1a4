"""How often one source may ask for what costs something or could be guessed.

A source is an HMAC of its address, under a key that is made in memory and changes each day: no
address is kept, counted or logged. An address counts for itself and for the networks that it is
part of: whoever has a /48 has 65,536 networks of one subscriber. What all sources ask for together
has a budget; beyond it nothing is refused to those who report.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, cast

from flask import Flask, Response, current_app, make_response, request
from flask_babel import ngettext
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from register.config import Settings
from register.db import now
from register.hosts import is_loopback, is_onion
from register.text.dates import paris_day
from register.web.l10n import count_words
from register.web.logs import log
from register.web.request_context import settings

_EXTENSION = "register.limits"
_KEY_LIFETIME_DAYS = 2
_MEMORY = "memory://"

# A council room is one address for all who sit in it.
RATES: Mapping[str, str] = {
    "report": "10 per hour; 40 per day",
    # A form that was received before: a second click, a page that is loaded again.
    "replay": "20 per 10 minutes; 100 per day",
    # Codes that opened nothing: with 80 bits a million of them a day would find none either.
    "code": "20 per 10 minutes; 100 per day",
    "message": "20 per hour",
    "receipt": "30 per 10 minutes",
    "sign_in": "30 per 10 minutes",
}
# For all sources together. Beyond it, reports go to the tray of suspect ones, and browsers that an
# account does not know wait to be signed in.
BUDGETS: Mapping[str, str] = {
    "report": "60 per hour; 240 per day",
    "sign_in": "60 per minute; 1200 per hour",
}
# The networks that an address counts for, and how many times the rate of one source each may ask:
# the prefix of one IPv6 subscriber is a /64, a /56 or a /48; behind an IPv4 /24 are many.
_NETWORK_WIDTHS: Mapping[int, Mapping[int, int]] = {6: {64: 1, 56: 2, 48: 6}, 4: {32: 1, 24: 12}}


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
        return self._seconds(lambda: self._wait(rate, address, counted=counted))

    def budget(self, name: str) -> int:
        """Seconds until there is room for one more of a kind from all sources together; counted.

        0 while there is.
        """
        rate_items = _rate_items(BUDGETS[name])
        return self._seconds(
            lambda: self._seconds_until_free(rate_items, f"{name} budget", "all", counted=True)
        )

    def _seconds(self, compute: Callable[[], int]) -> int:
        try:
            return compute()
        except StorageError as error:
            # Whoever reports must not be turned away because a counter is.
            log().warning("limiter_away", cause=type(error).__name__)
            return 0

    def _wait(self, rate: str, address: str, *, counted: bool) -> int:
        key = self.key_of(paris_day(now()))
        buckets = [
            (
                _rate_items(RATES[rate], times),
                f"{rate} {width}",
                hmac.digest(key, network.encode(), hashlib.sha256).hex(),
            )
            for width, network, times in networks(address)
        ]
        # All are looked at before any counts: what is refused to one source shuts nobody else of
        # its network out, and takes no memory.
        for is_counted in (False, True) if counted else (False,):
            for bucket in buckets:
                seconds = self._seconds_until_free(*bucket, counted=is_counted)
                if seconds:
                    return seconds
        return 0

    def _seconds_until_free(
        self, rate_items: Sequence[RateLimitItem], name: str, source: str, *, counted: bool
    ) -> int:
        allow = self.limiter.hit if counted else self.limiter.test
        for rate_item in rate_items:
            if not allow(rate_item, name, source):
                reset, _remaining = self.limiter.get_window_stats(rate_item, name, source)
                return max(1, math.ceil(reset - time.time()))
        return 0


def networks(address: str) -> list[tuple[int, str, int]]:
    """The networks that an address counts for: length of the prefix, network, times the rate.

    The first is the source itself: an IPv4 address, or the /64 of an IPv6 one.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return [(0, "", 1)]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return [
        (width, str(ipaddress.ip_network((parsed, width), strict=False)), times)
        for width, times in _NETWORK_WIDTHS[parsed.version].items()
    ]


def _rate_items(rate: str, times: int = 1) -> list[RateLimitItem]:
    """The limits of a rate, each so many times as wide."""
    return [
        type(rate_item)(rate_item.amount * times, rate_item.multiples, rate_item.namespace)
        for rate_item in parse_many(rate)
    ]


def attach(app: Flask, app_settings: Settings) -> None:
    """Give an application its limits."""
    if not app_settings.rate_limits:
        app.extensions[_EXTENSION] = None
        return
    app.extensions[_EXTENSION] = _limits(app_settings.limiter_url)


def _limits(url: str) -> Limits:
    storage = cast(
        "MemoryStorage | RedisStorage",
        storage_from_string(url, wrap_exceptions=True, **_redis_options(url)),
    )
    return Limits(MovingWindowRateLimiter(storage), _day_key(storage))


def _redis_options(url: str) -> dict[str, Any]:
    """How a Redis is asked: once, and not for long; one that is away must hold nobody up."""
    if url == _MEMORY:
        return {}
    # An extra: whoever counts in memory has it not.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)}


def _day_key(storage: Storage) -> _DayKey:
    if isinstance(storage, RedisStorage):
        return _RedisKey(storage)
    return _ProcessKey()


class _ProcessKey:
    """A key of this process, made anew each day and kept nowhere."""

    def __init__(self) -> None:
        self._current: tuple[date, bytes] = (date.min, b"")

    def __call__(self, day: date) -> bytes:
        key_day, key = self._current
        if day != key_day:
            # Both at once: another thread must not meet this day with yesterday's key, or none.
            key = secrets.token_bytes(32)
            self._current = (day, key)
        return key


class _RedisKey:
    """A key that several processes share, in the Redis that counts for all of them."""

    def __init__(self, storage: RedisStorage) -> None:
        self._redis = storage.storage

    def __call__(self, day: date) -> bytes:
        name = f"webcitoyen:limits:{day.isoformat()}"
        try:
            self._redis.set(
                name, secrets.token_bytes(32), nx=True, ex=_KEY_LIFETIME_DAYS * 24 * 3600
            )
            return bytes(cast(bytes, self._redis.get(name)))
        except Exception as error:
            # The client's own errors: ``limits`` wraps those of its counting only.
            raise StorageError(error) from error


def are_enabled() -> bool:
    """Whether limits, minimum time and the trap for robots are in force."""
    return current_app.extensions[_EXTENSION] is not None


def wait(rate: str, *, counted: bool = True) -> int:
    """Seconds until whoever sent this request may ask again; 0 when they may now.

    Tor tells no address: all who come by the onion address would be one source, and any of them
    could shut the others out. For them there are the budgets alone.
    """
    limits = _app_limits()
    if limits is None or _is_through_tor():
        return 0
    return limits.wait(rate, request.remote_addr or "", counted=counted)


def budget(name: str) -> int:
    """Seconds until there is room for one more of a kind, wherever it comes from; counted."""
    limits = _app_limits()
    return limits.budget(name) if limits else 0


def _is_through_tor() -> bool:
    """Whether a request came by the onion address: Tor hands it over on this machine.

    The name in ``Host`` would not do: anybody writes one.
    """
    has_onion = settings().onion_host or is_onion(settings().host)
    return bool(has_onion) and is_loopback(request.remote_addr or "")


def _app_limits() -> Limits | None:
    return cast("Limits | None", current_app.extensions[_EXTENSION])


_MINUTE = 60
_HOUR = 3_600


def wait_words(seconds: int) -> str:
    """A time to wait: "une minute", "douze minutes", "deux heures"."""
    if seconds > 2 * _HOUR:
        hours = -(-seconds // _HOUR)
        return str(
            ngettext(
                "une heure", "%(count)s heures", hours, count=count_words(hours, feminine=True)
            )
        )
    minutes = max(1, -(-seconds // _MINUTE))
    return str(ngettext("une minute", "%(count)s minutes", minutes, count=count_words(minutes)))


def too_soon_page(body: str, seconds: int, status: int = 429) -> Response:
    """A page that keeps what was typed, and says when it may be sent again (RFC 6585 §4).

    :param status: 503 where it is no fault of whoever sent it (RFC 9110 §15.6.4).
    """
    response = make_response(body, status)
    response.headers["Retry-After"] = str(seconds)
    return response
