"""The connection tracking table of the host: how full (sysctls), and what it dropped (`conntrack -S`, one row a CPU).

The key set of the rows varies with the kernel; a counter that is not there stays unknown."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, Reading
from .sysctls import Sysctl, Sysctls, read_sysctls

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_PAIR = re.compile(r"\b([a-z_]+)=(\d{1,20})\b")
_SHOWN = ("drop", "early_drop", "insert_failed", "invalid", "error", "search_restart", "clash_resolve", "chaintoolong")
_MEANING = {
    "drop": "no entry could be made",
    "early_drop": "an entry was pushed out to make room",
    "insert_failed": "two packets raced for one entry, as parallel DNS queries do",
}


@dataclass(frozen=True, slots=True)
class ConntrackTable:
    """The table. `counters` are sums over CPUs since boot; `rows` quotes the rows whose drops are not zero, else one."""

    count: Sysctl | None
    maximum: Sysctl | None
    buckets: Sysctl | None
    counters: Mapping[str, int]
    rows: tuple[Evidence, ...]
    sysctls: Sysctls

    @property
    def share(self) -> float | None:
        """Percent of the table in use; None where either number is unknown."""
        count, most = _number(self.count), _number(self.maximum)
        return round(100 * count / most, 1) if count is not None and most else None

    def dropped(self) -> int | None:
        """Packets or entries lost for want of room; None where no row was read."""
        known = [self.counters[n] for n in ("drop", "early_drop") if n in self.counters]
        return sum(known) if known else None

    def quotes(self) -> tuple[Evidence, ...]:
        return tuple(s.evidence for s in (self.count, self.maximum) if s)

    def readings(self) -> Iterator[Reading]:
        for name, one in (("conntrack_count", self.count), ("conntrack_max", self.maximum), ("conntrack_buckets", self.buckets)):
            yield Reading(name, _number(one), "entries", one.ref if one else None)
        yield Reading(
            "conntrack_used_percent",
            self.share,
            "percent",
            self.count.ref if self.count else None,
            note="count of max at the capture",
        )
        ref = self.rows[0].ref if self.rows else None
        for name in _SHOWN:
            value = self.counters.get(name)
            note = "since boot, all CPUs" + (f"; {_MEANING[name]}" if name in _MEANING else "")
            if value is not None or name in _MEANING:
                yield Reading(f"conntrack_{name}", value, "events", ref if value is not None else None, note=note)


def read_conntrack(bundle: "Bundle") -> ConntrackTable:
    """The table as the bundle shows it."""
    rows = bundle.grep(r"^\s*cpu=\d+\s+[a-z_]+=\d", ("conntrack",))
    sums: dict[str, int] = {}
    telling: list[Evidence] = []
    for row in rows:
        pairs = {name: int(value) for name, value in _PAIR.findall(row.text) if name != "cpu"}
        for name, value in pairs.items():
            sums[name] = sums.get(name, 0) + value
        if any(pairs.get(n) for n in ("drop", "early_drop", "insert_failed")):
            telling.append(row)
    settings = read_sysctls(bundle)
    return ConntrackTable(
        settings.get("net.netfilter.nf_conntrack_count", "net.ipv4.netfilter.ip_conntrack_count"),
        settings.get("net.netfilter.nf_conntrack_max", "net.nf_conntrack_max", "net.ipv4.netfilter.ip_conntrack_max"),
        settings.get("net.netfilter.nf_conntrack_buckets", "net.ipv4.netfilter.ip_conntrack_buckets"),
        sums,
        tuple((telling or list(rows))[:4]),
        settings,
    )


def _number(setting: Sysctl | None) -> int | None:
    return setting.numbers[0] if setting and len(setting.numbers) == 1 else None
