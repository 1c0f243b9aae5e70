"""The AWS double: one loopback URL that speaks for SSM, EKS, CloudWatch Logs, EC2, S3, STS, KMS, IAM and Auto Scaling.

Own operations (SSM automation and managed nodes, EKS, logs, some of EC2) are routed and checked both ways by botocore's models;
everything else is moto's. Fake nodes run a real bash script and upload real archives. How to use it in a test:

    from tests.doubles.fixtures import aws_double, aws_server          # pytest finds fixtures by name in the module or conftest

    def test_it(aws_double):
        aws = aws_double
        aws.world.cluster("shop")
        node = aws.world.node("eni-limit", cluster="shop")       # a scenario of fixtures/scenarios, its id, its archive
        bucket, role = aws.world.bucket("shop-logs"), aws.world.role("collector")
        aws.fail("ssm:StartAutomationExecution", "throttled", times=2)
        run_the_server(env=aws.env())                            # a subprocess; in-process: aws.client("ssm")
        assert aws.called("ssm:StartAutomationExecution")[-1]["DocumentName"] == "AWSSupport-CollectEKSInstanceLogs"

The code under test needs the environment only (`aws.env()`); AWS_ENDPOINT_URL leads every service here. An automation moves one
step at each GetAutomationExecution: four steps are InProgress in turn, the fifth look says how it ended; the archive is in the bucket under
`eks_<instance>_<execution>.tar.gz` then. Other endings: `aws.world.plan(node, "disk full")` (plans.py). Faults: faults.py.
"""

from .double import CALLER, NODE, AwsDouble
from .errors import AwsError
from .faults import Corrupt, Cut, Reset, Silence, Slow
from .plans import ENDINGS, PLANS, Plan
from .wire import Call

__all__ = [
    "CALLER",
    "ENDINGS",
    "NODE",
    "PLANS",
    "AwsDouble",
    "AwsError",
    "Call",
    "Corrupt",
    "Cut",
    "Plan",
    "Reset",
    "Silence",
    "Slow",
]
