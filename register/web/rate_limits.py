"""Rate limits for requests that are expensive or that guess secrets.

A source is an HMAC of its address, under a key that exists in memory only and changes each day: no
address is stored or logged. An address counts for itself and for the networks that contain it,
because a /48 holds 65,536 subscriber networks (/64). All sources together have a budget; a report
beyond it is not refused.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any, cast

from flask import Flask, Response, current_app, make_response, request
from flask_babel import ngettext
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from register.config import MEMORY, Settings
from register.db import now
from register.hosts import is_loopback, is_onion
from register.text.dates import paris_day
from register.web.l10n import count_words
from register.web.logs import outage_log
from register.web.request_context import settings

_EXTENSION = "register.limits"
_KEY_LIFETIME_DAYS = 2

# Per source. Several people may share one address, as in a council room.
RATES: Mapping[str, str] = {
    "report": "10 per hour; 40 per day",
    # A form that was received already: a second click, a reloaded page.
    "replay": "20 per 10 minutes; 100 per day",
    # Wrong receipt codes: with 80 bits, even a million guesses a day would find none.
    "code": "20 per 10 minutes; 100 per day",
    "message": "20 per hour",
    # Rights of reply: an authority may answer several cases on one day.
    "reply": "20 per hour; 60 per day",
    # Notices about a case. Each may send a mail to the address that it names.
    "notice": "10 per hour; 30 per day",
    "receipt": "30 per 10 minutes",
    # Files sent in parts; their number of bytes is bounded by their size.
    "upload": "60 per hour; 200 per day",
    "sign_in": "30 per 10 minutes",
}
# For all sources together. Beyond it, reports go to the folder of suspect ones, and sign-in from a
# browser that the account does not know has to wait.
BUDGETS: Mapping[str, str] = {
    "report": "60 per hour; 240 per day",
    "sign_in": "60 per minute; 1200 per hour",
}
# The networks that an address counts for, by prefix length, with the multiple of the rate of one
# source that each has: an IPv6 subscriber has a /64, /56 or /48; an IPv4 /24 has many subscribers.
_NETWORK_WIDTHS: Mapping[int, Mapping[int, int]] = {6: {64: 1, 56: 2, 48: 6}, 4: {32: 1, 24: 12}}
_HOUR = 3_600  # seconds
_MINUTE = 60


# Limit, name of the counter, counted source.
_Counter = tuple[RateLimitItem, str, str]


@dataclass
class Limits:
    """Counters in memory, or in a Redis that writes nothing to disk.

    :param key_of: the HMAC key of a day.
    """

    limiter: MovingWindowRateLimiter
    key_of: Callable[[date], bytes]

    def wait(self, rate: str, address: str, *, counted: bool = True) -> int:
        """Seconds until a source may send the next request; 0 when it may now.

        :param counted: whether to count this request, or only to check.
        :raises StorageError: the Redis does not answer.
        """
        key = self.key_of(paris_day(now()))
        counters: list[_Counter] = []
        for width, network, times in networks(address):
            source = hmac.digest(key, network.encode(), hashlib.sha256).hex()
            rate_items = _rate_items(RATES[rate], times)
            counters += [(rate_item, f"{rate} {width}", source) for rate_item in rate_items]
        # Check all before counting in any: a refused request then neither uses up the rate of
        # others in its network nor takes memory.
        seconds = self._seconds(counters, self.limiter.test)
        return seconds or (self._seconds(counters, self.limiter.hit) if counted else 0)

    def budget(self, name: str) -> int:
        """Count a request in the budget of all sources; seconds until there is room, or 0.

        :raises StorageError: the Redis does not answer.
        """
        counters = [(item, f"{name} budget", "all") for item in _rate_items(BUDGETS[name])]
        return self._seconds(counters, self.limiter.hit)

    def _seconds(self, counters: Iterable[_Counter], allows: Callable[..., bool]) -> int:
        """Seconds until all counters have room."""
        for counter in counters:
            if not allows(*counter):
                reset, _remaining = self.limiter.get_window_stats(*counter)
                return max(1, math.ceil(reset - time.time()))
        return 0


def networks(address: str) -> list[tuple[int, str, int]]:
    """The networks that an address counts for: prefix length, network, multiple of the rate.

    The first is the source itself: an IPv4 address, or the /64 of an IPv6 address.
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
    """The limits of a rate, their amounts multiplied by ``times``."""
    return [
        type(rate_item)(rate_item.amount * times, rate_item.multiples, rate_item.namespace)
        for rate_item in parse_many(rate)
    ]


