"""CloudWatch Logs' filter patterns, the part that a node diagnosis uses.

    error timeout           both words (case matters; a word may stand anywhere in the message)
    "exact phrase"          a phrase
    ?one ?two               either
    -noise                  not this
    %regular expression%    as it is
    { $.a.b = "x*" && $.code >= 500 }      JSON members, `&&` or `||` between; `*` at either end of a string; = != < <= > >=

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. Not here: space-delimited `[a, b]`, IS NULL,
EXISTS, array wildcards. What cannot be read is a BadPattern, as CloudWatch answers InvalidParameterException.
"""

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

Matcher = Callable[[str], bool]
TERM = re.compile(r'\s*(?P<sign>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>[\w./:@=,+*-]+))(?=\s|$)')
CONDITION = re.compile(
    r'\s*\$\.(?P<path>[\w.\[\]/-]+)\s*(?P<how>=|!=|<=|>=|<|>)\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<bare>[\w.*:/-]+))\s*'
)
COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class BadPattern(ValueError):
    """The pattern cannot be read."""


def matcher(pattern: str) -> Matcher:
    """Whether a message passes; an empty pattern lets all pass."""
    text = pattern.strip()
    if not text:
        return lambda message: True
    return _json(text[1:-1]) if text.startswith("{") and text.endswith("}") else _terms(text)


def _terms(text: str) -> Matcher:
    needed: list[Matcher] = []
    either: list[Matcher] = []
    at = 0
    while at < len(text):
        found = TERM.match(text, at)
        if found is None:
            raise BadPattern(f"cannot read the pattern at {text[at : at + 20]!r}")
        at = found.end()
        one = _term(found)
        if found["sign"] == "?":
            either.append(one)
        else:
            needed.append(_not(one) if found["sign"] == "-" else one)
    return lambda message: all(n(message) for n in needed) and (not either or any(e(message) for e in either))


def _term(found: re.Match[str]) -> Matcher:
    if found["regex"]:
        wanted = re.compile(found["regex"])
        return lambda message: wanted.search(message) is not None
    text = found["word"] if found["phrase"] is None else re.sub(r"\\(.)", r"\1", found["phrase"])
    return lambda message: text in message


def _not(one: Matcher) -> Matcher:
    return lambda message: not one(message)


def _json(text: str) -> Matcher:
    joined = "&&" if "&&" in text else "||"
    if "&&" in text and "||" in text:
        raise BadPattern("&& and || in one pattern are beyond the double")
    conditions = [_condition(part.strip().strip("()")) for part in text.split(joined)]
    together = all if joined == "&&" else any

    def matches(message: str) -> bool:
        try:
            found = json.loads(message)
        except ValueError:
            return False
        return together(c(found) for c in conditions)

    return matches


def _condition(text: str) -> Callable[[Any], bool]:
    found = CONDITION.fullmatch(text)
    if found is None:
        raise BadPattern(f"cannot read the condition {text!r}")
    path, how = found["path"].split("."), found["how"]
    wanted = found["bare"] if found["text"] is None else re.sub(r"\\(.)", r"\1", found["text"])

    def holds(message: Any) -> bool:
        for step in path:
            if not isinstance(message, dict) or step not in message:
                return False
            message = message[step]
        if how in COMPARED:
            return isinstance(message, int | float) and COMPARED[how](message, float(wanted))
        same = fnmatchcase(str(message), wanted)
        return same if how == "=" else not same

    return holds
