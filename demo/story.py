"""The steps of D1 on one node, told for a reader who has never seen the project."""

from typing import Any

from mcp import Client
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from eks_diag_mcp.quoting import message_start

SEVERITY = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim", "info": "dim"}
STAND = {"supported": "bold green", "unknown": "yellow", "ruled_out": "dim", "not_applicable": "dim"}
D1_SEARCH = "failed to assign an IP|no available IP|InsufficientFreeAddresses|failed to allocate ENI"


class Teller:
    """Calls tools and shows each call and what of its answer matters."""

    def __init__(self, client: Client, console: Console) -> None:
        self.client, self.console = client, console
        self.calls, self.characters = 0, 0

    async def call(self, why: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """One tool call; a failed one ends the demo."""
        shown = ", ".join(f"{k}={v!r}" for k, v in arguments.items())
        self.console.print(f"\n[bold cyan]{self.calls + 1}. {why}[/]\n   [cyan]{escape(f'{tool}({shown})')}[/]")
        result = await self.client.call_tool(tool, arguments)
        text = "".join(getattr(c, "text", "") for c in result.content)
        if result.is_error:
            raise SystemExit(f"{tool} failed: {text}")
        self.calls += 1
        self.characters += len(text)
        return result.structured_content or {}

    def quote(self, line: dict[str, Any]) -> None:
        """One line of evidence with its place."""
        self.console.print(f"     [dim]{escape(line['file'])}:{line['line']}[/]")
        self.console.print(f"     {escape(line['text'][:260])}", highlight=False)


async def walk(client: Client, instance_id: str, console: Console) -> str | None:
    """D1 from its phase 1 to its report; returns the root cause."""
    teller = Teller(client, console)
    sops = await teller.call("Which runbook fits the symptom?", "list_sops", symptom="failed to assign an IP address to container")
    console.print(f"   -> {sops['sops'][0]['title']}")
    started = await teller.call("Get the node's log bundle.", "collect", instanceId=instance_id)
    state = await teller.call("Wait until it is indexed.", "status", executionId=started["executionId"], waitSeconds=30)
    bundle = state["bundle"]
    console.print(
        f"   -> {bundle['files']} files, {bundle['lines']} lines, {bundle['bytes'] / 1e6:.1f} MB, captured {bundle['collected_at']}"
    )
    await _errors(teller, instance_id)
    await _search(teller, instance_id)
    await _network(teller, instance_id)
    await _timeline(teller, instance_id)
    root = await summary(teller, instance_id)
    console.print(f"[dim]{teller.calls} calls, {teller.characters:,} characters read by the client.[/]")
    return root


async def _errors(teller: Teller, instance_id: str) -> None:
    found = await teller.call("What is known to be wrong?", "errors", instanceId=instance_id)
    table = Table("severity", "role", "what", "count", "last seen", box=None, padding=(0, 2))
    for row in found["findings"][:5]:
        style = SEVERITY[row["severity"]]
        table.add_row(f"[{style}]{row['severity']}[/]", row["role"], row["title"], str(row["count"]), row.get("last_seen", ""))
    teller.console.print(table)
    if found["findings"]:
        teller.quote(found["findings"][0]["evidence"][0])


async def _search(teller: Teller, instance_id: str) -> None:
    found = await teller.call("D1's own search words.", "search", instanceId=instance_id, query=D1_SEARCH)
    console = teller.console
    console.print(f"   -> {found['total_matches']} lines in {found['files_with_matches']} of {found['files_searched']} files")
    for hint in found["hints"]:
        console.print(f"   [yellow]hint:[/] {escape(hint)}")


async def _network(teller: Teller, instance_id: str) -> None:
    found = await teller.call(
        "How full are the ENIs and addresses?", "network_diagnostics", instanceId=instance_id, sections="cni,ipamd,eni"
    )
    wanted = (
        "mode",
        "version",
        "ipamd_up",
        "instance_type",
        "enis_used",
        "enis_max",
        "ips_total",
        "ips_assigned",
        "ips_cooling",
        "ips_free",
        "max_pods",
    )
    table = Table("reading", "value", "read from", box=None, padding=(0, 2))
    for section in found["sections"].values():
        for reading in section["readings"]:
            if reading["name"] in wanted and "value" in reading:
                table.add_row(reading["name"], str(reading["value"]), reading.get("at", ""))
    teller.console.print(table)
    for warning in found["CRITICAL_WARNINGS"]:
        teller.console.print(f"   [red]warning:[/] {escape(warning)}")


async def _timeline(teller: Teller, instance_id: str) -> None:
    found = await teller.call(
        "What came first?", "correlate", instanceId=instance_id, pivotEvent="failed to assign", timeWindow=120
    )
    table = Table("seconds", "component", "line", box=None, padding=(0, 2))
    for event in found["timeline"][:6]:
        times = f" (x{event['count']})" if event.get("count") else ""
        table.add_row(
            f"{event['offset_seconds']:+.1f}", event["source"], escape(event["text"][message_start(event["text"]) :][:110]) + times
        )
    teller.console.print(table)


async def summary(teller: Teller, instance_id: str) -> str | None:
    found = await teller.call("The verdict.", "summarize", instanceId=instance_id, sop="D1")
    console = teller.console
    for cause in found["root_causes"][:6]:
        style = STAND[cause["stand"]]
        console.print(f"   [{style}]{cause['stand']:13}[/] {cause['id']}")
        for reason in cause.get("because", [])[:3]:
            console.print(f"       for:     {escape(reason['says'])}")
        for reason in cause.get("against", [])[:2]:
            console.print(f"       against: {escape(reason['says'])}")
    for line in found["evidence"][:3]:
        teller.quote(line)
    console.print(
        Panel(
            Syntax(found["report_yaml"].rstrip(), "yaml", word_wrap=True, background_color="default"),
            title="Report in D1's Output Format",
        )
    )
    root: str | None = found.get("root_cause")
    return root
