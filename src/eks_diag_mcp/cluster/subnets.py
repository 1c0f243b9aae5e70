"""The arithmetic of a subnet: whole free /28s, which is what prefix mode needs, counted from what lies in it.

Rules (VPC guide): the first four addresses and the last one are AWS's; a prefix is an aligned /28; an explicit reservation is
never handed out by itself, a prefix reservation is kept for prefixes."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

BLOCK = 16
_AWS_FIRST, _AWS_LAST = 4, 1


@dataclass(frozen=True, slots=True)
class Reservation:
    """A CIDR reservation; `kind` is prefix or explicit."""

    cidr: str
    kind: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """/28s of a subnet. `free` can be handed out as prefixes; `reserved` of them lie in a reservation for prefixes.
    `whole` is how many there are at all."""

    whole: int
    free: int
    reserved: int


def free_blocks(cidr: str, taken: Iterable[str], reservations: Iterable[Reservation] = ()) -> Blocks | None:
    """The /28s of a subnet that hold no taken address. `taken` are addresses and prefixes. None: no IPv4 subnet."""
    try:
        subnet = IPv4Network(cidr)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    first, last = int(subnet.network_address), int(subnet.broadcast_address)
    used = {first >> 4, (first + _AWS_FIRST - 1) >> 4, (last - _AWS_LAST + 1) >> 4}
    for each in taken:
        used |= _blocks_of(each)
    kept_out: set[int] = set()
    for_prefixes: set[int] = set()
    for reservation in reservations:
        (for_prefixes if reservation.kind == "prefix" else kept_out).update(_blocks_of(reservation.cidr))
    every = range(first >> 4, (last >> 4) + 1)
    free = [b for b in every if b not in used and b not in kept_out] if subnet.prefixlen <= 28 else []
    return Blocks(len(every) if subnet.prefixlen <= 28 else 0, len(free), sum(b in for_prefixes for b in free))


def _blocks_of(text: str) -> set[int]:
    """The numbers of the /28s that an address or a network touches; none for IPv6 and for what is no address."""
    try:
        network = IPv4Network(text, strict=False) if "/" in text else IPv4Network(int(IPv4Address(text)))
    except (AddressValueError, NetmaskValueError, ValueError):
        return set()
    return set(range(int(network.network_address) >> 4, (int(network.broadcast_address) >> 4) + 1))
