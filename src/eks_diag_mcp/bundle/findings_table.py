"""hits/ and findings/ of one bundle: written from the book of hits, read back as plain rows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .hits import FileHits, HitBook, Quote, known
from .sources import sources
from .store import read_columns, write_columns

_QUOTES = 5


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A signature seen in one source: the stored half of a Finding. Times are epoch milliseconds."""

    signature: str
    source: str
    count: int
    untimed: int
    first: int | None
    last: int | None
    files: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class HitRow:
    """One hit: which signature, where, when."""

    signature: str
    source: str
    file: str
    line: int
    time: int | None


def write_findings(folder: Path, book: HitBook) -> None:
    """Write both tables."""

    pages: dict[tuple[str, str], list[FileHits]] = {}
    for rule, page in book.rows():
        if page.lines:
            pages.setdefault((rule.id, page.source), []).append(page)
    chosen = {key: _counted(key[1], group) for key, group in pages.items()}
    _write_hits(folder / "hits" / "0.parquet", [(key[0], page) for key, group in pages.items() for page in group])
    rows = [_row(signature, source, group) for (signature, source), group in sorted(chosen.items())]
    write_columns(folder / "findings" / "0.parquet", finding_columns(rows))


def _write_hits(path: Path, pages: Sequence[tuple[str, FileHits]]) -> None:
    """(signature, its hits in a file), of mirrors too: each line is found where it stands. A large bundle has hundreds of
    thousands, so columns are made of numbers; words are those of their page."""
    from .arrow import pa, pq

    counts = np.asarray([len(page.lines) for _, page in pages], dtype=np.int64)
    place = pa.array(np.repeat(np.arange(len(pages), dtype=np.int32), counts))

    def words(told: list[str]) -> Any:
        return pa.DictionaryArray.from_arrays(place, pa.array(told, pa.string()))

    def numbers(columns: list[Any]) -> Any:
        return np.concatenate([np.zeros(0, dtype=np.int64), *(np.frombuffer(c, dtype=np.int64) for c in columns)])

    times = numbers([page.times for _, page in pages])
    table = pa.table(
        {
            "signature": words([signature for signature, _ in pages]),
            "source": words([page.source for _, page in pages]),
            "file": words([page.file for _, page in pages]),
            "line": numbers([page.lines for _, page in pages]),
            "ts": pa.array(times, pa.timestamp("ms"), mask=times <= -(2**62)).cast(pa.timestamp("ms", "UTC")),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the schema of this process readers see plain strings, whatever they were made of. A row group is unfolded whole.
    pq.write_table(table, path, compression="zstd", row_group_size=1 << 16, store_schema=False)


def finding_columns(rows: Sequence[FindingRow]) -> dict[str, tuple[list[Any], Any]]:
    """The columns of findings/: name -> (values, arrow type)."""
    from .arrow import pa

    return {
        "signature": ([r.signature for r in rows], pa.string()),
        "source": ([r.source for r in rows], pa.string()),
        "count": ([r.count for r in rows], pa.int64()),
        "untimed": ([r.untimed for r in rows], pa.int64()),
        "first": ([r.first for r in rows], pa.timestamp("ms", "UTC")),
        "last": ([r.last for r in rows], pa.timestamp("ms", "UTC")),
        "files": ([list(r.files) for r in rows], pa.list_(pa.string())),
        "quotes": (
            [json.dumps([[q.file, q.line, q.time, q.text, q.at] for q in r.quotes], ensure_ascii=False) for r in rows],
            pa.string(),
        ),
    }


def _counted(source: str, group: list[FileHits]) -> list[FileHits]:
    """The files whose hits count: of files that mirror one another only the one with most hits (and times)."""
    if sources().by_name[source].mirrors:
        return [max(group, key=lambda p: (p.count, len(known(p.times))))]
    return group


def _row(signature: str, source: str, group: list[FileHits]) -> FindingRow:
    times = [t for page in group for t in known(page.times)]
    counted = sum(page.count for page in group)
    quotes = [q for page in sorted(group, key=lambda p: min(known(p.times), default=0)) for q in page.quotes()]
    if len(quotes) > _QUOTES:
        quotes = [*quotes[: _QUOTES - 1], quotes[-1]]
    return FindingRow(
        signature,
        source,
        counted,
        sum(len(p.lines) for p in group) - len(times),
        min(times, default=None),
        max(times, default=None),
        tuple(dict.fromkeys(p.file for p in group)),
        tuple(quotes),
    )


def read_findings(folder: Path) -> list[FindingRow]:
    """The rows of findings/."""
    return finding_rows(read_columns(folder / "findings" / "0.parquet"))


def finding_rows(table: Any) -> list[FindingRow]:
    """The rows of a table with the columns of findings/."""
    first, last = (table[name].cast("int64").to_pylist() for name in ("first", "last"))
    plain = {name: table[name].to_pylist() for name in ("signature", "source", "count", "untimed", "files", "quotes")}
    return [
        FindingRow(
            signature=plain["signature"][i],
            source=plain["source"][i],
            count=plain["count"][i],
            untimed=plain["untimed"][i],
            first=first[i],
            last=last[i],
            files=tuple(plain["files"][i]),
            quotes=tuple(Quote(*q) for q in json.loads(plain["quotes"][i])),
        )
        for i in range(table.num_rows)
    ]


def read_hits(folder: Path, signature: str | None = None) -> Iterator[HitRow]:
    """The rows of hits/, of one signature or all."""
    table = read_columns(folder / "hits" / "0.parquet")
    times = table["ts"].cast("int64").to_pylist()
    plain = [table[name].to_pylist() for name in ("signature", "source", "file", "line")]
    for i in range(table.num_rows):
        if signature in (None, plain[0][i]):
            yield HitRow(plain[0][i], plain[1][i], plain[2][i], plain[3][i], times[i])
