"""The tools that runbooks name, as the contract publishes them (data: tools.yaml): their sets, parameters and valid words.

A runbook is written for the whole family of tools. Which of them this server serves is another question: the server's own
schemas answer it."""

import difflib
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..rows import Row, RowFile, raise_faults, repeated
from .kubectl import near_kind

_FILE = Path(__file__).with_name("tools.yaml")

Number = Annotated[str, Field(pattern=r"^number(?: \d+\.\.\d+)?$")]
Takes = Literal["text", "flag", "list", "regex", "kind"] | Number | tuple[str, ...] | tuple[tuple[str, ...]]
"""What a parameter takes: a plain kind, a number in a range, one of these words, or several of the words of the inner list."""

_OTHER_NAMES = {
    "duration": "durationSeconds",
    "captureid": "commandId",
    "nextpagetoken": "pageToken",
    "sop": "sopName",
    "sopname": "sop",
}
"""Other names for a parameter, folded; they count for a tool that has the latter (the door takes the same ones)."""


def fold(name: str) -> str:
    """A parameter's name without case and separators."""
    return name.replace("_", "").replace("-", "").casefold()


class ToolSpec(Row):
    """One tool. `needs` are parameters it cannot do without."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]+$")
    toolset: Literal["core", "sops", "kubernetes", "fleet-ops", "capture"]
    takes: dict[str, Takes]
    needs: tuple[str, ...] = ()

    def parameter(self, written: str) -> str | None:
        """The published name of a parameter in any spelling; None where the tool has none such."""
        if written in self.takes:
            return written
        known = {fold(name): name for name in self.takes}
        folded = fold(written)
        other = fold(_OTHER_NAMES.get(folded, ""))
        return known.get(folded) or known.get(other) or self._plural(known, folded)

    def _plural(self, known: dict[str, str], folded: str) -> str | None:
        name = known.get(folded + "s")
        return (
            name
            if name and self.takes[name] not in ("text", "flag", "regex", "kind") and not str(self.takes[name]).startswith("number")
            else None
        )

    def words(self, parameter: str) -> tuple[tuple[str, ...], bool]:
        """The valid words of a parameter and whether several may be given; no words: any value goes."""
        kind = self.takes.get(parameter, "text")
        if isinstance(kind, str):
            return (), kind == "list"
        first = kind[0]
        return (first, True) if isinstance(first, tuple) else (tuple(str(word) for word in kind), False)

    def faults(self, parameter: str, value: str) -> str:
        """What is wrong with a value as it stands in a runbook; "" where nothing is."""
        words, several = self.words(parameter)
        by_fold = {fold(word): word for word in words}
        given = [part.strip() for part in value.strip("[]").split(",")] if several else [value.strip()]
        if bad := [part for part in given if words and part and fold(part.strip("'\"`")) not in by_fold]:
            near = difflib.get_close_matches(fold(bad[0]), by_fold, n=1, cutoff=0.6)
            hint = f"; did you mean {by_fold[near[0]]}?" if near else ""
            return f"{bad[0]!r} is none of {', '.join(words)}{hint}"
        kind = self.takes.get(parameter)
        if kind == "flag" and value.strip().casefold() not in ("true", "false"):
            return f"{value!r} is neither true nor false"
        if kind == "kind" and (meant := near_kind(value)):
            return f"{value!r} is no kind; did you mean {meant}?"
        return _number_fault(kind, value.strip()) if isinstance(kind, str) and kind.startswith("number") else ""


def _number_fault(kind: str, value: str) -> str:
    """What is wrong with a number, by a kind such as "number 10..300"; "" where nothing is."""
    if not value.lstrip("-").isdigit():
        return f"{value!r} is no number"
    low, _, high = kind.removeprefix("number").strip().partition("..")
    if low and not int(low) <= int(value) <= int(high):
        return f"{value} is not within {low} and {high}"
    return ""


class Contract:
    """The table of tools."""

    def __init__(self, path: Path = _FILE) -> None:
        faults: list[str] = []
        file = RowFile(path, "tools", ToolSpec, faults)
        self.tools = {row.name: row for _, row in file.rows}
        faults += [f"{path.name}: tool {name!r} stands twice" for name in repeated([r for _, r in file.rows], lambda r: r.name)]
        for index, row in file.rows:
            faults += [
                f"{file.place(index)}: {row.name} needs {name!r}, which it does not take"
                for name in row.needs
                if name not in row.takes
            ]
        raise_faults(faults, "tools")
        every = [name for row in self.tools.values() for name in row.takes]
        self._exact = frozenset(every)
        self._by_fold = {fold(name): name for name in every} | {k: v for k, v in _OTHER_NAMES.items() if not k.startswith("sop")}

    def parameter(self, tool: str, written: str) -> str | None:
        """The published name of a parameter of that tool, or of any tool where that one has none such; None: a plain word."""
        spec = self.tools.get(tool)
        own = spec.parameter(written) if spec else None
        return own or (written if written in self._exact else self._by_fold.get(fold(written)))

    def nearest(self, name: str) -> str:
        """The tool that was probably meant; "" where none is near."""
        return _nearest(name, tuple(self.tools))


@lru_cache(maxsize=1024)
def _nearest(name: str, tools: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, tools, n=1, cutoff=0.7)
    return near[0] if near else ""


@cache
def contract() -> Contract:
    """The shipped table, loaded once."""
    return Contract()
