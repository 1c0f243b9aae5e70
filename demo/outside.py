"""The second half: the same story where nobody hands over a tarball. The server asks AWS and the cluster itself.

AWS and the cluster are the doubles of tests/doubles, which speak the services' own protocols on this machine."""

import sys
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .story import Teller, summary

CLUSTER = "demo"
SCENARIO = "prefix-fragmented"


async def collected(console: Console, folder: Path) -> tuple[str | None, str | None]:
    """(root cause found, root cause built): from the cluster's health to the verdict, the logs fetched by SSM."""
    from tests import scenarios
    from tests.doubles.aws import AwsDouble
    from tests.doubles.aws.double import CALLER
    from tests.doubles.kubernetes import ARN, KubeDouble

    expected = scenarios.load(SCENARIO)
    aws, cluster = AwsDouble().start(), KubeDouble(CLUSTER).start()
    try:
        cluster.access.principal(CALLER, aws.keys[CALLER].secret, ARN)
        aws.world.cluster(CLUSTER, endpoint=cluster.endpoint, certificateAuthority={"data": cluster.ca_data})
        aws.world.addon("vpc-cni", "v1.20.4-eksbuild.1", cluster=CLUSTER)
        node = aws.world.node(SCENARIO, cluster=CLUSTER)
        name = expected.node.node_name
        cluster.node(name, node)
        for number in range(3):
            cluster.pod(f"cart-{number}", "shop", node=name, phase="Pending", waiting="ContainerCreating", ip="")
        env = aws.env(
            EKS_DIAG_BUCKET=aws.world.bucket(),
            EKS_DIAG_AUTOMATION_ROLE=aws.world.role(),
            EKS_DIAG_CLUSTERS=CLUSTER,
            EKS_DIAG_LIBRARY=str(folder / "collected"),
        )
        server = StdioServerParameters(command=sys.executable, args=["-m", "eks_diag_mcp"], env=env)
        async with Client(stdio_client(server)) as client:
            found = await _story(Teller(client, console), node)
        asked = len({c.name for c in aws.calls})
        console.print(f"[dim]{asked} different AWS operations were asked, none that changes a node; SendCommand never.[/]")
        return found, expected.expect.root_cause
    finally:
        aws.stop()
        cluster.stop()


async def _story(teller: Teller, node: str) -> str | None:
    health = await teller.call("Which nodes are in trouble?", "cluster_health", clusterName=CLUSTER)
    _health(teller.console, health)
    addon = await teller.call(
        "Is the VPC CNI add-on healthy?", "describe_eks_resource", clusterName=CLUSTER, resourceType="addon", resourceName="vpc-cni"
    )
    teller.console.print(
        f"   -> {addon.get('status') or 'not installed as an add-on'} {addon.get('properties', {}).get('version', '')}"
    )
    begun = await teller.call("Get the node's logs.", "collect", instanceId=node, clusterName=CLUSTER)
    teller.console.print(f"   -> via {begun['via']}: {escape(begun.get('why', ''))}")
    state: dict[str, Any] = {"task": {"state": "working"}}
    while state["task"]["state"] == "working":
        state = await teller.call("Wait.", "status", executionId=begun["executionId"], waitSeconds=6)
        steps = ", ".join(f"{s['name']} {s['status']}" for s in state["automation"]["steps"][-2:])
        teller.console.print(f"   -> {state['task']['state']} {state['task']['progress']:.0%}  {escape(steps)}")
    return await summary(teller, node)


def _health(console: Console, health: dict[str, Any]) -> None:
    console.print(f"   -> {escape(health['summary'])}")
    table = Table("node", "status", "why", box=None, padding=(0, 2))
    for row in health["nodes"][:4]:
        table.add_row(row["name"], row.get("status", ""), "; ".join(row.get("reasons") or []))
    console.print(table)
    for warning in health["warnings"][:3]:
        console.print(f"   [red]warning:[/] {escape(warning)}")
