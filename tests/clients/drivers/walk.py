"""Runbook D1 as every client walks it, and what must stand in each answer.

It runs inside the clients' own environments, so it needs the standard library only. A driver connects, hands in how its
client lists, calls and reads, and prints one JSON line (`D1.tell`)."""

import json
import sys
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Call = tuple[str, dict[str, Any]]
SOP = "D1"
_POLLS = 20
"""How often `status` is asked; each waits some seconds by itself."""


@dataclass(frozen=True)
class Job:
    """What a driver is told. url: a server that listens; None: start `command` with `args` and `env` over stdio. era: legacy,
    modern or None where the client cannot choose. instance_id, readings: the node, and figures of it that are known. folder:
    where files may be left. environment: the client's own."""

    instance_id: str
    command: str
    args: list[str]
    env: dict[str, str]
    readings: dict[str, Any]
    url: str | None = None
    era: str | None = None
    folder: str = "."
    environment: str = "."

    @classmethod
    def given(cls) -> "Job":
        """The job from the command line, JSON."""
        return cls(**json.loads(sys.argv[1]))

    @property
    def modules(self) -> Path:
        """The folder of a JavaScript client's environment, which holds node_modules and the drivers."""
        return Path(self.environment)

    @property
    def node(self) -> Path:
        """The Node.js of all JavaScript clients."""
        return self.modules.parent / "node" / "node_modules" / ".bin" / "node"

    def version_of(self, package: str) -> str:
        """The version of an installed JavaScript package."""
        return str(json.loads((self.modules / "node_modules" / package / "package.json").read_text())["version"])


@dataclass
class D1:
    """One walk. `calls` gives the calls one after the other and takes the text that the client's model would read."""

    job: Job
    steps: list[dict[str, Any]] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    root_cause: str | None = None
    _calls: Generator[Call, str, None] | None = None

    def check(self, name: str, ok: object, seen: object = None) -> None:
        """Record a step; what was seen is told where it is not ok."""
        self.steps.append({"name": name, "ok": bool(ok)} | ({} if ok else {"seen": str(seen)[:500]}))

    def listed(self, tools: list[str]) -> None:
        """The names of the tools that the client lists."""
        self.tools = sorted(tools)
        wanted = {"collect", "status", "errors", "network_diagnostics", "summarize", "run_sop"}
        self.check("tools", wanted <= set(tools), tools)

    def calls(self) -> Generator[Call, str, None]:
        """D1's calls in order. The generator ends with the report."""
        node = {"instanceId": self.job.instance_id}
        started = answer((yield "collect", node))
        self.check("collect", started.get("executionId"), started)
        state: dict[str, Any] = {}
        for _ in range(_POLLS):
            state = answer((yield "status", {"executionId": started.get("executionId", "")}))
            if state.get("task", {}).get("state") != "working":
                break
        self.check("status", state.get("task", {}).get("state") == "completed", state)
        found = answer((yield "errors", {**node, "severity": "high"}))
        lines = [line["text"] for row in found.get("findings", ()) for line in row["evidence"]]
        self.check("errors", any("InsufficientFreeAddressesInSubnet" in line for line in lines), found)
        found = answer((yield "network_diagnostics", {**node, "sections": ["cni", "ipamd", "eni"]}))
        read = {r["name"]: r.get("value") for part in found.get("sections", {}).values() for r in part["readings"]}
        self.check("network_diagnostics", self.job.readings.items() <= read.items(), read or found)
        found = answer((yield "summarize", {**node, "sop": SOP}))
        self.root_cause = found.get("root_cause")
        self.check("summarize", found.get("grounded") and found.get("evidence"), found)
        self.check("report", "root_cause:" in found.get("report_yaml", ""), found.get("report_yaml"))
        found = answer((yield "run_sop", {**node, "sop": SOP}))
        self.check("run_sop", self.root_cause and self.root_cause in json.dumps(found), found)
        refused = yield "errors", {**node, "severty": "high"}
        self.check("refusal", "severty" in refused, refused)

    def next(self, text: str | None = None) -> Call | None:
        """The next call once the last one gave `text`; None at the end. So a scripted model can play D1."""
        if self._calls is None:
            self._calls = self.calls()
        try:
            return self._calls.send(text)  # type: ignore[arg-type]
        except StopIteration:
            return None

    async def walk(self, call: Callable[[str, dict[str, Any]], Awaitable[str]]) -> None:
        """All calls, with an asynchronous client."""
        following = self.next()
        while following is not None:
            following = self.next(await call(*following))

    def resources(self, uris: list[str]) -> str:
        """The address of D1 among the resources listed."""
        uri = next((uri for uri in uris if uri.startswith("sop:///D1")), None)
        self.check("resources", uri, uris)
        return uri or "sop:///D1"

    def read(self, text: str) -> None:
        """What reading that address gave."""
        self.check("resource", "Phase 1" in text, text)

    def prompts(self, names: list[str]) -> str:
        """The name of D1's prompt among those listed."""
        name = next((name for name in names if name.startswith("D1")), None)
        self.check("prompts", name, names)
        return name or "D1"

    def prompt(self, text: str) -> None:
        """What the prompt said for the node."""
        self.check("prompt", self.job.instance_id in text and "Phase 1" in text, text)

    def tell(self, version: str, protocol: str | None = None) -> None:
        """Print the result. protocol: the version that the client says was agreed upon."""
        told = {"version": version, "protocol": protocol, "tools": self.tools, "steps": self.steps}
        print(json.dumps(told | {"root_cause": self.root_cause}), flush=True)


def answer(text: str) -> dict[str, Any]:
    """The answer in what a model reads: JSON, perhaps in a content block or a list of them. {} with the text where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    if isinstance(found, list):
        found = next((block for block in found if isinstance(block, dict) and "text" in block), {})
    if isinstance(found, dict) and str(found.get("type")).endswith("text"):
        return answer(found["text"])
    return found if isinstance(found, dict) else {"unreadable": text}


def texts(blocks: Any) -> str:
    """The text of content blocks, whatever class they are of."""
    return "".join(getattr(block, "text", "") for block in blocks)
