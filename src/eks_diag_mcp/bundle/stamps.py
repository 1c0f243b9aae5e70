"""Times of the lines of one file while it streams by."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np

from .clock import Clock
from .formats import StampReader, formats
from .sources import Source
from .store import Block, FileEntry, from_millis, iso, millis

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = 400
"""Minutes of one block that are looked at one by one for its first and last time; of more, a sample is."""
TIME_SLACK = timedelta(minutes=2)
"""By so much a line's time may lie outside its block's: minutes are looked at, not lines, and logs slip a little."""
BACK = 400
"""How far back an unstamped line (stack trace, second line of an error) looks for the stamp it follows."""
_UNDECIDED = 50
_HEAD = 40
_FEW = 40
_CROWD = 50_000
_MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD], dtype=np.uint64
)
"""Odd numbers that make one number of a line's head."""
_NO_JOURNAL = re.compile(
    rb"^(?:-- No entries --|No journal files were found\.?|-- No journal files were found --|System has not been booted with systemd|Failed to connect to bus|(?:bash: |sh: )?[\w./-]+: command not found)"
)


class LineAt:
    """The lines of a block by index, decoded when asked for."""

    __slots__ = ("_data", "_ends", "n")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10).tolist()
        self.n = len(self._ends) + (0 if data.endswith(b"\n") else 1)

    @property
    def whole(self) -> int:
        """How many lines have their end in the block."""
        return len(self._ends)

    def raw(self, index: int) -> bytes:
        """The bytes of a line without its end."""
        start = self._ends[index - 1] + 1 if index else 0
        return self._data[start : self._ends[index] if index < len(self._ends) else len(self._data)]

    def __call__(self, index: int) -> str:
        return self.raw(index).decode("utf-8", "replace").rstrip("\r")

    def looked_at(self) -> list[int]:
        """Lines that stand for all others in time: one of each minute, as far as the head of a line tells, and a few more."""
        few = range(0, self.n, max(1, self.n // _FEW))
        if self.n > _CROWD:
            return list(few)
        starts = np.concatenate(([0], np.asarray(self._ends, dtype=np.int64) + 1))[: self.n]
        heads = np.frombuffer(self._data + bytes(_HEAD), dtype=np.uint8)[starts[:, None] + np.arange(_HEAD)]
        first = heads[:, 0]
        # 12: "Jan  1 10:00", "E0101 10:00:"; 17: "[Thu Oct 10 03:06"; 38: {"level":"info","ts":"2026-01-01T10:00; 16: "2026-01-01T10:00"
        letters = ((first | 32) >= 97) & ((first | 32) <= 122)
        widths = np.select([letters, first == 91, first == 123], [12, 17, 38], 16)
        heads = np.where(np.arange(_HEAD) < widths[:, None], heads, 0).astype(np.uint8)
        _, minutes = np.unique((heads.view(np.uint64) * _MIX).sum(axis=1), return_index=True)
        step = len(minutes) // _MINUTES + 1
        return sorted({*few, *np.sort(minutes)[::step].tolist()})


class FileStamps:
    """The state of one file: its formats, its clock, the last time seen."""

    def __init__(self, entry: FileEntry, source: Source, clock: Clock) -> None:
        self.entry, self.source = entry, source
        self._formats = [formats().by_id[name] for name in source.formats]
        self._reader = StampReader(self._formats, Clock(clock.captured)) if source.formats else None
        self.boot_clock = False
        self.carry: int | None = None
        self.lines = 0
        self.offset = 0
        self.open_line = False
        """The last piece ended within a line."""
        self.inside_key = 0
        """How many lines of a PEM private key are still waited for."""
        self.head = b""
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

    def observe(self, block: Block, line_at: LineAt) -> None:
        """Sets the block's first and last time, and what the lines behind it inherit."""
        if self._reader is None or not block.n_lines:
            return
        for index in range(min(_UNDECIDED, line_at.n)):
            if self._decided:
                break
            self._decide(line_at(index))
        times = [t for k in line_at.looked_at() if (t := self.read(line_at(k))[0]) is not None]
        if self.carry is not None and self.read(line_at(0))[0] is None:
            times.append(self.carry)  # the first lines go on from the block before
        for k in range(line_at.n - 1, max(-1, line_at.n - BACK), -1):
            if (time := self.read(line_at(k))[0]) is not None:
                times.append(time)
                self.carry = time
                break
        if times:
            block.ts_min, block.ts_max = min(times), max(times)
            self._first = block.ts_min if self._first is None else min(self._first, block.ts_min)
            self._last = block.ts_max if self._last is None else max(self._last, block.ts_max)

    def _decide(self, line: str) -> None:
        """Is the file on the boot clock? Its first stamped line says so; from then on only one kind of clock is read."""
        for fmt in self._formats:
            if fmt.stamp(line):
                self.boot_clock, self._decided = fmt.clock == "boot", True
                if self.boot_clock:
                    # Seconds since boot become milliseconds since the epoch, to be shifted once boot time is known.
                    alike = [f for f in self._formats if f.clock == "boot"]
                    self._reader = StampReader(alike, Clock(_EPOCH, boot=_EPOCH))
                return

    def time_of(self, index: int, line_at: LineAt) -> tuple[int | None, str | None]:
        """As `read`, but a line without a stamp takes the time of the stamped line before it."""
        if self._reader is None:
            return None, None
        time, program = self.read(line_at(index))
        if time is not None:
            return time, program
        floor = max(-1, index - BACK)
        for k in range(index - 1, floor, -1):
            if (time := self.read(line_at(k))[0]) is not None:
                return time, program
        return (self.carry if floor < 0 else None), program

    def resolve_boot(self, block: Block, boot: datetime | None) -> None:
        """Shift a held block from the boot clock to UTC; without boot time it has none."""
        shift = millis(boot)
        block.ts_min = block.ts_min + shift if shift is not None and block.ts_min is not None else None
        block.ts_max = block.ts_max + shift if shift is not None and block.ts_max is not None else None
        if shift is not None and self._first is not None and self._last is not None:
            self.entry.first, self.entry.last = iso(from_millis(self._first + shift)), iso(from_millis(self._last + shift))

    def finish(self) -> None:
        """Tell the manifest what the file was."""
        entry = self.entry
        entry.lines = self.lines
        if entry.state == "present" and (not entry.size or (self.lines <= 3 and _NO_JOURNAL.match(self.head))):
            entry.state = "empty"
            entry.detail = self.head.split(b"\n")[0][:120].decode("utf-8", "replace")
        if entry.masked and entry.state == "present":
            entry.state = "masked"
        if not self.boot_clock:
            entry.first, entry.last = iso(from_millis(self._first)), iso(from_millis(self._last))
