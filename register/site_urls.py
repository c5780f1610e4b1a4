"""Addresses of the site in the settings: the public one, and that of the onion service."""

from __future__ import annotations

from urllib.parse import urlsplit

from register.database_urls import PREFIX
from register.errors import ConfigError
from register.hosts import is_loopback, is_onion


def parse_base_url(raw: str) -> str:
    """The public address without trailing slash; raises ConfigError for one that cannot be it."""
    address = _bare_address(raw)
    if not address:
        raise ConfigError("config_base_url", name=PREFIX + "BASE_URL", value=raw)
    host = (urlsplit(address).hostname or "").lower()
    if urlsplit(address).scheme == "http" and not (is_loopback(host) or is_onion(host)):
        # Without encryption, others on the network could read what a reader searches for.
        raise ConfigError("config_https", name=PREFIX + "BASE_URL", value=raw)
    return address


def parse_onion_url(raw: str, base_url: str) -> str:
    """The onion address beside a public one, or empty; raises ConfigError for any other."""
    if not raw:
        return ""
    address = _bare_address(raw)
    host = (urlsplit(address).hostname or "").lower()
    if not is_onion(host) or urlsplit(base_url).scheme != "https":
        raise ConfigError("config_onion", name=PREFIX + "ONION_URL", value=raw)
    return address


def _bare_address(raw: str) -> str:
    """The URL of a whole site, without trailing slash; empty when it is not one."""
    try:
        parts = urlsplit(raw)
        is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return ""
    has_more = parts.path not in ("", "/") or any((parts.query, parts.fragment, parts.username))
    return raw.rstrip("/") if is_valid and not has_more else ""
