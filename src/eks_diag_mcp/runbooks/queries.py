"""The searches that SOPs ask for, word by word: what an admit answers beforehand."""

from collections.abc import Iterable, Iterator

from .calls import PlannedCall, calls_of
from .model import Sop
from .steps import steps_of

_PATTERNS = frozenset({"query", "pivotEvent"})
_LINE_CHARS = 4_000
"""A longer line of a runbook is no call."""


def queries_of(sops: Iterable[Sop]) -> tuple[str, ...]:
    """Every pattern that a SOP searches for or turns a timeline on, in steps and examples, each once."""
    return tuple(dict.fromkeys(query for sop in sops for query in _of(sop)))


def _of(sop: Sop) -> Iterator[str]:
    for step in steps_of(sop):  # a bullet may run over several lines
        yield from _patterns(step.calls)
    for line in sop.body.splitlines():
        if "query" in line or "pivotEvent" in line:
            yield from _patterns(calls_of(line[:_LINE_CHARS]))


def _patterns(calls: Iterable[PlannedCall]) -> Iterator[str]:
    return (value for call in calls for name, value in call.arguments if name in _PATTERNS)
