"""What deploy/ allows is what the server asks for: no less, and nothing that changes a node or a cluster."""

import fnmatch
from pathlib import Path
from typing import Any

import yaml

from eks_diag_mcp.cloud.aws_faults import IAM_ACTION
from eks_diag_mcp.tools.cloudwatch import get_cloudwatch_logs
from eks_diag_mcp.tools.cluster import cluster_health
from eks_diag_mcp.tools.eks import describe_eks_resource
from eks_diag_mcp.tools.kubernetes import list_k8s_resources
from eks_diag_mcp.tools.room import Room

from ..doubles.aws import CALLER
from ..doubles.kubernetes import ARN, KubeDouble, Rule
from .conftest import CLUSTER, Site
from .test_node_diagnostic import SCENARIO

DEPLOY = Path(__file__).parents[2] / "deploy"
RESOURCES = ("cluster", "nodegroup", "addon", "insight", "accessentry", "podidentity")


class _Tags(yaml.SafeLoader):
    """CloudFormation's short functions as their plain values."""


_Tags.add_multi_constructor("!", lambda loader, _tag, node: getattr(node, "value", None))


def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((DEPLOY / "cloudformation.yaml").read_text(encoding="utf-8"), Loader=_Tags)
    return loaded["Resources"]


def actions(statements: list[dict[str, Any]]) -> set[str]:
    return {a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}


def server_actions() -> set[str]:
    return actions(template()["ServerPolicy"]["Properties"]["PolicyDocument"]["Statement"])


def reader_rules() -> list[Rule]:
    role = next(yaml.safe_load_all((DEPLOY / "kubernetes" / "reader.yaml").read_text(encoding="utf-8")))
    return [
        Rule(tuple(r["verbs"]), tuple(r["apiGroups"]), tuple("*" if x == "*" else x for x in r["resources"])) for r in role["rules"]
    ]


def test_the_servers_policy_covers_every_call_it_makes(site: Site, cluster: KubeDouble) -> None:
    cluster.user("shipped", *reader_rules(), arn=ARN)
    node, agent = site.node("eni-limit"), site.node(SCENARIO, ssm="absent", managed_by="auto")
    cluster.scenario_node(SCENARIO, compute="auto")
    found = site.collect(node, cluster=CLUSTER)
    assert found.state == "completed", found
    found = site.collect(agent, via="node")
    assert found.state == "completed", found
    room = Room(site.app())
    health = cluster_health(room, CLUSTER)
    assert not health.missing_permissions, health.missing_permissions
    for kind in RESOURCES:
        describe_eks_resource(room, kind, CLUSTER)  # type: ignore[arg-type]
    get_cloudwatch_logs(room, CLUSTER, "control-plane")
    assert list_k8s_resources(room, "Node", clusterName=CLUSTER).items
    asked = {IAM_ACTION.get(c.name, c.name) for c in site.aws.calls if c.actor == CALLER} - {"sts:GetCallerIdentity"}
    allowed = server_actions()
    assert not {a for a in asked if not any(fnmatch.fnmatchcase(a, p) for p in allowed)}


def test_the_server_may_run_nothing_and_change_nothing() -> None:
    words = ("Send", "Create", "Delete", "Update", "Terminate", "Modify", "Attach", "Detach", "Reboot", "Run", "Stop")
    changing = {a for a in server_actions() if a.partition(":")[2].startswith(words)}
    assert changing == set() and not any("*" in a for a in server_actions())
    verbs = {v for r in reader_rules() for v in r.verbs}
    assert verbs == {"get", "list", "create", "delete"}
    writers = [r for r in reader_rules() if {"create", "delete"} & set(r.verbs)]
    assert [r.resources for r in writers] == [("nodediagnostics",)]
    assert not any("secrets" in r.resources for r in reader_rules())


def test_only_the_automation_role_sends_commands_and_only_to_tagged_nodes() -> None:
    role = template()["AutomationRole"]["Properties"]
    trust = role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    assert set(trust) == {"StringEquals", "ArnLike"}, "confused deputy"
    sends = [s for s in role["Policies"][0]["PolicyDocument"]["Statement"] if "ssm:SendCommand" in actions([s])]
    assert len(sends) == 2 and any("aws:ResourceTag/eks:cluster-name" in str(s.get("Condition")) for s in sends)
