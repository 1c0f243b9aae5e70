"""How many ENIs of the default network card can give addresses to pods, and how many addresses that makes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, LineRef
from .capacity import IPS_PER_PREFIX, ip_capacity, ips_per_eni, usable_enis
from .datastore import Datastore, Eni, count
from .pool_log import latest_max_ips, latest_room
from .vpc_cni import VpcCni

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle


@dataclass(frozen=True, slots=True)
class EniLimit:
    """Limits of the default network card; every number None where nothing tells it. `used` and `enis_max` both leave
    out ENIs that never give addresses (excluded, or a trunk without any). `origin`: what `enis_max` rests on."""

    enis_max: int | None
    ipv4_per_eni: int | None
    ips_per_eni: int | None
    ips_capacity: int | None
    used: int | None
    excluded: int | None
    origin: str = ""
    ref: LineRef | None = None
    evidence: tuple[Evidence, ...] = ()


def usable(eni: Eni) -> bool:
    """Whether ipamd hands out, or would hand out, addresses of this ENI (custom networking apart)."""
    return not eni.excluded and not (eni.trunk and not eni.cidrs)


def read_eni_limit(bundle: "Bundle", cni: VpcCni) -> EniLimit:
    """The limit by ipamd's own last word, else by its metric, else by the type's limit and MAX_ENI. The last does not
    know of unmanaged ENIs and says so."""
    stock = cni.pool.datastore
    enis = default_card(stock)
    excluded, idle_trunks = sum(e.excluded for e in enis), sum(not usable(e) and not e.excluded for e in enis)
    reserved = int(cni.settings.flag("ENABLE_POD_ENI") and stock is not None and not any(e.trunk for e in enis))
    enis_max, origin, ref, evidence = _enis_max(bundle, cni, excluded, reserved, idle_trunks)
    used = sum(usable(e) for e in enis) if stock else None
    if used is not None and enis_max is not None and reserved:
        enis_max = max(enis_max, used)  # the slot meant for a trunk went to an ENI that does give addresses
    each, each_evidence = _ipv4_per_eni(bundle, cni)
    return EniLimit(
        enis_max=enis_max,
        ipv4_per_eni=each,
        ips_per_eni=ips_per_eni(cni.mode, each) if each is not None else None,
        ips_capacity=ip_capacity(cni.mode, enis_max, each),
        used=used,
        excluded=excluded if stock else None,
        origin=origin,
        ref=ref,
        evidence=(*evidence, *each_evidence),
    )


def default_card(stock: Datastore | None) -> tuple[Eni, ...]:
    """The ENIs of network card 0: pods of one interface get their address there."""
    return next((card.enis for card in stock.cards if card.number == 0), ()) if stock else ()


def _enis_max(
    bundle: "Bundle", cni: VpcCni, excluded: int, reserved: int, idle_trunks: int
) -> tuple[int | None, str, LineRef | None, tuple[Evidence, ...]]:
    room = latest_room(bundle) if cni.release is None or cni.release.number >= (1, 20, 0) else None
    if room and room.max_eni is not None:
        told_excluded = excluded if room.excluded is None else room.excluded
        told_trunk = reserved if room.trunk is None else room.trunk
        enis = usable_enis(room.max_eni, None, room.unmanaged or 0, told_trunk + idle_trunks, told_excluded)
        return enis, "ipamd log", room.evidence.ref, (room.evidence,)
    if metric := cni.metrics.one("awscni_eni_max"):
        enis = usable_enis(int(metric.value), None, 0, reserved + idle_trunks, excluded)
        return enis, "ipamd metric, without unmanaged ENIs", cni.metrics.ref(metric), ()
    table = cni.instance.limits.enis if cni.instance and cni.instance.limits else None
    enis = usable_enis(table, cni.settings.number("MAX_ENI"), 0, reserved + idle_trunks, excluded)
    origin = "limit of the instance type; unmanaged ENIs, if any, are not known" if table else "MAX_ENI"
    return enis, origin if enis is not None else "", cni.instance.ref if cni.instance and table else None, ()


def _ipv4_per_eni(bundle: "Bundle", cni: VpcCni) -> tuple[int | None, tuple[Evidence, ...]]:
    if cni.instance and cni.instance.limits:
        return cni.instance.limits.ipv4_per_eni, ()
    if said := latest_max_ips(bundle):
        ips, prefixes, line = said
        return (prefixes or ips) + 1, (line,)
    enis, ips_max = cni.metrics.one("awscni_eni_max"), cni.metrics.one("awscni_ip_max")
    if enis and ips_max and enis.value > 0 and cni.mode in ("secondary_ip", "prefix"):
        each = ips_max.value / enis.value / (IPS_PER_PREFIX if cni.mode == "prefix" else 1)
        return (int(each) + 1 if each == int(each) else None), ()
    return None, ()


def full_enis(cni: VpcCni, limit: EniLimit) -> tuple[Eni, ...] | None:
    """The usable ENIs of the default card of which every slot is taken, by a pod or by a cooling address. None where
    the number of slots is unknown."""
    if limit.ips_per_eni is None or cni.pool.datastore is None:
        return None
    taken = ((eni, count((eni,), cni.prefixes)) for eni in giving_enis(cni))
    return tuple(eni for eni, counts in taken if counts.assigned + counts.cooling >= limit.ips_per_eni)


def giving_enis(cni: VpcCni) -> tuple[Eni, ...]:
    """The ENIs of the default card that give addresses in this mode: with custom networking the primary does not."""
    return tuple(e for e in default_card(cni.pool.datastore) if usable(e) and not (cni.custom_networking and e.primary))
