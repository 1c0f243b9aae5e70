"""Counters of the ENA driver (networking/ethtool.txt): `Interface X`, `NIC statistics:`, then `     name: number`.

Counters run since the driver was loaded: they say that a limit was met, not when or how often. Older drivers lack some,
which is not zero. Virtual interfaces have statistics of another kind and are left out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, Reading
from .state_files import QUOTE_CHARS

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle
    from ...bundle.file_text import FileText

SINCE = "since the driver was loaded, not a rate"
EXCEEDED = (
    "bw_in_allowance_exceeded",
    "bw_out_allowance_exceeded",
    "pps_allowance_exceeded",
    "conntrack_allowance_exceeded",
    "linklocal_allowance_exceeded",
)
AVAILABLE = "conntrack_allowance_available"
RESETS = ("tx_timeout", "wd_expired", "reset_fail", "missing_tx_cmpl", "device_request_reset", "admin_to")
"""Each of these ends in a reset of the device, or is a reset that failed."""
_HEAD = re.compile(r"Interface +([\w.-]{1,40})")
_ROW = re.compile(r"\s+([A-Za-z_]\w*):\s*(\d{1,20})\s*$", re.ASCII)
_QUEUE = re.compile(r"queue_\d+_(?:([tr]x)_cnt|tx_missed_tx)")


@dataclass(frozen=True, slots=True)
class Counter:
    """One counter and its line."""

    value: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class EnaInterface:
    """One ENA interface. `received` and `sent` packets and `missed_tx` (completions that came late) are summed over its
    queues; None where the driver does not count them."""

    name: str
    counters: Mapping[str, Counter]
    received: int | None
    sent: int | None
    missed_tx: int | None

    def get(self, name: str) -> int | None:
        found = self.counters.get(name)
        return found.value if found else None

    def packets(self, name: str) -> int | None:
        """The packets that counter is a part of."""
        if name.startswith("bw_in"):
            return self.received
        if name.startswith("bw_out"):
            return self.sent
        known = [n for n in (self.received, self.sent) if n is not None]
        return sum(known) if known else None


def read_ena(bundle: "Bundle") -> tuple[EnaInterface, ...]:
    """The ENA interfaces, in file order."""
    return tuple(one for file in bundle.texts("ethtool") for one in _interfaces(file))


def _interfaces(file: "FileText") -> Iterator[EnaInterface]:
    name, counters = "", dict[str, Counter]()
    for number, line in enumerate([*file.text.split("\n"), "Interface end"], 1):
        if head := _HEAD.match(line):
            if name and _is_ena(counters):
                yield _interface(name, counters)
            name, counters = head[1], {}
        elif name and (row := _ROW.match(line)):
            counters[row[1]] = Counter(int(row[2]), Evidence("ethtool", file.path, number, line.strip()[:QUOTE_CHARS]))


def _is_ena(counters: Mapping[str, Counter]) -> bool:
    return "wd_expired" in counters or "admin_q_pause" in counters or any(name in counters for name in EXCEEDED)


def _interface(name: str, counters: Mapping[str, Counter]) -> EnaInterface:
    sums: dict[str, int] = {}
    for key, counter in counters.items():
        if queue := _QUEUE.fullmatch(key):
            kind = queue[1] or "missed"
            sums[kind] = sums.get(kind, 0) + counter.value
    return EnaInterface(name, counters, sums.get("rx"), sums.get("tx"), sums.get("missed"))


def counter_readings(interfaces: tuple[EnaInterface, ...], names: tuple[str, ...] = (*EXCEEDED, AVAILABLE)) -> Iterator[Reading]:
    """Those counters of each interface; None where the driver has none of that name."""
    for one in interfaces:
        for name in names:
            found = one.counters.get(name)
            note = SINCE if name != AVAILABLE else "connections left before the instance's limit"
            ref = found.evidence.ref if found else None
            yield Reading(
                name, found.value if found else None, "connections" if name == AVAILABLE else "packets", ref, one.name, note
            )
