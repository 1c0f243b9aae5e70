"""The address pool of ipamd as its introspection dump shows it (ipamd/enis.json), in every shape it has had.

    CNI <= 1.6    {TotalIPs, AssignedIPs, ENIIPPools: {eni: {ID | Id, IPv4Addresses: {ip: {Assigned: bool, ...}}}}}
    CNI 1.7-1.8   {..., ENIs: {eni: {IPv4Addresses: {ip: {IPAMKey, UnassignedTime}}}}}
    CNI 1.9       {..., ENIs: {eni: {AvailableIPv4Cidrs: {cidr: {Cidr, IPv4Addresses, IsPrefix}}}}}
    CNI 1.10      inner key IPAddresses, and IPv6Cidrs
    CNI 1.11-1.19 addresses carry IPAMMetadata and AssignedTime
    CNI >= 1.20   {"<network card>": {the above}}; >= 1.23 with sandbox ids and interface names blanked

An address that was never used has no entry: what is free follows from the size of the CIDR, never from the entries."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ...bundle.clock import parse_iso
from ...model import Evidence, LineRef
from .state_files import JsonDocument, ReadOutcome, as_int, as_map, as_text, json_file, line_at, quote

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

Shape = Literal["eni_ip_pools", "addresses", "cidrs", "network_cards"]
DEFAULT_COOLDOWN_S = 30


@dataclass(frozen=True, slots=True)
class AssignedAddress:
    """An address a pod holds. Names are "" in dumps of CNI below 1.11, `sandbox` also from 1.23 on."""

    ip: str
    namespace: str = ""
    pod: str = ""
    sandbox: str = ""
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cidr:
    """A block of pod addresses on an ENI: /32, or /28 (`prefix`). `cooling` addresses are unassigned but may not be
    handed out yet."""

    cidr: str
    prefix: bool
    size: int
    assigned: tuple[AssignedAddress, ...] = ()
    cooling: int = 0

    @property
    def free(self) -> int:
        return max(self.size - len(self.assigned) - self.cooling, 0)


@dataclass(frozen=True, slots=True)
class Eni:
    """An ENI ipamd knows. `excluded`: its subnet is tagged so that pods get no address from it."""

    id: str
    card: int
    device_number: int | None
    primary: bool
    trunk: bool
    efa: bool
    excluded: bool
    subnet: str
    route_table: int | None
    cidrs: tuple[Cidr, ...] = ()
    ipv6: tuple[Cidr, ...] = ()
    ref: LineRef | None = None


@dataclass(frozen=True, slots=True)
class NetworkCard:
    """One network card. `reported_*` are ipamd's own sums, which include excluded ENIs."""

    number: int
    enis: tuple[Eni, ...]
    reported_total: int | None = None
    reported_assigned: int | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Addresses counted. total = assigned + cooling + free."""

    total: int
    assigned: int
    cooling: int

    @property
    def free(self) -> int:
        return self.total - self.assigned - self.cooling


@dataclass(frozen=True, slots=True)
class Datastore:
    """The whole pool."""

    shape: Shape
    cards: tuple[NetworkCard, ...]

    @property
    def enis(self) -> tuple[Eni, ...]:
        return tuple(eni for card in self.cards for eni in card.enis)

    @property
    def assigned(self) -> tuple[AssignedAddress, ...]:
        """Every address a pod holds, IPv6 included."""
        return tuple(a for eni in self.enis for cidr in (*eni.cidrs, *eni.ipv6) for a in cidr.assigned)

    def uses_prefixes(self) -> bool | None:
        """True where every IPv4 block is a prefix, False where none is, None where both or none are there."""
        kinds = {cidr.prefix for eni in self.enis for cidr in eni.cidrs}
        return kinds.pop() if len(kinds) == 1 else None


@dataclass(frozen=True, slots=True)
class DatastoreRead:
    """The pool, or why it could not be read. unreadable also means: JSON of some other kind."""

    outcome: ReadOutcome
    file: str = ""
    datastore: Datastore | None = None
    detail: str = ""


def count(enis: Iterable[Eni], prefixes: bool | None = None) -> Counts:
    """The IPv4 addresses ipamd can hand out of these ENIs. Blocks of excluded ENIs, and, where `prefixes` tells the
    mode, blocks of the other kind (left from before a change of mode) are not handed out: they count for what pods
    still hold of them and no more."""
    total = assigned = cooling = 0
    for eni in enis:
        for cidr in eni.cidrs:
            held = len(cidr.assigned)
            assigned += held
            if eni.excluded or (prefixes is not None and cidr.prefix != prefixes):
                total += held
            else:
                total += max(cidr.size, held + cidr.cooling)
                cooling += cidr.cooling
    return Counts(total, assigned, cooling)


def read_datastore(bundle: "Bundle", cooldown_s: int = DEFAULT_COOLDOWN_S) -> DatastoreRead:
    """The pool in `bundle`. An address cools when it was given back no longer than `cooldown_s` before the capture."""
    file, read = json_file(bundle, "enis")
    if file is None or not read.documents:
        return DatastoreRead(read.outcome, file.path if file else "", detail=read.detail)
    for document in read.documents:
        datastore = _datastore(_Dump(file, document, _Cooling(bundle.captured, timedelta(seconds=cooldown_s))))
        if datastore:
            return DatastoreRead("present", file.path, datastore)
    return DatastoreRead("unreadable", file.path, detail="JSON without a pool in it")


@dataclass(frozen=True, slots=True)
class _Cooling:
    captured: datetime
    period: timedelta

    def __call__(self, address: Mapping[str, object]) -> bool:
        since = _time(address.get("UnassignedTime"))
        return since is not None and self.captured - since <= self.period


@dataclass(frozen=True, slots=True)
class _Dump:
    """The document a pool is read from."""

    file: "FileText"
    document: JsonDocument
    cooling: _Cooling

    def find(self, text: str, after: int = 0) -> int:
        return self.file.text.find(text, max(after, self.document.start), self.document.end)


def _datastore(dump: _Dump) -> Datastore | None:
    top = as_map(dump.document.value)
    if "ENIIPPools" in top or "ENIs" in top:
        shape: Shape = "eni_ip_pools" if "ENIIPPools" in top else "addresses"
        flat = shape == "eni_ip_pools" or any("IPv4Addresses" in as_map(e) for e in as_map(top.get("ENIs")).values())
        return Datastore(shape if flat else "cidrs", (_card(0, top, dump),))
    if top and all(key.isascii() and key.isdigit() and "ENIs" in as_map(value) for key, value in top.items()):
        cards = [_card(int(key), as_map(value), dump) for key, value in top.items()]
        return Datastore("network_cards", tuple(sorted(cards, key=lambda c: c.number)))
    return None


def _card(number: int, pool: Mapping[str, object], dump: _Dump) -> NetworkCard:
    enis = as_map(pool.get("ENIIPPools")) or as_map(pool.get("ENIs"))
    read = tuple(_eni(number, key, as_map(eni), dump) for key, eni in enis.items())
    total, assigned = as_int(pool.get("TotalIPs")), as_int(pool.get("AssignedIPs"))
    return NetworkCard(number, tuple(sorted(read, key=_order)), total, assigned, _sums(dump, number, total))


def _order(eni: Eni) -> tuple[int, str]:
    return (99 if eni.device_number is None else eni.device_number, eni.id)


def _sums(dump: _Dump, number: int, total: int | None) -> Evidence | None:
    """The two sums of a card, quoted as they stand in the file."""
    card = max(dump.find(f'"{number}":'), 0)
    for spaced in (f'"TotalIPs": {total}', f'"TotalIPs":{total}'):
        start = dump.find(spaced, card)
        if total is not None and start >= 0:
            end = dump.file.text.find('"ENI', start)
            return quote("enis", dump.file, start, end if 0 < end - start < 200 else start + len(spaced))
    return None


def _eni(card: int, key: str, eni: Mapping[str, object], dump: _Dump) -> Eni:
    blocks, addresses = as_map(eni.get("AvailableIPv4Cidrs")), as_map(eni.get("IPv4Addresses"))
    cidrs = (*_cidrs(blocks, dump.cooling), *(_single(ip, as_map(a), dump.cooling) for ip, a in addresses.items()))
    return Eni(
        id=as_text(eni.get("ID")) or as_text(eni.get("Id")) or key,
        card=card,
        device_number=as_int(eni.get("DeviceNumber")),
        primary=eni.get("IsPrimary") is True,
        trunk=eni.get("IsTrunk") is True,
        efa=eni.get("IsEFA") is True,
        excluded=eni.get("IsExcludedForPodIPs") is True,
        subnet=as_text(eni.get("SubnetID")),
        route_table=as_int(eni.get("RouteTableID")),
        cidrs=cidrs,
        ipv6=tuple(_cidrs(as_map(eni.get("IPv6Cidrs")), dump.cooling)),
        ref=LineRef(dump.file.path, line_at(dump.file.text, max(dump.find(f'"{key}"'), dump.document.start))),
    )


def _single(ip: str, address: Mapping[str, object], cooling: _Cooling) -> Cidr:
    """A secondary address of the shapes that do not know CIDRs."""
    held = _assigned(ip, address)
    return Cidr(f"{ip}/32", False, 1, (held,) if held else (), int(held is None and cooling(address)))


def _cidrs(blocks: Mapping[str, object], cooling: _Cooling) -> Iterator[Cidr]:
    for key, value in blocks.items():
        block = as_map(value)
        entries = as_map(block.get("IPAddresses")) or as_map(block.get("IPv4Addresses"))
        pairs = [(as_map(a), _assigned(ip, as_map(a))) for ip, a in entries.items()]
        prefix = block.get("IsPrefix") is True
        yield Cidr(
            cidr=key,
            prefix=prefix,
            size=_size(key, prefix),
            assigned=tuple(held for _, held in pairs if held),
            cooling=sum(1 for address, held in pairs if held is None and cooling(address)),
        )


def _size(cidr: str, prefix: bool) -> int:
    try:
        return ipaddress.ip_network(cidr, strict=False).num_addresses
    except ValueError:
        return 16 if prefix else 1


def _assigned(ip: str, address: Mapping[str, object]) -> AssignedAddress | None:
    """Who holds the address; None where nobody does. Held: any field of its key is set (`Assigned` before 1.7)."""
    key, pod = as_map(address.get("IPAMKey")), as_map(address.get("IPAMMetadata"))
    if not (any(key.values()) or address.get("Assigned") is True):
        return None
    return AssignedAddress(
        ip=as_text(address.get("Address")) or ip,
        namespace=as_text(pod.get("k8sPodNamespace")),
        pod=as_text(pod.get("k8sPodName")),
        sandbox=as_text(key.get("containerID")),
        assigned_at=_time(address.get("AssignedTime")),
    )


def _time(value: object) -> datetime | None:
    """A Go time; None for the zero time and for anything else."""
    try:
        time = parse_iso(as_text(value))
    except (ValueError, OverflowError):
        return None
    return time if time.year > 1 else None
