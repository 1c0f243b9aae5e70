"""Scans a block once: secrets are masked, known lines become hits, the block learns its times."""

from collections.abc import Iterator

import numpy as np

from .hits import HitBook
from .redact import KINDS, Redactor
from .rules import LineRule, PatternSet
from .stamps import FileStamps, LineAt
from .store import Block

_SAMPLED = 12
"""Of a context line's hits in one block, this many at each end are looked at closely; the rest is only counted."""


def all_patterns(rules: tuple[LineRule, ...]) -> list[str]:
    """What one database must hold: the rules, then what betrays a secret."""
    return [rule.pattern for rule in rules] + [kind.trigger for kind in KINDS]


class BlockScanner:
    """One pass over each block of a bundle."""

    def __init__(self, rules: tuple[LineRule, ...], patterns: PatternSet, book: HitBook) -> None:
        self._rules, self._patterns, self._book = rules, patterns, book
        self._redactor = Redactor()
        self._in_scope: dict[str, list[set[str | None] | None]] = {}

    def blocks(self, data: bytes, stamps: FileStamps, *, last: bool) -> Iterator[Block]:
        """The block that `data` makes, masked and scanned; nothing for no data. A line cut because it is too long (no
        newline at the end, not the `last` piece) goes on in the next block under the same number."""
        if not data:
            return
        size = len(data)
        if not data.isascii():
            data = data.decode("utf-8", "replace").encode()
        found = self._patterns.scan(data)
        ends = _line_ends(data)
        if stamps.inside_key or any(index >= len(self._rules) for index, _ in found):
            suspects = {_line_of(ends, end) for index, end in found if index >= len(self._rules)}
            found = self._locate(found, ends)
            data = self._mask(data, ends, suspects, stamps)
            ends = _line_ends(data)
        else:
            found = self._locate(found, ends)
        n_lines = len(ends) + (0 if data.endswith(b"\n") else 1)
        block = Block(stamps.entry.id, stamps.entry.path, stamps.source.name, stamps.offset, stamps.lines + 1, n_lines, data)
        line_at = LineAt(data, ends)
        carry = stamps.carry
        stamps.observe(block, line_at)
        carry, stamps.carry = stamps.carry, carry
        self._hits(found, block, stamps, line_at)
        stamps.carry = carry
        stamps.lines += n_lines if last else len(ends)
        stamps.offset += size
        yield block

    def _locate(self, found: list[tuple[int, int]], ends: list[int]) -> list[tuple[int, int]]:
        """(rule index, line index) of the matches that belong to rules, each once."""
        rules = len(self._rules)
        offsets = [end - 1 for index, end in found if index < rules]
        if not offsets:
            return []
        lines = np.searchsorted(np.asarray(ends, dtype=np.int64), np.asarray(offsets, dtype=np.int64), side="left").tolist()
        indexes = [index for index, _ in found if index < rules]
        return list(dict.fromkeys(zip(indexes, lines, strict=True)))

    def _mask(self, data: bytes, ends: list[int], suspects: set[int], stamps: FileStamps) -> bytes:
        lines = data.split(b"\n")
        inside, before = stamps.inside_key, self._redactor.masked
        todo = sorted(suspects)
        index, position = (0 if inside else todo[0]), 0
        while index < len(lines):
            text, inside = self._redactor.block_line(lines[index].decode("utf-8", "replace"), inside)
            lines[index] = text.encode()
            if inside:
                index += 1
                continue
            while position < len(todo) and todo[position] <= index:
                position += 1
            if position == len(todo):
                break
            index = todo[position]
        stamps.inside_key = inside
        stamps.entry.masked += self._redactor.masked - before
        return b"\n".join(lines)

    def _scope(self, source: str) -> list[set[str | None] | None]:
        scope = self._in_scope.get(source)
        if scope is None:
            scope = self._in_scope[source] = [rule.programs(source) for rule in self._rules]
        return scope

    def _hits(self, located: list[tuple[int, int]], block: Block, stamps: FileStamps, line_at: LineAt) -> None:
        scope = self._scope(block.source)
        wanted = [(index, line) for index, line in located if scope[index] is not None]
        seen: dict[int, tuple[int | None, str | None, str]] = {}
        for index, line in self._thinned(wanted, block):
            known = seen.get(line)
            if known is None:
                known = seen[line] = (*stamps.time_of(line, line_at), line_at(line))
            time, program, text = known
            programs = scope[index]
            if programs is not None and (None in programs or program in programs) and self._rules[index].hits(text):
                self._book.add(index, block, block.first_line + line, time, text, boot=stamps.boot_clock)

    def _thinned(self, wanted: list[tuple[int, int]], block: Block) -> list[tuple[int, int]]:
        """Without the middle of a context line's many hits, which are only counted."""
        counts: dict[int, list[int]] = {}
        for index, line in wanted:
            if self._rules[index].sampled:
                counts.setdefault(index, []).append(line)
        crowded = {i: lines for i, lines in counts.items() if len(lines) > 2 * _SAMPLED}
        if not crowded:
            return wanted
        keep = {i: {*lines[:_SAMPLED], *lines[-_SAMPLED:]} for i, lines in crowded.items()}
        for index, lines in crowded.items():
            self._book.count_only(index, block, len(lines) - len(keep[index]))
        return [(i, line) for i, line in wanted if i not in keep or line in keep[i]]


def _line_ends(data: bytes) -> list[int]:
    ends: list[int] = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 10).tolist()
    return ends


def _line_of(ends: list[int], end: int) -> int:
    return int(np.searchsorted(ends, end - 1, side="left"))
