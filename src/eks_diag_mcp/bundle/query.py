"""A search pattern from outside: checked, bounded, and compiled for the fast scan and for the check of a line."""

import re
from typing import Any

import regex

from ..errors import BadPattern
from .rules import PatternSet, pattern_set

MAX_CHARS = 1000
_LINE_TIMEOUT_S = 0.25
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


class Query:
    """One pattern, caseless, ASCII classes, searched in single lines.

    The fast scan may report too much, never too little: trailing `.*` are dropped for it, look-around is left out. `find`
    decides on the line. A pattern that the fast scan cannot take at all is searched line by line (`patterns` is None)."""

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise BadPattern("The query is empty.", "Give a regular expression, for example `no available IP`.")
        if len(text) > MAX_CHARS:
            raise BadPattern(f"The query has {len(text)} characters; {MAX_CHARS} are allowed.", "Split it into several searches.")
        self.text = text
        try:
            self._regex: Any = regex.compile(text, regex.IGNORECASE | regex.ASCII)
        except (regex.error, RecursionError, MemoryError, OverflowError, ValueError) as error:
            raise BadPattern(
                f"The query is no regular expression: {str(error)[:120]}.",
                "Escape characters such as ( [ + or search a plain word.",
            ) from error
        if self._regex.search(""):
            raise BadPattern("The query matches an empty line, so it would match every line.", "Name a word that the lines hold.")
        self.patterns = self._fast()

    def _fast(self) -> PatternSet | None:
        if not _ALIKE.fullmatch(self.text):
            return None
        source = self.text if "(" in self.text or "[" in self.text else _OPEN_END.sub("", self.text)
        try:
            return pattern_set(source or self.text)
        except BadPattern:
            return None

    def find(self, line: str) -> Any:
        """The match in a line, or None. BadPattern where the pattern takes too long on it."""
        try:
            return self._regex.search(line, timeout=_LINE_TIMEOUT_S)
        except TimeoutError as error:
            raise BadPattern(
                "The query costs too much time on one line (nested repeats?).", "Rewrite it without repeats inside repeats."
            ) from error
