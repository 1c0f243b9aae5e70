"""Many nodes at once: who is asked, who cannot be, and that a batch survives its server."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.errors import BadInput, Unavailable
from eks_diag_mcp.tools.batches import BatchAnswer, batch_collect, batch_status
from eks_diag_mcp.tools.holdings import artifact, history
from eks_diag_mcp.tools.room import Room

from .. import scenarios
from ..doubles.kubernetes import KubeDouble
from .conftest import CLUSTER, Site


def names(scenario: str) -> tuple[str, str]:
    """(node name, instance id) of a scenario. Scenarios share one address, so the name is made from the id."""
    instance = scenarios.load(scenario).instance_id
    return f"ip-10-0-{int(instance[2:4], 16)}-{int(instance[4:6], 16)}.us-west-2.compute.internal", instance


@pytest.fixture
def mixed(site: Site, cluster: KubeDouble) -> Site:
    """A cluster with a bad node and a healthy one by SSM, one by its agent, and four that cannot be asked."""
    site.node("eni-limit")
    cluster.node(*names("eni-limit"), ready="False", pool="blue")
    site.node("healthy-1-20")
    cluster.node(*names("healthy-1-20"), pool="blue")
    site.node("healthy-node-agent", managed_by="auto", ssm="absent")
    cluster.node(*names("healthy-node-agent"), compute="auto")
    cluster.agent(names("healthy-node-agent")[0])
    site.node("subnet-exhausted", ssm="lost")
    cluster.node(*names("subnet-exhausted"), pool="green", ready="Unknown")
    cluster.node("fargate-ip-10-0-9-9.us-west-2.compute.internal", "", compute="fargate")
    return site


def batch(app: App, **arguments: Any) -> BatchAnswer:
    return batch_collect(Room(app), CLUSTER, **arguments)


def test_a_dry_run_shows_who_would_be_asked_and_who_cannot_be(mixed: Site) -> None:
    found = batch(mixed.app(), dryRun=True, groupBy="nodegroup")
    assert next((p.instanceId, p.via) for p in found.plan) == (names("eni-limit")[1], "ssm"), "the unhealthy one comes first"
    assert {(p.instanceId, p.via) for p in found.plan} >= {
        (names("healthy-1-20")[1], "ssm"),
        (names("healthy-node-agent")[1], "node"),
    }
    why = {u.node: u.why for u in found.unreachable}
    assert "ConnectionLost" in why[names("subnet-exhausted")[0]] and any("Fargate" in w for w in why.values())
    assert found.executions == [] and found.dryRun and mixed.aws.called("ssm:StartAutomationExecution") == []


def test_a_batch_goes_on_in_another_server_until_all_have_ended(mixed: Site) -> None:
    mixed.aws.world.plan(names("healthy-1-20")[1], "disk full")
    begun = batch(mixed.app())
    assert begun.batchId and {e.state for e in begun.executions} == {"working"}
    for _ in range(40):
        app = mixed.app()
        found = batch_status(Room(app), begun.batchId)
        for execution in found.executions:
            if execution.executionId and execution.state == "working":
                app.intake.follow(execution.executionId, 5)
        if found.all_complete:
            break
    states = {e.instanceId: e.state for e in found.executions}
    assert found.all_complete and states[names("healthy-1-20")[1]] == "failed"
    assert states[names("eni-limit")[1]] == states[names("healthy-node-agent")[1]] == "completed"
    assert found.counts == {"completed": 2, "failed": 1}


def test_the_same_batch_asked_twice_is_one(mixed: Site) -> None:
    first = batch(mixed.app(), filter="notready")
    again = batch(mixed.app(), filter="notready")
    assert again.idempotent and again.batchId == first.batchId
    assert len(mixed.aws.called("ssm:StartAutomationExecution")) == 1


def test_the_same_batch_is_one_also_when_the_clock_turns_and_another_one_later(mixed: Site) -> None:
    at = datetime(2026, 11, 20, 14, 39, 59, tzinfo=UTC)
    first, soon, later = (
        batch(App(mixed.app().settings, wall=lambda m=minutes: at + timedelta(minutes=m)), filter="notready")
        for minutes in (0, 2, 25)
    )
    assert soon.batchId == first.batchId and soon.idempotent and later.batchId != first.batchId


def test_limits_cut_all_buckets_alike(mixed: Site) -> None:
    found = batch(mixed.app(), dryRun=True, maxTotalCollections=2, samplesPerBucket=1, groupBy="nodegroup")
    assert len(found.plan) == 2 and len({p.bucket for p in found.plan}) == 2 and found.left_out == 1


def test_a_server_that_may_not_ask_nodes_shows_the_plan_only(mixed: Site) -> None:
    app = mixed.app(collecting="deny")
    assert batch(app, dryRun=True).plan
    with pytest.raises(Unavailable, match="not to ask nodes"):
        batch(app)


def test_unknown_batches_are_refused_with_the_way_on(mixed: Site) -> None:
    for bad in ("batch-000000000000", "../../etc/passwd", ""):
        with pytest.raises(BadInput):
            batch_status(Room(mixed.app()), bad or None)


def test_history_tells_what_was_collected_and_what_was_asked_for(site: Site) -> None:
    done, asked = site.node("eni-limit"), site.node("iam")
    site.collect(done, cluster=CLUSTER)
    from eks_diag_mcp.collect.model import Ask

    site.app().intake.start("ssm", Ask(asked, cluster=CLUSTER))
    found = history(Room(site.app()))
    assert {(r.instanceId, r.state == "indexed") for r in found.collections} == {(done, True), (asked, False)}
    assert found.total == 2 and all(r.clusterName == CLUSTER for r in found.collections)
    one = history(Room(site.app()), maxResults=1)
    assert one.nextPageToken and history(Room(site.app()), pageToken=one.nextPageToken).shown == 1
    assert history(Room(site.app()), clusterName="other").total == 0


def test_an_artifact_is_a_link_to_masked_text_never_to_the_raw_bundle(site: Site) -> None:
    node = site.node("eni-limit")
    site.collect(node)
    room = Room(site.app())
    found = artifact(room, node, "ipamd/enis.json")
    assert found.uri == f"log://{node}/ipamd/enis.json" and "X-Amz" not in json.dumps(found.model_dump())
    with pytest.raises(BadInput, match="raw bundles may hold secrets"):
        artifact(room, node)
    with pytest.raises(BadInput, match="no file"):
        artifact(room, node, "ipamd/enis.jsonx")
