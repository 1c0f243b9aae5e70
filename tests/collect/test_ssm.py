"""Collecting by SSM Automation: from the request to findings, over restarts, once a node."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.collect.model import Ask

from ..doubles.aws import ENDINGS
from .conftest import Site


def test_a_collection_ends_in_findings_and_every_look_may_be_another_process(site: Site) -> None:
    node = site.node("eni-limit")
    found = site.collect(node)
    assert (found.state, found.collection.instance_id, found.collection.region) == ("completed", node, "us-west-2")
    app = site.app()
    bundle = app.library.bundle(node)
    assert app.diagnosis(bundle).root_cause.id == "ip_allocation.eni_limit"
    told = bundle.manifest.provenance
    assert told["execution"] == found.collection.execution_id and told["version"] and told["etag"]
    assert site.aws.called("ssm:SendCommand") == []


def test_the_way_is_shown_step_by_step_until_the_findings_can_be_read(site: Site) -> None:
    app, node = site.app(), site.node()
    execution = app.intake.start("ssm", Ask(node)).collection.execution_id
    seen = [app.intake.follow(execution, 0) for _ in range(3)]
    assert [s.state for s in seen] == ["working"] * 3
    assert sorted(s.progress for s in seen) == [s.progress for s in seen] and seen[0].progress < seen[-1].progress < 1
    assert len(seen[-1].collection.steps) == 3


def test_the_same_node_is_not_asked_twice_while_one_runs(site: Site) -> None:
    node = site.node()
    first = site.app().intake.start("ssm", Ask(node))
    site.app().intake.follow(first.collection.execution_id, 0)
    again = site.app().intake.start("ssm", Ask(node, token=str(uuid.uuid4())))
    assert again.collection.execution_id == first.collection.execution_id and again.collection.found_running
    assert len(site.aws.called("ssm:StartAutomationExecution")) == 1


def test_a_start_whose_answer_is_lost_is_one_run_all_the_same(site: Site) -> None:
    from ..doubles.aws import Reset

    node = site.node()
    site.aws.fail("ssm:StartAutomationExecution", Reset(done=True), times=1)
    site.app().intake.start("ssm", Ask(node))
    tokens = {c["ClientToken"] for c in site.aws.called("ssm:StartAutomationExecution")}
    assert len(tokens) == 1 and uuid.UUID(tokens.pop())


def test_a_node_asked_a_moment_ago_is_not_asked_again(site: Site) -> None:
    node = site.node()
    done = site.collect(node)
    again = site.app(collect_pause_s=600).intake.start("ssm", Ask(node))
    assert again.collection.execution_id == done.collection.execution_id and again.state == "completed"
    assert again.collection.found_running and "600 s" in again.collection.notes[0]
    later = App(site.app(collect_pause_s=600).settings, wall=lambda: datetime.now(UTC) + timedelta(minutes=11))
    assert later.intake.start("ssm", Ask(node)).collection.execution_id != done.collection.execution_id


@pytest.mark.parametrize("status", ENDINGS)
def test_every_ending_is_an_ending(site: Site, status: str) -> None:
    node = site.node(plan=f"ends {status}")
    found = site.collect(node)
    want = {"Success": "completed", "CompletedWithSuccess": "completed", "Cancelled": "cancelled"}.get(status, "failed")
    assert (found.state, found.collection.status) == (want, status)
    assert want == "completed" or found.message


@pytest.mark.parametrize("status", ["Pending", "Waiting", "PendingApproval", "Scheduled", "Cancelling", "RunbookInProgress"])
def test_what_has_not_ended_is_said_to_be_under_way(site: Site, status: str) -> None:
    from ..doubles.aws import Plan

    node = site.node(plan=Plan(stays=status))
    execution = site.app().intake.start("ssm", Ask(node)).collection.execution_id
    found = site.app().intake.follow(execution, 0)
    assert (found.state, found.collection.status) == ("working", status)


def test_a_bare_automation_id_and_one_with_its_region_mean_the_same(site: Site) -> None:
    app, node = site.app(), site.node()
    execution = app.intake.start("ssm", Ask(node)).collection.execution_id
    assert app.desk.full_id(execution.rpartition(":")[2]) == execution == app.desk.full_id(execution)


def test_executions_of_other_runbooks_and_regions_are_not_ours(site: Site, refusal) -> None:
    execution = site.app().intake.start("ssm", Ask(site.node())).collection.execution_id
    elsewhere = execution.replace("us-west-2", "eu-west-1")
    assert "may not ask region" in refusal(lambda: site.app().intake.follow(elsewhere, 0))
    wide = site.app(regions=frozenset({"eu-west-1"}))
    assert "knows no execution" in refusal(lambda: wide.intake.follow(elsewhere, 0))
    assert "Unknown executionId" in refusal(lambda: site.app().intake.follow("ssm:us-west-2", 0))


def test_only_strict_ids_of_nodes_of_allowed_clusters_are_asked(site: Site, refusal) -> None:
    node = site.node()
    for id in (f"{node}; reboot", "i-0123", node.upper(), "i-" + "g" * 17, f"{node}\n"):
        assert "no EC2 instance id" in refusal(lambda id=id: site.app().intake.start("ssm", Ask(id)))
    assert "belongs to cluster demo" in refusal(lambda: site.app().intake.start("ssm", Ask(node, cluster="other")))
    fenced = site.app(clusters={"other": None})
    assert "may not ask nodes of cluster demo" in refusal(lambda: fenced.intake.start("ssm", Ask(node)))
    loose = site.aws.world.instance(cluster=None, tags={"Name": "no-node"})
    assert "no tag of an EKS cluster" in refusal(lambda: site.app().intake.start("ssm", Ask(loose)))
    assert site.aws.called("ssm:StartAutomationExecution") == []


def test_auto_takes_ssm_where_it_answers_and_says_why(site: Site) -> None:
    online, lost = site.node("eni-limit"), site.node("subnet-exhausted", ssm="lost")
    gone, auto = site.node("iam", state="stopped"), site.node("throttling", managed_by="auto", ssm="absent")
    choose = site.app().desk.choose
    assert choose(Ask(online), "auto")[0] == "ssm"
    assert [choose(Ask(i), "auto")[0] for i in (lost, gone, auto)] == ["node", "s3", "node"]
    assert "ConnectionLost" in choose(Ask(lost), "auto")[1] and "stopped" in choose(Ask(gone), "auto")[1]
    assert site.app(bucket=None).desk.choose(Ask(online), "auto")[0] == "archive"


def test_the_node_is_looked_up_once_whoever_chose_the_collector(site: Site) -> None:
    node, app = site.node(), site.app()
    via, _, ask = app.desk.choose(Ask(node), "auto")
    assert app.intake.start(via, ask).state == "working"
    assert len(site.aws.called("ec2:DescribeInstances")) == len(site.aws.called("ssm:DescribeInstanceInformation")) == 1


def test_what_was_seen_of_another_instance_or_region_counts_for_nothing(site: Site, refusal) -> None:
    site.aws.world.cluster("other")
    mine, foreign = site.node(), site.aws.world.node("iam", cluster="other")
    seen = site.app().desk.choose(Ask(mine), "auto")[2].target
    fenced = site.app(clusters={"demo": None})
    assert "may not ask nodes of cluster other" in refusal(lambda: fenced.intake.start("ssm", Ask(foreign, target=seen)))
    assert seen is not None and seen.clusters == {"demo"}


def test_a_run_that_was_just_looked_at_is_not_looked_at_again_for_its_bundle(site: Site) -> None:
    app = site.app()
    execution = app.intake.start("ssm", Ask(site.node("eni-limit"))).collection.execution_id
    looks = 1
    while app.intake.follow(execution, 0).collection.state == "working":
        looks += 1
    app.intake.jobs.drain(app.now() + 120, app.now)
    assert app.intake.follow(execution, 0).state == "completed"
    assert len(site.aws.called("ssm:GetAutomationExecution")) == looks
