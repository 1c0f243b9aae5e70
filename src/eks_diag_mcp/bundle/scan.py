"""Scans a block once: secrets are masked, known lines become hits, the block learns its times."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from .formats import formats
from .hits import HitBook
from .loud_lines import LoudBook
from .partials import Joined, joined, part_at
from .query import Query
from .query_book import QueryBook
from .redact import KINDS, Redactor
from .rules import NOTHING, Found, LineRule, PatternSet
from .stamps import FileStamps, LineAt
from .store import Block

_SAMPLED = 12
"""Of a context line's hits in one block, this many at each end are looked at closely; the rest is only counted."""
_CRLF = re.compile(rb"\r+\n")


def all_patterns(rules: tuple[LineRule, ...], queries: Sequence[Query] = ()) -> list[str]:
    """What one database must hold: the rules, what betrays a secret, what loud lines hold, the runbooks' queries."""
    own = [*(rule.pattern for rule in rules), *(kind.trigger for kind in KINDS), formats().loud]
    return own + [query.fast or query.text for query in queries]


def query_book(rules: tuple[LineRule, ...], patterns: PatternSet, queries: Sequence[Query]) -> QueryBook:
    """An empty book of those queries, which stand in the database behind all else."""
    before = _first_query(rules)
    return QueryBook(queries, [index - before for index in patterns.loose if index >= before])


def _first_query(rules: tuple[LineRule, ...]) -> int:
    """The place of the first query in the database; the pattern of loud lines stands before it."""
    return len(rules) + len(KINDS) + 1


@dataclass(frozen=True, slots=True)
class _Scope:
    """Of one source, rule by rule: the programs whose lines count, whether any do, and whether some hits do for many."""

    programs: list[set[str | None] | None]
    read: npt.NDArray[np.bool_]
    sampled: npt.NDArray[np.bool_]


