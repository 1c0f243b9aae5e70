"""An agent of pydantic-ai with a function for a model."""

import asyncio
import json
from importlib.metadata import version
from typing import Any

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, RetryPromptPart, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from walk import D1, Job


def model_of(d1: D1) -> FunctionModel:
    """Calls what D1 says next, with what the framework put before it as the last answer."""

    def think(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        last = messages[-1].parts[-1]
        read = last.model_response_str() if isinstance(last, ToolReturnPart) else None
        if isinstance(last, RetryPromptPart):
            read = last.model_response()
        following = d1.next(read)
        if following is None:
            return ModelResponse(parts=[TextPart(str(d1.root_cause))])
        return ModelResponse(parts=[ToolCallPart(following[0], following[1])])

    return FunctionModel(think)


async def main(job: Job) -> None:
    d1 = D1(job)
    target: Any = job.url or StdioTransport(job.command, job.args, env=job.env, keep_alive=False)
    toolset: MCPToolset[None] = MCPToolset(target)
    async with toolset:
        d1.listed([tool.name for tool in await toolset.list_tools()])
        ended = await Agent(model_of(d1), toolsets=[toolset]).run(f"{job.instance_id}: pods get no address")
        d1.check("final answer", ended.output == d1.root_cause, ended.output)
        uri = d1.resources([r.uri for r in await toolset.list_resources()])
        d1.read(str(await toolset.read_resource(uri)))
        name = d1.prompts([p.name for p in await toolset.list_prompts()])
        found = await toolset.get_prompt(name, {"instanceId": job.instance_id})
        d1.prompt("".join(m.content if isinstance(m.content, str) else json.dumps(m.content, default=str) for m in found.messages))
        d1.tell(version("pydantic-ai-slim"), toolset.client.protocol_version)


asyncio.run(main(Job.given()))
