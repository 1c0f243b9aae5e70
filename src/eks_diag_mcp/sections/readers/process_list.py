"""The processes of the node (system/ps.txt, ps-threads.txt, allprocstat.txt) and what they wait for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...model import Evidence
from .tables import Row, plain, rows_of

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

_FOREST = re.compile(r"^(?:[|\\_]+\s+)+")
_STAT = re.compile(r"(\d{1,10}) \((.{1,64})\) (\S) (.*)", re.DOTALL)
_ENOUGH_ROWS = 5
"""A killed ps leaves half a table without saying so; a node that runs pods has far more processes than this."""


@dataclass(frozen=True, slots=True)
class Process:
    """A row of `ps fauxwww`. `state` is its STAT column (Z dead and not reaped, D waits for a device or NFS)."""

    user: str
    pid: int
    state: str
    command: str
    evidence: Evidence

    @property
    def program(self) -> str:
        """The name of the program, without its folder and arguments; "" for a kernel thread."""
        return "" if self.command.startswith("[") else self.command.split(None, 1)[0].rpartition("/")[2]

    @property
    def zombie(self) -> bool:
        return self.state.startswith("Z") or bool(re.fullmatch(r"\[[^\]]{1,40}\] <defunct>", self.command))


@dataclass(frozen=True, slots=True)
class Stat:
    """A line of /proc/PID/stat: threads (field 20), and time waited for block devices since it started (field 42, in
    centiseconds). None where the line is cut short."""

    pid: int
    name: str
    threads: int | None
    block_wait_cs: int | None
    row: Row


@dataclass(frozen=True, slots=True)
class ProcessList:
    """`processes` None: the list is not there or too short to count. `threads`: all threads of all processes."""

    rows: tuple[Process, ...]
    threads: int | None
    threads_of: Evidence | None

    @property
    def processes(self) -> int | None:
        return len(self.rows) if len(self.rows) >= _ENOUGH_ROWS else None

    def of(self, *programs: str) -> list[Process]:
        """The living processes of those programs."""
        return [p for p in self.rows if p.program in programs and not p.zombie]


def read_processes(bundle: "Bundle") -> ProcessList:
    """Processes and threads. `ps --headers` repeats its heading on every page, so only rows with a number count."""
    rows = tuple(_processes(bundle))
    threads, first = 0, None
    for row in rows_of(bundle, "processes", "ps-threads.txt"):
        words = row.text.split(None, 2)
        if len(words) == 3 and words[1].isdigit():
            threads, first = threads + 1, first or row.evidence
    if threads < max(len(rows), _ENOUGH_ROWS):  # cut short, or not there
        counted = [(s.threads, s.row) for s in read_stats(bundle) if s.threads is not None]
        total = sum(number for number, _ in counted)
        enough = len(counted) >= max(_ENOUGH_ROWS, len(rows) // 2)
        return ProcessList(rows, total if enough else None, counted[0][1].evidence if enough else None)
    return ProcessList(rows, threads, first)


def _processes(bundle: "Bundle") -> Iterator[Process]:
    for row in rows_of(bundle, "processes", "/ps.txt"):
        words = row.text.split(None, 10)
        if len(words) == 11 and words[1].isdigit():
            command = _FOREST.sub("", words[10]).strip()[:4000]
            yield Process(words[0], int(words[1]), words[7], command or "?", row.evidence)


def read_stats(bundle: "Bundle") -> Iterator[Stat]:
    """The lines of allprocstat.txt; error lines of processes that ended meanwhile stand between them."""
    for row in rows_of(bundle, "processes", "allprocstat.txt"):
        # A process name may hold blanks and brackets: its end is the last bracket.
        head, bracket, tail = row.text.rpartition(")")
        found = _STAT.fullmatch(f"{head}){tail}") if bracket else None
        if found:
            after = tail.split()  # from field 3 on
            wait = _number(after, 39)
            yield Stat(int(found[1]), plain(found[2], 20) or "?", _number(after, 17), wait, row)


def _number(fields: list[str], index: int) -> int | None:
    return int(fields[index]) if index < len(fields) and fields[index].isdigit() else None
