"""Addresses of sources that the register may connect to: public hosts, on the web's two ports.

The addresses of sources come from members, and redirects from strangers. A request that is sent
where only this machine may connect, as to a metadata service of a cloud, could read or change what
is private (CWE-918).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Collection[str]]

WEB_PORTS = frozenset({80, 443})
_DEFAULT_PORTS = {"http": 80, "https": 443}
# IPv6 addresses of the public internet (RFC 4291 §2.4), which excludes those that stand for an
# IPv4 address (mapped, compatible, NAT64), local ones and multicast.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Exceptions in IANA's registries of special addresses, some of which Python takes for public.
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # assignments of protocols (RFC 6890)
            "192.88.99.0/24",  # former relays of 6to4 (RFC 7526)
            "2001::/23",  # Teredo and other protocols (RFC 2928)
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4 (RFC 3056)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)


class FetchFailure(StrEnum):
    """Why a page could not be fetched."""

    ADDRESS = "address"  # not an address of the web, or with a password or another port
    UNRESOLVED = "unresolved"  # its host has no address
    NOT_PUBLIC = "not_public"  # its host is of a private network, or this machine
    NO_CONNECTION = "no_connection"
    CERTIFICATE = "certificate"
    TOO_SLOW = "too_slow"
    TOO_LARGE = "too_large"
    REDIRECTS = "redirects"  # too many, or in a circle
    MALFORMED = "malformed"  # an answer that is not HTTP
    STATUS = "status"  # an answer that is an error


class FetchError(Exception):
    """A page that could not be fetched; ``status`` is that of an answer, otherwise 0."""

    def __init__(self, failure: FetchFailure, status: int = 0) -> None:
        super().__init__(failure, status)
        self.failure = failure
        self.status = status


def is_public(address: Address) -> bool:
    """Whether an address belongs to a host of the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_link_local
    )


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host, by the resolver of the system."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]


@dataclass(frozen=True)
class AddressRules:
    """Where connections may go. Only tests make others than the default, to reach themselves."""

    resolve: Resolver = system_resolver
    is_allowed: Callable[[Address], bool] = is_public
    ports: Collection[int] = WEB_PORTS
    authorities: str | None = None  # file of certificates; those of the system by default


PUBLIC_WEB = AddressRules()


@dataclass(frozen=True)
class WebAddress:
    """A checked URL: ``target`` is what the request line has, ``host`` is in ASCII."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def url(self) -> str:
        """The URL, normalised and without its fragment."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """The host with its port where it is not the scheme's: the value of ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == _DEFAULT_PORTS[self.scheme]
        return host if is_default else f"{host}:{self.port}"


def parse_web_address(url: str, rules: AddressRules = PUBLIC_WEB) -> WebAddress:
    """Parse a URL of a source or of a redirect.

    :raises FetchError: ``address``.
    """
    try:
        # A backslash or a user in the host part is read differently by different programs.
        if "\\" in url or "@" in urlsplit(url).netloc:
            raise ValueError(url)
        if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
            raise ValueError(url)
        parts = parse_url(_with_ascii_host(url))
    except (ValueError, LocationParseError) as error:
        raise FetchError(FetchFailure.ADDRESS) from error
    scheme, host = parts.scheme or "", (parts.host or "").strip("[]").lower().rstrip(".")
    port = parts.port if parts.port is not None else _DEFAULT_PORTS.get(scheme, 0)
    is_web = scheme in _DEFAULT_PORTS and port in rules.ports and parts.auth is None
    if not (is_web and host) or "%" in host or host.endswith(".onion"):
        raise FetchError(FetchFailure.ADDRESS)
    return WebAddress(scheme, host, port, parts.request_uri)


def _with_ascii_host(url: str) -> str:
    """The URL with an internationalised host name in its ASCII form (RFC 3490)."""
    if url.isascii():
        return url
    host = urlsplit(url).hostname or ""
    return url if host.isascii() else url.replace(host, host.encode("idna").decode(), 1)


def resolve_public(address: WebAddress, rules: AddressRules = PUBLIC_WEB) -> list[str]:
    """The addresses of a host, as literals to connect to, so that no name is resolved twice.

    A host that has both public and private addresses is refused.

    :raises FetchError: ``unresolved``, ``not_public``.
    """
    try:
        literals = dict.fromkeys(rules.resolve(address.host, address.port))
        # A scope, as of fe80::1%eth0, belongs to link-local addresses only.
        addresses = [ip_address(literal) for literal in literals]
    except (OSError, ValueError) as error:
        raise FetchError(FetchFailure.UNRESOLVED) from error
    if not addresses:
        raise FetchError(FetchFailure.UNRESOLVED)
    if not all(map(rules.is_allowed, addresses)):
        raise FetchError(FetchFailure.NOT_PUBLIC)
    return [str(literal) for literal in addresses]
