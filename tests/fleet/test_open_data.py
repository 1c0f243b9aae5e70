"""The store is open data: DuckDB reads the hive-partitioned files of several bundles and finds what our code finds."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eks_diag_mcp.bundle.findings_table import read_hits
from eks_diag_mcp.fleet.compact import compact
from eks_diag_mcp.tools.searching import search

from .conftest import Fleet


def asked(fleet: Fleet, sql: str) -> list[tuple[Any, ...]]:
    return duckdb.sql(sql.replace("LIBRARY", str(fleet.app.library.root))).fetchall()


def test_findings_of_all_bundles_are_those_of_our_code(four: Fleet) -> None:
    rows = asked(
        four,
        """SELECT instance, bundle, signature, source, count, epoch_ms(first), epoch_ms(last), quotes
        FROM read_parquet('LIBRARY/instance=*/bundle=*/findings/*.parquet', hive_partitioning = true)""",
    )
    ours = set()
    for instance in four.ids.values():
        bundle = four.app.library.bundle(instance)
        ours |= {(instance, bundle.digest, r.signature, r.source, r.count, r.first, r.last) for r in bundle.finding_rows}
    assert {row[:7] for row in rows} == ours and len(rows) == len(ours) > 20
    assert all(json.loads(row[7]) for row in rows)


def test_hits_of_all_bundles_are_those_of_our_code(four: Fleet) -> None:
    rows = asked(
        four,
        """SELECT instance, signature, file, line
        FROM read_parquet('LIBRARY/instance=*/bundle=*/hits/*.parquet', hive_partitioning = true)""",
    )
    ours: Counter[tuple[Any, ...]] = Counter()
    for instance in four.ids.values():
        ours.update((instance, h.signature, h.file, h.line) for h in read_hits(four.app.library.bundle(instance).folder))
    assert Counter(rows) == ours and ours


@pytest.mark.parametrize("query", ["InsufficientFreeAddressesInSubnet", "no available IP"])
def test_a_search_of_the_text_counts_the_lines_that_our_search_counts(four: Fleet, query: str) -> None:
    rows = asked(
        four,
        f"""SELECT instance, count(*) FROM (
            SELECT instance, unnest(string_split(text, chr(10))) AS line
            FROM read_parquet('LIBRARY/instance=*/bundle=*/text/*.parquet', hive_partitioning = true)
        ) WHERE regexp_matches(line, '{query}', 'i') GROUP BY instance""",
    )
    ours = {i: search(four.room, query, i).total_matches for i in four.ids.values()}
    assert dict(rows) == {i: n for i, n in ours.items() if n}


def test_the_compact_file_is_one_table_of_all(four: Fleet) -> None:
    compact(four.app.library, four.app.catalogue.digest, {})
    rows = asked(
        four,
        """SELECT signature, count(DISTINCT instance) AS nodes FROM 'LIBRARY/compact/0.parquet'
        WHERE signature <> '' GROUP BY signature""",
    )
    ours = Counter(s for i in four.ids.values() for s in {row.signature for row in four.app.library.bundle(i).finding_rows})
    assert dict(rows) == ours


def statements() -> list[str]:
    page = (Path(__file__).parents[2] / "docs/fleet.md").read_text(encoding="utf-8")
    block = page.split("### DuckDB")[1].split("```sql")[1].split("```")[0]
    return [statement for statement in block.split(";") if statement.strip()]


@pytest.mark.parametrize("sql", statements())
def test_the_documented_queries_run_and_find_something(four: Fleet, sql: str) -> None:
    compact(four.app.library, four.app.catalogue.digest, {})
    assert asked(four, sql)
