"""A server that asks a person before it makes a node work."""

from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client
from mcp.types import ElicitRequestParams, ElicitResult

from eks_diag_mcp.server.build import build_server

from .conftest import Site

pytestmark = pytest.mark.anyio
ANSWERS: dict[str, ElicitResult] = {
    "yes": ElicitResult(action="accept", content={"agree": True}),
    "unticked": ElicitResult(action="accept", content={"agree": False}),
    "no": ElicitResult(action="decline"),
    "closed": ElicitResult(action="cancel"),
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def asked(site: Site, answer: str | None, mode: str = "legacy") -> tuple[bool, str, list[str]]:
    """(refused, text, questions) of one collect."""
    questions: list[str] = []

    async def ask(_context: Any, params: ElicitRequestParams) -> ElicitResult:
        questions.append(params.message)
        return ANSWERS[answer or "no"]

    given: dict[str, Callable[..., Any]] = {"elicitation_callback": ask} if answer else {}
    server = build_server(site.app(collecting="confirm"))
    async with Client(server, mode=mode, **given) as client:  # type: ignore[arg-type]
        result = await client.call_tool("collect", {"instanceId": site.node(), "via": "ssm"})
    return bool(result.is_error), "".join(getattr(c, "text", "") for c in result.content), questions


async def test_a_yes_starts_the_collection(site: Site) -> None:
    refused, text, questions = await asked(site, "yes")
    assert not refused and "executionId" in text and "for its logs" in questions[0]


@pytest.mark.parametrize("answer", ["unticked", "no", "closed"])
async def test_anything_else_starts_nothing(site: Site, answer: str) -> None:
    refused, text, questions = await asked(site, answer)
    assert refused and "declined" in text and questions
    assert site.aws.called("ssm:StartAutomationExecution") == []


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_that_cannot_ask_is_told_how_to_go_on(site: Site, mode: str) -> None:
    refused, text, _ = await asked(site, None, mode)
    assert refused and "this client cannot ask" in text and "EKS_DIAG_COLLECT=allow" in text
    assert site.aws.called("ssm:StartAutomationExecution") == []
