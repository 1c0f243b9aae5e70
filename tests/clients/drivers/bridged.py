"""Clients in JavaScript: a bridge in Node.js does what D1 wants."""

import asyncio
import json
import sys
from dataclasses import asdict
from typing import Any

from walk import D1, Job


class Bridge:
    """The process that holds the client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, verb: str, **given: Any) -> Any:
        """The value of one request. RuntimeError for what the client threw."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write((json.dumps({"verb": verb, **given}) + "\n").encode())
        said = json.loads(await self._process.stdout.readline() or '{"fault": "the bridge ended"}')
        if "fault" in said:
            raise RuntimeError(f"{verb}: {said['fault']}")
        return said["value"]


async def main(job: Job, script: str, package: str) -> None:
    d1 = D1(job)
    process = await asyncio.create_subprocess_exec(
        job.node,
        job.modules / script,
        json.dumps(asdict(job)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    bridge = Bridge(process)

    async def call(tool: str, arguments: dict[str, Any]) -> str:
        return str(await bridge.ask("call", tool=tool, args=arguments))

    d1.listed(await bridge.ask("tools"))
    await d1.walk(call)
    d1.read(await bridge.ask("read", uri=d1.resources(await bridge.ask("resources"))))
    name = d1.prompts(await bridge.ask("prompts"))
    d1.prompt(await bridge.ask("prompt", name=name, args={"instanceId": job.instance_id}))
    for each in await bridge.ask("more", instance_id=job.instance_id, root_cause=d1.root_cause):
        d1.check(each["name"], each["ok"])
    protocol = await bridge.ask("protocol")
    assert process.stdin
    process.stdin.close()
    d1.check("end", await process.wait() == 0)
    d1.tell(job.version_of(package), protocol)


asyncio.run(main(Job.given(), *sys.argv[2:]))
