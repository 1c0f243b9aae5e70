"""The SDK's own client, both eras."""

import asyncio
from importlib.metadata import version
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from walk import D1, Job, texts


async def main(job: Job) -> None:
    d1 = D1(job)
    server = StdioServerParameters(command=job.command, args=job.args, env=job.env)
    mode = "legacy" if job.era == "legacy" else "auto"
    async with Client(job.url or stdio_client(server), mode=mode) as client:

        async def call(tool: str, arguments: dict[str, Any]) -> str:
            return texts((await client.call_tool(tool, arguments)).content)

        d1.listed([tool.name for tool in (await client.list_tools()).tools])
        await d1.walk(call)
        uri = d1.resources([str(r.uri) for r in (await client.list_resources()).resources])
        d1.read(texts((await client.read_resource(uri)).contents))
        name = d1.prompts([p.name for p in (await client.list_prompts()).prompts])
        d1.prompt(texts(m.content for m in (await client.get_prompt(name, {"instanceId": job.instance_id})).messages))
        d1.tell(version("mcp"), client.protocol_version)


asyncio.run(main(Job.given()))
