"""Times of the lines of one file while it streams by, and the search for boot time."""

import re
from datetime import UTC, datetime, timedelta

from .clock import Clock
from .formats import formats
from .sources import Source
from .store import Block, FileEntry, from_millis, iso, millis

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAMPLES = 40
"""Lines of a block that are looked at for its first and last time. Logs are written in order of time but for small slips;
readers of block times allow for TIME_SLACK."""
TIME_SLACK = timedelta(minutes=2)
_BACK = 400
"""How far back an unstamped line (stack trace, second line of an error) looks for the stamp it follows."""
_NO_JOURNAL = re.compile(
    rb"^(?:-- No entries --|No journal files were found\.?|-- No journal files were found --|System has not been booted with systemd|Failed to connect to bus|(?:bash: |sh: )?[\w./-]+: command not found)"
)


class FileStamps:
    """The state of one file: its formats, its clock, the last time seen."""

    def __init__(self, entry: FileEntry, source: Source, clock: Clock) -> None:
        self.entry, self.source = entry, source
        self._formats = [formats().by_id[name] for name in source.formats]
        # Seconds since boot become milliseconds since the epoch, to be shifted once boot time is known.
        self._reader = formats().reader(source.formats, Clock(clock.captured, boot=_EPOCH)) if source.formats else None
        self.boot_clock = False
        self.carry: int | None = None
        self.lines = 0
        self.offset = 0
        self.inside_key = False
        self._decided = False
        self._first: int | None = None
        self._last: int | None = None

    def read(self, line: str) -> tuple[int | None, str | None]:
        """(epoch ms, syslog program) of a line. In a file on the boot clock: ms since boot."""
        if self._reader is None:
            return None, None
        stamped = self._reader.read(line)
        if stamped is None:
            return None, None
        return millis(stamped.time), stamped.program

    def observe(self, block: Block, line_at: "LineAt") -> None:
        """Sets the block's first and last time from a sample of its lines, and what follows it inherits."""
        if self._reader is None or not block.n_lines:
            return
        if not self._decided:
            self._decide(line_at(0))
        step = max(1, block.n_lines // _SAMPLES)
        times = [t for k in range(0, block.n_lines, step) if (t := self.read(line_at(k))[0]) is not None]
        for k in range(block.n_lines - 1, max(-1, block.n_lines - 50), -1):
            if (time := self.read(line_at(k))[0]) is not None:
                times.append(time)
                self.carry = time
                break
        if times:
            block.ts_min, block.ts_max = min(times), max(times)
            self._first = block.ts_min if self._first is None else min(self._first, block.ts_min)
            self._last = block.ts_max if self._last is None else max(self._last, block.ts_max)

    def _decide(self, line: str) -> None:
        for fmt in self._formats:
            if fmt.stamp(line):
                self.boot_clock, self._decided = fmt.clock == "boot", True
                return

    def time_of(self, index: int, line_at: "LineAt") -> tuple[int | None, str | None]:
        """As `read`, but a line without a stamp takes the time of the stamped line before it."""
        if self._reader is None:
            return None, None
        time, program = self.read(line_at(index))
        if time is not None:
            return time, program
        for k in range(index - 1, max(-1, index - _BACK), -1):
            if (time := self.read(line_at(k))[0]) is not None:
                return time, program
        return self.carry, program

    def resolve_boot(self, block: Block, boot: datetime | None) -> None:
        """Shift a held block from the boot clock to UTC; without boot time it has none."""
        if not self.boot_clock:
            return
        shift = millis(boot)
        block.ts_min = block.ts_min + shift if shift is not None and block.ts_min is not None else None
        block.ts_max = block.ts_max + shift if shift is not None and block.ts_max is not None else None
        if shift is not None and self._first is not None and self._last is not None:
            self.entry.first, self.entry.last = iso(from_millis(self._first + shift)), iso(from_millis(self._last + shift))

    def finish(self, first_text: bytes) -> None:
        """Tell the manifest what the file was."""
        entry = self.entry
        entry.lines = self.lines
        if entry.state == "present" and (not entry.size or (_NO_JOURNAL.match(first_text) and self.lines <= 3)):
            entry.state = "empty"
            entry.detail = "" if not entry.size else first_text.split(b"\n")[0][:120].decode("utf-8", "replace")
        if entry.masked and entry.state == "present":
            entry.state = "masked"
        if not self.boot_clock:
            entry.first, entry.last = iso(from_millis(self._first)), iso(from_millis(self._last))


class LineAt:
    """The lines of a block by index, decoded when asked for."""

    __slots__ = ("_data", "_ends")

    def __init__(self, data: bytes, ends: "list[int]") -> None:
        self._data, self._ends = data, ends

    def __call__(self, index: int) -> str:
        start = self._ends[index - 1] + 1 if index else 0
        end = self._ends[index] if index < len(self._ends) else len(self._data)
        return self._data[start:end].decode("utf-8", "replace").rstrip("\r")


class BootFinder:
    """Looks for boot time in the files that go by: /proc/stat's btime, the same kernel line in both dmesg clocks, `top`."""

    def __init__(self) -> None:
        self._btime: datetime | None = None
        self._uptime: timedelta | None = None
        self._relative: dict[str, float] = {}
        self._human: dict[str, datetime] = {}

    def see(self, block: Block) -> None:
        """Take what a block tells of boot time."""
        if block.source == "dmesg" and len(self._relative) < 4000 and len(self._human) < 4000:
            self._dmesg(block)
        elif block.file == "system/procstat.txt" and (found := re.search(rb"^btime (\d{9,11})$", block.text, re.MULTILINE)):
            self._btime = datetime.fromtimestamp(int(found[1]), UTC)
        elif block.file == "system/top.txt" and (
            found := re.match(rb"top - [\d:]+ up (?:(\d+) days?,\s+)?(?:(\d+):(\d\d)|(\d+) min)", block.text)
        ):
            days, hours, minutes, alone = (int(g or 0) for g in found.groups())
            self._uptime = timedelta(days=days, hours=hours, minutes=minutes or alone)

    def _dmesg(self, block: Block) -> None:
        for raw in block.text.split(b"\n")[:2000]:
            line = raw.decode("utf-8", "replace")
            if found := re.match(r"\[\s*(\d+\.\d+)\] (.+)", line):
                self._relative[found[2]] = float(found[1])
            elif found := re.match(r"\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] (.+)", line):
                when = datetime.strptime(found[1], "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
                self._human.setdefault(found[2], when)

    def find(self, captured: datetime) -> datetime | None:
        """Boot time by the best witness; None when nothing tells."""
        if self._btime:
            return self._btime
        gaps = sorted(when - timedelta(seconds=self._relative[text]) for text, when in self._human.items() if text in self._relative)
        if gaps:
            return gaps[len(gaps) // 2]
        return captured - self._uptime if self._uptime else None


