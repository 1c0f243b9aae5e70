"""When the node booted: what turns seconds since boot into times."""

import re
from datetime import UTC, datetime, timedelta

from .store import Block

_PAIRS = 4000
"""Kernel lines kept of each clock; the first ones of both files pair up."""
_RELATIVE = re.compile(rb"^\[\s*(\d{1,9}\.\d+)\] (.+)$", re.MULTILINE)
_HUMAN = re.compile(rb"^\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] (.+)$", re.MULTILINE)
_TOP = re.compile(rb"top - [\d:]+ up\s+(?:(\d+) days?,\s+)?(?:(\d+):(\d\d)|(\d+) min)")
_BTIME = re.compile(rb"^btime (\d{9,11})$", re.MULTILINE)


class BootFinder:
    """Looks for boot time in the files that go by: /proc/stat's btime, the same kernel line in both dmesg clocks, `top`."""

    def __init__(self) -> None:
        self._btime: datetime | None = None
        self._uptime: timedelta | None = None
        self._relative: dict[bytes, float] = {}
        self._human: dict[bytes, datetime] = {}

    def see(self, block: Block) -> None:
        """Take what a block tells of boot time."""
        if block.source == "dmesg":
            self._dmesg(block.text)
        elif block.file == "system/procstat.txt" and (found := _BTIME.search(block.text)):
            self._btime = datetime.fromtimestamp(int(found[1]), UTC)
        elif block.file == "system/top.txt" and (found := _TOP.match(block.text)):
            days, hours, minutes, alone = (int(g or 0) for g in found.groups())
            self._uptime = timedelta(days=days, hours=hours, minutes=minutes or alone)

    def _dmesg(self, text: bytes) -> None:
        """Remember when each kernel line first stands, by either clock."""
        for found in _RELATIVE.finditer(text):
            if len(self._relative) >= _PAIRS:
                break
            self._relative.setdefault(found[2], float(found[1]))
        for found in _HUMAN.finditer(text):
            if len(self._human) >= _PAIRS:
                break
            if found[2] not in self._human:
                try:
                    when = datetime.strptime(found[1].decode(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
                except ValueError:  # shaped like a time, and none
                    continue
                self._human[found[2]] = when

    def find(self, captured: datetime) -> datetime | None:
        """Boot time by the best witness; None when nothing tells."""
        if self._btime:
            return self._btime
        gaps = sorted(
            when - timedelta(seconds=self._relative[text]) for text, when in self._human.items() if text in self._relative
        )
        if gaps:
            return gaps[len(gaps) // 2]
        return captured - self._uptime if self._uptime else None
