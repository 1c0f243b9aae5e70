"""Walks runbook D1 on two nodes and shows each step, its evidence and the report: `make demo`."""

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from rich.console import Console

from .story import walk

ROOT = Path(__file__).parent.parent
STORIES = (
    ("subnet-exhausted", "Pods hang in ContainerCreating on a node whose subnet has no address left"),
    ("eni-limit", "Pods hang in ContainerCreating on a node whose own slots are all used"),
)


async def run(console: Console) -> int:
    sys.path.insert(0, str(ROOT))
    from tests import scenarios

    with tempfile.TemporaryDirectory() as folder:
        archives = Path(folder) / "archives"
        nodes = [(scenarios.load(name), title) for name, title in STORIES]
        for node, _ in nodes:
            node.write(archives)
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "eks_diag_mcp", "--archives", str(archives), "--library", str(Path(folder) / "library")],
            env={"EKS_DIAG_LOG_LEVEL": "ERROR"},  # no audit lines between the figures
        )
        console.rule("[bold]eks-diag-mcp")
        console.print(
            "The server has just been started over stdio. An MCP client now follows runbook D1 (VPC CNI IP allocation "
            "failures) on the log bundles of two nodes, with the tool calls that D1 names.\n"
        )
        wrong = 0
        async with Client(stdio_client(server)) as client:
            for number, (node, title) in enumerate(nodes, 1):
                console.rule(f"[bold]Node {number}: {title}")
                found = await walk(client, node.instance_id, console)
                wrong += tell(console, found, node.expect.root_cause)
        console.rule("[bold]Node 3: nobody has a tarball; the server asks AWS and the cluster")
        if find_spec("moto") is None:
            console.print("AWS's double needs the packages of the tests: [bold]make setup demo[/] shows this part, too.")
        else:
            from .outside import collected

            wrong += tell(console, *await collected(console, Path(folder)))
    return wrong


def tell(console: Console, found: str | None, built: str | None) -> bool:
    """The root cause beside the one that the scenario was built with; True where they differ."""
    verdict = "as the scenario was built" if found == built else f"but the scenario was built as {built}"
    console.print(f"\n[bold]Root cause:[/] {found} — {verdict}\n")
    return found != built


if __name__ == "__main__":
    sys.exit(anyio.run(run, Console(width=None if sys.stdout.isatty() else 120)))
