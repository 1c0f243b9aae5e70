"""A principal collects from nodes that are proven to be of its clusters, and from no others."""

from collections.abc import Callable

from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.confined import ConfinedApp

from ..collect.conftest import CLUSTER, Site, aws_double, aws_server, refusal, site

__all__ = ["aws_double", "aws_server", "refusal", "site"]
OTHER = "other"
Refusal = Callable[[Callable[[], object]], str]


def view(site: Site, *clusters: str) -> ConfinedApp:
    """A new server process, as somebody who may see these clusters finds it."""
    return ConfinedApp(site.app(), frozenset(clusters))


def test_the_only_cluster_is_meant_and_recorded_so_that_the_bundle_can_be_seen(site: Site) -> None:
    node = site.node("eni-limit")
    execution = view(site, CLUSTER).intake.start("ssm", Ask(node)).collection.execution_id
    for _ in range(8):
        found = view(site, CLUSTER).intake.follow(execution, 60)
        if found.state != "working":
            break
    assert found.state == "completed"
    assert view(site, CLUSTER).known_instances() == [node] and view(site, OTHER).known_instances() == []
    entry = site.app().intake.ledger.get(execution)
    assert entry is not None and entry.cluster == CLUSTER


def test_a_node_of_another_cluster_is_refused_by_every_collector(site: Site, refusal: Refusal) -> None:
    site.aws.world.cluster(OTHER)
    node = site.aws.world.node("eni-limit", cluster=OTHER)
    assert site.collect(node).state == "completed"
    for via in ("ssm", "node", "s3"):
        assert f"belongs to cluster {OTHER}" in refusal(lambda via=via: view(site, CLUSTER).intake.start(via, Ask(node)))
    assert "Your clusters" in refusal(lambda: view(site, CLUSTER).intake.start("ssm", Ask(node, cluster=OTHER)))
    assert "clusterName is missing" in refusal(lambda: view(site, CLUSTER, OTHER).intake.start("ssm", Ask(node)))
    assert "no EC2 instance id" in refusal(lambda: view(site, CLUSTER).intake.start("s3", Ask(OTHER)))


def test_the_running_collection_of_somebody_who_named_no_cluster_is_joined(site: Site, refusal: Refusal) -> None:
    node = site.node("eni-limit")
    begun = site.app().intake.start("ssm", Ask(node)).collection
    assert "of your clusters" in refusal(lambda: view(site, CLUSTER).intake.follow(begun.execution_id, 0))
    joined = view(site, CLUSTER).intake.start("ssm", Ask(node)).collection
    assert joined.execution_id == begun.execution_id and joined.found_running
    assert site.to_the_end(begun.execution_id).state == "completed"
    assert view(site, CLUSTER).intake.follow(begun.execution_id, 0).state == "completed"


def test_a_bundle_that_somebody_else_fetched_is_seen_once_the_bucket_gives_it_to_us(site: Site) -> None:
    node = site.node("eni-limit")
    assert site.collect(node).state == "completed"
    assert view(site, CLUSTER).known_instances() == []
    app = view(site, CLUSTER)
    begun = app.intake.start("s3", Ask(node))
    assert app.intake.follow(begun.collection.execution_id, 60).state == "completed"
    assert view(site, CLUSTER).known_instances() == [node]


def test_the_same_fetch_by_both_in_one_process_ends_for_both(site: Site) -> None:
    node = site.node("eni-limit")
    assert site.collect(node).state == "completed"
    whole = site.app()
    execution = whole.intake.start("s3", Ask(node)).collection.execution_id
    assert whole.intake.follow(execution, 60).state == "completed"
    app = ConfinedApp(whole, frozenset({CLUSTER}))
    assert app.intake.start("s3", Ask(node)).state == "completed"
    assert app.intake.follow(execution, 0).state == "completed" and app.known_instances() == [node]
