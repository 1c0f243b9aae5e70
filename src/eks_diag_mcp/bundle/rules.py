"""Rules: the line patterns that a scan looks for, and the Hyperscan database that finds them all in one pass."""

import hashlib
import os
import re
import threading
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BadPattern

_NOT_EXACT = re.compile(r"\(\?[=!<>P]|[*+?}]\+|\\[1-9sDW]|\[\^(?!\\n\])")
"""What Hyperscan takes loosely (look-around, back-references, possessive repeats) or can match over the end of a line."""


class LineRule:
    """A pattern over single lines. `scopes` maps a source name to the syslog programs whose lines count (None = all);
    no scopes = every source. `sampled`: of many hits in one block only some are looked at closely (context lines)."""

    __slots__ = ("find", "id", "pattern", "sampled", "scopes", "unless")

    def __init__(
        self, id: str, pattern: str, unless: str | None = None, scopes: Iterable[str] = (), *, sampled: bool = False
    ) -> None:
        self.id, self.pattern = id, pattern
        self.find = re.compile(pattern, re.IGNORECASE | re.ASCII).search
        self.unless = re.compile(unless, re.IGNORECASE | re.ASCII).search if unless else None
        # What is only counted is not checked line by line, so the fast scan alone must be exact.
        self.sampled = sampled and not unless and not _NOT_EXACT.search(pattern)
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


@dataclass(frozen=True, slots=True)
class Found:
    """Which pattern may match which line (index in the text), pair by pair."""

    patterns: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Found":
        """Only those pairs."""
        return Found(self.patterns[chosen], self.lines[chosen])


