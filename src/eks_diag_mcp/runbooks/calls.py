"""Calls of tools as runbooks write them, in words: "Use `search` tool with instanceId and query=`...`", or search(query="...").

Reading makes no call: what comes out is names and values only. `written` keeps what stands there, mistakes included, for the
linter; `calls_of` gives what a run would ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from .contract import contract
from .kubectl import named_call

MAX_CALLS = 8
"""Calls read from one bullet."""
_MAX_NAMED = 400  # tools named in one text; the longest known runbook names about a hundred

CONDITION = re.compile(r"^\W*(?:only\s+)?(?:if|when|where)\b|\bthat is the root cause\b", re.IGNORECASE)
"""A bullet that states a rule of thumb."""

_TOOL = re.compile(r"(?<![=\w])`(?P<name>[a-z][a-z0-9_]{2,40})`(?P<word>\s+tool\b)?|(?<![\w.])`?(?P<called>[a-z][a-z0-9_]{2,40})\(")
_ASKED = re.compile(r"\b(?:use|run|call|check with)\s+(?:the\s+)?$", re.IGNORECASE)
_VALUE = (
    r"(?:`(?P<tick>[^`]*)`|\"(?P<double>(?:\\.|[^\"\\])*)\"|'(?P<single>[^']*)'|\[(?P<list>[^\]]*)\]|(?P<bare>[^\s`\"'()\[\];]+))"
)
_ARGUMENT = re.compile(r"(?<![\w\-.])(?P<key>[a-z][A-Za-z_]{1,30})\s?=\s?" + _VALUE)
_GIVEN = re.compile(r"=\s?(?:`[^`\n]*`|\"(?:\\.|[^\"\\\n])*\")")  # values of arguments: no tool is named in them
_PLAIN = re.compile(r"(?:\bwith|,|\band)\s+(?P<name>[a-z]+)(?=\s*(?:,|\band\b|$|\)))")
_SECTIONS = re.compile(r"^\s+(?P<names>[a-z_]+(?:[/,][a-z_]+)*)\s+sections?\b")
_HEAD_END = re.compile(r"\s(?:to|for|from)\s|\s[—–-]\s|[;.](?:\s|$)")
_NAME = re.compile(r"\b[a-z]+(?:(?:_[a-z]+)+|(?:[A-Z][a-z]+)+)\b")
_PLACEHOLDER = re.compile(r"(?<!\?)(?<!\?P)<(?!(?:nil|none|null|unknown|defunct|invalid)>)[A-Za-z][\w -]*>")


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that a step names. `required` are parameters it mentions without a value, or with a placeholder: facts of
    earlier steps fill them. `templates` are the values with placeholders, as written."""

    tool: str
    arguments: tuple[tuple[str, str], ...] = ()
    required: tuple[str, ...] = ()
    templates: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """As a client would write it."""
        given = [f"{key}={value}" for key, value in self.arguments] + list(self.required)
        return f"{self.tool}({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class Argument:
    """A key=value as it stands, or a parameter that is only named (`value` None). `at` is the place in the text; `sure`:
    it stands where arguments stand, not somewhere in the sentence after them."""

    key: str
    value: str | None
    at: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """A tool named in a text. `tool` may be none that exists. `asked`: the text says to use it ("use `x`", "`x` tool", x(...))."""

    tool: str
    at: int
    asked: bool
    arguments: tuple[Argument, ...] = field(default=())


def written(text: str) -> Iterator[WrittenCall]:
    """Every tool that the text names, in order, with its arguments as they stand."""
    bare = _GIVEN.sub(_blank, text)
    named = list(islice((m for m in _TOOL.finditer(bare) if _is_tool(m, text)), _MAX_NAMED))
    for place, match in enumerate(named):
        start, end = match.end(), named[place + 1].start() if place + 1 < len(named) else len(text)
        stop = text.find("\n", start, end)
        rest = text[start : end if stop < 0 else stop]
        asked = bool(match["word"] or match["called"] or _ASKED.search(text[max(0, match.start() - 40) : match.start()]))
        tool = match["name"] or match["called"]
        yield WrittenCall(tool, match.start(), asked, _arguments(tool, rest, start, bool(match["called"])))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _is_tool(match: re.Match[str], text: str) -> bool:
    """A known tool; or what is called one, or is called like one with arguments that tools take. A plain word of English
    that is also a tool's name must be called a tool, asked for, or given arguments."""
    name = match["name"] or match["called"]
    known = name in contract().tools
    if match["word"] or (known and (match["called"] or "_" in name)):
        return True
    asked = bool(match["called"] or _ASKED.search(match.string[max(0, match.start() - 40) : match.start()]))
    if known and asked:
        return True
    keys = [m["key"] for m in _ARGUMENT.finditer(text[match.end() : match.end() + 200].split("\n", 1)[0])]
    takes = any(contract().parameter(name, key) for key in keys)
    return (known and takes) or (asked and (takes or bool(contract().nearest(name))))


