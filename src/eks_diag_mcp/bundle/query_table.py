"""queries/ of one bundle: what every runbook's query that was known at the admit finds in it.

query, file, source   the query as its runbook writes it; a query without any hit has one row without a file
count                 lines that match
blocks, counts        where: places in the file's order of blocks, and the lines of each
quotes                JSON: [line, epoch ms, text, lines of this shape, epoch ms of the first], the newest first"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .bundle import Bundle
from .matches import folded
from .query import Query
from .query_book import Page, QueryBook
from .store import FileEntry, millis, write_columns


def set_digest(queries: Iterable[Query]) -> str:
    """The version of a set of queries, as the manifest notes it."""
    return hashlib.sha256("\n".join(sorted(q.text for q in queries)).encode()).hexdigest()[:16]


def write_queries(folder: Path, bundle: Bundle, book: QueryBook) -> None:
    """Write the table; `bundle` gives the text of the quoted lines."""
    from .arrow import pa

    rows: list[tuple[str, FileEntry | None, Page, str]] = []
    seen: set[str] = set()
    for entry in bundle.manifest.files:
        for query, page in book.of_file(entry.id):
            rows.append((query.text, entry, page, json.dumps(_quotes(bundle, query, entry, page), ensure_ascii=False)))
            seen.add(query.text)
    rows += [(query.text, None, Page(), "[]") for query in book.queries if query.text not in seen]
    rows.sort(key=lambda row: (row[0], row[1].id if row[1] else 0))
    write_columns(
        folder / "queries" / "0.parquet",
        {
            "query": ([text for text, _, _, _ in rows], pa.string()),
            "file": ([entry.path if entry else None for _, entry, _, _ in rows], pa.string()),
            "source": ([entry.source if entry else None for _, entry, _, _ in rows], pa.string()),
            "count": ([page.count for _, _, page, _ in rows], pa.int64()),
            "blocks": ([page.blocks.tolist() for _, _, page, _ in rows], pa.list_(pa.int32())),
            "counts": ([page.counts.tolist() for _, _, page, _ in rows], pa.list_(pa.int32())),
            "quotes": ([quotes for _, _, _, quotes in rows], pa.string()),
        },
    )


def _quotes(bundle: Bundle, query: Query, entry: FileEntry, page: Page) -> list[list[Any]]:
    """The last matches, folded as a search folds them."""
    refs = bundle.blocks_of(entry.id)
    places: list[tuple[int, Any]] = []
    tail, at = page.tail.tolist(), 0
    for block, count in zip(page.blocks, page.counts, strict=True):
        at += count
        if at > page.count - len(tail):
            taken = min(count, at - (page.count - len(tail)))
            places += [(number, refs[block]) for number in tail[len(places) : len(places) + taken]]
    found = folded(bundle, query, entry, places)
    return [[m.line, millis(m.time), m.text, m.count, millis(m.first)] for m in found]