def attach(app: Flask, app_settings: Settings) -> None:
    """Create the limits of an application: none, those of this process, or a Redis before them."""
    limits: list[Limits] = []
    app.extensions[_EXTENSION] = limits
    if app_settings.rate_limits:
        if app_settings.limiter_url != MEMORY:
            limits.append(_redis_limits(app_settings.limiter_url))
        # A key of this process, new each day and never stored.
        key_of = lru_cache(maxsize=1)(lambda _day: secrets.token_bytes(32))
        limits.append(Limits(MovingWindowRateLimiter(MemoryStorage()), key_of))


def _redis_limits(url: str) -> Limits:
    # Redis is an optional dependency.
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # One try and short timeouts: an unreachable Redis must delay nobody.
    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
    options |= {"socket_connect_timeout": 1, "socket_timeout": 1}
    storage = cast("RedisStorage", storage_from_string(url, wrap_exceptions=True, **options))
    return Limits(MovingWindowRateLimiter(storage), partial(_redis_day_key, storage.storage))


def _redis_day_key(client: Any, day: date) -> bytes:
    """The key of a day, shared by several processes in the Redis that holds their counters."""
    name = f"webcitoyen:limits:{day.isoformat()}"
    try:
        client.set(name, secrets.token_bytes(32), nx=True, ex=_KEY_LIFETIME_DAYS * 24 * 3600)
        return bytes(cast(bytes, client.get(name)))
    except Exception as error:
        # ``limits`` wraps the client's errors only when it counts.
        raise StorageError(error) from error


def is_redis_away() -> bool | None:
    """Whether the Redis that counts for all processes does not answer; None without one."""
    shared = _app_limits()[:-1]
    return not shared[0].limiter.storage.check() if shared else None


def are_enabled() -> bool:
    """Whether limits, minimum time and honeypot field are in force."""
    return bool(_app_limits())


def wait(rate: str, *, counted: bool = True) -> int:
    """Seconds until the source of this request may send the next one; 0 when it may now.

    Requests by the onion address have no source address, and only the budgets apply to them:
    otherwise one user of Tor could block all the others.
    """
    address = request.remote_addr or ""
    # Tor connects from this machine. A client can write any name in the Host header.
    has_onion = bool(settings().onion_host) or is_onion(settings().host)
    if has_onion and is_loopback(address):
        return 0
    return _first_answer(lambda limits: limits.wait(rate, address, counted=counted))


def budget(name: str) -> int:
    """Count this request in a budget; seconds until there is room, or 0."""
    return _first_answer(lambda limits: limits.budget(name))


def _first_answer(ask: Callable[[Limits], int]) -> int:
    """The seconds by the Redis, or by this process while it is away; 0 without limits."""
    for limits in _app_limits():
        try:
            return ask(limits)
        except StorageError as error:
            # A report must not be refused because the counters are unreachable.
            outage_log().note(error, "limiter_away", "warning")
    return 0


def _app_limits() -> list[Limits]:
    return cast("list[Limits]", current_app.extensions[_EXTENSION])


def wait_words(seconds: int) -> str:
    """A waiting time in words: "une minute", "douze minutes", "deux heures"."""
    if seconds > 2 * _HOUR:
        hours = -(-seconds // _HOUR)
        return str(
            ngettext(
                "une heure", "%(count)s heures", hours, count=count_words(hours, feminine=True)
            )
        )
    minutes = max(1, -(-seconds // _MINUTE))
    return str(ngettext("une minute", "%(count)s minutes", minutes, count=count_words(minutes)))


def too_soon(
    pattern: object, seconds: int, page: Callable[[str], str], status: int = 429
) -> Response:
    """The page of a form that is not taken yet.

    :param pattern: the reason, with ``%(time)s``.
    :param page: makes the page from the reason.
    """
    return too_soon_page(page(str(pattern) % {"time": wait_words(seconds)}), seconds, status)


def too_soon_page(body: str, seconds: int, status: int = 429) -> Response:
    """A response with a ``Retry-After`` header (RFC 6585 §4).

    :param status: 503 when the client is not the cause (RFC 9110 §15.6.4).
    """
    response = make_response(body, status)
    response.headers["Retry-After"] = str(seconds)
    return response
