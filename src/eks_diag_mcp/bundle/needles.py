"""What a line must hold for a pattern to match it: the literal words of the pattern, and of each alternative its own.

Only for patterns that mean the same to every engine (query.py: `ALIKE`). What is not understood asks for nothing, so a word
too few may be told, never one too many."""

import re
from dataclasses import dataclass

_REPEAT = re.compile(r"(?:(?P<sign>[*+?])|\{(?P<least>\d+)(?P<more>,\d*)?\})[?+]?")
_CLASS = re.compile(r"\[\^?\]?(?:[^\\\]]|\\.)*\]", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?P<kind>:|=|!|<=|<!))?")
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Needs:
    """All of `words` must stand in the line, and of each of `choices` all that one of its branches needs. Words are lower
    case: patterns are caseless. `width`: the fewest characters that a match has."""

    words: tuple[str, ...] = ()
    choices: "tuple[tuple[Needs, ...], ...]" = ()
    width: int = 0


def needs_of(pattern: str) -> Needs:
    """What the pattern needs; nothing where it nests too deep to say."""
    try:
        branches = _Parser(pattern).branches(0)
    except (_Unclear, IndexError):
        return Needs()
    return branches[0] if len(branches) == 1 else Needs((), (branches,), _narrowest(branches))


def _narrowest(branches: "tuple[Needs, ...]") -> int:
    return min((branch.width for branch in branches), default=0)


class _Unclear(Exception):
    """The pattern holds what this parser does not know."""


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def branches(self, depth: int) -> tuple[Needs, ...]:
        """The alternatives from here to the end of the group or of the pattern."""
        if depth > _DEEPEST:
            raise _Unclear
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            found.append(self._sequence(depth))
        if depth:
            if self._peek() != ")":
                raise _Unclear
            self._at += 1
        elif self._peek():
            raise _Unclear
        return tuple(found)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _sequence(self, depth: int) -> Needs:
        words: list[str] = []
        choices: list[tuple[Needs, ...]] = []
        run, width = "", 0
        while self._peek() not in ("", "|", ")"):
            char, group, wide = self._atom(depth)
            least, once = self._repeat()
            width += least * wide
            if char and least:
                run += char
            if not (char and once):  # whatever else stands here, the word ends
                words, run = words + [run] * bool(run), ""
            if group and least:
                choices.append(group)
        words += [run] * bool(run)
        return Needs(tuple(words), tuple(choices), width)

    def _atom(self, depth: int) -> tuple[str, tuple[Needs, ...], int]:
        """The literal character, or what a group needs, or neither; and the fewest characters it takes."""
        char = self._text[self._at]
        if char == "(":
            head = _GROUP.match(self._text, self._at)
            assert head is not None
            self._at = head.end()
            inside = self.branches(depth + 1)
            return ("", inside, _narrowest(inside)) if head["kind"] in (None, ":") else ("", (), 0)
        if char == "[":
            found = _CLASS.match(self._text, self._at)
            if found is None:
                raise _Unclear
            self._at = found.end()
            return "", (), 1
        if char == "\\":
            escaped = self._text[self._at + 1]
            self._at += 2
            return ("", (), int(escaped not in "bB" and not escaped.isdigit())) if escaped.isalnum() else (escaped, (), 1)
        self._at += 1
        if char in "*+?":
            raise _Unclear
        if char in "^$":
            return "", (), 0
        return ("", (), 1) if char == "." or not char.isascii() else (char.lower(), (), 1)

    def _repeat(self) -> tuple[int, bool]:
        """(how often at least, exactly once) the atom before stands."""
        found = _REPEAT.match(self._text, self._at)
        if found is None:
            return 1, True
        self._at = found.end()
        if found["sign"]:
            return (1 if found["sign"] == "+" else 0), False
        return int(found["least"]), False
