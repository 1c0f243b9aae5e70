"""labelSelector and fieldSelector, with the real server's grammar and its words for what it cannot read."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .kinds import Kind
from .status import bad_request

Test = Callable[[Mapping[str, Any]], bool]
TOKEN = re.compile(r"==|!=|[=!(),<>]|[^\s()!,=<>]+")
OPERATORS = ("in", "notin", "=", "==", "!=", ">", "<")
UNSET = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.replicas": "0", "status.successful": "0"}
"""What fields that an object leaves out count as; all others count as empty."""


def everything(_: Mapping[str, Any]) -> bool:
    return True


# ---- labels ---------------------------------------------------------------------------------------------------------
class _Labels:
    """A reader of one labelSelector."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = [*TOKEN.findall(text), ""]

    @property
    def next(self) -> str:
        return self.tokens[0]

    def take(self) -> str:
        return self.tokens.pop(0) if len(self.tokens) > 1 else ""

    def requirements(self) -> list[Test]:
        out: list[Test] = []
        while self.next:
            try:
                out.append(self._requirement())
            except ValueError as fault:
                raise bad_request(f"unable to parse requirement: {fault}") from None
            if self.next not in ("", ","):
                raise bad_request(f"found '{self.take()}', expected: ',' or 'end of string'")
            if self.take() == "," and self.next in ("", ","):
                raise bad_request(f"found '{self.next}', expected: identifier after ','")
        return out

    def _requirement(self) -> Test:
        absent = self.next == "!" and bool(self.take())
        key = self._identifier()
        if absent:
            return lambda labels: key not in labels
        if self.next in ("", ","):
            return lambda labels: key in labels
        operator = self.take()
        if operator not in OPERATORS:
            raise ValueError(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")
        values = self._values() if operator in ("in", "notin") else self._value()
        if operator in ("=", "==", "in"):
            return lambda labels: labels.get(key) in values
        if operator in ("!=", "notin"):
            return lambda labels: labels.get(key) not in values
        return _compared(key, operator, values.pop())

    def _identifier(self) -> str:
        if not re.match(r"[^=!(),<>]", self.next):
            raise ValueError(f"found '{self.next}', expected: identifier")
        return self.take()

    def _value(self) -> set[str]:
        return {"" if self.next in ("", ",") else self._identifier()}

    def _values(self) -> set[str]:
        if self.next != "(":
            raise ValueError(f"found '{self.next}' expected: '('")
        self.take()
        values = set()
        while self.next != ")":
            values.add("" if self.next == "," else self._identifier())
            if self.next not in (",", ")"):
                raise ValueError(f"found '{self.next}', expected: ',' or ')'")
            if self.next == ",":
                self.take()
        self.take()
        return values or {""}


def _compared(key: str, operator: str, bound: str) -> Test:
    if not bound.lstrip("-").isdigit():
        raise ValueError("for 'Gt', 'Lt' operators, the value must be an integer")

    def test(labels: Mapping[str, Any]) -> bool:
        value = str(labels.get(key, ""))
        return value.lstrip("-").isdigit() and (int(value) > int(bound) if operator == ">" else int(value) < int(bound))

    return test


def labels(text: str) -> Test:
    """Whether an object fits that labelSelector; raises the server's 400 for a bad one."""
    tests = _Labels(text).requirements()

    def test(obj: Mapping[str, Any]) -> bool:
        found = obj["metadata"].get("labels") or {}
        return all(t(found) for t in tests)

    return test if tests else everything


# ---- fields ---------------------------------------------------------------------------------------------------------
def fields(text: str, kind: Kind) -> Test:
    """Whether an object fits that fieldSelector; raises the server's 400 for a bad one, or for a field that it does not index."""
    wanted = []
    for term in (t for t in text.split(",") if t):
        match = re.fullmatch(r"([^=!]+)(!=|==|=)(.*)", term)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        label, operator, value = match.groups()
        path = {"metadata.name": "metadata.name", "metadata.namespace": "metadata.namespace", **kind.fields}.get(label)
        if path is None:
            raise bad_request(f"field label not supported: {label}")
        wanted.append((path, operator == "!=", value))

    def test(obj: Mapping[str, Any]) -> bool:
        return all((value_at(obj, path) == value) != unwanted for path, unwanted, value in wanted)

    return test if wanted else everything


def value_at(obj: Mapping[str, Any], path: str) -> str:
    """The value there as a selector compares it: text, true or false, empty when there is none."""
    here: Any = obj
    for part in path.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    if here is None:
        return UNSET.get(path, "")
    return str(here).lower() if isinstance(here, bool) else str(here)
