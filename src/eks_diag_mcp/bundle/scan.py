"""Scans a block once: secrets are masked, known lines become hits, the block learns its times."""

import re
from collections.abc import Iterator
from itertools import accumulate

from .hits import HitBook
from .partials import Joined, joined, part_at
from .redact import KINDS, Redactor
from .rules import LineRule, PatternSet
from .stamps import FileStamps, LineAt
from .store import Block

_SAMPLED = 12
"""Of a context line's hits in one block, this many at each end are looked at closely; the rest is only counted."""
_CRLF = re.compile(rb"\r+\n")


def all_patterns(rules: tuple[LineRule, ...]) -> list[str]:
    """What one database must hold: the rules, then what betrays a secret."""
    return [rule.pattern for rule in rules] + [kind.trigger for kind in KINDS]


class BlockScanner:
    """One pass over each block of a bundle. Without a redactor (text that was masked before) nothing is masked."""

    def __init__(self, rules: tuple[LineRule, ...], patterns: PatternSet, book: HitBook, redactor: Redactor | None = None) -> None:
        self._rules, self._patterns, self._book, self._redactor = rules, patterns, book, redactor
        self._in_scope: dict[str, list[set[str | None] | None]] = {}

    def blocks(self, data: bytes, stamps: FileStamps, *, last: bool) -> Iterator[Block]:
        """The block that `data` makes, masked and scanned; nothing for no data. A line cut because it is too long (no
        newline at the end, not the `last` piece) goes on in the next block under the same number."""
        if not data:
            stamps.lines += last and stamps.open_line
            return
        size, data = len(data), plain(data)
        messages = list(joined(data)) if "cri" in stamps.source.formats else []
        found = self._found(data)
        if self._redactor is not None:
            data = self._masked(data, found, messages, self._redactor, stamps)
        line_at = LineAt(data)
        block = Block(stamps.entry.id, stamps.entry.path, stamps.source.name, stamps.offset, stamps.lines + 1, line_at.n, data)
        stamps.head = stamps.head or data[:200]
        before = stamps.carry
        stamps.observe(block, line_at)
        after, stamps.carry = stamps.carry, before
        self._hits(found, block, stamps, line_at)
        self._hits_over_lines(messages, found, block, stamps, line_at)
        stamps.carry = after
        stamps.open_line = not last and line_at.whole < line_at.n
        stamps.lines += line_at.n - stamps.open_line
        stamps.offset += size
        yield block

    def _found(self, data: bytes) -> list[tuple[int, int]]:
        """(pattern, line) of what the fast scan finds; the patterns of secrets come after those of rules."""
        return self._patterns.lines(data) or []

    # ---- secrets --------------------------------------------------------------------------------------------------------
    def _masked(
        self, data: bytes, found: list[tuple[int, int]], messages: list[Joined], redactor: Redactor, stamps: FileStamps
    ) -> bytes:
        suspects = self._suspects(found)
        if not (suspects or messages or stamps.inside_key):
            return data
        before, lines = redactor.masked, data.split(b"\n")
        if messages:
            whole = "\n".join("".join(m.texts(lines.__getitem__)) for m in messages)
            for place, kinds in self._suspects(self._found(whole.encode())).items():
                messages[place].mask(lines, kinds, redactor)
        self._mask_lines(lines, suspects, redactor, stamps)
        stamps.entry.masked += redactor.masked - before
        return b"\n".join(lines)

    def _suspects(self, found: list[tuple[int, int]]) -> dict[int, set[int]]:
        """line -> the kinds of secret whose trigger it holds, in order of lines."""
        suspects: dict[int, set[int]] = {}
        for line, index in sorted((line, index) for index, line in found if index >= len(self._rules)):
            suspects.setdefault(line, set()).add(index - len(self._rules))
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
    def _scope(self, source: str) -> list[set[str | None] | None]:
        scope = self._in_scope.get(source)
        if scope is None:
            scope = self._in_scope[source] = [rule.programs(source) for rule in self._rules]
        return scope

    def _hits(self, found: list[tuple[int, int]], block: Block, stamps: FileStamps, line_at: LineAt) -> None:
        scope, rules = self._scope(block.source), len(self._rules)
        wanted = [(index, line) for index, line in found if index < rules and scope[index] is not None]
        seen: dict[int, tuple[int | None, str | None, str]] = {}
        for index, line in self._thinned(wanted, block, boot=stamps.boot_clock):
            known = seen.get(line)
            if known is None:
                known = seen[line] = (*stamps.time_of(line, line_at), line_at(line))
            time, program, text = known
            programs = scope[index]
            if programs is not None and (None in programs or program in programs) and self._rules[index].hits(text):
                self._book.add(index, block, block.first_line + line, time, text, boot=stamps.boot_clock)

    def _hits_over_lines(
        self, messages: list[Joined], found: list[tuple[int, int]], block: Block, stamps: FileStamps, line_at: LineAt
    ) -> None:
        """Hits that the runtime's cut hides: in the whole message, in none of its lines. They count where they begin."""
        if not messages:
            return
        scope, alone = self._scope(block.source), set(found)
        texts = [m.texts(line_at.raw) for m in messages]
        for index, k in self._found("\n".join(map("".join, texts)).encode()):
            if index >= len(self._rules) or None not in (scope[index] or ()):
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

    def _thinned(self, wanted: list[tuple[int, int]], block: Block, *, boot: bool) -> list[tuple[int, int]]:
        """Without the middle of a context line's many hits, which are only counted."""
        scope = self._scope(block.source)
        counts: dict[int, list[int]] = {}
        for index, line in wanted:
            if self._rules[index].sampled and None in (scope[index] or ()):
                counts.setdefault(index, []).append(line)
        crowded = {i: lines for i, lines in counts.items() if len(lines) > 2 * _SAMPLED}
        if not crowded:
            return wanted
        keep = {i: {*lines[:_SAMPLED], *lines[-_SAMPLED:]} for i, lines in crowded.items()}
        for index, lines in crowded.items():
            self._book.count_only(index, block, len(lines) - len(keep[index]), boot=boot)
        return [(i, line) for i, line in wanted if i not in keep or line in keep[i]]


def plain(data: bytes) -> bytes:
    """Text as it is kept: UTF-8 without exception, lines ended by a newline alone."""
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
    return _CRLF.sub(b"\n", data) if b"\r\n" in data else data
