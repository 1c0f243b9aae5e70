"""The runbooks' own queries during an admit: how often each hits each block of each file.

They stand in the one pattern database behind the rules and the secrets (scan.py). Only lines are counted here; what is
quoted of them is read from the finished store (`quotes`), so that an answer from the store is the one a search gives."""

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..errors import BadPattern
from .matches import FOLDED
from .needles import Needs
from .query import Query
from .rules import Found

MAX_QUERIES = 4_000
_SHORTEST = 2
"""Letters or digits that each alternative must hold in a row: `.` or `e` would hit every line at every place."""


@dataclass(slots=True)
class Page:
    """A query's hits in one file. `blocks` are places in the file's order of blocks, `counts` the lines of each; `tail`
    the numbers of the last lines."""

    count: int = 0
    blocks: "array[int]" = field(default_factory=lambda: array("i"))
    counts: "array[int]" = field(default_factory=lambda: array("i"))
    tail: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, block: int, lines: npt.NDArray[np.int64]) -> None:
        """The lines (their numbers in the file) of one block."""
        self.count += len(lines)
        self.blocks.append(block)
        self.counts.append(len(lines))
        if len(lines) >= FOLDED:
            self.tail = lines[-FOLDED:].copy()
        else:
            self.tail = np.concatenate((self.tail, lines))[-FOLDED:]


class QueryBook:
    """Pages by query and file."""

    def __init__(self, queries: Sequence[Query], loose: Collection[int] = ()) -> None:
        """`loose`: the queries for which the fast scan may tell too much, as the database found out."""
        self.queries = tuple(queries)
        self._checked = {i for i, q in enumerate(queries) if not q.may_be_exact} | set(loose)
        self.pages: dict[tuple[int, int], Page] = {}
        self._blocks: dict[int, int] = {}

    def take(self, file_id: int, first_line: int, found: Found, line_at: Callable[[int], str]) -> None:
        """What the scan found in the next block of a file: (query, line) pairs in order of lines."""
        block = self._blocks[file_id] = self._blocks.get(file_id, -1) + 1
        if not len(found.lines):
            return
        order = np.argsort(found.patterns, kind="stable")
        queries, starts = np.unique(found.patterns[order], return_index=True)
        for index, lines in zip(queries.tolist(), np.split(found.lines[order], starts[1:]), strict=True):
            if index in self._checked:
                find = self.queries[index].find
                lines = np.asarray([n for n in lines.tolist() if find(line_at(n))], dtype=np.int64)  # noqa: PLW2901
            if len(lines):
                page = self.pages.get((index, file_id))
                if page is None:
                    page = self.pages[index, file_id] = Page()
                page.add(block, lines + first_line)

    def of_file(self, file_id: int) -> Iterator[tuple[Query, Page]]:
        """The pages of one file, by query."""
        for (index, at), page in sorted(self.pages.items(), key=lambda item: item[0]):
            if at == file_id:
                yield self.queries[index], page


@lru_cache(maxsize=4)
def joining(texts: tuple[str, ...]) -> tuple[Query, ...]:
    """Those queries that can join the database, each once: the fast scan takes them and they tell lines apart. The others
    are searched when they are asked."""
    found = []
    for text in dict.fromkeys(texts):
        try:
            query = Query(text)
        except BadPattern:
            continue
        if query.fast is not None and query.fast.isascii() and _telling(query.needs):
            found.append(query)
    return tuple(found[:MAX_QUERIES])


def _telling(needs: Needs) -> bool:
    return any(len(word) >= _SHORTEST for word in needs.words) or any(
        all(_telling(branch) for branch in branches) for branches in needs.choices
    )