def _arguments(tool: str, rest: str, offset: int, called: bool) -> tuple[Argument, ...]:
    """What the words after a tool's name give it."""
    spec = contract().tools.get(tool)
    masked, pairs = _pairs(rest)
    end = _end_of_call(masked) if called else _end_of_head(masked)
    found = [Argument(m["key"], _value(m), offset + m.start(), m.start() < end) for m in pairs]
    if (sections := _SECTIONS.match(rest)) and all(a.key != "sections" for a in found):
        found.append(Argument("sections", sections["names"].replace("/", ","), offset + sections.start("names")))
    found += [Argument(m.group(), None, offset + m.start()) for m in _NAME.finditer(masked[:end])]
    plain = (m for m in _PLAIN.finditer(masked[:end]) if spec and m["name"] in spec.takes)
    found += [Argument(m["name"], None, offset + m.start("name")) for m in plain]
    return tuple(sorted(found, key=lambda a: a.at))


def _pairs(rest: str) -> tuple[str, list[re.Match[str]]]:
    """The key=value pairs, and the text with blanks in their place (and in that of other code)."""
    return re.sub(r"`[^`]*`", _blank, _ARGUMENT.sub(_blank, rest)), list(_ARGUMENT.finditer(rest))


def _end_of_head(masked: str) -> int:
    found = _HEAD_END.search(masked)
    return found.start() if found else len(masked)


def _end_of_call(masked: str) -> int:
    at = masked.find(")")
    return at if at >= 0 else len(masked)


def _value(match: re.Match[str]) -> str:
    value = next(v for k in ("tick", "double", "single", "list", "bare") if (v := match[k]) is not None)
    if match["double"]:
        return value.replace('\\"', '"').strip()
    return value.rstrip(".,:") if match["bare"] else value.strip()


def is_placeholder(value: str) -> bool:
    """Does the value leave something to be filled in?"""
    return bool(_PLACEHOLDER.search(value))


def calls_of(text: str) -> tuple[PlannedCall, ...]:
    """The calls a text asks for. In a condition only what it says to use counts: the rest names where a number is from."""
    conditional = bool(CONDITION.search(text.split("\n", 1)[0]))
    found: dict[PlannedCall, None] = {}
    for call in written(text):
        if len(found) == MAX_CALLS:
            break
        if conditional and not _ASKED.search(text[max(0, call.at - 40) : call.at]):
            continue
        found.setdefault(_planned(call, text))
    return tuple(found)


def _planned(call: WrittenCall, text: str) -> PlannedCall:
    """The call in published names. Where it names no argument but stands beside a kubectl command, that one says them."""
    arguments: dict[str, str] = {}
    required: dict[str, None] = {}
    templates: dict[str, str] = {}
    for each in call.arguments:
        name = contract().parameter(call.tool, each.key)
        if name is None:
            continue
        if each.value and not is_placeholder(each.value):
            arguments.setdefault(name, each.value)
            continue
        required.setdefault(name)
        if each.value:
            templates.setdefault(name, each.value)
    if not arguments and (command := named_call(call.tool, text, call.at)):
        given = {k: v for k, v in command.items() if not is_placeholder(v)}
        return _made(
            call.tool, given, [*required, *(command.keys() - given.keys())], {k: v for k, v in command.items() if k not in given}
        )
    return _made(call.tool, arguments, required, templates)


def _made(tool: str, arguments: dict[str, str], required: "dict[str, None] | list[str]", templates: dict[str, str]) -> PlannedCall:
    still = tuple(name for name in dict.fromkeys(required) if name not in arguments)
    return PlannedCall(tool, tuple(arguments.items()), still, tuple((k, v) for k, v in templates.items() if k in still))
