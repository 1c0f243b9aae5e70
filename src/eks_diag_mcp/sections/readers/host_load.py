"""The load of the host: the head of top (system/top.txt), and pressure stall information (system/pressure_*.txt).

Two tops exist: procps (node script) and the node agent's own imitation, which writes `0.7sy`, `Total`, and an up time
without `up`. With `-n1`, procps of most releases shows processor shares since boot."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence, Reading
from .tables import Row, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_LOAD = re.compile(r"load average: ?(\d+[.,]\d+), ?(\d+[.,]\d+), ?(\d+[.,]\d+)")
_TASKS = re.compile(r"Tasks: +(\d+) total\b")
_CPU = re.compile(r"%?Cpu\(s\):")
_MEMORY = re.compile(r"([KMGT])iB (Mem|Swap) ?:|^(Mem|Swap):")
_AMOUNT = re.compile(r"([\d.]+)(k?)[ +]*(avail Mem|[a-zA-Z/]+)")
_PRESSURE = re.compile(r"(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=\d+")
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_HEAD_LINES = 12


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes. `available` (what programs can still get) is None where that top does not show it."""

    total: float
    free: float | None
    available: float | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Top:
    """The head of top; None for what it does not show."""

    load: tuple[float, float, float] | None = None
    load_row: Evidence | None = None
    tasks: int | None = None
    iowait_percent: float | None = None
    steal_percent: float | None = None
    cpu_row: Evidence | None = None
    memory: Memory | None = None
    swap: Memory | None = None


@dataclass(frozen=True, slots=True)
class Stall:
    """Pressure of one resource: the share of time in which some, or all, work waited for it."""

    resource: str
    kind: str
    avg10: float
    avg60: float
    avg300: float
    evidence: Evidence


def read_top(bundle: "Bundle") -> Top:
    """The head of top.txt."""
    load: tuple[float, float, float] | None = None
    load_row = cpu_row = None
    tasks = None
    iowait = steal = None
    memory: dict[str, Memory] = {}
    for row in rows_of(bundle, "processes", "top.txt"):
        if row.number > _HEAD_LINES:
            break
        if found := _LOAD.search(row.text):
            one, five, fifteen = (float(found[n].replace(",", ".")) for n in (1, 2, 3))
            load, load_row = (one, five, fifteen), row.evidence
        elif found := _TASKS.match(row.text):
            tasks = int(found[1])
        elif _CPU.match(row.text):
            iowait, steal, cpu_row = _cpu_share(row.text, "wa"), _cpu_share(row.text, "st"), row.evidence
        elif found := _MEMORY.match(row.text):
            memory |= _memory(row, found)
    return Top(load, load_row, tasks, iowait, steal, cpu_row, memory.get("Mem"), memory.get("Swap"))


def _cpu_share(text: str, what: str) -> float | None:
    found = re.search(rf"(\d{{1,3}}(?:[.,]\d+)?)%? ?{what}\b", text)
    return float(found[1].replace(",", ".")) if found else None


def _memory(row: Row, head: re.Match[str]) -> dict[str, Memory]:
    """The lines `MiB Mem : ...` and `MiB Swap: ...`; what is available stands at the end of the latter."""
    unit = _UNITS[head[1] or "K"]
    amounts = {a[3].lower(): float(a[1]) * unit for a in _AMOUNT.finditer(row.text[head.end() :]) if a[1].strip(".")}
    found = {}
    if "total" in amounts:
        name = head[2] or head[3]
        found[name] = Memory(amounts["total"], amounts.get("free"), amounts.get("avail mem"), row.evidence)
    return found


def available_memory(top: Top) -> tuple[float, Evidence] | None:
    """(bytes, where it was read): procps writes what is available on the swap line."""
    for memory in (top.memory, top.swap):
        if memory and memory.available is not None:
            return memory.available, memory.evidence
    return None


def read_stalls(bundle: "Bundle") -> tuple[Stall, ...]:
    """Pressure of cpu, memory and io, where the node agent noted it."""
    found = []
    for row in rows_of(bundle, "pressure"):
        named = re.search(r"pressure_(cpu|memory|io)\.txt$", row.file)
        values = _PRESSURE.match(row.text)
        if named and values:
            averages = (float(values[2]), float(values[3]), float(values[4]))
            found.append(Stall(named[1], values[1], *averages, row.evidence))
    return tuple(found)


def stall_readings(stalls: tuple[Stall, ...], *resources: str) -> Iterator[Reading]:
    """Pressure of those resources, scope `cpu pressure` and the like."""
    for stall in stalls:
        if stall.resource in resources:
            for name, value in (("avg10", stall.avg10), ("avg60", stall.avg60)):
                reading = f"{stall.kind}_{name}_percent"
                yield Reading(reading, value, "percent", stall.evidence.ref, f"{stall.resource} pressure")


def cpu_count(bundle: "Bundle") -> tuple[int | None, Evidence | None]:
    """The processors: lines cpu0, cpu1 ... of /proc/stat, or what the kernel said at boot."""
    rows = [r for r in rows_of(bundle, "processes", "/procstat.txt") if re.match(r"cpu\d+ ", r.text)]
    if rows:
        return len(rows), rows[0].evidence
    said = bundle.latest(r"smpboot: Allowing \d{1,4} CPUs|smp: Brought up \d{1,2} nodes?, \d{1,4} CPUs", ("dmesg",))
    found = re.search(r"(\d{1,4}) CPUs", said.text) if said else None
    return (int(found[1]), said) if found else (None, None)
