"""Recognition of IP addresses, and of hosts without certificate: loopback, Tor onion services."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re

_ONION = re.compile("[a-z2-7]{56}")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own (RFC 1122 §3.2.1.3, RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_ip_address(host) and ipaddress.ip_address(host).is_loopback


def is_ip_address(host: str) -> bool:
    """Whether a host is the address of a machine and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_onion(host: str) -> bool:
    """Whether a host name is that of a Tor onion service, or below it (rend-spec-v3, ONIONADDRESS).

    The name contains the service's public key, to which Tor encrypts: nobody on the way can read
    plain HTTP. The checksum excludes mistyped names.
    """
    labels = host.split(".")
    if len(labels) < 2 or labels[-1] != "onion" or not _ONION.fullmatch(labels[-2]):
        return False
    decoded = base64.b32decode(labels[-2].upper())
    key, checksum, version = decoded[:32], decoded[32:34], decoded[34:]
    expected = hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2]
    return version == b"\x03" and checksum == expected
