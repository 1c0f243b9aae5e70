"""A search pattern from outside: checked, bounded, and compiled for the fast scan and for the check of a line."""

import re
from functools import cached_property
from typing import Any

import regex

from ..errors import BadPattern
from .needles import Needs, needs_of
from .rules import PatternSet, pattern_set

MAX_CHARS = 1000
LINE_TIMEOUT_S = 0.25
MAX_COST = 100_000
"""Characters that a pattern may come to with its counted repeats written out. `regex` takes 0.2 s and 60 MB for twice as many."""
MAX_FAST_COST = 1_000
"""The same for Hyperscan, which needs a second to compile 1,500 of them, and time by the square."""
_OPEN_END = re.compile(r"(?<!\\)(?:\.[*+]\??)+(?=\||$)")
_ALIKE = re.compile(
    r"""(?x)
    (?: [^\\\[({]                                        # a character, an operator
    | \\ (?: [^A-Za-z0-9] | [dDwWsSbBtnrf] | [1-9](?!\d) )  # what is escaped, classes, a back-reference
    | \[ \^? \]? (?: [^\\\[\]&|~-] | (?<=[^\[^])-(?!-) | -(?=\]) | \\ (?: [^A-Za-z0-9] | [dDwWsStnrf] ) )* \]
    | \( (?: (?!\?) | \?(?: : | = | ! | <= | <! ) )         # groups and look-around
    | \{ (?: \d+ (?:,\d*)? \} | (?=["'\\\s]|$) )           # a repeat, or JSON's brace
    )*""",
    re.ASCII,
)
"""Patterns that mean the same to `regex` and to Hyperscan; others (fuzzy, \\A, sets of sets ...) are searched line by line."""
_LOOSE = re.compile(r"\(\?(?!:)|\\[1-9BDWsn]|\[\^|[*+?}]\+|\[[^\]]*\\[DWsn]")
"""What Hyperscan takes loosely (look-around, back-references) or may match over the end of a line."""
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")


class Query:
    """One pattern, caseless, ASCII classes, searched in single lines.

    The fast scan may report too much, never too little: trailing `.*` are dropped for it, look-around is left out. Where it
    is `exact`, it reports the lines that match and no other; else `find` decides on the line. A pattern that the fast scan
    cannot take at all is searched line by line (`patterns` is None). `needs` says what a block must hold to be looked at."""

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise BadPattern("The query is empty.", "Give a regular expression, for example `no available IP`.")
        if len(text) > MAX_CHARS:
            raise BadPattern(f"The query has {len(text)} characters; {MAX_CHARS} are allowed.", "Split it into several searches.")
        self.text, self.cost = text, cost_of(text)
        if self.cost > MAX_COST:
            raise BadPattern(
                "The query's counted repeats come to too many characters.", "Lower the numbers in {}, or use + instead of them."
            )
        try:
            self._regex: Any = regex.compile(text, regex.IGNORECASE | regex.ASCII)
        except (regex.error, RecursionError, MemoryError, OverflowError, ValueError) as error:
            raise BadPattern(
                f"The query is no regular expression: {str(error)[:120]}.",
                "Escape characters such as ( [ + or search a plain word.",
            ) from error
        if self._regex.search(""):
            raise BadPattern("The query matches an empty line, so it would match every line.", "Name a word that the lines hold.")
        alike = bool(_ALIKE.fullmatch(text))
        self.needs = needs_of(text) if alike else Needs()
        self.fast = self._fast_text() if alike and self.cost <= MAX_FAST_COST else None
        """The pattern as the fast scan takes it; None where it cannot."""
        cut = re.search(r"\.\+\??(?:\||$)", text)
        self._plain = text.isascii() and self.needs.width > 0 and not _LOOSE.search(text) and not cut

    def _fast_text(self) -> str:
        text = self.text
        return (text if "(" in text or "[" in text else _OPEN_END.sub("", text)) or text

    @property
    def exact(self) -> bool:
        """Does the fast scan tell exactly the lines that match?"""
        return self._plain and self.patterns is not None and not self.patterns.loose

    @property
    def may_be_exact(self) -> bool:
        """As `exact`, as far as the text tells; for a query that is one of many in a database."""
        return self._plain and self.fast is not None

    @cached_property
    def patterns(self) -> PatternSet | None:
        """The fast scan of this query alone."""
        if self.fast is None:
            return None
        try:
            return pattern_set(self.fast)
        except BadPattern:
            return None

    def find(self, line: str) -> Any:
        """The match in a line, or None. BadPattern where the pattern takes too long on it."""
        try:
            return self._regex.search(line, timeout=LINE_TIMEOUT_S)
        except TimeoutError as error:
            raise BadPattern(
                "The query costs too much time on one line (nested repeats?).", "Rewrite it without repeats inside repeats."
            ) from error


def cost_of(pattern: str) -> int:
    """How many characters, classes and groups the pattern comes to when its counted repeats are written out."""
    open_groups, total, last, at = [0], 0, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "{" and (found := _REPEAT.match(pattern, at)):
            most = int(found[2] or found[1])
            total += last * (min(most, MAX_COST) - 1)
            last *= min(most, MAX_COST)
            at = found.end()
            continue
        if char == "(":
            open_groups.append(total)
            last = 0
            at += 2 if pattern.startswith("?", at + 1) else 0
        elif char == ")" and len(open_groups) > 1:
            last = max(1, total - open_groups.pop())
        else:
            last = 1
            total += 1
        if char == "[":
            end = pattern.find("]", at + 2)
            at = end if end > 0 else at
        at += 2 if char == "\\" else 1
    return total
