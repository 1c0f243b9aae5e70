"""queries/ of one bundle read back (query_table.py writes it): what the runbooks' queries find, without a search."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .store import read_columns


@dataclass(frozen=True, slots=True)
class StoredQuote:
    """A line as it is quoted; `count` lines of its shape stand behind it. Times are epoch milliseconds."""

    line: int
    time: int | None
    text: str
    count: int
    first: int | None


@dataclass(frozen=True, slots=True)
class StoredHits:
    """What a query finds in one file."""

    file: str
    count: int
    blocks: tuple[int, ...]
    quotes: tuple[StoredQuote, ...]


class StoredQueries:
    """The table opened: rows are read when their query is asked."""

    def __init__(self, folder: Path) -> None:
        self._table: Any = read_columns(folder / "queries" / "0.parquet")
        self._rows: dict[str, list[int]] = {}
        for row, text in enumerate(self._table["query"].to_pylist()):
            self._rows.setdefault(text, []).append(row)

    def of(self, text: str) -> dict[str, StoredHits] | None:
        """File -> hits of a query; None for one that was not known at the admit."""
        rows: Sequence[int] | None = self._rows.get(text)
        if rows is None:
            return None
        part = self._table.slice(rows[0], len(rows)).to_pydict()  # rows of a query stand together
        return {
            file: StoredHits(
                file, part["count"][k], tuple(part["blocks"][k]), tuple(StoredQuote(*q) for q in json.loads(part["quotes"][k]))
            )
            for k, file in enumerate(part["file"])
            if file is not None
        }
