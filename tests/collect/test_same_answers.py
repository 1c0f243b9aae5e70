"""The AWS command line and our tools see the same world."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.tools.collecting import status
from eks_diag_mcp.tools.eks import describe_eks_resource
from eks_diag_mcp.tools.room import Room

from .conftest import CLUSTER, Site

AWS = shutil.which("aws", path=str(Path(sys.executable).parent)) or "aws"


def cli(site: Site, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([AWS, *arguments, "--output", "json"], env=site.aws.env(), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_execution_is_the_same_to_the_aws_command_and_to_status(site: Site) -> None:
    node = site.node()
    execution = site.app().intake.start("ssm", Ask(node)).collection.execution_id
    ours = status(Room(site.app()), execution, waitSeconds=0)
    theirs = cli(site, "ssm", "get-automation-execution", "--automation-execution-id", execution.rpartition(":")[2])
    run = theirs["AutomationExecution"]
    assert run["Parameters"]["EKSInstanceId"] == [ours.instanceId] == [node]
    assert run["AutomationExecutionStatus"] == ours.automation.status
    assert [s["StepName"] for s in run["StepExecutions"]][: len(ours.automation.steps)] == [s.name for s in ours.automation.steps]


def test_a_collected_bundle_is_the_object_that_the_aws_command_lists(site: Site) -> None:
    node = site.node()
    site.collect(node)
    listed = cli(site, "s3api", "list-objects-v2", "--bucket", site.bucket)["Contents"]
    told = site.app().library.bundle(node).manifest.provenance
    assert [(o["Key"], o["ETag"], str(o["Size"])) for o in listed] == [(told["key"], told["etag"], told["size"])]


def test_an_addon_is_the_same_to_the_aws_command_and_to_our_tool(site: Site) -> None:
    issue = {"code": "ConfigurationConflict", "message": "Conflicts found when trying to apply.", "resourceIds": ["ds/aws-node"]}
    site.aws.world.addon("vpc-cni", "v1.20.1-eksbuild.1", cluster=CLUSTER, issues=[issue])
    theirs = cli(site, "eks", "describe-addon", "--cluster-name", CLUSTER, "--addon-name", "vpc-cni")["addon"]
    ours = describe_eks_resource(Room(site.app()), "addon", CLUSTER, "vpc-cni")
    assert ours.found and ours.status == theirs["status"]
    assert ours.properties is not None and ours.properties["version"] == theirs["addonVersion"]
    assert [i.code for i in ours.issues or []] == [i["code"] for i in theirs["health"]["issues"]] == ["ConfigurationConflict"]
    versions = cli(
        site, "eks", "describe-addon-versions", "--addon-name", "vpc-cni", "--kubernetes-version", ours.kubernetes_version or ""
    )
    assert set(ours.compatible_versions or []) <= {v["addonVersion"] for a in versions["addons"] for v in a["addonVersions"]}
