"""A small server with the shapes of our tools, and a way to talk to it in both eras of the protocol."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ConfigDict, Field

from eks_diag_mcp.errors import BadInput, Unavailable
from eks_diag_mcp.server import bridge
from eks_diag_mcp.server.answers import COLLECTS, READ_ONLY
from eks_diag_mcp.server.strict import StrictServer

T = TypeVar("T")


class Match(BaseModel):
    """A line that matches; these words are not for the list of tools."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    line: int
    text: str
    time: str | None = None


class SearchAnswer(BaseModel):
    """What the sample search answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    instanceId: str
    given: dict[str, Any]
    matches: tuple[Match, ...] = ()
    best: Match | None = None
    nextPageToken: str | None = None
    note: str | None


@dataclass
class Room:
    """What the sample tools work with."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    progress: bridge.Progress | None = None


def search(  # noqa: PLR0917
    room: Room,
    instanceId: Annotated[str, Field(description="EC2 instance id", examples=["i-0abc123def4567890"])],
    query: Annotated[str, Field(max_length=100)],
    logTypes: list[str] | None = None,
    sections: list[Literal["all", "cni", "ipamd", "kube_proxy"]] | None = None,
    severity: Literal["all", "critical", "high"] = "all",
    maxResults: Annotated[int, Field(ge=1, le=500)] = 100,
    finding_ids: list[str] | None = None,
    labelSelector: str | None = None,
    pageToken: str | None = None,
    detailed: bool = False,
) -> SearchAnswer:
    """Search a node's logs.

    Second paragraph."""
    given = {key: value for key, value in locals().items() if key not in ("room", "instanceId")}
    room.calls.append(given)
    if query == "diag":
        raise BadInput("No such thing.", "Call errors.")
    if query == "long":
        raise BadInput("a\x1b" + "x" * 20_000)
    if query == "crash":
        raise RuntimeError("secret at /srv/private/path")
    if query == "group":
        raise ExceptionGroup("several", [Unavailable("EC2 does not answer.", "Try again.")])
    matches = (Match(line=1, text="x" * 45_000 if query == "flood" else "zwölf"),)
    return SearchAnswer(instanceId=instanceId, given=given, matches=matches, note=None)


async def capture(durationSeconds: int = 120, commandId: str | None = None) -> SearchAnswer:
    """Capture packets."""
    return SearchAnswer(instanceId="i-1", given={"durationSeconds": durationSeconds, "commandId": commandId}, note="n")


def work(room: Room) -> SearchAnswer:
    """Report progress, then ask whether to go on."""
    assert room.progress is not None
    for done in (0, 1, 1.5, 50, 40, 100, 100):
        room.progress(done, 100, f"{done} done")
        bridge.checkpoint()
    return SearchAnswer(instanceId="i-1", given={}, note=None)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def server(room: Room) -> StrictServer[Any]:
    def provide(ctx: Context[Any, Any]) -> Room:
        room.progress = bridge.progress(ctx)
        return room

    made: StrictServer[Any] = StrictServer(
        "sample", version="1", unlisted={"tcpdump_capture": "tcpdump_capture is off: start with --toolsets capture."}
    )
    made.add_tool(search, title="Search", annotations=READ_ONLY, provide=provide)
    made.add_tool(capture, annotations=COLLECTS)
    made.add_tool(work, annotations=READ_ONLY, provide=provide)
    made.add_tool(capture, name="history", annotations=READ_ONLY, listed=False)
    return made


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> str:
    """2026-07-28 and the handshake of the years before."""
    return str(request.param)


@pytest.fixture
def talk(mode: str) -> Callable[..., Any]:
    """talk(server, async function of a client) -> what it returns."""

    def run(server: StrictServer[Any], do: Callable[[Client], Awaitable[T]], **options: Any) -> T:
        async def main() -> T | MCPError:
            async with Client(server, mode=mode, **options) as client:  # type: ignore[arg-type]
                try:
                    return await do(client)
                except MCPError as error:  # raised from here it would arrive within exception groups
                    return error

        result = anyio.run(main)
        if isinstance(result, MCPError):
            raise result
        return result

    return run


@pytest.fixture
def call(talk: Callable[..., Any], server: StrictServer[Any]) -> Callable[..., Any]:
    """call(tool, arguments) -> the tool's result."""

    def run(tool: str, arguments: dict[str, Any] | None = None) -> Any:
        return talk(server, lambda client: client.call_tool(tool, arguments or {}))

    return run


def texts(result: Any) -> Sequence[str]:
    return [block.text for block in result.content]
