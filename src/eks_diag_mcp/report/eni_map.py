"""The ENI and address map of a node: each ENI with its slots, from the readings of section eni."""

from dataclasses import dataclass

from ..model import Reading, Section
from .quotes import Quote, Quotes

CELLS_MAX = 64
"""Slots drawn one by one; an ENI with more of them (prefixes hold 16 addresses each) is drawn as shares of a bar."""
_COUNTS = ("ips_assigned", "ips_cooling", "ips_free")


@dataclass(frozen=True, slots=True)
class EniRow:
    """One ENI. `spare` are slots that hold no address yet; None: how many it can hold is not known."""

    id: str
    role: str
    device: str
    subnet: str
    used: int
    cooling: int
    free: int
    spare: int | None
    quote: Quote | None

    @property
    def slots(self) -> int:
        """All slots there are."""
        return self.used + self.cooling + self.free + (self.spare or 0)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """(kind, how many) in the order they are drawn; empty kinds are left out."""
        counts = (("used", self.used), ("cooling", self.cooling), ("free", self.free), ("spare", self.spare or 0))
        return tuple((kind, number) for kind, number in counts if number)


@dataclass(frozen=True, slots=True)
class EniMap:
    """The node's ENIs and sums. `missing` ENIs could still be attached (None: the limit is not known)."""

    rows: tuple[EniRow, ...]
    used: int
    most: int | None
    sums: tuple[tuple[str, int | None, Quote | None], ...]

    @property
    def missing(self) -> int:
        return max(0, (self.most or 0) - self.used)


def eni_map(section: Section | None, quotes: Quotes) -> EniMap | None:
    """The map; None where the bundle does not tell the ENIs apart."""
    if section is None:
        return None
    ids = dict.fromkeys(r.scope for r in section.readings if r.name == "ips_assigned" and (r.scope or "").startswith("eni-"))
    rows = tuple(_row(section, scope, quotes) for scope in ids if scope)
    if not rows:
        return None
    most = section.number("enis_max")
    names = ("enis_used", "enis_max", "ips_assigned", "ips_cooling", "ips_free", "ips_capacity", "max_pods")
    return EniMap(
        rows,
        int(section.number("enis_used") or len(rows)),
        int(most) if most is not None else None,
        tuple(_sum(section, name, quotes) for name in names),
    )


def _row(section: Section, scope: str, quotes: Quotes) -> EniRow:
    used, cooling, free = (int(section.number(name, scope) or 0) for name in _COUNTS)
    capacity = section.number("ips_capacity", scope)
    place = _reading(section, "ips_assigned", scope)
    device = section.value("device_number", scope)
    return EniRow(
        id=scope,
        role=str(section.value("role", scope) or ""),
        device="" if device is None else str(device),
        subnet=str(section.value("subnet", scope) or ""),
        used=used,
        cooling=cooling,
        free=free,
        spare=None if capacity is None else max(0, int(capacity) - used - cooling - free),
        quote=quotes.cite_place(place.ref if place else None, scope),
    )


def _sum(section: Section, name: str, quotes: Quotes) -> tuple[str, int | None, Quote | None]:
    found, value = _reading(section, name, None), section.number(name)
    return name, None if value is None else int(value), quotes.cite_place(found.ref) if found and value is not None else None


def _reading(section: Section, name: str, scope: str | None) -> Reading | None:
    return next((r for r in section.readings if r.name == name and r.scope == scope), None)