NOTHING = Found(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
_BEYOND = re.compile(rb"\(\?(?:[=!]|<[=!])|\\[1-9]")
"""Look-around and back-references, which the engine does not take. Trying every pattern alone costs four times the whole."""
_INDEX_BITS = 16
_INDEX_MASK = (1 << _INDEX_BITS) - 1


class PatternSet:
    """Patterns compiled into one Hyperscan database, made once and kept on disk by digest."""

    def __init__(self, patterns: Sequence[str], cache: Path | None = None) -> None:
        import hyperscan

        self._hyperscan: Any = hyperscan
        self.patterns = tuple(patterns)
        text = "\n".join([str(getattr(hyperscan, "__version__", "")), *self.patterns])
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:20]
        self.loose: frozenset[int] = frozenset()
        """Patterns that are beyond the engine: it tells where they may match, the check of a line decides."""
        self._database = self._load(cache) if cache else self._compile()
        self._local = threading.local()

    def _compile(self) -> Any:
        hs = self._hyperscan
        flags = hs.HS_FLAG_CASELESS | hs.HS_FLAG_MULTILINE
        expressions = [_one_byte_pattern(p) for p in self.patterns]
        try:
            return _database(hs, expressions, [flags] * len(expressions))
        except hs.HyperscanError:
            beyond = [i for i, p in enumerate(expressions) if _BEYOND.search(p) and not _compiles(hs, p, flags)]
            self.loose = frozenset(beyond or (i for i, p in enumerate(expressions) if not _compiles(hs, p, flags)))
        loosely = [flags | (hs.HS_FLAG_PREFILTER if i in self.loose else 0) for i in range(len(expressions))]
        try:
            return _database(hs, expressions, loosely)
        except hs.HyperscanError as error:
            raise BadPattern(f"The pattern does not compile: {str(error)[:160]}", "Simplify the pattern.") from error

    def _load(self, cache: Path) -> Any:
        """The database from disk: a line with the numbers of the loose patterns, then what Hyperscan wrote."""
        hs, path = self._hyperscan, cache / f"patterns-{self.digest}.hs"
        if path.exists():
            try:
                head, _, packed = path.read_bytes().partition(b"\n")
                database = hs.loadb(packed, mode=hs.HS_MODE_BLOCK)
                self.loose = frozenset(map(int, head.split()))
                return database
            except (hs.HyperscanError, OSError, RuntimeError, ValueError):  # another CPU or a damaged file: make it anew
                pass
        database = self._compile()
        part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
        try:
            cache.mkdir(parents=True, exist_ok=True)
            part.write_bytes(" ".join(map(str, sorted(self.loose))).encode() + b"\n" + hs.dumpb(database))
            part.replace(path)
        except OSError:  # no room or no right: the database in memory serves
            part.unlink(missing_ok=True)
        return database

    def found(self, data: bytes | memoryview, most: int | None = None, *, ascii: bool | None = None) -> Found | None:
        """Each line that a pattern may match, once: in order of lines, then of patterns. May name too many, never too few.
        None: the patterns match at more than `most` places, so they tell lines no better than a look at each does.
        `ascii`: whether the data holds nothing else, where that is known."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        plain = data if ascii else one_byte(bytes(data))
        ends = array("q")
        add = ends.append

        def bounded(index: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            add(end << _INDEX_BITS | index)
            return len(ends) > (most or 0) or None  # anything but None ends the scan

        handler = bounded if most is not None else lambda index, _start, end, _flags, _context: add(end << _INDEX_BITS | index)
        try:
            self._database.scan(plain, match_event_handler=handler, scratch=scratch)
        except self._hyperscan.ScanTerminated:
            return None
        return _by_line(plain, ends) if ends else NOTHING

    def lines(self, data: bytes, most: int | None = None) -> list[tuple[int, int]] | None:
        """As `found`, as pairs (pattern index, line index)."""
        found = self.found(data, most)
        return None if found is None else list(zip(found.patterns.tolist(), found.lines.tolist(), strict=True))


def _by_line(text: bytes | memoryview, ends: "array[int]") -> Found:
    """Ends of matches as lines."""
    packed = np.frombuffer(ends, dtype=np.int64)
    at, index = packed >> _INDEX_BITS, packed & _INDEX_MASK
    data = np.frombuffer(text, dtype=np.uint8)
    line = np.searchsorted(np.flatnonzero(data == 10), at - 1, side="left")
    # Behind a newline ends either a match that holds it or an empty one that begins the next line.
    behind = np.flatnonzero((at > 0) & (data[at - 1] == 10))
    if len(behind):
        line, index = np.concatenate((line, line[behind] + 1)), np.concatenate((index, index[behind]))
    keys = np.unique(line << _INDEX_BITS | index)
    return Found(keys & _INDEX_MASK, keys >> _INDEX_BITS)


_CONTINUATION = bytes(range(0x80, 0xC0))
_LEAD = bytes(b if b < 0xC0 else 0xFF for b in range(256))


def one_byte(data: bytes) -> bytes:
    """UTF-8 text with each character beyond ASCII as one byte FF, so that `.` and `{n}` count characters, as re does."""
    return data if data.isascii() else data.translate(_LEAD, _CONTINUATION)


def _one_byte_pattern(pattern: str) -> bytes:
    if pattern.isascii():
        return pattern.encode()
    if "[^" in pattern:
        raise BadPattern("Negated classes are for ASCII characters only.", "Leave out what is beyond ASCII.")
    return "".join(c if c.isascii() else r"\xff" for c in pattern).encode()


@lru_cache(maxsize=256)
def pattern_set(pattern: str) -> PatternSet:
    """The compiled form of one pattern, kept for the next call."""
    return PatternSet([pattern])


def _database(hs: Any, expressions: list[bytes], flags: list[int]) -> Any:
    database = hs.Database(mode=hs.HS_MODE_BLOCK)
    database.compile(expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions), flags=flags)
    return database


def _compiles(hs: Any, pattern: bytes, flags: int) -> bool:
    """Does Hyperscan take it as it is?"""
    try:
        _database(hs, [pattern], [flags])
    except hs.HyperscanError:
        return False
    return True
