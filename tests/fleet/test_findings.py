"""fleet_findings: which nodes share a finding and which showed it first, from findings/ alone."""

from dataclasses import replace
from pathlib import Path

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.confined import ConfinedApp
from eks_diag_mcp.errors import BadInput, UnknownFinding, UnknownInstance
from eks_diag_mcp.ledger import Entry
from eks_diag_mcp.tools.fleet_findings import FleetFindingsAnswer, fleet_findings
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.verdicts import summarize

from ..tools.conftest import calling
from .conftest import NODES, Fleet, admitted

NO_ADDRESS = "ip_allocation.no_available_ip"


def by_name(answer: FleetFindingsAnswer) -> dict[str, str]:
    return {row.signature: row.nodes for row in answer.findings}


def test_findings_are_ranked_by_how_many_nodes_show_them_then_by_severity(four: Fleet) -> None:
    answer = fleet_findings(four.room, pageSize=200)
    every = {name: {f.signature for f in four.app.findings(four.app.library.bundle(i))} for name, i in four.ids.items()}
    for row in answer.findings:
        assert row.nodes == f"{sum(row.signature in shown for shown in every.values())} of 4"
    order = [(-int(r.nodes.split()[0]), ("critical", "high", "medium", "low", "info").index(r.severity)) for r in answer.findings]
    assert order == sorted(order) and len(order) >= 10
    assert answer.nodes == answer.bundles == 4 and answer.unanswered == []


def test_a_finding_names_the_node_that_showed_it_first_with_its_line(four: Fleet) -> None:
    answer = fleet_findings(four.room, finding=NO_ADDRESS)
    seen = {}
    for name, instance in four.ids.items():
        for finding in four.app.findings(four.app.library.bundle(instance)):
            if finding.signature == NO_ADDRESS and finding.first_seen:
                seen[name] = finding
    assert len(seen) >= 2 and answer.findings[0].nodes == f"{len(seen)} of 4"
    first = min(seen, key=lambda name: (seen[name].first_seen, four.ids[name]))
    told = answer.findings[0].first
    assert (told.instanceId, told.finding_id) == (four.ids[first], seen[first].id)
    assert told.evidence[0].time == told.time and "no available IP" in told.evidence[0].text
    assert answer.sights is not None and answer.sights[0].finding_id == seen[first].id


def test_an_id_means_its_finding_and_the_ids_are_those_that_summarize_takes(four: Fleet) -> None:
    first = fleet_findings(four.room, finding=NO_ADDRESS).findings[0].first
    again = fleet_findings(four.room, finding=first.finding_id)
    assert again.findings[0].signature == NO_ADDRESS
    summary = summarize(four.room, first.instanceId, finding_ids=[first.finding_id])
    assert summary.unresolved_finding_ids == []
    with pytest.raises(UnknownFinding, match=r"Near: ip_allocation.no_available_ip"):
        fleet_findings(four.room, finding="ip_allocation.no_available_ips")


def test_pages_hold_every_finding_once(four: Fleet) -> None:
    whole, token, seen = fleet_findings(four.room, pageSize=200), None, []
    while True:
        page = fleet_findings(four.room, pageSize=7, pageToken=token)
        seen += [row.signature for row in page.findings]
        token = page.nextPageToken
        if token is None:
            break
    assert len(seen) == whole.total == len(set(seen)) and len(page.model_dump_json()) < 12_000


def test_cluster_instances_and_time_of_capture_narrow_the_bundles(four: Fleet) -> None:
    assert fleet_findings(four.room, clusterName="blue").nodes == 2
    assert fleet_findings(four.room, clusterName="green").nodes == 1
    left_out = fleet_findings(four.room, clusterName="blue").unanswered
    assert [(row.why, row.instances) for row in left_out] == [("nothing tells which cluster its bundle is of", [four.ids["iam"]])]
    two = fleet_findings(four.room, instanceIds=[four.ids["iam"], "i-0aaaaaaaaaaaaaaaa"])
    assert two.nodes == 1 and [row.instances for row in two.unanswered] == [["i-0aaaaaaaaaaaaaaaa"]]
    assert fleet_findings(four.room, capturedAfter="2026-11-20T00:00:00Z").nodes == 4
    with pytest.raises(UnknownInstance, match="No bundle at hand"):
        fleet_findings(four.room, capturedBefore="2020-01-01T00:00:00Z")
    with pytest.raises(BadInput):
        fleet_findings(four.room, capturedAfter="yesterday-ish")


def test_findings_outside_the_window_do_not_count(four: Fleet) -> None:
    first = fleet_findings(four.room, finding=NO_ADDRESS).findings[0].first.time
    before = fleet_findings(four.room, finding=NO_ADDRESS, endTime=first)
    assert before.findings == [] and "None of 4 nodes shows" in before.note


