"""A principal collects from nodes that are proven to be of its clusters, and from no others."""

from collections.abc import Callable
from dataclasses import replace

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


def test_a_collection_of_somebody_who_named_no_cluster_is_seen_by_those_of_the_cluster_that_aws_proves(
    site: Site, refusal: Refusal
) -> None:
    node = site.node("eni-limit")
    begun = site.app().intake.start("ssm", Ask(node)).collection
    assert view(site, CLUSTER).intake.follow(begun.execution_id, 0).state == "working"
    assert "of your clusters" in refusal(lambda: view(site, OTHER).intake.follow(begun.execution_id, 0))
    joined = view(site, CLUSTER).intake.start("ssm", Ask(node)).collection
    assert joined.execution_id == begun.execution_id and joined.found_running
    assert site.to_the_end(begun.execution_id).state == "completed"
    assert view(site, CLUSTER).known_instances() == [node] and view(site, OTHER).known_instances() == []


def test_a_collection_whose_cluster_nobody_proved_is_joined_by_proving_it(site: Site, refusal: Refusal) -> None:
    node = site.node("eni-limit")
    begun = site.app().intake.start("ssm", Ask(node)).collection
    ledger = site.app().intake.ledger
    entry = ledger.get(begun.execution_id)
    assert entry is not None
    ledger.put(replace(entry, cluster=None))
    assert "of your clusters" in refusal(lambda: view(site, CLUSTER).intake.follow(begun.execution_id, 0))
    assert view(site, CLUSTER).intake.start("ssm", Ask(node)).collection.execution_id == begun.execution_id
    assert view(site, CLUSTER).intake.follow(begun.execution_id, 0).state == "working"


def test_a_cluster_that_a_caller_only_names_proves_nothing(site: Site) -> None:
    node = site.node("eni-limit")
    assert site.collect(node).state == "completed"
    ledger = site.app().intake.ledger
    for entry in ledger.entries():  # as if it had been collected before anything was proven
        ledger.put(replace(entry, cluster=None))
    begun = site.app().intake.start("s3", Ask(node, cluster=OTHER))
    assert site.app().intake.follow(begun.collection.execution_id, 60).state == "completed"
    assert view(site, OTHER).known_instances() == [] == view(site, CLUSTER).known_instances()


def test_tags_of_two_clusters_prove_neither_until_one_is_named(site: Site) -> None:
    node = site.aws.world.node("eni-limit", cluster=CLUSTER, tags={f"kubernetes.io/cluster/{OTHER}": "owned"})
    execution = site.app().intake.start("ssm", Ask(node)).collection.execution_id
    entry = site.app().intake.ledger.get(execution)
    assert entry is not None and entry.cluster is None


def test_a_bundle_of_the_bucket_is_seen_once_the_instance_proves_its_cluster(site: Site) -> None:
    node = site.node("eni-limit")
    assert site.collect(node).state == "completed"
    ledger = site.app().intake.ledger
    for entry in ledger.entries():
        ledger.put(replace(entry, cluster=None))
    assert view(site, CLUSTER).known_instances() == []
    app = view(site, CLUSTER)
    begun = app.intake.start("s3", Ask(node))
    assert app.intake.follow(begun.collection.execution_id, 60).state == "completed"
    assert view(site, CLUSTER).known_instances() == [node]
    earlier = view(site, CLUSTER).intake.start("s3", Ask(node))  # proven by the ledger; EC2 may have forgotten the instance
    looked_up = [call for call in site.aws.called("ec2:DescribeInstances") if "InstanceIds" in call]
    assert earlier.state == "completed" and len(looked_up) == 2


def test_the_same_fetch_by_both_in_one_process_ends_for_both(site: Site) -> None:
    node = site.node("eni-limit")
    assert site.collect(node).state == "completed"
    whole = site.app()
    execution = whole.intake.start("s3", Ask(node)).collection.execution_id
    assert whole.intake.follow(execution, 60).state == "completed"
    app = ConfinedApp(whole, frozenset({CLUSTER}))
    assert app.intake.start("s3", Ask(node)).state == "completed"
    assert app.intake.follow(execution, 0).state == "completed" and app.known_instances() == [node]
