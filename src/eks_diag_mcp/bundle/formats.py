"""Formats: how a line says when it was written, how loud it is and who wrote it (data: formats.yaml)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from ..rows import Row, RowFile, raise_faults
from .clock import Clock, Stamp

_FILE = Path(__file__).with_name("formats.yaml")
_SAMPLE_CLOCK = Clock(captured=datetime(2026, 1, 2, tzinfo=UTC), boot=datetime(2025, 12, 31, tzinfo=UTC))
LOUD = ("warning", "error", "fatal")
_HEAD = 400
"""A stamp stands within the first characters of a line; the rest is never looked at."""


class Sample(Row):
    """A real-shaped line and what it says."""

    line: str
    time: datetime
    level: str | None = None
    program: str | None = None


class FormatRow(Row):
    """One way of stamping lines; a row that fails its own samples does not load."""

    id: str
    clock: Literal["utc", "yearless", "boot"]
    pattern: str
    level_pattern: str | None = None
    anywhere: bool = False
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Stamped:
    """What the head of a line says. `time` is None where the clock is boot and boot time is unknown."""

    time: datetime | None
    level: str | None
    program: str | None


class Format:
    """A compiled FormatRow."""

    def __init__(self, row: FormatRow, levels: Mapping[str, str], months: Mapping[str, int]) -> None:
        self.id, self.clock = row.id, row.clock
        self._find = re.compile(row.pattern).search
        self._level = re.compile(row.level_pattern).search if row.level_pattern else None
        self._levels, self._months = levels, months

    def stamp(self, line: str) -> tuple[Stamp, str | None, str | None] | None:
        """(stamp, level, program) of the line, or None where the format does not apply."""
        head = line[:_HEAD]
        match = self._find(head)
        if match is None:
            return None
        groups = match.groupdict()
        stamp = Stamp.parse(groups, self._months)
        return None if stamp is None else (stamp, *self._said(head, groups))

    def said(self, line: str) -> tuple[str | None, str | None] | None:
        """(level, program) of a line whose time is known already."""
        head = line[:_HEAD]
        match = self._find(head)
        return None if match is None else self._said(head, match.groupdict())

    def _said(self, head: str, groups: Mapping[str, str | None]) -> tuple[str | None, str | None]:
        level = groups.get("level") or groups.get("klevel")
        if self._level and (found := self._level(head)):
            level = found[1]
        program = groups.get("program")
        return self._levels.get(level.lower()) if level else None, program.lstrip("(").rstrip(")") if program else None


class Formats:
    """The table of formats."""

    def __init__(self, path: Path = _FILE) -> None:
        faults: list[str] = []
        file = RowFile(path, "formats", FormatRow, faults)
        levels, months = file.document.get("levels"), file.document.get("months")
        assert isinstance(levels, dict) and isinstance(months, dict)
        loud = file.document.get("loud")
        assert isinstance(loud, str)
        self.loud = loud
        """A pattern that every line of level warning or above holds; others may hold it too."""
        self.by_id: dict[str, Format] = {}
        for index, row in file.rows:
            self.by_id[row.id] = fmt = Format(row, levels, months)
            faults += [f"{file.place(index)}: {row.id}: {fault}" for fault in _disproved(fmt, row, re.compile(loud, re.IGNORECASE))]
        raise_faults(faults, "formats")

    def reader(self, ids: tuple[str, ...], clock: Clock) -> "StampReader":
        """A reader of the lines of one file."""
        return StampReader([self.by_id[i] for i in ids], clock)


class StampReader:
    """Reads stamps by a list of formats. The format that matched last is tried first only if it is as good as the rest:
    the order of `formats` is the order of trust, so all are tried in order."""

    def __init__(self, formats: list[Format], clock: Clock) -> None:
        self.formats, self.clock = formats, clock

    def read(self, line: str) -> Stamped | None:
        """Time, level and program of a line; None when no format applies. The first format that gives a time wins;
        a program named by a later one is kept (syslog around logfmt)."""
        first: Stamped | None = None
        for fmt in self.formats:
            if first is None:
                found = fmt.stamp(line)
                if found is not None:
                    first = Stamped(self.clock.resolve(found[0]), found[1], found[2])
            elif (said := fmt.said(line)) and ((said[1] and not first.program) or (said[0] and not first.level)):
                first = Stamped(first.time, first.level or said[0], first.program or said[1])
            if first is not None and first.program and first.level:
                break
        return first


def _disproved(fmt: Format, row: FormatRow, loud: re.Pattern[str]) -> list[str]:
    faults = []
    for sample in row.samples:
        read = StampReader([fmt], _SAMPLE_CLOCK).read(sample.line)
        if read is None or read.time is None:
            faults.append(f"sample is not recognised: {sample.line!r}")
        elif abs((read.time - sample.time.astimezone(UTC)).total_seconds()) > 0.0011:
            faults.append(f"sample gives {read.time.isoformat()}, not {sample.time.isoformat()}: {sample.line!r}")
        elif sample.level in LOUD and not loud.search(sample.line):
            faults.append(f"`loud` misses a line of level {sample.level}: {sample.line!r}")
        elif sample.level and read.level != sample.level:
            faults.append(f"sample gives level {read.level}, not {sample.level}: {sample.line!r}")
    return faults


@cache
def formats() -> Formats:
    """The shipped table, loaded and proven once."""
    return Formats()
