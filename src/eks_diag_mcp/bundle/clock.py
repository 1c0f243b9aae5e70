"""One UTC clock for a bundle: turns stamps without year or zone, and seconds since boot, into UTC times."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FUTURE_SLACK = timedelta(days=1)
"""A line may be stamped a little after the capture (clock steps, live logs); more than this means another year."""

_LONGEST_UP_S = 1e9
"""More seconds since boot than any node has run: a stamp that only looks like one."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as a line writes it: a UTC time, a time without a year (`yearless`, year 2000 held as place), or seconds
    since boot."""

    time: datetime | None = None
    yearless: bool = False
    boot_s: float | None = None

    @classmethod
    def parse(cls, groups: Mapping[str, str | None], months: Mapping[str, int]) -> "Stamp | None":
        """The stamp in the named groups of a format's match; None for one that is no date."""
        try:
            return cls._parse(groups, months)
        except (ValueError, OverflowError, KeyError):
            return None

    @classmethod
    def _parse(cls, groups: Mapping[str, str | None], months: Mapping[str, int]) -> "Stamp | None":
        if iso := groups.get("iso"):
            return cls(parse_iso(iso))
        if time_of_day := groups.get("clock"):
            name = groups.get("mon")
            month = _month(name.lower(), months) if name else int(groups.get("month") or 0)
            day, (hour, minute, second) = int(groups["day"] or 0), time_of_day.split(":")
            whole, _, fraction = second.partition(".")
            micro = int((fraction + "000000")[:6]) if fraction else 0
            return cls(datetime(2000, month, day, int(hour), int(minute), int(whole), micro, UTC), yearless=True)
        if epoch := groups.get("epoch"):
            return cls(datetime.fromtimestamp(float(epoch), UTC))
        if epoch_ms := groups.get("epoch_ms"):
            return cls(datetime.fromtimestamp(float(epoch_ms) / 1000, UTC))
        if boot := groups.get("boot"):
            return cls(boot_s=float(boot))
        if ctime := groups.get("ctime"):
            return cls(datetime.strptime(ctime, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC))
        if date := groups.get("date"):
            clock = groups.get("time_of_day") or "00:00:00"
            return cls(parse_iso(f"{date.replace('/', '-')}T{clock}"))
        return None


def _month(name: str, months: Mapping[str, int]) -> int:
    """By its first four letters where three do not tell (juin, juil), else by three."""
    return months.get(name[:4]) or months[name[:3]]


def parse_iso(text: str) -> datetime:
    """An ISO-like time (comma or dot, space or T, any number of decimals, zone optional: UTC is meant) as UTC."""
    if len(text) > 18 and text[10] in "T ":  # what the standard library reads, it reads ten times as fast
        try:
            plain = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return plain.replace(tzinfo=UTC) if plain.tzinfo is None else plain.astimezone(UTC)
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s?(Z|UTC|[+-]\d\d:?\d\d)?", text)
    if match is None:
        raise ValueError(f"not a time: {text!r}")
    time = datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=UTC)
    if match[3]:
        time += timedelta(microseconds=int((match[3] + "000000")[:6]))
    if match[4] and match[4] not in ("Z", "UTC"):
        sign = -1 if match[4][0] == "-" else 1
        digits = match[4][1:].replace(":", "")
        time -= sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return time


@dataclass(frozen=True, slots=True)
class Clock:
    """The anchors of one bundle: the capture time, and boot time where it is known."""

    captured: datetime
    boot: datetime | None = None

    def resolve(self, stamp: Stamp) -> datetime | None:
        """UTC time of a stamp. A time without a year gets the latest year that does not put it after the capture."""
        if stamp.boot_s is not None:
            return self.boot + timedelta(seconds=stamp.boot_s) if self.boot and stamp.boot_s < _LONGEST_UP_S else None
        if stamp.time is None or not stamp.yearless:
            return stamp.time
        for year in (self.captured.year + 1, self.captured.year, self.captured.year - 1):
            try:
                time = stamp.time.replace(year=year)
            except ValueError:  # 29 February
                continue
            if time <= self.captured + FUTURE_SLACK:
                return time
        for year in range(self.captured.year - 2, self.captured.year - 9, -1):
            try:
                return stamp.time.replace(year=year)
            except ValueError:
                continue
        return None