def test_no_text_is_opened_for_it(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"eni-limit": "blue"})
    for text in (tmp_path / "library").rglob("text/0.parquet"):
        text.unlink()
    assert fleet_findings(fleet.room, clusterName="blue").findings


def test_a_damaged_bundle_is_named_and_the_others_answer(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"eni-limit": "blue", "healthy-1-20": "blue"})
    bundle = fleet.app.library.bundle(fleet.ids["eni-limit"])
    (bundle.folder / "findings" / "0.parquet").write_bytes(b"PAR1 and no more")
    answer = fleet_findings(fleet.room)
    assert answer.nodes == 1 and answer.unanswered[0].instances == [fleet.ids["eni-limit"]]
    for damaged, why in (
        ('{"schema": 1}', "another version"),
        ('{"sch', "The manifest of the stored bundle is damaged"),
        ('{"schema": 3, "files": []}', "The manifest of the stored bundle is damaged"),
    ):
        (bundle.folder / "manifest.json").write_text(damaged)
        again = fleet_findings(Room(App(fleet.app.settings)))
        assert again.nodes == 1 and why in again.unanswered[0].why


def test_bundles_scanned_with_other_signatures_are_named(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"eni-limit": "blue"})
    bundle = fleet.app.library.bundle(fleet.ids["eni-limit"])
    bundle.change_manifest(lambda manifest: setattr(manifest, "signatures", "an older set"))
    assert fleet_findings(fleet.room).outdated == [fleet.ids["eni-limit"]]


@pytest.mark.parametrize("cluster", ["blue", "green"])
def test_a_confined_caller_gets_the_nodes_of_its_clusters_only(four: Fleet, cluster: str) -> None:
    own = {four.ids[name] for name, of in NODES.items() if of == cluster}
    room = Room(ConfinedApp(four.app, frozenset({cluster})))
    for asked in ({}, {"instanceIds": list(four.ids.values())}, {"capturedAfter": "2026-01-01T00:00:00Z"}):
        answer = fleet_findings(room, pageSize=200, response_format="detailed", **asked)
        assert answer.nodes == len(own)
        assert {name for row in answer.findings for name in row.instances} <= own
    with pytest.raises(UnknownInstance):
        fleet_findings(room, clusterName="green" if cluster == "blue" else "blue")


def test_the_ledger_proves_a_cluster_too(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"iam": None})
    bundle: Bundle = fleet.app.library.bundle(fleet.ids["iam"])
    entry = Entry("ssm:us-west-2:11111111-1111-1111-1111-111111111111", bundle.instance_id, "ssm", "2026-11-20T10:00:00+00:00")
    fleet.app.intake.ledger.put(replace(entry, digest=bundle.digest, cluster="red"))
    assert fleet_findings(fleet.room, clusterName="red").nodes == 1
    assert fleet_findings(Room(ConfinedApp(fleet.app, frozenset({"red"})))).nodes == 1


def test_when_the_time_is_up_the_nodes_left_are_named_and_the_rest_is_answered(four: Fleet) -> None:
    for step, named in ((100.0, {"the time of the call was used up; `eks-diag-mcp fleet compact` makes it quick"}), (0.0, set())):
        seconds = iter(range(1000))
        app = App(four.app.settings, now=lambda step=step, seconds=seconds: step * next(seconds))  # type: ignore[misc]
        answer = fleet_findings(Room(app))
        assert {row.why for row in answer.unanswered} == named
        assert answer.nodes == 4 - sum(row.nodes for row in answer.unanswered) and answer.nodes in (0, 4)


def test_a_node_is_found_by_another_name_of_it(tmp_path: Path) -> None:
    fleet = admitted(tmp_path, {"eni-limit": "blue", "healthy-1-20": "blue"})
    archive = next((tmp_path / "archives").glob(f"*{fleet.ids['eni-limit']}*"))
    fleet.app.library.admit(archive, now=fleet.app.now, wall=fleet.app.wall(), alias="the-bad-one")
    answer = fleet_findings(fleet.room, instanceIds=["the-bad-one", "nobody"], finding=NO_ADDRESS)
    assert answer.nodes == 1 and answer.findings[0].instances == [fleet.ids["eni-limit"]]
    assert [(row.why, row.instances) for row in answer.unanswered] == [("no bundle of it is at hand", ["nobody"])]


@pytest.mark.anyio
async def test_a_client_calls_the_fleet_tools_though_they_are_not_listed(four: Fleet) -> None:
    async with calling(four.app) as call:
        found = await call("fleet_findings", cluster_name="blue", page_size="3")
        assert found["nodes"] == 2 and found["shown"] == 3 and found["nextPageToken"]
        hits = await call("fleet_search", query="api error", instance_ids=",".join(four.ids.values()))
        assert hits["bundles_searched"] == 4 and hits["results"][0]["files"][0]["finding_id"].startswith("S-")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"
