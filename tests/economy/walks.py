"""The two ways from a symptom to D1's root cause, walked as an agent walks them, with what each answer costs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcp import Client

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.build import build_server

from .. import scenarios
from ..conftest import PATTERNS


class Way(Enum):
    """The two ways, each with its budget in calls and characters. The budget is of the worst node."""

    BY_HAND = "by hand"
    BY_RUN_SOP = "by run_sop"

    @property
    def calls(self) -> int:
        return 6 if self is Way.BY_HAND else 3

    @property
    def characters(self) -> int:
        return 20_000 if self is Way.BY_HAND else 6_000


@dataclass(slots=True)
class Walk:
    """A walk that was made. `answers` are the calls in order with the text that each put before the model."""

    scenario: str
    answers: list[tuple[str, str]] = field(default_factory=list)
    root_cause: str | None = None

    @property
    def calls(self) -> int:
        return len(self.answers)

    @property
    def characters(self) -> int:
        """Of all answers together, as a client hands them to a model: text blocks, not bytes on the wire."""
        return sum(len(text) for _, text in self.answers)


Call = Callable[..., Awaitable[dict[str, Any]]]


@asynccontextmanager
async def asking(app: App, walk: Walk) -> AsyncIterator[Call]:
    """call(tool, **arguments) -> structured content, noted in the walk; an error answer ends it."""
    async with Client(build_server(app)) as client:

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = await client.call_tool(tool, arguments)
            text = "".join(getattr(block, "text", "") for block in result.content)
            walk.answers.append((tool, text))
            if result.is_error or result.structured_content is None:
                raise RuntimeError(f"{walk.scenario}: {tool}({arguments}): {text}")
            return result.structured_content

        yield call


async def by_hand(app: App, scenario: scenarios.Scenario) -> Walk:
    """The one node on the shelf, by the calls that D1 itself names: collect, status, errors, network_diagnostics, correlate, summarize."""
    walk, (node,) = Walk(scenario.name), app.archives.instances()
    async with asking(app, walk) as call:
        started = await call("collect", instanceId=node)
        state = await call("status", executionId=started["executionId"], waitSeconds=45)
        if state["task"]["state"] != "completed":
            raise RuntimeError(f"{scenario.name}: the bundle was not indexed in one wait: {state['task']}")
        errors = await call("errors", instanceId=node)
        await call("network_diagnostics", instanceId=node, sections="cni,ipamd,eni")
        await call("correlate", instanceId=node, pivotEvent="failed to assign")
        ids = [
            row["finding_id"]
            for row in errors["findings"]
            if "healed_at" not in row and row["signature"].startswith("ip_allocation.")
        ]
        summary = await call("summarize", instanceId=node, finding_ids=ids[:5] or None, sop="D1")
    walk.root_cause = summary.get("root_cause")
    return walk


async def by_runbook(app: App, scenario: scenarios.Scenario) -> Walk:
    """One call of run_sop, which collects by itself."""
    walk, (node,) = Walk(scenario.name), app.archives.instances()
    async with asking(app, walk) as call:
        run = await call("run_sop", sop="D1", instanceId=node)
    walk.root_cause = run.get("root_cause")
    return walk


def shelf(folder: Path, scenario: scenarios.Scenario) -> App:
    """An App with the scenario's archive on its shelf, nothing collected yet."""
    scenario.write(folder / "archives")
    return App(Settings(library=folder / "library", patterns=PATTERNS, archives=folder / "archives"))


def subjects() -> list[scenarios.Scenario]:
    """The described nodes whose root cause is D1's subject, as far as a bundle alone can tell it."""
    every = map(scenarios.load, scenarios.names())
    return [s for s in every if (s.expect.root_cause or "").startswith("ip_allocation.") and not s.name.startswith("facts-")]


async def walked() -> list[tuple[Walk, Walk]]:
    """Both walks on each of them, each node in a library of its own."""
    walks = []
    for scenario in subjects():
        with TemporaryDirectory() as folder:
            app = shelf(Path(folder), scenario)
            walks.append((await by_hand(app, scenario), await by_runbook(app, scenario)))
    return walks
