"""The SDK's client of 1.x, as hosts that have not moved yet use it."""

import asyncio
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl
from walk import D1, Job, texts


async def main(job: Job) -> None:
    d1 = D1(job)
    async with AsyncExitStack() as stack:
        if job.url:
            streams = (await stack.enter_async_context(streamable_http_client(job.url)))[:2]
        else:
            server = StdioServerParameters(command=job.command, args=job.args, env=job.env)
            streams = await stack.enter_async_context(stdio_client(server))
        session = await stack.enter_async_context(ClientSession(*streams))
        protocol = str((await session.initialize()).protocolVersion)

        async def call(tool: str, arguments: dict[str, Any]) -> str:
            return texts((await session.call_tool(tool, arguments)).content)

        d1.listed([tool.name for tool in (await session.list_tools()).tools])
        await d1.walk(call)
        uri = d1.resources([str(r.uri) for r in (await session.list_resources()).resources])
        d1.read(texts((await session.read_resource(AnyUrl(uri))).contents))
        name = d1.prompts([p.name for p in (await session.list_prompts()).prompts])
        d1.prompt(texts(m.content for m in (await session.get_prompt(name, {"instanceId": job.instance_id})).messages))
        d1.tell(version("mcp"), protocol)


asyncio.run(main(Job.given()))
