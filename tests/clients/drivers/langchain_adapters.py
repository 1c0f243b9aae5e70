"""Tools, prompts and resources as langchain-mcp-adapters hands them to LangChain; tools are invoked as an agent does it."""

import asyncio
from importlib.metadata import version
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.prompts import load_mcp_prompt
from langchain_mcp_adapters.resources import load_mcp_resources
from langchain_mcp_adapters.tools import load_mcp_tools
from walk import D1, Job


async def main(job: Job) -> None:
    d1 = D1(job)
    if job.url:
        connection: Any = {"transport": "http", "url": job.url}
    else:
        connection = {"transport": "stdio", "command": job.command, "args": job.args, "env": job.env}
    async with MultiServerMCPClient({"eks-diag": connection}).session("eks-diag") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}

        async def call(tool: str, arguments: dict[str, Any]) -> str:
            message = await tools[tool].ainvoke({"type": "tool_call", "id": "call", "name": tool, "args": arguments})
            blocks = message.content if isinstance(message.content, list) else [{"text": message.content}]
            return "".join(block.get("text", "") for block in blocks)

        d1.listed(list(tools))
        await d1.walk(call)
        uri = d1.resources([str(r.uri) for r in (await session.list_resources()).resources])
        d1.read("".join(blob.as_string() for blob in await load_mcp_resources(session, uris=[uri])))
        name = d1.prompts([p.name for p in (await session.list_prompts()).prompts])
        d1.prompt("".join(str(m.content) for m in await load_mcp_prompt(session, name, arguments={"instanceId": job.instance_id})))
        d1.tell(version("langchain-mcp-adapters"))


asyncio.run(main(Job.given()))
