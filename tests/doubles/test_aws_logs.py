"""CloudWatch Logs of the AWS double: groups, windows, patterns, pages that are empty and go on."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.doubles.aws import AwsDouble
from tests.doubles.aws.log_patterns import BadPattern, matcher
from tests.doubles.fixtures import aws_double, aws_server

__all__ = ["aws_double", "aws_server"]

GROUP = "/aws/containerinsights/shop/application"


def messages(aws: AwsDouble, **asked) -> list[str]:
    pages = aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=GROUP, **asked)
    return [e["message"] for p in pages for e in p["events"]]


def test_events_come_in_order_of_time_and_both_ends_of_the_window_count(aws_double: AwsDouble):
    aws_double.logs.put(
        "us-west-2", GROUP, [(3000, "b", "third"), (1000, "a", "first"), (2000, "a", "second"), (4000, "b", "fourth")]
    )
    assert messages(aws_double) == ["first", "second", "third", "fourth"]
    assert messages(aws_double, startTime=2000, endTime=3000) == ["second", "third"]
    assert messages(aws_double, logStreamNames=["b"], startTime=3001) == ["fourth"]
    assert messages(aws_double, logStreamNamePrefix="a") == ["first", "second"]


def test_pages_are_followed_also_when_they_are_empty(aws_double: AwsDouble):
    aws_double.logs.put("us-west-2", GROUP, [(n, "a", f"m{n}") for n in range(5)])
    aws_double.logs.empty_pages = 2
    logs = aws_double.client("logs")
    first = logs.filter_log_events(logGroupName=GROUP, limit=2)
    assert first["events"] == [] and first["nextToken"]
    assert messages(aws_double, PaginationConfig={"PageSize": 2}) == [f"m{n}" for n in range(5)]
    with pytest.raises(ClientError, match="nextToken is invalid"):
        logs.filter_log_events(logGroupName=GROUP, nextToken="made up")


def test_a_group_that_does_not_exist_is_an_error_and_not_an_empty_list(aws_double: AwsDouble):
    logs = aws_double.client("logs")
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified log group does not exist"):
        logs.filter_log_events(logGroupName="/aws/eks/shop/cluster")
    aws_double.logs.put("eu-west-1", "/aws/eks/shop/cluster")
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/eks/")["logGroups"] == []


def test_groups_and_streams_are_listed(aws_double: AwsDouble):
    aws_double.logs.put(
        "us-west-2", "/aws/eks/shop/cluster", [(1, "kube-apiserver-1", "x"), (9, "kube-apiserver-1", "y")], retention_days=30
    )
    aws_double.logs.put("us-west-2", GROUP)
    logs = aws_double.client("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/eks/")["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/aws/eks/shop/cluster", 30)
    (stream,) = logs.describe_log_streams(logGroupName="/aws/eks/shop/cluster")["logStreams"]
    assert (stream["logStreamName"], stream["lastEventTimestamp"]) == ("kube-apiserver-1", 9)
    assert len(logs.describe_log_groups()["logGroups"]) == 2


POD = json.dumps({"log": "boom", "level": 5, "kubernetes": {"pod_name": "web-7c9", "host": "ip-10-0-16-21"}})


@pytest.mark.parametrize(
    ("pattern", "message", "passes"),
    [
        ("", "anything", True),
        ("error", "an error here", True),
        ("error", "an Error here", False),
        ("error timeout", "timeout then error", True),
        ("error timeout", "error", False),
        ("?error ?timeout", "timeout", True),
        ("?error ?timeout", "fine", False),
        ("error -benign", "benign error", False),
        ("error -benign", "error", True),
        ('"no available IP"', "ipamd: no available IP addresses", True),
        ('"no available IP"', "no IP available", False),
        ("%eni-[0-9a-f]{4}%", "eni-0a1b", True),
        ('{ $.kubernetes.pod_name = "web-*" }', POD, True),
        ('{ $.kubernetes.pod_name = "api-*" }', POD, False),
        ('{ $.kubernetes.pod_name = "web-*" && $.kubernetes.host = "ip-10-0-16-21" }', POD, True),
        ('{ $.kubernetes.pod_name = "api" || $.log = "boom" }', POD, True),
        ("{ $.level >= 5 }", POD, True),
        ("{ $.level > 5 }", POD, False),
        ('{ $.log != "boom" }', POD, False),
        ('{ $.log = "boom" }', "boom, but no JSON", False),
    ],
)
def test_filter_patterns(pattern: str, message: str, passes: bool):
    assert matcher(pattern)(message) is passes


@pytest.mark.parametrize("pattern", ['"open', "{ $.a }", "a|b", "{ $.a = 1 && $.b = 2 || $.c = 3 }"])
def test_a_pattern_that_cannot_be_read_is_refused(aws_double: AwsDouble, pattern: str):
    with pytest.raises(BadPattern):
        matcher(pattern)
    aws_double.logs.put("us-west-2", GROUP)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        messages(aws_double, filterPattern=pattern)
