"""Rules: the line patterns that a scan looks for, and the Hyperscan database that finds them all in one pass."""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..errors import BadPattern


class LineRule:
    """A pattern over single lines. `scopes` maps a source name to the syslog programs whose lines count (None = all);
    no scopes = every source. `sampled`: of many hits in one block only some are looked at closely (context lines)."""

    __slots__ = ("find", "id", "pattern", "sampled", "scopes", "unless")

    def __init__(self, id: str, pattern: str, unless: str | None = None, scopes: Iterable[str] = (), *, sampled: bool = False) -> None:
        self.id, self.pattern, self.sampled = id, pattern, sampled
        self.find = re.compile(pattern, re.IGNORECASE | re.ASCII).search
        self.unless = re.compile(unless, re.IGNORECASE | re.ASCII).search if unless else None
        self.scopes: dict[str, set[str | None]] = {}
        for scope in scopes:
            source, _, program = scope.partition("/")
            self.scopes.setdefault(source, set()).add(program or None)

    def hits(self, line: str) -> bool:
        """The obvious scan: does this single line hit?"""
        return bool(self.find(line)) and not (self.unless and self.unless(line))

    def programs(self, source: str) -> set[str | None] | None:
        """The syslog programs of that source whose lines may hit; None when the source is out of scope."""
        return self.scopes.get(source) if self.scopes else {None}


class PatternSet:
    """Patterns compiled into one Hyperscan database, made once and kept on disk by digest."""

    def __init__(self, patterns: Sequence[str], cache: Path | None = None) -> None:
        import hyperscan

        self._hyperscan: Any = hyperscan
        self.patterns = tuple(patterns)
        text = "\n".join([str(getattr(hyperscan, "__version__", "")), *self.patterns])
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:20]
        self._database = self._load(cache) if cache else self._compile()
        self._local = threading.local()

    def _compile(self) -> Any:
        hs = self._hyperscan
        flags = hs.HS_FLAG_CASELESS | hs.HS_FLAG_MULTILINE
        database = hs.Database(mode=hs.HS_MODE_BLOCK)
        expressions = [p.encode() for p in self.patterns]
        all_flags = [flags if _compiles(hs, p, flags) else flags | hs.HS_FLAG_PREFILTER for p in expressions]
        try:
            database.compile(expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions), flags=all_flags)
        except hs.HyperscanError as error:
            raise BadPattern(f"The pattern does not compile: {str(error)[:160]}", "Simplify the pattern.") from error
        return database

    def _load(self, cache: Path) -> Any:
        hs, path = self._hyperscan, cache / f"patterns-{self.digest}.hs"
        if path.exists():
            try:
                return hs.loadb(path.read_bytes(), mode=hs.HS_MODE_BLOCK)
            except (hs.HyperscanError, OSError, RuntimeError):  # another CPU or a damaged file: make it anew
                pass
        database = self._compile()
        try:
            cache.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(hs.dumpb(database))
            part.replace(path)
        except OSError:  # no room or no right: the database in memory serves
            pass
        return database

    def scan(self, data: bytes) -> list[tuple[int, int]]:
        """(pattern index, end offset) of each match, in order of the end."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        found: list[tuple[int, int]] = []
        add = found.append
        self._database.scan(data, match_event_handler=lambda i, _start, end, _flags, _context: add((i, end)), scratch=scratch)
        return found


def _compiles(hs: Any, pattern: bytes, flags: int) -> bool:
    """Hyperscan takes it as it is; else it must go in as a prefilter, and the check of each line decides."""
    try:
        hs.Database(mode=hs.HS_MODE_BLOCK).compile(expressions=[pattern], ids=[0], elements=1, flags=[flags])
    except hs.HyperscanError:
        return False
    return True
