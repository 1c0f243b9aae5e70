"""fastmcp's client, with its skills."""

import asyncio
from importlib.metadata import version
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.skills.client import SkillsClientExtension
from walk import D1, Job, texts


async def main(job: Job) -> None:
    d1 = D1(job)
    target = job.url or StdioTransport(job.command, job.args, env=job.env, keep_alive=False)
    async with Client(target, extensions=[SkillsClientExtension()]) as client:

        async def call(tool: str, arguments: dict[str, Any]) -> str:
            return texts((await client.call_tool(tool, arguments, raise_on_error=False)).content)

        d1.listed([tool.name for tool in await client.list_tools()])
        await d1.walk(call)
        uri = d1.resources([str(r.uri) for r in await client.list_resources()])
        d1.read(texts(await client.read_resource(uri)))
        name = d1.prompts([p.name for p in await client.list_prompts()])
        d1.prompt(texts(m.content for m in (await client.get_prompt(name, {"instanceId": job.instance_id})).messages))
        d1.check("skills", any("/d1-" in skill.uri for skill in await client.list_skills()))
        d1.tell(version("fastmcp"), client.protocol_version)


asyncio.run(main(Job.given()))
