"""Rules: the line patterns that a scan looks for, and the Hyperscan database that finds them all in one pass."""

import hashlib
import os
import re
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

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
        expressions = [_one_byte_pattern(p) for p in self.patterns]
        try:
            return _database(hs, expressions, [flags] * len(expressions))
        except hs.HyperscanError:  # some pattern is beyond the engine: such go in as prefilters, the check of a line decides
            all_flags = [flags if _compiles(hs, p, flags) else flags | hs.HS_FLAG_PREFILTER for p in expressions]
        try:
            return _database(hs, expressions, all_flags)
        except hs.HyperscanError as error:
            raise BadPattern(f"The pattern does not compile: {str(error)[:160]}", "Simplify the pattern.") from error

    def _load(self, cache: Path) -> Any:
        hs, path = self._hyperscan, cache / f"patterns-{self.digest}.hs"
        if path.exists():
            try:
                return hs.loadb(path.read_bytes(), mode=hs.HS_MODE_BLOCK)
            except (hs.HyperscanError, OSError, RuntimeError):  # another CPU or a damaged file: make it anew
                pass
        database = self._compile()
        part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
        try:
            cache.mkdir(parents=True, exist_ok=True)
            part.write_bytes(hs.dumpb(database))
            part.replace(path)
        except OSError:  # no room or no right: the database in memory serves
            part.unlink(missing_ok=True)
        return database

    def lines(self, data: bytes, most: int | None = None) -> list[tuple[int, int]] | None:
        """(pattern index, line index) of each line that a pattern may match, each once, in order of lines. May name too many,
        never too few. None: the patterns match at more than `most` places, so they tell lines no better than a look at each does."""
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = self._hyperscan.Scratch(self._database)
        plain = one_byte(data)
        found: list[tuple[int, int]] = []
        add = found.append

        def bounded(index: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            add((index, end))
            return len(found) > (most or 0) or None  # anything but None ends the scan

        handler = bounded if most is not None else lambda index, _start, end, _flags, _context: add((index, end))
        try:
            self._database.scan(plain, match_event_handler=handler, scratch=scratch)
        except self._hyperscan.ScanTerminated:
            return None
        if not found:
            return []
        text = np.frombuffer(plain, dtype=np.uint8)
        newlines, ends = np.flatnonzero(text == 10), np.asarray([end for _, end in found], dtype=np.int64)
        at = np.searchsorted(newlines, ends - 1, side="left")
        pairs = list(zip([index for index, _ in found], at.tolist(), strict=True))
        # Behind a newline ends either a match that holds it or an empty one that begins the next line.
        if more := [(pairs[k][0], pairs[k][1] + 1) for k in np.flatnonzero((ends > 0) & (text[ends - 1] == 10)).tolist()]:
            pairs = sorted(pairs + more, key=itemgetter(1))
        return list(dict.fromkeys(pairs))


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
