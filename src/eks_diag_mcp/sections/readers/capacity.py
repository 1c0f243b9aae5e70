"""The address arithmetic of ipamd, as pure functions (rule: bundle-format 4.5, checked against eni-max-pods.txt)."""

from dataclasses import dataclass
from typing import Literal

CniMode = Literal["secondary_ip", "prefix", "custom_networking", "custom_networking_prefix", "ipv6", "unknown"]
IPS_PER_PREFIX = 16
"""A /28."""


def usable_enis(limit: int | None, max_eni: int | None = None, unmanaged: int = 0, trunk: int = 0, excluded: int = 0) -> int | None:
    """How many ENIs can give addresses to pods: the smaller of the limits, less those that never do. None where neither
    limit is known. MAX_ENI below 1 counts as not set, as in ipamd."""
    known = [n for n in (limit, max_eni) if n is not None and n > 0]
    return max(min(known) - unmanaged - trunk - excluded, 0) if known else None


def ips_per_eni(mode: CniMode, ipv4_per_eni: int) -> int | None:
    """Pod addresses one usable ENI holds: its first address is its own, and in prefix mode each other slot is a /28."""
    if mode in ("secondary_ip", "custom_networking"):
        return ipv4_per_eni - 1
    if mode in ("prefix", "custom_networking_prefix"):
        return (ipv4_per_eni - 1) * IPS_PER_PREFIX
    return None


def ip_capacity(mode: CniMode, enis: int | None, ipv4_per_eni: int | None) -> int | None:
    """Pod addresses the node can hold with all its ENIs. With custom networking the primary ENI gives none. None where
    something is unknown, and for IPv6, where one /80 is more than any node can use."""
    if enis is None or ipv4_per_eni is None:
        return None
    each = ips_per_eni(mode, ipv4_per_eni)
    if each is None:
        return None
    return max(enis - 1, 0) * each if mode.startswith("custom_networking") else enis * each


@dataclass(frozen=True, slots=True)
class Shortage:
    """What ipamd thinks of its pool. `available` counts cooling addresses as available: that is ipamd's own arithmetic,
    and why a pool of cooling addresses is not enlarged."""

    available: int
    short: int
    over: int


def shortage(total: int, assigned: int, warm_ip: int, minimum_ip: int) -> Shortage:
    """The arithmetic behind `Current warm IP stats`; 0 stands for a target that is not set."""
    available = total - assigned
    return Shortage(
        available,
        max(warm_ip - available, minimum_ip - total, 0),
        max(min(available - warm_ip, total - minimum_ip), 0),
    )
