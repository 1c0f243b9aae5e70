"""A row of the result: what was measured, against what, and how it is told."""

import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ours` and `reference` are medians in `unit`; `ratio` is the median of the ratios pair by pair,
    `spread` the least and the greatest of them. Where nothing else is measured the bar itself is the reference."""

    name: str
    unit: str
    ours: float
    reference: float
    ratio: float
    spread: tuple[float, float]
    bar: str
    note: str = ""

    def told(self) -> dict[str, Any]:
        """As it stands in the file of results."""
        return {
            "name": self.name,
            "ours": round(self.ours, 4),
            "reference": round(self.reference, 4),
            "ratio": round(self.ratio, 3),
            "spread": [round(self.spread[0], 3), round(self.spread[1], 3)],
            "unit": self.unit,
            "bar": self.bar,
            "note": self.note,
        }

    def line(self) -> str:
        """As a row of a markdown table."""
        unit = "" if self.unit == "exponent" else f" {self.unit}"
        spread = f"{self.spread[0]:.2f} to {self.spread[1]:.2f}"
        return f"| {self.name} | {self.ours:.4g}{unit} | {self.reference:.4g}{unit} | {self.ratio:.2f} | {spread} | {self.bar} | {self.note} |"


HEAD = "| name | ours | reference | ratio | spread | bar | |\n|---|---|---|---|---|---|---|"


def paired(name: str, pairs: Sequence[tuple[float, float]], bar: float, note: str = "") -> Row:
    """From (ours, reference) seconds, measured in turn."""
    ratios = [ours / reference for ours, reference in pairs]
    ours, reference = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Row(name, "s", ours, reference, statistics.median(ratios), (min(ratios), max(ratios)), f"<= {bar}", note)


def bounded(name: str, unit: str, values: Sequence[float], bar: float, note: str = "") -> Row:
    """From values that a number bounds: the greatest one counts."""
    worst = max(values)
    return Row(name, unit, worst, bar, worst / bar, (min(values) / bar, worst / bar), f"<= {bar:g} {unit}", note)


def machine() -> dict[str, Any]:
    """What it ran on: no names, no paths."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    load = float(Path("/proc/loadavg").read_text().split()[0])
    return {
        "cpu": platform.machine(),
        "cores": cores,
        "memory_gb": round(int(memory.split()[1]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": load,
    }
