"""compare_nodes over a cluster, over hundreds of nodes, and over nodes of several clusters."""

from dataclasses import replace

import pytest

from bench.copies import copied
from eks_diag_mcp.app import App
from eks_diag_mcp.confined import ConfinedApp
from eks_diag_mcp.errors import BadInput, UnknownInstance
from eks_diag_mcp.fleet.compact import compact
from eks_diag_mcp.fleet.compare import NodeView, clusters, compare
from eks_diag_mcp.model import Reading
from eks_diag_mcp.tools.comparing import FEW, compare_nodes
from eks_diag_mcp.tools.room import Room

from .conftest import Fleet, admitted

ENDPOINT = "api_server.api_server_endpoint"


def node(name: str, cluster: str | None, bad: bool, **readings: str) -> NodeView:
    named = {key.replace("__", "."): Reading(key.partition("__")[2], value) for key, value in readings.items()}
    return NodeView(name, "some.cause" if bad else None, {}, named, cluster)


def names(*nodes: NodeView) -> dict[str, float]:
    return {t.name: t.separation for t in compare(nodes, errors=False, config=True)}


def test_what_is_a_clusters_own_does_not_separate_nodes_of_two_clusters() -> None:
    blue = [node(f"b{n}", "blue", True, dns__cluster_dns="172.20.0.10", cni__version="v1.20") for n in range(3)]
    green = node("g", "green", False, dns__cluster_dns="10.100.0.10", cni__version="v1.19")
    assert names(*blue, green) == {"cni.version": 1.0}
    assert clusters([*blue, green]) == {"blue", "green"}


def test_what_is_a_clusters_own_separates_nodes_of_one_cluster_that_differ_in_it() -> None:
    bad = [node(f"b{n}", "blue", True, dns__cluster_dns="172.20.0.99") for n in range(2)]
    good = [node(f"g{n}", "blue", False, dns__cluster_dns="172.20.0.10") for n in range(2)]
    other = node("x", "green", False, dns__cluster_dns="10.100.0.10")
    assert names(*bad, *good) == {"dns.cluster_dns": 1.0}
    assert names(*bad, *good, other) == {"dns.cluster_dns": 1.0}


def test_where_no_cluster_is_known_the_api_server_stands_for_it() -> None:
    made = [
        node(n, None, n == "a", api_server__api_server_endpoint=f"https://{n}", dns__cluster_dns=f"10.100.0.{k}")
        for k, n in enumerate("ab")
    ]
    assert names(*made) == {}


def test_nodes_of_two_clusters_are_compared_and_the_answer_says_what_was_left_out(four: Fleet) -> None:
    found = compare_nodes(four.room, [four.ids["subnet-exhausted"], four.ids["eni-limit"], four.ids["healthy-1-20"]])
    assert found.notes is not None and found.notes[0].startswith("The nodes are of 2 clusters")
    own = {d.name: d.values for d in found.differences if d.name.endswith("api_server_endpoint")}
    assert all(four.ids["healthy-1-20"] not in values for values in own.values())
    assert found.nodes_total is None and len(found.nodes) == 3


def test_a_clusters_name_means_its_nodes_at_hand(four: Fleet) -> None:
    found = compare_nodes(four.room, clusterName="blue")
    assert {n.instanceId for n in found.nodes} == {four.ids["subnet-exhausted"], four.ids["eni-limit"]}
    assert found.unanswered is not None and found.unanswered[0].instances == [four.ids["iam"]]
    assert found.insight.startswith("2 of 2 nodes have a supported cause")
    with pytest.raises(BadInput, match="needs two"):
        compare_nodes(four.room, clusterName="green")
    with pytest.raises(BadInput, match="two different nodes, or clusterName"):
        compare_nodes(four.room)


def test_a_confined_caller_compares_its_own_nodes_only(four: Fleet) -> None:
    room = Room(ConfinedApp(four.app, frozenset({"blue"})))
    assert {n.instanceId for n in compare_nodes(room, clusterName="blue").nodes} == {
        four.ids["subnet-exhausted"],
        four.ids["eni-limit"],
    }
    with pytest.raises(UnknownInstance):
        compare_nodes(room, clusterName="green")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """24 nodes: copies of two bundles under other instance ids, half of them bad. No time passes for the server."""
    fleet = admitted(tmp_path_factory.mktemp("many"), {"subnet-exhausted": "blue", "healthy-1-20": "blue"})
    for name in list(fleet.ids):
        for number in range(11):
            bundle, mark = fleet.app.library.bundle(fleet.ids[name]), f"{number:02x}{'a' if name.startswith('s') else 'b'}"
            copied(bundle, f"i-0{mark}{'0' * 13}", f"{mark}{bundle.digest[3:]}")
    return Fleet(App(fleet.app.settings, now=lambda: 0.0), fleet.ids)


def test_many_nodes_are_compared_by_their_findings_within_one_answer(many: Fleet) -> None:
    found = compare_nodes(many.room, clusterName="blue")
    assert found.nodes_total == 24 and sum(n.root_cause is not None for n in found.nodes) == 12
    best = {d.name: d for d in found.differences if d.separation == 1.0}
    assert best["ip_allocation.subnet_no_free_address"].nodes == "12 of 24"
    assert {d.kind for d in found.differences} == {"finding"}
    assert found.insight.startswith("12 of 24 nodes have a supported cause;") and "separates them from the rest" in found.insight
    assert len(found.model_dump_json(exclude_none=True)) < 20_000
    assert found.notes is not None and "up to 20 nodes" in found.notes[1]


def test_what_was_not_diagnosed_in_the_time_counts_by_its_findings(many: Fleet) -> None:
    seconds = iter(range(10_000))
    app = App(many.app.settings, now=lambda: next(seconds) / 4)
    found = compare_nodes(Room(app), app.library.instances())
    assert found.notes is not None
    diagnosed = int(found.notes[0].split()[2])
    assert 0 < diagnosed < 24 and found.nodes_total == 24
    assert "or show a grave one" in found.insight


def test_twenty_nodes_are_still_compared_in_full(many: Fleet) -> None:
    found = compare_nodes(many.room, many.app.library.instances()[:FEW])
    assert found.nodes_total is None and len(found.nodes) == FEW
    assert all(len(d.values) == FEW for d in found.differences if d.kind == "finding")


def test_the_compact_file_changes_no_answer_about_many(many: Fleet) -> None:
    before = compare_nodes(many.room, clusterName="blue")
    app = App(many.app.settings)
    assert compact(app.library, app.catalogue.digest, {}).bundles == 24
    assert compare_nodes(Room(App(many.app.settings, now=lambda: 0.0)), clusterName="blue") == before


def test_a_node_that_was_not_diagnosed_is_bad_by_a_grave_cause_line_only(four: Fleet) -> None:
    every = four.app.findings(four.app.library.bundle(four.ids["subnet-exhausted"]))
    for finding in every:
        view = NodeView("a", None, {finding.signature: finding}, {}, diagnosed=False)
        assert view.bad is (finding.role == "cause" and finding.severity in ("critical", "high"))
        assert not replace(view, diagnosed=True).bad
    assert {(f.role, f.severity) for f in every} >= {("cause", "critical"), ("cause", "low"), ("echo", "high")}