class BlockScanner:
    """One pass over each block of a bundle. Without a redactor (text that was masked before) nothing is masked."""

    def __init__(
        self,
        rules: tuple[LineRule, ...],
        patterns: PatternSet,
        book: HitBook,
        redactor: Redactor | None = None,
        queries: QueryBook | None = None,
    ) -> None:
        self._rules, self._patterns, self._book, self._redactor, self._queries = rules, patterns, book, redactor, queries
        self.loud = LoudBook()
        self._scopes: dict[str, _Scope] = {}

    def blocks(self, data: bytes, stamps: FileStamps, *, last: bool) -> Iterator[Block]:
        """The block that `data` makes, masked and scanned; nothing for no data. A line cut because it is too long (no
        newline at the end, not the `last` piece) goes on in the next block under the same number."""
        if not data:
            stamps.lines += last and stamps.open_line
            return
        size, data = len(data), plain(data)
        messages = list(joined(data)) if "cri" in stamps.source.formats else []
        found = self._patterns.found(data) or NOTHING
        changed: list[int] = []
        if self._redactor is not None:
            data, changed = self._masked(data, found, messages, self._redactor, stamps)
        line_at = LineAt(data)
        block = Block(stamps.entry.id, stamps.entry.path, stamps.source.name, stamps.offset, stamps.lines + 1, line_at.n, data)
        stamps.head = stamps.head or data[:200]
        before = stamps.carry
        stamps.observe(block, line_at)
        after, stamps.carry = stamps.carry, before
        self._hits(found, block, stamps, line_at)
        self._hits_over_lines(messages, found, block, stamps, line_at)
        if stamps.source.formats:
            loud = found.lines[found.patterns == _first_query(self._rules) - 1]
            self.loud.add(block.file_id, loud + block.first_line)
        if self._queries is not None:
            self._queries.take(block.file_id, block.first_line, self._of_queries(found, changed, line_at), line_at)
        stamps.carry = after
        stamps.open_line = not last and line_at.whole < line_at.n
        stamps.lines += line_at.n - stamps.open_line
        stamps.offset += size
        yield block

    def _of_queries(self, found: Found, changed: list[int], line_at: LineAt) -> Found:
        """The hits of queries, numbered from 0. Lines that masking changed are looked up anew: a search sees them so."""
        first = _first_query(self._rules)
        found = found.where(found.patterns >= first)
        if changed:
            places = np.asarray(changed, dtype=np.int64)
            anew = self._patterns.found(b"\n".join(map(line_at.raw, changed))) or NOTHING
            anew = anew.where(anew.patterns >= first)
            kept = found.where(~np.isin(found.lines, places))
            patterns, lines = np.concatenate((kept.patterns, anew.patterns)), np.concatenate((kept.lines, places[anew.lines]))
            order = np.argsort(lines, kind="stable")
            found = Found(patterns[order], lines[order])
        return Found(found.patterns - first, found.lines)

    # ---- secrets --------------------------------------------------------------------------------------------------------
    def _masked(
        self, data: bytes, found: Found, messages: list[Joined], redactor: Redactor, stamps: FileStamps
    ) -> tuple[bytes, list[int]]:
        """The data with its secrets masked, and which lines that changed."""
        suspects = self._suspects(found)
        if not (suspects or messages or stamps.inside_key):
            return data, []
        before, lines = redactor.masked, data.split(b"\n")
        original = list(lines)
        if messages:
            whole = "\n".join("".join(m.texts(lines.__getitem__)) for m in messages)
            for place, kinds in self._suspects(self._patterns.found(whole.encode()) or NOTHING).items():
                messages[place].mask(lines, kinds, redactor)
        self._mask_lines(lines, suspects, redactor, stamps)
        stamps.entry.masked += redactor.masked - before
        changed = [index for index, (old, new) in enumerate(zip(original, lines, strict=True)) if old is not new and old != new]
        return b"\n".join(lines), changed

    def _suspects(self, found: Found) -> dict[int, set[int]]:
        """line -> the kinds of secret whose trigger it holds, in order of lines."""
        first = len(self._rules)
        found = found.where((found.patterns >= first) & (found.patterns < first + len(KINDS)))
        suspects: dict[int, set[int]] = {}
        for index, line in zip(found.patterns.tolist(), found.lines.tolist(), strict=True):
            suspects.setdefault(line, set()).add(index - first)
        return suspects

    def _mask_lines(self, lines: list[bytes], suspects: dict[int, set[int]], redactor: Redactor, stamps: FileStamps) -> None:
        """Rewrite the suspects, and behind the beginning of a private key the lines that may be of it."""
        index = 0
        todo = iter(suspects)
        inside, following = stamps.inside_key, next(todo, None)
        while index < len(lines):
            if not inside:
                while following is not None and following < index:
                    following = next(todo, None)
                if following is None:
                    break
                index = following
            text, inside = redactor.block_line(lines[index].decode("utf-8", "replace"), inside, suspects.get(index, ()))
            lines[index] = text.encode()
            index += 1
        stamps.inside_key = inside

    # ---- hits -----------------------------------------------------------------------------------------------------------
    def _scope(self, source: str) -> "_Scope":
        scope = self._scopes.get(source)
        if scope is None:
            programs = [rule.programs(source) for rule in self._rules]
            scope = self._scopes[source] = _Scope(
                programs,
                np.asarray([p is not None for p in programs], dtype=np.bool_),
                np.asarray([r.sampled and None in (p or ()) for r, p in zip(self._rules, programs, strict=True)], dtype=np.bool_),
            )
        return scope

    def _hits(self, found: Found, block: Block, stamps: FileStamps, line_at: LineAt) -> None:
        scope = self._scope(block.source)
        wanted = found.where(found.patterns < len(self._rules))
        wanted = self._thinned(wanted.where(scope.read[wanted.patterns]), scope, block, boot=stamps.boot_clock)
        seen: dict[int, tuple[int | None, str | None, str]] = {}
        for index, line in zip(wanted.patterns.tolist(), wanted.lines.tolist(), strict=True):
            known = seen.get(line)
            if known is None:
                known = seen[line] = (*stamps.time_of(line, line_at), line_at(line))
            time, program, text = known
            programs = scope.programs[index]
            if programs is not None and (None in programs or program in programs) and self._rules[index].hits(text):
                self._book.add(index, block, block.first_line + line, time, text, boot=stamps.boot_clock)

    def _hits_over_lines(self, messages: list[Joined], found: Found, block: Block, stamps: FileStamps, line_at: LineAt) -> None:
        """Hits that the runtime's cut hides: in the whole message, in none of its lines. They count where they begin."""
        if not messages:
            return
        scope = self._scope(block.source)
        alone = set(zip(found.patterns.tolist(), found.lines.tolist(), strict=True))
        texts = [m.texts(line_at.raw) for m in messages]
        for index, k in self._patterns.lines("\n".join(map("".join, texts)).encode()) or ():
            if index >= len(self._rules) or None not in (scope.programs[index] or ()):
                continue
            text, rule, parts = "".join(texts[k]), self._rules[index], messages[k].parts
            match = rule.find(text)
            if match is None or not rule.hits(text):
                continue
            if any((index, line) in alone and rule.hits(line_at(line)) for line, _ in parts):
                continue
            line, _ = parts[part_at([0, *accumulate(map(len, texts[k]))], match.start())]
            time, _ = stamps.time_of(line, line_at)
            self._book.add(index, block, block.first_line + line, time, text, boot=stamps.boot_clock)

    def _thinned(self, wanted: Found, scope: "_Scope", block: Block, *, boot: bool) -> Found:
        """Without the middle of a context line's many hits, which are only counted."""
        counts = np.bincount(wanted.patterns, minlength=len(self._rules))
        keep = np.ones(len(wanted.patterns), dtype=np.bool_)
        for index in np.flatnonzero(scope.sampled & (counts > 2 * _SAMPLED)).tolist():
            middle = np.flatnonzero(wanted.patterns == index)[_SAMPLED:-_SAMPLED]
            keep[middle] = False
            self._book.count_only(index, block, len(middle), boot=boot)
        return wanted.where(keep)


def plain(data: bytes) -> bytes:
    """Text as it is kept: UTF-8 without exception, lines ended by a newline alone."""
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
    return _CRLF.sub(b"\n", data) if b"\r\n" in data else data
