"""The book of hits of one admit: every line that a rule found, and a few of them quoted."""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .rules import LineRule
from .store import Block, millis

_SHAPES = 3
_LOOKED_AT = 300
QUOTE_CHARS = 900
_NONE = -(2**62)


@dataclass(slots=True)
class Quote:
    """One line kept verbatim (masked, cut around the match)."""

    file: str
    line: int
    time: int | None
    text: str
    at: int = 0


@dataclass(slots=True)
class FileHits:
    """A rule's hits in one file, in file order."""

    source: str
    file: str
    file_id: int
    boot: bool
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    uncounted: int = 0
    shapes: dict[str, Quote] = field(default_factory=dict)
    last: Quote | None = None

    @property
    def count(self) -> int:
        return len(self.lines) + self.uncounted

    def quotes(self) -> list[Quote]:
        """Distinct shapes first seen, then the newest line."""
        found = list(self.shapes.values())
        if self.last and all(q.line != self.last.line for q in found):
            found.append(self.last)
        return found


def shape_of(text: str) -> str:
    """A line without what differs from one occurrence to the next: numbers, ids, addresses, times."""
    return re.sub(r"[0-9a-f]*\d[0-9a-f.:-]*", "#", text)[:400]


def cut(text: str, at: int = 0, limit: int = QUOTE_CHARS) -> str:
    """At most `limit` characters around position `at`, with a mark where something is left out."""
    if len(text) <= limit:
        return text
    start = max(0, min(at - limit // 3, len(text) - limit))
    return ("…" if start else "") + text[start : start + limit] + ("…" if start + limit < len(text) else "")


class HitBook:
    """Hits by rule and file."""

    def __init__(self, rules: tuple[LineRule, ...]) -> None:
        self._rules = rules
        self.by_key: dict[tuple[int, int], FileHits] = {}

    def _page(self, index: int, block: Block, boot: bool) -> FileHits:
        page = self.by_key.get((index, block.file_id))
        if page is None:
            page = self.by_key[(index, block.file_id)] = FileHits(block.source, block.file, block.file_id, boot)
        return page

    def add(self, index: int, block: Block, line: int, time: int | None, text: str, *, boot: bool) -> None:
        """Enter one hit."""
        page = self._page(index, block, boot)
        page.lines.append(line)
        page.times.append(_NONE if time is None else time)
        match = self._rules[index].find(text)
        start = match.start() if match else 0
        kept = cut(text, start)
        quote = Quote(block.file, line, time, kept, start if kept == text else min(start, QUOTE_CHARS // 3 + 1))
        page.last = quote
        if len(page.lines) <= _LOOKED_AT and len(page.shapes) < _SHAPES:
            page.shapes.setdefault(shape_of(quote.text), quote)

    def count_only(self, index: int, block: Block, count: int, *, boot: bool) -> None:
        """Enter hits that were not looked at one by one."""
        self._page(index, block, boot).uncounted += count

    def resolve_boot(self, boot: datetime | None) -> None:
        """Shift the hits of kernel files to UTC; without boot time they have none."""
        shift = millis(boot)
        for page in self.by_key.values():
            if not page.boot:
                continue
            page.times = array("q", [_NONE if shift is None or t == _NONE else t + shift for t in page.times])
            for quote in {id(q): q for q in (*page.shapes.values(), *([page.last] if page.last else []))}.values():
                quote.time = None if shift is None or quote.time is None else quote.time + shift

    def rows(self) -> Iterable[tuple[LineRule, FileHits]]:
        """All pages, by rule and file."""
        for (index, _), page in sorted(self.by_key.items()):
            yield self._rules[index], page


def known(times: Iterable[int]) -> list[int]:
    """The times without the untimed."""
    return [t for t in times if t != _NONE]
