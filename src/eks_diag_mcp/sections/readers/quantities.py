"""Amounts as tools write them: sizes of df and du (powers of 1024, rounded up), and Kubernetes quantities."""

import re
from dataclasses import dataclass

GIB = 1 << 30
_SHOWN = re.compile(r"(\d{1,20})(?:[.,](\d))?([KMGTPEZ]?)i?B?", re.ASCII)
_QUANTITY = re.compile(r"(\d{1,20}(?:\.\d{1,9})?)\s*(Ki|Mi|Gi|Ti|Pi|k|K|M|G|T|P|m)?", re.ASCII)
_POWERS = " KMGTPEZ"
_SUFFIXES = {"": 1.0, "m": 1e-3, "k": 1e3, "K": 1e3} | {s: 1000.0 ** (i + 2) for i, s in enumerate("MGTP")}
_SUFFIXES |= {s + "i": 1024.0 ** (i + 1) for i, s in enumerate("KMGTP")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A size as it was shown. The true one lies above `least` and is at most `most` (df and du round up)."""

    most: float
    least: float

    @property
    def gib(self) -> float:
        return round(self.most / GIB, 2 if self.most < GIB else 1)


def shown_size(text: str) -> Shown | None:
    """`80G`, `1.2M`, `0` or `512331` as bytes (or as a count, where a column counts)."""
    found = _SHOWN.fullmatch(text.strip())
    if found is None:
        return None
    unit = 1024.0 ** _POWERS.index(found[3] or " ")
    value = float(f"{found[1]}.{found[2] or 0}") * unit
    step = 0.0 if not found[3] else unit / 10 if found[2] else unit
    return Shown(value, max(0.0, value - step))


def quantity(text: str) -> float | None:
    """A Kubernetes quantity (`100Mi`, `1Gi`, `70m`, `1073741824`) as a number."""
    found = _QUANTITY.fullmatch(text.strip())
    return float(found[1]) * _SUFFIXES[found[2] or ""] if found else None


def percentage(text: str) -> float | None:
    """`10%` as 10.0; None for what is no percentage."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)%", text.strip(), re.ASCII)
    return float(found[1]) if found else None


def share(part: float, whole: float) -> float | None:
    """`part` of `whole` in percent, one decimal; None of nothing."""
    return round(100 * part / whole, 1) if whole else None
