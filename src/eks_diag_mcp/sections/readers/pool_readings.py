"""Counted addresses as readings, under the names of the published contract."""

from collections.abc import Iterator

from ...model import LineRef, Reading
from .datastore import Counts, Datastore, count
from .eni_limit import EniLimit, giving_enis
from .vpc_cni import VpcCni


def count_readings(counts: Counts, ref: LineRef, scope: str | None = None) -> Iterator[Reading]:
    """`ips_total` are the addresses attached now: assigned, cooling and free."""
    numbers = (
        ("ips_total", counts.total),
        ("ips_assigned", counts.assigned),
        ("ips_cooling", counts.cooling),
        ("ips_free", counts.free),
    )
    for name, value in numbers:
        yield Reading(name, value, "addresses", ref, scope)


def attached_share(counts: Counts, ref: LineRef, scope: str | None = None) -> Reading:
    """Assigned of attached, in percent; None for an empty pool."""
    share = round(100 * counts.assigned / counts.total, 1) if counts.total else None
    return Reading("utilization_percent", share, "percent", ref, scope, "assigned of the addresses attached now", scope is not None)


def capacity_reading(limit: EniLimit, scope: str | None = None) -> Reading:
    """The most addresses the default network card can hold; cards beyond it are not reckoned."""
    value = None if scope not in (None, "card 0") else limit.ips_capacity
    known = value is not None
    return Reading("ips_capacity", value, "addresses", limit.ref if known else None, scope, limit.origin if known else "")


def per_eni(stock: Datastore, cni: VpcCni, limit: EniLimit) -> Iterator[Reading]:
    """Counts and slots of each ENI. `ips_capacity` 0: this ENI never gives addresses (excluded, or the primary one with
    custom networking)."""
    giving = {eni.id for eni in giving_enis(cni)}
    for eni in stock.enis:
        ref = eni.ref or LineRef(cni.pool.file, 1)
        counts = count((eni,), cni.prefixes)
        yield from count_readings(counts, ref, eni.id)
        slots = None if eni.card else limit.ips_per_eni if eni.id in giving else 0
        yield Reading("ips_capacity", slots, "addresses", limit.ref if slots else None, eni.id)
        yield attached_share(counts, ref, eni.id)
