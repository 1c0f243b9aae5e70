"""fleet_search: a pattern over many bundles, with counts that are exact or said to be lower bounds, and ids to cite."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from eks_diag_mcp.app import App
from eks_diag_mcp.cli import main
from eks_diag_mcp.confined import ConfinedApp
from eks_diag_mcp.errors import BadPattern, UnknownInstance, Unreachable
from eks_diag_mcp.fleet.at_hand import Ask, at_hand
from eks_diag_mcp.fleet.hunt import NodeHits
from eks_diag_mcp.fleet.searching import Question, search_fleet
from eks_diag_mcp.opening import open_library
from eks_diag_mcp.runbooks.queries import queries_of
from eks_diag_mcp.tools.fleet_findings import fleet_findings
from eks_diag_mcp.tools.fleet_search import FleetSearchAnswer, fleet_search
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.searching import search
from eks_diag_mcp.tools.verdicts import summarize

from ..conftest import PATTERNS
from .conftest import Fleet, admitted
from .dask_cluster import Cluster


def counts(answer: FleetSearchAnswer) -> dict[str, int]:
    return {row.instanceId: row.match_count for row in answer.results}


@pytest.mark.parametrize("query", [r"api error \w+", "insufficient.*address", r"(?<=pod )\S+"])
def test_each_node_has_the_matches_that_its_own_search_finds(four: Fleet, query: str) -> None:
    answer = fleet_search(four.room, query)
    each = {i: search(four.room, query, i) for i in four.ids.values()}
    assert all(one.complete for one in each.values())
    assert counts(answer) == {i: one.total_matches for i, one in each.items() if one.total_matches}
    assert answer.complete and answer.bundles_searched == 4 and answer.total_matches == sum(counts(answer).values()) > 0
    assert [r.match_count for r in answer.results] == sorted(counts(answer).values(), reverse=True)


def test_a_match_can_be_cited_in_summarize(four: Fleet) -> None:
    row = fleet_search(four.room, r"InsufficientFreeAddresses\w+", logTypes=["ipamd"]).results[0]
    hit = row.files[-1]
    cited = summarize(four.room, row.instanceId, finding_ids=[hit.finding_id])
    assert cited.unresolved_finding_ids == [] and cited.evidence[0].file == hit.file
    assert hit.time == row.first and "InsufficientFreeAddresses" in hit.text
    assert {h.source for h in row.files} <= {"ipamd-log", "ipamd-metrics"}


def test_a_query_that_runbooks_know_is_answered_without_reading_text(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"subnet-exhausted": "blue", "healthy-1-20": "blue"})
    known = next(q for q in queries_of(fleet.app.sops.sops) if "InsufficientFree" in q)
    scanned = {i: search(fleet.room, known, i).total_matches for i in fleet.ids.values()}
    for text in (tmp_path / "library").rglob("text/0.parquet"):
        text.unlink()
    answer = fleet_search(Room(App(fleet.app.settings)), known)
    assert answer.from_store == answer.bundles_searched == 2 and answer.bytes_searched == 0
    assert counts(answer) == {i: n for i, n in scanned.items() if n}
    assert answer.results[0].files[-1].text


def test_the_window_counts_lines_of_that_time_only(four: Fleet) -> None:
    known = next(q for q in queries_of(four.app.sops.sops) if "InsufficientFree" in q)
    asked: dict[str, Any] = {"endTime": "2026-11-20T14:25:00Z", "query": known}
    answer = fleet_search(four.room, **asked)
    each = {i: search(four.room, instanceId=i, **asked).total_matches for i in four.ids.values()}
    assert counts(answer) == {i: n for i, n in each.items() if n}
    assert counts(answer) != counts(fleet_search(four.room, known))


def test_a_bundle_that_cannot_be_searched_is_named_and_the_answer_is_partial(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"subnet-exhausted": "blue", "eni-limit": "blue"})
    bundle = fleet.app.library.bundle(fleet.ids["eni-limit"])
    (bundle.folder / "text" / "0.parquet").unlink()
    answer = fleet_search(Room(App(fleet.app.settings)), "ipamd")
    assert not answer.complete and answer.bundles_searched == 1
    assert (
        answer.unanswered[0].instances == [fleet.ids["eni-limit"]]
        and "stored text of the bundle is gone" in answer.unanswered[0].why
    )
    assert counts(answer).keys() == {fleet.ids["subnet-exhausted"]}


def test_a_pattern_that_is_none_or_costs_too_much_is_refused_or_ends_in_time(four: Fleet) -> None:
    with pytest.raises(BadPattern):
        fleet_search(four.room, "(unclosed")
    hostile = fleet_search(four.room, r"\A(?:\w|\w\w)+\s*$", maxSeconds=2)
    assert not hostile.complete
    assert {row.why for row in hostile.unanswered} <= {
        "The query costs too much time on one line (nested repeats?).",
        "searched in part: the time of one call was used up; narrow it with logTypes or a window",
        "the time of the call was used up before it was its turn",
    }
    assert sum(row.nodes for row in hostile.unanswered) + hostile.bundles_searched == 4
    assert {name for row in hostile.unanswered for name in row.instances} <= set(four.ids.values())


class HalfDone:
    """An executor whose searches end before all was looked at."""

    def run(self, work: Any, items: Any, check: Any, seconds: float) -> Iterator[tuple[Any, Any]]:
        for order in items:
            yield order, NodeHits(order.instance_id, order.digest, 3, 1, (), 1, 9, None, complete=False, why="it was late")


def test_a_bundle_that_was_searched_in_part_counts_and_is_named(four: Fleet) -> None:
    held = at_hand(four.app.library, Ask(cluster="green")).held
    found = search_fleet(HalfDone(), open_library, four.app.settings, held, Question("x"), 9)
    assert (found.total, found.searched) == (3, 0)
    assert found.failed == [(four.ids["healthy-1-20"], "searched in part: it was late")]


def test_pages_hold_every_node_once(four: Fleet) -> None:
    token, seen = None, []
    while True:
        page = fleet_search(four.room, r"\d+", pageSize=1, pageToken=token)
        seen += [row.instanceId for row in page.results]
        token = page.nextPageToken
        if token is None:
            break
    assert sorted(seen) == sorted(four.ids.values())


def test_a_confined_caller_searches_the_nodes_of_its_clusters_only(four: Fleet) -> None:
    room = Room(ConfinedApp(four.app, frozenset({"green"})))
    for asked in ({}, {"instanceIds": list(four.ids.values())}, {"capturedAfter": "2026-01-01T00:00:00Z"}):
        assert counts(fleet_search(room, r"\d+", **asked)).keys() == {four.ids["healthy-1-20"]}
    with pytest.raises(UnknownInstance):
        fleet_search(room, r"\d+", clusterName="blue")


def test_with_a_scheduler_the_workers_search_and_without_one_the_error_is_clear(four: Fleet, dask: Cluster) -> None:
    app = App(four.app.settings.model_copy(update={"fleet": dask.address}))
    assert fleet_search(Room(app), "api error").results == fleet_search(four.room, "api error").results
    with pytest.raises(Unreachable, match="No Dask scheduler answers"):
        fleet_search(Room(App(four.app.settings.model_copy(update={"fleet": "tcp://127.0.0.1:9"}))), "x", maxSeconds=1)


def test_a_client_that_wants_to_know_hears_how_far_it_is(four: Fleet) -> None:
    heard: list[tuple[float, float | None, str]] = []
    fleet_search(Room(four.app, progress=lambda *said: heard.append(said)), r"\d+")
    assert heard == [(n, 4, f"{n} of 4 bundles") for n in (1, 2, 3, 4)]


def test_the_command_line_asks_the_same(four: Fleet, dask: Cluster) -> None:
    def ran(*arguments: str) -> str:
        flags = ["--library", str(four.app.settings.library), "fleet", *arguments]
        result = CliRunner().invoke(main, flags, env={"EKS_DIAG_PATTERNS": str(PATTERNS)})
        assert result.exit_code == 0, result.output
        return result.output

    for where in ([], ["--fleet", dask.address]):
        found = ran(*where, "search", "api error", "--cluster", "blue")
        assert four.ids["subnet-exhausted"] in found and "2 of 2 bundles searched" in found
    assert "findings on 4 nodes" in ran("findings")
    assert four.ids["subnet-exhausted"] in ran("findings", "ip_allocation.no_available_ip")
    assert json.loads(ran("findings", "--json")) == fleet_findings(four.room).model_dump(exclude_none=True)
    assert "2 of 2 nodes have a supported cause" in ran("compare", "--cluster", "blue")
    assert json.loads(ran("compact", "--json"))["bundles"] == 4
