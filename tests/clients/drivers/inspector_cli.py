"""The Inspector's command line: a process a call, so over stdio each one also starts the server anew on the same store."""

import json
import subprocess
from typing import Any

from walk import D1, Job, answer

PACKAGE = "@modelcontextprotocol/inspector"


class Inspector:
    """The command with its target and era."""

    def __init__(self, job: Job) -> None:
        script = job.modules / "node_modules" / ".bin" / "mcp-inspector"
        target = [job.url] if job.url else [job.command, *job.args]
        pairs = [part for key, value in job.env.items() for part in ("-e", f"{key}={value}")] if not job.url else []
        self._command = [job.node, script, "--cli", *target, *pairs, "--protocol-era", job.era or "legacy", "-q"]
        self._env = {**job.env, "PATH": f"{job.node.parent}:/usr/bin:/bin"}

    def run(self, method: str, *options: str) -> tuple[int, str, str]:
        """Exit status, stdout and stderr of one method."""
        command = [*self._command, "--method", method, *options]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout, done.stderr

    def ask(self, method: str, *options: str) -> dict[str, Any]:
        """The result of one method; what it printed instead where there is none."""
        status, out, err = self.run(method, "--format", "json", *options)
        try:
            return dict(json.loads(out)["result"])
        except (ValueError, KeyError, TypeError):
            return {"unreadable": f"exit {status}: {out[-300:]} {err[-300:]}"}


def main(job: Job) -> None:
    d1, inspector = D1(job), Inspector(job)
    d1.listed([tool["name"] for tool in inspector.ask("tools/list").get("tools", ())])
    status, out, err = inspector.run("tools/list", "--strict")
    d1.check("schemas portable", status == 0, err or out)
    following = d1.next()
    while following is not None:
        tool, arguments = following
        found = inspector.ask("tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        following = d1.next("".join(block.get("text", "") for block in found.get("content", ())) or json.dumps(found))
    uri = d1.resources([r["uri"] for r in inspector.ask("resources/list").get("resources", ())])
    d1.read("".join(part.get("text", "") for part in inspector.ask("resources/read", "--uri", uri).get("contents", ())))
    name = d1.prompts([p["name"] for p in inspector.ask("prompts/list").get("prompts", ())])
    got = inspector.ask("prompts/get", "--prompt-name", name, "--prompt-args", f"instanceId={job.instance_id}")
    d1.prompt("".join(message["content"].get("text", "") for message in got.get("messages", ())))
    status, out, err = inspector.run("tools/call", "--tool-name", "summarize", "--app-info")
    d1.check("view of summarize", answer(out).get("hasApp"), out + err)
    if job.era == "modern":
        status, out, err = inspector.run("skills/list", "--verify", "--format", "json")
        d1.check("skills verified", status == 0 and '"verified"' in out, f"exit {status}: {out[-300:]} {err[-300:]}")
    d1.tell(job.version_of(PACKAGE), inspector.ask("initialize").get("protocolVersion"))


main(Job.given())
