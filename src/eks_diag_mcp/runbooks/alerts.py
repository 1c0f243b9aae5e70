"""Alerts by name: what they say in plain words and the causes they may stand for (data: alerts.yaml)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from ..diagnose.causes import causes
from ..rows import Row, RowFile, raise_faults, repeated
from .contract import fold

_FILE = Path(__file__).with_name("alerts.yaml")


class Alert(Row):
    """One alert or node condition."""

    name: str = Field(pattern=r"^[A-Za-z]\w+$")
    says: str
    causes: tuple[str, ...] = ()


@cache
def alerts(path: Path = _FILE) -> Mapping[str, Alert]:
    """The table by folded name. CatalogueError names rows that stand twice or name an unknown cause."""
    faults: list[str] = []
    file = RowFile(path, "alerts", Alert, faults)
    faults += [f"{path.name}: {name!r} stands twice" for name in repeated([r for _, r in file.rows], lambda r: fold(r.name))]
    known = causes().by_id
    faults += [f"{file.place(i)}: {row.name}: unknown cause {c!r}" for i, row in file.rows for c in row.causes if c not in known]
    raise_faults(faults, "alerts")
    return {fold(row.name): row for _, row in file.rows}


def alert_in(text: str) -> Alert | None:
    """The first alert that the text names as a word of its own."""
    table = alerts()
    words = (word.strip("`'\",.:;()[]{}=").rsplit("=", 1)[-1].strip("\"'") for word in text.split()[:60])
    return next((found for word in words if len(word) > 6 and (found := table.get(fold(word)))), None)
