"""get_cloudwatch_logs on the double of CloudWatch Logs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.cluster.cloudwatch import filter_of
from eks_diag_mcp.errors import BadInput, Denied

from .. import scenarios
from ..doubles.aws import AwsDouble
from ..doubles.kubernetes import CLUSTER, REGION
from .conftest import Ask, asking

CONTROL, APPLICATION = f"/aws/eks/{CLUSTER}/cluster", f"/aws/containerinsights/{CLUSTER}/application"


def ms(**ago: float) -> int:
    return int((datetime.now(UTC) - timedelta(**ago)).timestamp() * 1000)


def logging_on(world: AwsDouble) -> None:
    described = world.eks.cluster(REGION, CLUSTER).described
    described["logging"] = {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]}


def test_logging_that_is_off_is_said_plainly(world: AwsDouble, ask_eks: Ask) -> None:
    answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER)
    assert answer.logging.startswith("Control plane logging is off") and answer.entries == []
    for log_type in ("application", "host", "performance", "dataplane"):
        answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER, log_type=log_type)
        assert answer.logging.startswith("Container Insights logging is off") and log_type in answer.log_group


def test_the_newest_lines_come_first_from_the_whole_day(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    old = [(ms(hours=20, minutes=n), "kube-apiserver-audit-1", f"old {n}") for n in range(5)]
    world.logs.put(REGION, CONTROL, [*old, (ms(minutes=3), "authenticator-1", "access denied")])
    answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER)
    assert [e.text for e in answer.entries] == ["access denied", "old 0", "old 1", "old 2", "old 3", "old 4"]
    assert answer.logging == "on" and answer.complete and answer.searched_from is None
    assert answer.entries[0].stream == "authenticator-1" and answer.window.why == "the last 1440 minutes"


def test_the_search_ends_when_enough_was_found_and_says_how_far_it_came(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    world.logs.put(REGION, CONTROL, [(ms(minutes=n), "kube-apiserver-1", f"line {n}") for n in range(1, 600)])
    answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER, limit=10)
    assert [e.text for e in answer.entries] == [f"line {n}" for n in range(1, 11)]
    assert not answer.complete and answer.searched_from > answer.window.start and "Not all of the window" in answer.next_step


def test_lines_outside_the_window_are_not_shown(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    world.logs.put(REGION, CONTROL, [(ms(minutes=5), "api", "in"), (ms(minutes=90), "api", "out")])
    answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER, minutes=60)
    assert [e.text for e in answer.entries] == ["in"] and answer.complete


def test_pages_without_a_line_are_not_the_end(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    world.logs.empty_pages = 3
    world.logs.put(REGION, CONTROL, [(ms(minutes=5), "api", "found")])
    assert [e.text for e in ask_eks("get_cloudwatch_logs", clusterName=CLUSTER, minutes=20).entries] == ["found"]


def test_a_pod_s_lines_are_those_that_name_it(world: AwsDouble, ask_eks: Ask) -> None:
    lines = [
        (ms(minutes=5), "a", '{"log":"x","kubernetes":{"pod_name":"web-1"}}'),
        (ms(minutes=4), "a", '{"log":"y","kubernetes":{"pod_name":"db-0"}}'),
    ]
    world.logs.put(REGION, APPLICATION, lines)
    asked = {"clusterName": CLUSTER, "log_type": "application", "resource_type": "pod"}
    answer = ask_eks("get_cloudwatch_logs", **asked, resource_name="web-1")
    assert len(answer.entries) == 1 and "web-1" in answer.entries[0].text and answer.filter_pattern == '"web-1"'
    with pytest.raises(BadInput, match="resource_name"):
        ask_eks("get_cloudwatch_logs", **asked)


def test_a_runbook_s_words_find_lines(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    world.logs.put(
        REGION,
        CONTROL,
        [(ms(minutes=5), "audit", '{"name":"aws-auth"}'), (ms(minutes=4), "audit", "certificatesigningrequests csr-1")],
    )
    for words in ("aws-auth", "certificatesigningrequests"):
        answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER, resource_type="cluster", filter_pattern=words)
        assert len(answer.entries) == 1 and words in answer.entries[0].text
    assert (
        ask_eks("get_cloudwatch_logs", clusterName=CLUSTER, filter_pattern="nothing").next_step
        == "No line fits in the whole window."
    )


@pytest.mark.parametrize(
    ("pattern", "name", "said", "named"),
    [
        (None, None, "", True),
        ("NotReady", None, "NotReady", True),
        ("aws-auth", None, '"aws-auth"', True),
        ("exit code", "web-1", '"web-1" exit code', True),
        ('{ $.verb = "create" }', None, '{ $.verb = "create" }', True),
        ('{ $.verb = "create" }', "web-1", '{ $.verb = "create" }', False),
        ("error -debug", "web-1", "error -debug", False),
        ("%4[0-9]{2}%", None, "%4[0-9]{2}%", True),
    ],
)
def test_words_become_a_filter_pattern_and_patterns_stay_what_they_are(pattern, name, said, named) -> None:
    assert filter_of(pattern, name) == (said, named)


def test_a_line_is_masked_cut_and_only_text(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    canary = "hunter2-" + "0123456789abcdef"
    world.logs.put(REGION, CONTROL, [(ms(minutes=5), "audit", f"arn:aws:iam::123456789012:role/x password={canary} " + "x" * 5000)])
    answer = ask_eks("get_cloudwatch_logs", clusterName=CLUSTER)
    said = answer.model_dump_json()
    assert canary not in said and "123456789012" not in said and len(answer.entries[0].text) < 600


def test_a_missing_permission_is_named(world: AwsDouble, ask_eks: Ask) -> None:
    logging_on(world)
    world.logs.put(REGION, CONTROL, [(ms(minutes=5), "audit", "x")])
    world.deny("logs:FilterLogEvents")
    with pytest.raises(Denied) as refused:
        ask_eks("get_cloudwatch_logs", clusterName=CLUSTER)
    assert refused.value.action == "logs:FilterLogEvents"


def test_without_the_right_to_describe_the_cluster_logs_are_still_read(world: AwsDouble, ask_eks: Ask) -> None:
    world.logs.put(REGION, CONTROL, [(ms(minutes=5), "audit", "x")])
    world.deny("eks:DescribeCluster")
    assert [e.text for e in ask_eks("get_cloudwatch_logs", clusterName=CLUSTER).entries] == ["x"]


def test_for_a_node_with_a_bundle_the_day_before_its_capture_is_searched(world: AwsDouble, by_eks: App, tmp_path: Path) -> None:
    told = scenarios.load("subnet-exhausted")
    by_eks.library.admit(told.write(tmp_path), now=by_eks.now, wall=by_eks.wall())
    at = int(told.captured.timestamp() * 1000)
    host = f"/aws/containerinsights/{CLUSTER}/host"
    world.logs.put(
        REGION, host, [(at - 60_000, told.instance_id, f"{told.instance_id} then"), (ms(minutes=1), "x", f"{told.instance_id} now")]
    )
    answer = asking(by_eks)(
        "get_cloudwatch_logs", clusterName=CLUSTER, log_type="host", resource_type="node", resource_name=told.instance_id
    )
    assert [e.text for e in answer.entries] == [f"{told.instance_id} then"] and "was captured" in answer.window.why
