"""Section ena: has an interface met a limit of the instance, and has the device been reset?"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import Evidence, Issue, NodeFacts, Reading, Section
from .readers.ena_counters import AVAILABLE, EXCEEDED, RESETS, SINCE, EnaInterface, counter_readings, read_ena
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("ethtool", "dmesg")
_DRIVER = r"Elastic Network Adapter \(ENA\) v(\d[\w.]{1,20})"
CAUSE = ("ena_throttle",)
_SOME, _MUCH = 1.0, 10.0
"""Percent of the packets of an interface: bursts leave less than the first behind on healthy nodes."""
_MANY = 1_000_000
"""Packets, where the driver does not say how many there were in all."""


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section. unknown: no ENA interface shows statistics."""
    interfaces = read_ena(bundle)
    readings = (*_sums(interfaces), *_driver(bundle), *counter_readings(interfaces), *_device(interfaces))
    issues = (*_limits(interfaces), *_bursts(interfaces), *_resets(interfaces))
    return Section("ena", conclude(bool(interfaces), issues), readings, issues, tuple(bundle.coverage(s) for s in SOURCES))


def _sums(interfaces: tuple[EnaInterface, ...]) -> Iterator[Reading]:
    yield Reading("ena_interfaces", len(interfaces) or None, "interfaces")
    for name in EXCEEDED:
        known = [c for one in interfaces if (c := one.counters.get(name))]
        worst = max(known, key=lambda c: c.value, default=None)
        note = SINCE if known else "this driver does not count it" if interfaces else ""
        yield Reading(
            name, sum(c.value for c in known) if known else None, "packets", worst.evidence.ref if worst else None, note=note
        )
    left = [c for one in interfaces if (c := one.counters.get(AVAILABLE))]
    least = min(left, key=lambda c: c.value, default=None)
    yield Reading(
        AVAILABLE,
        least.value if least else None,
        "connections",
        least.evidence.ref if least else None,
        note="least of the interfaces",
    )


def _driver(bundle: "Bundle") -> Iterator[Reading]:
    line = bundle.latest(_DRIVER, ("dmesg",))
    found = re.search(_DRIVER, line.text) if line else None
    yield Reading("driver_version", found[1] if found else None, "", line.ref if line and found else None)


def _device(interfaces: tuple[EnaInterface, ...]) -> Iterator[Reading]:
    for one in interfaces:
        for name in RESETS:
            if found := one.counters.get(name):
                yield Reading(name, found.value, "events", found.evidence.ref, one.name, SINCE)
        yield Reading("missed_tx", one.missed_tx, "packets", scope=one.name, note="completions that came late, all queues")
        yield Reading("packets_received", one.received, "packets", scope=one.name, note=SINCE)
        yield Reading("packets_sent", one.sent, "packets", scope=one.name, note=SINCE)


def _limits(interfaces: tuple[EnaInterface, ...]) -> Iterator[Issue]:
    tracked = _over(interfaces, "conntrack_allowance_exceeded")
    if tracked:
        total = sum(n for n, _ in tracked)
        title = f"The instance's limit on tracked connections was met: {total} packets dropped {SINCE}"
        yield Issue("ena.conntrack_allowance", title, "high", tuple(e for _, e in tracked), CAUSE, weight=4)
    local = _over(interfaces, "linklocal_allowance_exceeded")
    if local:
        total, quotes = sum(n for n, _ in local), tuple(e for _, e in local)
        title = f"The limit on packets to the VPC resolver, metadata and time service (1024 a second and ENI) was met: {total} dropped {SINCE}"
        yield Issue("ena.linklocal_allowance", title, "high", quotes, CAUSE, weight=4)
        title = "Queries to the VPC resolver are among the link-local packets the instance drops"
        yield Issue("ena.resolver_packets_dropped", title, "medium", quotes, ("dns",), "echo", 2)


def _over(interfaces: tuple[EnaInterface, ...], name: str) -> list[tuple[int, Evidence]]:
    return [(c.value, c.evidence) for one in interfaces if (c := one.counters.get(name)) and c.value > 0]


def _bursts(interfaces: tuple[EnaInterface, ...]) -> Iterator[Issue]:
    """Bandwidth and packet rate: what bursts leave behind is a reading and no issue. The allowance is the instance's, so
    its interfaces together are one sign."""
    for name, what in ((EXCEEDED[0], "inbound bandwidth"), (EXCEEDED[1], "outbound bandwidth"), (EXCEEDED[2], "packet rate")):
        one = max(interfaces, key=lambda i: i.get(name) or 0, default=None)
        found = one.counters.get(name) if one else None
        if one is None or found is None or found.value <= 0:
            continue
        packets = one.packets(name)
        share = 100 * found.value / packets if packets else None
        if (share is not None and share < _SOME) or (share is None and found.value < _MANY):
            continue
        of = f", {share:.1f} % of its packets" if share is not None else ""
        title = f"{one.name} met the instance's {what}: {found.value} packets queued or dropped {SINCE}{of}"
        weight = 3 if share is not None and share >= _MUCH else 2
        yield Issue(f"ena.{name}", title, "medium", (found.evidence,), CAUSE, weight=weight)


def _resets(interfaces: tuple[EnaInterface, ...]) -> Iterator[Issue]:
    for one in interfaces:
        hit = [(name, c) for name in RESETS if (c := one.counters.get(name)) and c.value > 0]
        if hit:
            title = f"The driver of {one.name} met transmit timeouts or resets: {', '.join(f'{n} {c.value}' for n, c in hit)}"
            yield Issue("ena.device_reset", title, "high", tuple(c.evidence for _, c in hit), CAUSE, weight=3)
