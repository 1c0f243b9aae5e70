"""Pages of a search: they end when they are full, go on where they ended, and together hold each line once."""

from collections.abc import Callable

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.search import CHEAP_BYTES
from eks_diag_mcp.config import Settings
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.searching import SearchAnswer, search

from ..bundle.conftest import IPAMD, WALL, tar, zap

NODE = "i-0123456789abcdef0"
STORED = "failed to assign an IP|InsufficientFreeAddresses"
"""D1 searches for it."""
KUBELET = "kubelet/kubelet.log"


def klog(n: int, text: str) -> str:
    return f"I0110 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.000000    3301 x.go:1] {text}\n"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A bundle of 13 MB in which nearly every line holds `request`, and few hold what a runbook asks."""
    folder = tmp_path_factory.mktemp("pages")
    files = {
        "system/instance-id.txt": f"{NODE}\n",
        "system/ps.txt": "".join(f"request of process {n}\n" for n in range(300)),
        IPAMD: "".join(
            zap(
                f"2026-01-10T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
                f"failed to assign an IP {n}" if n % 90 == 0 else f"request {n}",
            )
            for n in range(60_000)
        ),
        KUBELET: "".join(klog(n, f"request {n} {'of a pod ' * 10}") for n in range(50_000)),
    }
    archive = folder / f"eks_{NODE}_2026.tar.gz"
    archive.write_bytes(tar(files))
    app = App(Settings(library=folder / "library"))
    app.library.admit(archive, now=lambda: 0.0, wall=WALL)
    assert sum(e.size for e in app.library.bundle(NODE).manifest.files) > CHEAP_BYTES
    return Room(app)


def walk(room: Room, query: str, **how: object) -> list[SearchAnswer]:
    """All pages."""
    pages = [search(room, query, **how)]  # type: ignore[arg-type]
    while token := pages[-1].nextPageToken:
        pages.append(search(room, query, pageToken=token, **how))  # type: ignore[arg-type]
        assert len(pages) < 500
    return pages


def lines(pages: list[SearchAnswer]) -> list[tuple[str, int]]:
    return [(row.file, match.line) for page in pages for row in page.results for match in row.matches]


@pytest.mark.parametrize("query", [STORED, f"(?:{STORED})", "failed to assign an IP(?= \\d)"], ids=["stored", "scanned", "loose"])
@pytest.mark.parametrize("most", [7, 500])
def test_the_pages_together_hold_each_line_once_and_in_order(room: Room, query: str, most: int) -> None:
    pages = walk(room, query, response_format="detailed", maxResults=most)
    found = lines(pages)
    assert found == sorted(set(found), key=lambda place: place[1]) and {file for file, _ in found} == {IPAMD}
    assert [n for _, n in found] == list(range(1, 60_001, 90)) and all(p.shown_matches <= most for p in pages)
    assert pages[-1].complete and pages[-1].total_matches == len(found) and pages[-1].files_with_matches == 1


def test_the_answer_of_the_store_is_that_of_a_scan(room: Room) -> None:
    for how in ({}, {"response_format": "detailed"}, {"contextLines": 2}, {"logTypes": ["ipamd"]}, {"logTypes": ["kubelet"]}):
        stored, scanned = search(room, STORED, **how), search(room, f"(?:{STORED})", **how)  # type: ignore[arg-type]
        shape: Callable[[SearchAnswer], object] = lambda answer: [  # noqa: E731
            (row.file, row.match_count, [match.model_dump() for match in row.matches]) for row in answer.results
        ]
        assert shape(stored) == shape(scanned) and stored.coverage == scanned.coverage
        assert stored.complete and stored.total_matches >= scanned.total_matches


def test_counts_of_a_runbooks_query_are_exact_on_every_page(room: Room) -> None:
    pages = walk(room, STORED, response_format="detailed", maxResults=100)
    assert len(pages) > 5 and {(p.total_matches, p.complete) for p in pages} == {(667, True)}


def test_a_full_page_ends_the_search_and_says_that_counts_are_lower_bounds(room: Room) -> None:
    first = search(room, "request", response_format="detailed", maxResults=50)
    assert first.shown_matches == 50 and not first.complete and "lower bounds" in (first.why or "")
    assert 50 < first.total_matches < 110_000 and first.nextPageToken
    second = search(room, "request", response_format="detailed", maxResults=50, pageToken=first.nextPageToken)
    assert second.total_matches > first.total_matches or second.shown_matches == 50
    assert not set(lines([first])) & set(lines([second]))


def test_of_a_crowd_the_newest_lines_are_folded_and_the_count_is_a_lower_bound(room: Room) -> None:
    answer = search(room, "request")
    by_file = {row.file: row for row in answer.results}
    assert by_file["system/ps.txt"].match_count == 300 and not answer.complete
    assert 1_000 <= by_file[KUBELET].match_count < 50_000
    assert by_file[KUBELET].matches[0].line == 50_000 and (by_file[KUBELET].matches[0].count or 0) > 50


def test_a_selective_search_of_everything_is_counted_exactly(room: Room) -> None:
    answer = search(room, r"IP 5\d{4}\b")
    assert answer.complete and answer.total_matches == len([n for n in range(0, 60_000, 90) if n >= 50_000])


def test_context_lines_stand_around_folded_and_single_lines(room: Room) -> None:
    for how in ("concise", "detailed"):
        [row] = search(room, STORED, contextLines=2, response_format=how, maxResults=3).results  # type: ignore[arg-type]
        match = row.matches[0]
        near = [int(text.split('"msg":"request ')[1].split('"')[0]) + 1 for text in (*(match.before or ()), *(match.after or ()))]
        assert near == [n for n in range(match.line - 2, match.line + 3) if n != match.line and 1 <= n <= 60_000]


def test_an_empty_search_of_a_source_says_where_else_the_query_matches(room: Room) -> None:
    assert search(room, STORED, logTypes=["kubelet"]).hints[-1] == "Nothing in the logTypes asked; it matches in: ipamd-log (667)."
    assert "without logTypes all files are searched" in search(room, "1{3}", logTypes=["dmesg"]).hints[-1]
