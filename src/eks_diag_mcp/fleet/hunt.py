"""One pattern in many bundles: the work that an executor's worker does on one of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from ..bundle.matches import FOLDED, quoted, told
from ..bundle.query import Query
from ..bundle.search import Budget, Search, in_order
from ..config import Settings
from ..errors import DiagError
from ..model import Window

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle
    from ..bundle.library import Library
    from ..bundle.stored_queries import StoredHits
    from ..bundle.sweep import Halt

Open = Callable[[Settings], "Library"]
_FILES = 20
"""Files of one node that are told of; of others only the number."""


@dataclass(frozen=True, slots=True)
class Order:
    """A search of one bundle. `open` is a function of a module that opens the library of `settings` (JSON); `sources`: None
    for all files; `seconds`: how long the worker may look."""

    open: Open
    settings: str
    instance_id: str
    digest: str
    query: str
    sources: frozenset[str] | None
    window: Window
    seconds: float


@dataclass(frozen=True, slots=True)
class FileHits:
    """Matching lines of one file, one of them quoted: the first, or from the store the newest. `time` is that of the quote."""

    file: str
    source: str
    count: int
    line: int
    time: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class NodeHits:
    """What one bundle holds. `total` and `with_matches` are lower bounds unless `complete`. `first`: the earliest matching
    line's time, None where that is not known. `stored`: answered from the store, no text was read."""

    instance_id: str
    digest: str
    total: int
    with_matches: int
    files: tuple[FileHits, ...]
    searched: int
    bytes: int
    first: datetime | None
    stored: bool = False
    complete: bool = True
    why: str = ""


def search_bundle(order: Order, halt: "Halt") -> NodeHits:
    """The matches of one bundle. DiagError where it is not in this worker's library, or the pattern costs too much."""
    library = _library(order.open, order.settings)
    bundle = next((b for b in library.bundles(order.instance_id) if b.digest == order.digest), None)
    if bundle is None:
        raise DiagError("It is not in the library as the worker sees it.", "All workers need the same library.")
    query = _query(order.query)
    stored = bundle.stored_queries.of(order.query) if order.window.whole else None
    return _searched(bundle, query, order, halt) if stored is None else _from_store(bundle, order, stored)


@lru_cache(maxsize=4)
def _library(open_: Open, settings: str) -> "Library":
    """A process opens a library once."""
    return open_(Settings.model_validate_json(settings))


@lru_cache(maxsize=16)
def _query(text: str) -> Query:
    return Query(text)


def _from_store(bundle: "Bundle", order: Order, stored: "dict[str, StoredHits]") -> NodeHits:
    entries = in_order(bundle, order.sources)
    hits = [(entry, stored[entry.path]) for entry in entries if entry.path in stored]
    files, times = [], []
    for entry, hit in hits:
        quotes = told(hit)
        newest = quotes[0]
        files.append(FileHits(entry.path, entry.source, hit.count, newest.line, newest.time, newest.text))
        if hit.count <= FOLDED:
            times += [q.first for q in quotes if q.first]
    whole = all(hit.count <= FOLDED for _, hit in hits)
    return NodeHits(
        bundle.instance_id,
        bundle.digest,
        sum(hit.count for _, hit in hits),
        len(hits),
        tuple(files[:_FILES]),
        len(entries),
        0,
        min(times, default=None) if whole else None,
        stored=True,
    )


def _searched(bundle: "Bundle", query: Query, order: Order, halt: "Halt") -> NodeHits:
    budget = Budget(time.monotonic, time.monotonic() + order.seconds, halt)
    search = Search(bundle, query, in_order(bundle, order.sources), order.window, budget, helpers=0)
    files: list[FileHits] = []
    for found in search.files():
        if len(files) < _FILES:
            match = quoted(bundle, query, found, found.after(0, 1), 0)[0]
            files.append(FileHits(found.entry.path, found.entry.source, found.count, match.line, match.time, match.text))
    result = search.result
    return NodeHits(
        bundle.instance_id,
        bundle.digest,
        result.total,
        len(result.files),
        tuple(files),
        result.searched,
        result.bytes,
        min((f.time for f in files if f.time), default=None) if len(result.files) == len(files) else None,
        complete=result.complete,
        why=result.why,
    )
