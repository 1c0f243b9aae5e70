"""An agent of openai-agents with a scripted model; timeouts and content handling are the framework's defaults."""

import asyncio
import json
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from agents import Agent, Model, ModelResponse, Runner, Usage, set_tracing_disabled
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from walk import D1, Job, texts


class Scripted(Model):
    """Calls what D1 says next, with what the framework put before it as the last answer."""

    def __init__(self, d1: D1) -> None:
        self._d1, self._count = d1, 0

    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> ModelResponse:
        last = input[-1] if isinstance(input, list) else {}
        output = last.get("output") if last.get("type") == "function_call_output" else None
        following = self._d1.next(output if output is None or isinstance(output, str) else json.dumps(output))
        self._count += 1
        return ModelResponse(output=[self._said(following)], usage=Usage(), response_id=None)

    def _said(self, following: tuple[str, dict[str, Any]] | None) -> Any:
        if following is None:
            text = ResponseOutputText(text=str(self._d1.root_cause), type="output_text", annotations=[])
            return ResponseOutputMessage(id="end", content=[text], role="assistant", status="completed", type="message")
        tool, arguments = following
        return ResponseFunctionToolCall(
            call_id=f"call-{self._count}", name=tool, arguments=json.dumps(arguments), type="function_call"
        )

    def stream_response(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        raise NotImplementedError("the run does not stream")


def server_of(job: Job) -> MCPServerStdio | MCPServerStreamableHttp:
    if job.url:
        return MCPServerStreamableHttp({"url": job.url})
    return MCPServerStdio({"command": job.command, "args": job.args, "env": job.env})


async def main(job: Job) -> None:
    set_tracing_disabled(True)
    d1 = D1(job)
    async with server_of(job) as server:
        d1.listed([tool.name for tool in await server.list_tools()])
        agent = Agent("D1", instructions="Follow the runbook.", model=Scripted(d1), mcp_servers=[server])
        ended = await Runner.run(agent, f"{job.instance_id}: pods get no address", max_turns=40)
        d1.check("final answer", ended.final_output == d1.root_cause, ended.final_output)
        uri = d1.resources([str(r.uri) for r in (await server.list_resources()).resources])
        d1.read(texts((await server.read_resource(uri)).contents))
        name = d1.prompts([p.name for p in (await server.list_prompts()).prompts])
        d1.prompt(texts(m.content for m in (await server.get_prompt(name, {"instanceId": job.instance_id})).messages))
        d1.tell(version("openai-agents"), server.session.protocol_version)


asyncio.run(main(Job.given()))
