"""A client on an in-memory server whose library holds one collected node with a full subnet."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from eks_diag_mcp.app import App
from eks_diag_mcp.collect.model import Ask
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.build import build_server

from .. import scenarios
from ..conftest import PATTERNS

Call = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def one_node(tmp_path_factory: pytest.TempPathFactory) -> tuple[App, str]:
    """An App that has collected one node, and the node's instance id."""
    folder = tmp_path_factory.mktemp("one-node")
    scenario = scenarios.load("subnet-exhausted")
    scenario.write(folder / "archives")
    app = App(Settings(library=folder / "library", patterns=PATTERNS, archives=folder / "archives"))
    begun = app.intake.start("archive", Ask(scenario.instance_id))
    ended = app.intake.follow(begun.collection.execution_id, 60)
    assert ended.state == "completed", ended.message
    return app, scenario.instance_id


@asynccontextmanager
async def calling(app: App, mode: str = "auto") -> AsyncIterator[Call]:
    """call(tool, **arguments) -> structured content; an error answer fails the test."""
    async with Client(build_server(app), mode=mode) as client:  # type: ignore[arg-type]

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = await client.call_tool(tool, arguments)
            text = "".join(getattr(c, "text", "") for c in result.content)
            assert not result.is_error, f"{tool}({arguments}): {text}"
            assert result.structured_content is not None
            return result.structured_content

        yield call


def archives_of(folder: Path, *names: str) -> App:
    """An App with these scenarios in its archives folder, nothing collected yet."""
    for name in names:
        scenarios.load(name).write(folder / "archives")
    return App(Settings(library=folder / "library", patterns=PATTERNS, archives=folder / "archives"))
