"""Fixtures that ask the client back: within a call before 2026-07-28, by results that name the input they need since then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts import Prompt
from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel

from eks_diag_mcp.server.strict import StrictServer

Requests = Mapping[str, Any]


def elicit(message: str, **properties: dict[str, Any]) -> ElicitRequest:
    """Ask for a form with these properties, each by its JSON schema; all are required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(question: str, max_tokens: int = 100) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=question))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=max_tokens))


_STRING = {"type": "string"}
NAME = {"user_name": elicit("What is your name?", name=_STRING)}
"""The round in which most of them ask."""
_ROOTS = {"client_roots": ListRootsRequest()}


@dataclass(frozen=True)
class Asking:
    """A tool that asks for each of its rounds of requests in turn. stateful: the round travels with the client, sealed."""

    name: str
    rounds: tuple[Requests, ...]
    stateful: bool = False

    def __call__(self, ctx: Context[Any, Any]) -> Any:
        """What to say in this round."""
        at = int(ctx.request_state or 0)
        answers = ctx.input_responses or {}
        wanted = {key: request for key, request in self.rounds[at].items() if _able(ctx, request)}
        if wanted.keys() <= answers.keys() and all(_fits(answers[key]) for key in wanted):
            at += 1
            if at == len(self.rounds):
                return [TextContent(type="text", text=f"state-ok {' '.join(str(each) for each in answers.values())}")]
            wanted = dict(self.rounds[at])
        return InputRequiredResult(input_requests=wanted, request_state=str(at) if self.stateful else None)


def _able(ctx: Context[Any, Any], request: Any) -> bool:
    """May the client be asked this; a client that declared nothing at all is asked everything, as the suites want it."""
    able = ctx.client_capabilities
    told = able is not None and any(getattr(able, name) is not None for name in ("elicitation", "sampling", "roots"))
    field = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}[request.method]
    return not told or getattr(able, field) is not None


def _fits(answer: Any) -> bool:
    return answer is not None and getattr(answer, "action", "accept") == "accept"


ASKING = (
    Asking("test_input_required_result_elicitation", (NAME,)),
    Asking("test_input_required_result_sampling", ({"capital_question": _sample("What is the capital of France?")},)),
    Asking("test_input_required_result_list_roots", (_ROOTS,)),
    Asking("test_input_required_result_request_state", ({"confirm": elicit("Please confirm", ok={"type": "boolean"})},), True),
    Asking(
        "test_input_required_result_multiple_inputs", ({**NAME, "greeting": _sample("Generate a greeting", 50), **_ROOTS},), True
    ),
    Asking(
        "test_input_required_result_multi_round",
        (
            {"step1": elicit("Step 1: What is your name?", name=_STRING)},
            {"step2": elicit("Step 2: What is your favorite color?", color=_STRING)},
        ),
        True,
    ),
    Asking("test_input_required_result_tampered_state", (NAME,), True),
    Asking("test_input_required_result_capabilities", ({**NAME, "greeting": _sample("Generate a greeting")},)),
    Asking("test_streaming_elicitation", (NAME,)),
)


class User(BaseModel):
    """What the suites' clients answer."""

    username: str
    email: str


async def test_elicitation(message: str, ctx: Context[Any, Any]) -> Any:
    answer = await ctx.elicit(message, User)
    return [TextContent(type="text", text=f"User response: {answer.action}")]


def _tool(asking: Asking) -> Callable[..., Any]:
    def ask(ctx: Context[Any, Any]) -> Any:
        return asking(ctx)

    return ask


def add_asking(server: StrictServer[Any]) -> None:
    """The tools, and the prompt that asks."""
    server.add_tool(test_elicitation, description="Fixture test_elicitation.", structured_output=False)
    for asking in ASKING:
        server.add_tool(_tool(asking), name=asking.name, description=f"Fixture {asking.name}.", structured_output=False)

    def prompt(ctx: Context[Any, Any]) -> Any:
        answers = ctx.input_responses or {}
        if "user_context" in answers:
            return f"Use this context: {answers['user_context']}"
        return InputRequiredResult(input_requests={"user_context": elicit("What context should the prompt use?", context=_STRING)})

    name = "test_input_required_result_prompt"
    server.add_prompt(Prompt.from_function(prompt, name=name, description=f"Fixture {name}."))
