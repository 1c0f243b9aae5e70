"""A runbook's own query is answered from the store, as a search would answer it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.bundle.library import Library
from eks_diag_mcp.bundle.matches import FOLDED, folded, told
from eks_diag_mcp.bundle.query import Query
from eks_diag_mcp.bundle.query_book import joining
from eks_diag_mcp.bundle.search import in_order, search

from .conftest import EVER, IPAMD, RULES, Room, no_budget, zap

POD = "var_log/pods/web_app-1_2/app/0.log"
QUERIES = (
    "failed to assign an IP|no available IP",
    "kube-proxy.*(?:error|crash)",
    r"eni-\w+ attached",
    "error(?! budget)",
    r"retry\s+\d+",
    "nothing has this",
    "caf\u00e9",
    "password",
    "masked:named-secret",
    "request",
)


def text_of(seed: int) -> dict[str, str]:
    words = [
        "no available IP",
        "kube-proxy has an error",
        "error budget",
        "eni-0a1 attached",
        "retry  3",
        "caf\u00e9",
        "request {}",
    ]
    lines = [words[(seed + n * n) % 7].format(n) for n in range(900)]
    return {
        IPAMD: "".join(zap(f"2026-01-10T10:{n // 60:02}:{n % 60:02}.{n % 1000:03}Z", t) for n, t in enumerate(lines)),
        POD: "".join(f"2026-01-10T0{n % 9}:00:00.000000000Z stdout F {t}\n" for n, t in enumerate(lines[: 30 + seed])),
        "system/env.txt": f"DB_PASSWORD=hunter{seed}22\r\nkube-proxy crash\r\nerror",
        "system/ps.txt": "".join(f"request {n} {'y' * 800}\n" for n in range(2000)),
    }


class Shelf(Room):
    """A room whose library knows queries."""

    def __init__(self, root: Path, queries: tuple[str, ...]) -> None:
        super().__init__(root)
        self.known = list(queries)
        self.library = Library(self.home, lambda: (RULES, "test"), queries=lambda: tuple(self.known))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("shelf"), QUERIES)


def assert_equal(bundle: Bundle, pattern: str) -> None:
    """Counts, blocks and quoted lines are those of a search."""
    query = Query(pattern)
    stored = bundle.stored_queries.of(pattern)
    assert stored is not None
    found = {f.entry.path: f for f in search(bundle, query, in_order(bundle, None), EVER, no_budget()).files}
    assert {path: hit.count for path, hit in stored.items()} == {path: f.count for path, f in found.items()}
    for path, file in found.items():
        refs = bundle.blocks_of(file.entry.id)
        assert [refs[b] for b in stored[path].blocks] == [ref for ref, _ in file.blocks]
        assert told(stored[path]) == folded(bundle, query, file.entry, file.newest(FOLDED))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 300))
def test_the_store_answers_as_a_search_does(shelf: Shelf, seed: int) -> None:
    bundle = shelf.admit(text_of(seed))
    joined = [q.text for q in joining(QUERIES)]
    assert set(QUERIES) - set(joined) == {"caf\u00e9"}, "only what the one database can hold"
    for pattern in joined:
        assert_equal(bundle, pattern)


def test_a_secret_is_not_found_by_the_store_and_its_mask_is(shelf: Shelf) -> None:
    bundle = shelf.admit(text_of(1))
    assert {p: h.count for p, h in (bundle.stored_queries.of("masked:named-secret") or {}).items()} == {"system/env.txt": 1}
    assert_equal(bundle, "password")


def test_a_query_without_a_hit_is_known_and_a_strange_one_is_not(shelf: Shelf) -> None:
    bundle = shelf.admit(text_of(2))
    assert bundle.stored_queries.of("nothing has this") == {}
    assert bundle.stored_queries.of("joined later") is None


def test_a_query_that_joins_later_is_stored_by_the_next_reindex(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, QUERIES[:1])
    bundle = shelf.admit(text_of(3))
    before = bundle.manifest.queries
    shelf.known.append("request")
    library = Library(shelf.home, lambda: (RULES, "test"), queries=lambda: tuple(shelf.known))
    again = library.bundle(bundle.instance_id)
    assert again.stored_queries.of("request") is None and again.manifest.queries == before
    library.reindex(again)
    assert again.manifest.queries != before
    for pattern in shelf.known:
        assert_equal(again, pattern)
        assert_equal(Bundle(again.folder), pattern)


@pytest.mark.parametrize("broad", [".", "e", r"\d", "x|error", "a.b", "(", "", "a*", "(?i)error", r"\Aerror"])
def test_a_query_that_would_hit_everywhere_or_is_none_does_not_join(broad: str) -> None:
    assert joining((broad,)) == ()


def test_the_same_archive_admitted_with_other_queries_compiles_another_database(tmp_path: Path) -> None:
    for known in (QUERIES[:1], QUERIES[:2]):
        library = Library(tmp_path, lambda: (RULES, "test"), queries=lambda known=known: known)
        library.patterns()
    assert len(list(library.root.glob("patterns/*.hs"))) == 2
