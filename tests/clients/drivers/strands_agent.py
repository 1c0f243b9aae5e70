"""An agent of strands with a scripted model."""

import json
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from strands import Agent
from strands.models import Model
from strands.tools.mcp import MCPClient
from walk import D1, Job, texts


class Scripted(Model):
    """Calls what D1 says next, with what the framework put before it as the last answer."""

    def __init__(self, d1: D1) -> None:
        self._d1, self._count = d1, 0

    def update_config(self, **_: Any) -> None:
        """There is nothing to configure."""

    def get_config(self) -> dict[str, Any]:
        return {}

    def structured_output(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("nobody asks for it")

    async def stream(self, messages: Any, *_: Any, **__: Any) -> AsyncIterator[Any]:
        results = [block["toolResult"] for block in messages[-1]["content"] if "toolResult" in block]
        following = self._d1.next("".join(part.get("text", "") for part in results[0]["content"]) if results else None)
        yield {"messageStart": {"role": "assistant"}}
        if following is None:
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": str(self._d1.root_cause)}}}
        else:
            self._count += 1
            yield {"contentBlockStart": {"start": {"toolUse": {"name": following[0], "toolUseId": f"call-{self._count}"}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(following[1])}}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn" if following is None else "tool_use"}}


def main(job: Job) -> None:
    d1 = D1(job)
    server = StdioServerParameters(command=job.command, args=job.args, env=job.env)
    client = MCPClient(url=job.url) if job.url else MCPClient(lambda: stdio_client(server))
    with client:
        tools = client.list_tools_sync()
        d1.listed([tool.tool_name for tool in tools])
        ended = Agent(model=Scripted(d1), tools=list(tools), callback_handler=None)(f"{job.instance_id}: pods get no address")
        d1.check("final answer", str(ended).strip() == str(d1.root_cause), ended)
        uri = d1.resources([str(r.uri) for r in client.list_resources_sync().resources])
        d1.read(texts(client.read_resource_sync(uri).contents))
        name = d1.prompts([p.name for p in client.list_prompts_sync().prompts])
        d1.prompt(texts(m.content for m in client.get_prompt_sync(name, {"instanceId": job.instance_id}).messages))
    d1.tell(version("strands-agents"))


main(Job.given())
