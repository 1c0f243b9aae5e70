"""What can go wrong between the request and the findings, each with the answer that helps."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.errors import Denied

from .. import scenarios
from ..doubles.aws import AwsError, Corrupt, Cut, Plan, Reset, Silence, Slow
from .conftest import Site

Refusal = Callable[[Callable[[], object]], str]
ACTIONS = {
    "ec2:DescribeInstances": "ec2:DescribeInstances",
    "ssm:DescribeInstanceInformation": "ssm:DescribeInstanceInformation",
    "ssm:StartAutomationExecution": "ssm:StartAutomationExecution",
    "s3:HeadBucket": "s3:ListBucket",
}


# ---- before anything is started -------------------------------------------------------------------------------------
@pytest.mark.parametrize("operation", ACTIONS)
def test_a_missing_permission_is_named(site: Site, operation: str, refusal: Refusal) -> None:
    node = site.node()
    site.aws.deny(operation)
    said = refusal(lambda: site.app().intake.start("ssm", Ask(node)))
    assert ACTIONS[operation] in said
    assert not re.search(r"\d{12}|arn:aws", said), "no account, no ARN"


@pytest.mark.parametrize("operation", ["s3:GetBucketPolicyStatus", "s3:GetBucketAcl"])
def test_a_check_of_the_bucket_that_is_not_allowed_is_a_note(site: Site, operation: str) -> None:
    node = site.node()
    site.aws.deny(operation)
    found = site.app().intake.start("ssm", Ask(node))
    assert found.state == "working" and operation.partition(":")[2] in found.collection.notes[0]


@pytest.mark.parametrize(
    ("word", "says"), [("throttled", "too many requests"), ("expired token", "does not accept"), ("unknown key", "does not accept")]
)
def test_throttling_and_credentials_are_told_apart(site: Site, word: str, says: str, refusal: Refusal) -> None:
    node = site.node()
    site.aws.fail("ssm:StartAutomationExecution", word)
    assert says in refusal(lambda: site.app().intake.start("ssm", Ask(node)))


def test_two_throttled_tries_are_no_failure(site: Site) -> None:
    node = site.node()
    site.aws.fail("ssm:StartAutomationExecution", "throttled", times=1)
    assert site.collect(node).state == "completed"


def test_a_full_queue_is_a_time_to_wait(site: Site, refusal: Refusal) -> None:
    node = site.node()
    site.aws.fail("ssm:StartAutomationExecution", AwsError("AutomationExecutionLimitExceededException", "Too many", 400))
    assert "the queue of automations is full" in refusal(lambda: site.app().intake.start("ssm", Ask(node)))


def test_a_role_that_cannot_be_handed_over_names_pass_role(site: Site, refusal: Refusal) -> None:
    node, role = site.node(), site.aws.world.role("locked", "not passable")
    assert "iam:PassRole" in refusal(lambda: site.app(automation_role=role).intake.start("ssm", Ask(node)))
    assert "No automation role" in refusal(lambda: site.app(automation_role=None).intake.start("ssm", Ask(node)))


def test_a_role_that_ssm_cannot_assume_is_told(site: Site, refusal: Refusal) -> None:
    node, role = site.node(), site.aws.world.role("shut", "not assumable")
    assert "cannot be assumed" in refusal(lambda: site.app(automation_role=role).intake.start("ssm", Ask(node)))


def test_a_region_without_the_runbook_is_told(site: Site, refusal: Refusal) -> None:
    node = site.node()
    site.aws.ssm.absent_in.add("us-west-2")
    assert "does not exist in us-west-2" in refusal(lambda: site.app().intake.start("ssm", Ask(node)))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"state": "stopped"}, "is stopped"),
        ({"state": "terminated"}, "gone with it|knows no instance"),
        ({"windows": True}, "Windows"),
        ({"ssm": "lost"}, "ConnectionLost"),
        ({"ssm": "absent"}, "never registered"),
    ],
)
def test_a_node_that_cannot_be_asked_is_told_with_the_other_way(site: Site, how: dict, says: str, refusal: Refusal) -> None:
    node = site.node(**how)
    said = refusal(lambda: site.app().intake.start("ssm", Ask(node)))
    assert re.search(says, said) and site.aws.called("ssm:StartAutomationExecution") == []


def test_public_and_foreign_buckets_are_refused(site: Site, refusal: Refusal) -> None:
    node, world = site.node(), site.aws.world
    public, foreign = world.bucket("open-logs", public=True), world.bucket("their-logs", owner="999999999999")
    assert "is public" in refusal(lambda: site.app(bucket=public).intake.start("ssm", Ask(node)))
    assert "another account" in refusal(lambda: site.app(bucket=foreign).intake.start("ssm", Ask(node)))
    assert "does not exist" in refusal(lambda: site.app(bucket="no-such-logs").intake.start("ssm", Ask(node)))
    assert "No bucket" in refusal(lambda: site.app(bucket=None).intake.start("ssm", Ask(node)))


# ---- on the node ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("disk full", "root disk is too full"),
        ("upload refused", "s3:PutObject"),
        ("no route to S3", "no route to S3"),
        ("success without object", "no bundle of the node lies in the bucket"),
        ("role may not send commands", "ssm:SendCommand"),
        ("timed out", "in time"),
        ("empty object", "."),
    ],
)
def test_what_failed_on_the_node_is_told_with_its_remedy(site: Site, plan: str, says: str) -> None:
    found = site.collect(site.node(plan=plan))
    assert found.state == "failed" and says in found.message, found
    shown = f"{found.message} {found.collection.text} {[s.text for s in found.collection.steps]}"
    assert not re.search(r"\b\d{12}\b|arn:aws|X-Amz", shown)


def test_another_nodes_bundle_under_this_key_is_refused(site: Site) -> None:
    node = site.node(plan="wrong object")
    site.aws.nodes[node].others = scenarios.load("subnet-exhausted").archive()
    found = site.collect(node)
    assert found.state == "failed" and f"came as {node}" in found.message
    assert site.app().library.instances() == []


def test_a_truncated_object_is_indexed_as_far_as_it_goes_and_says_so(site: Site) -> None:
    node = site.node(plan="truncated object")
    found = site.collect(node)
    if found.state == "completed":
        assert site.app().library.bundle(node).manifest.truncated
    else:
        assert found.message


# ---- on the way back ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", [Cut(after=20_000), Reset(after=20_000), Silence(after=20_000)])
def test_a_download_that_breaks_off_goes_on_where_it_stopped(site: Site, fault: object) -> None:
    node = site.node()
    site.aws.fail("s3:GetObject", fault, times=1)
    found = site.collect(node)
    if found.state == "working":
        assert "goes on where it stopped" in found.message
        found = site.app().intake.follow(found.collection.execution_id, 120)
    assert found.state == "completed"
    ranges = [c["Range"] for c in site.aws.called("s3:GetObject")]
    assert ranges[0].startswith("bytes=0-") and not ranges[-1].startswith("bytes=0-"), ranges


def test_a_slow_body_is_waited_for(site: Site) -> None:
    node = site.node()
    site.aws.fail("s3:GetObject", Slow(pieces=3, pause_s=0.1), times=1)
    assert site.collect(node).state == "completed"


def test_bytes_that_changed_on_the_way_are_never_taken_for_the_bundle(site: Site) -> None:
    node = site.node()
    site.aws.fail("s3:GetObject", Corrupt(at=20_000), times=1)
    found = site.collect(node)
    if found.state == "completed":
        manifest = site.app().library.bundle(node).manifest
        assert manifest.truncated or any(f.state == "unreadable" for f in manifest.files)
    else:
        assert found.state in ("failed", "working") and found.message


def test_a_download_that_never_gets_anywhere_fails_in_the_end(site: Site) -> None:
    node = site.node()
    site.aws.fail("s3:GetObject", "server error")
    app = site.app()
    execution = app.intake.start("ssm", Ask(node)).collection.execution_id
    for _ in range(12):
        found = app.intake.follow(execution, 20)
        if found.state == "failed":
            break
    assert found.state == "failed" and found.message


def test_an_object_put_there_before_the_collection_began_is_not_taken(site: Site) -> None:
    node = site.node(plan="success without object")
    app = site.app()
    execution = app.intake.start("ssm", Ask(node)).collection.execution_id
    key = f"eks_{node}_{execution.rpartition(':')[2]}.tar.gz"
    site.aws.world.put(site.bucket, key, b"poison", at=site.aws.now() - timedelta(days=1))
    found = site.to_the_end(execution)
    assert found.state == "failed" and "written before the collection began" in found.message


def test_an_object_that_is_replaced_while_it_is_fetched_is_refused(site: Site) -> None:
    node = site.node()
    site.aws.fail(
        "s3:GetObject", AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
    )
    found = site.collect(node)
    assert found.state == "failed" and "changed while it was fetched" in found.message


def test_reading_the_bundle_without_permission_names_it(site: Site) -> None:
    node = site.node()
    site.aws.deny("s3:GetObject")
    found = site.collect(node)
    assert found.state == "failed" and "s3:GetObject" in found.message


def test_denied_is_an_error_of_its_own(site: Site) -> None:
    node = site.node()
    site.aws.deny("ec2:DescribeInstances")
    with pytest.raises(Denied) as caught:
        site.app().intake.start("ssm", Ask(node))
    assert caught.value.action == "ec2:DescribeInstances"


def test_a_stuck_queue_stays_under_way_and_says_where_it_waits(site: Site) -> None:
    node = site.node(plan=Plan(stays="Pending"))
    execution = site.app().intake.start("ssm", Ask(node)).collection.execution_id
    found = site.app().intake.follow(execution, 0)
    assert found.state == "working" and "queue" in found.message
