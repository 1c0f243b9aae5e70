"""Tasks: the MCP Tasks extension (SEP-2663), methods tasks/get, tasks/update and tasks/cancel.

A tool call that began something long is answered with a task where the request declared the extension, and as always
where it did not. What a task is and where it stands is the affair of a `TaskSource`; the wire's rules are kept here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal, Protocol, TypeVar

import anyio.to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Extension, MethodBinding, require_client_extension
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp.types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    RequestParams,
    Result,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS

from ..errors import BadInput, DiagError
from ..tools import following
from ..tools.room import Room
from .answers import answer

IDENTIFIER = "io.modelcontextprotocol/tasks"
T = TypeVar("T")


class TaskParams(RequestParams):
    """`task_id` as the server gave it."""

    task_id: str


class UpdateTaskParams(TaskParams):
    """`input_responses` by the keys of what the task asked for."""

    input_responses: dict[str, Any]


class Task(Result):
    """A task on the wire. Times are ISO 8601, durations milliseconds; `ttl_ms` counts from `created_at`."""

    task_id: str
    status: Literal["working", "input_required", "completed", "failed", "cancelled"]
    status_message: str | None = None
    created_at: str
    last_updated_at: str
    ttl_ms: int | None
    poll_interval_ms: int


class CreateTaskResult(Task):
    """A task in the place of a tool's result."""

    result_type: Literal["task"] = "task"


class GetTaskResult(Task):
    """The answer to tasks/get: with the tool's result where the task is completed, with the JSON-RPC error where it failed,
    with what it asks for where it waits."""

    result_type: Literal["complete"] = "complete"
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    input_requests: dict[str, Any] | None = None


class Acknowledged(Result):
    """The empty answer to tasks/update and tasks/cancel."""

    result_type: Literal["complete"] = "complete"


class TaskSource(Protocol):
    """What knows the tasks. Called on worker threads. An unknown task is BadInput."""

    def begun(self, tool: str, result: CallToolResult) -> CreateTaskResult | None:
        """The task that stands in for this result; None where the result is the answer."""
        ...

    def look(self, task_id: str) -> GetTaskResult:
        """Where a task stands."""
        ...

    def update(self, task_id: str, responses: dict[str, Any]) -> None:
        """Take answers to what a task asked for; those to nothing it asked for are ignored."""
        ...

    def cancel(self, task_id: str) -> None:
        """A client wants no more of a task. One that has ended stays as it is."""
        ...


class TasksExtension(Extension):
    """Hand it to the server's `extensions`. It exists on the protocol of 2026-07-28 only."""

    identifier = IDENTIFIER

    def __init__(self, source: TaskSource) -> None:
        self._source = source

    def methods(self) -> Sequence[MethodBinding]:
        modern = frozenset(MODERN_PROTOCOL_VERSIONS)
        return [
            MethodBinding("tasks/get", TaskParams, self._get, modern),
            MethodBinding("tasks/update", UpdateTaskParams, self._update, modern),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, modern),
        ]

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        """Call the tool. A task takes its result's place where there is one and the request declared the extension."""
        result = await call_next(ctx)
        if not _declared(ctx) or not isinstance(result, CallToolResult) or result.is_error:
            return result
        return await _asked(partial(self._source.begun, params.name, result)) or result

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> GetTaskResult:
        _check(ctx, params)
        return await _asked(partial(self._source.look, params.task_id))

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: UpdateTaskParams) -> Acknowledged:
        _check(ctx, params)
        await _asked(partial(self._source.update, params.task_id, params.input_responses))
        return Acknowledged()

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> Acknowledged:
        _check(ctx, params)
        await _asked(partial(self._source.cancel, params.task_id))
        return Acknowledged()


def _declared(ctx: ServerRequestContext[Any, Any]) -> bool:
    """May a task be the answer? Earlier protocols know none, whatever their clients declare."""
    told = ctx.session.client_capabilities
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and told is not None and IDENTIFIER in (told.extensions or {})


def _check(ctx: ServerRequestContext[Any, Any], params: TaskParams) -> None:
    """The client must have declared the extension, and over HTTP its Mcp-Name header must name the task: proxies route by it."""
    require_client_extension(ctx, IDENTIFIER)
    headers = getattr(ctx.request, "headers", None)
    if headers is not None and decode_header_value(headers.get(MCP_NAME_HEADER)) != params.task_id:
        raise MCPError(HEADER_MISMATCH, f"The {MCP_NAME_HEADER} header is not the request's taskId.")


async def _asked(question: Callable[[], T]) -> T:
    """What the source says, asked on a worker thread. Our failures become JSON-RPC errors: there is no tool to tell them."""
    try:
        return await anyio.to_thread.run_sync(question, abandon_on_cancel=False)
    except DiagError as error:
        raise MCPError(INVALID_PARAMS if isinstance(error, BadInput) else INTERNAL_ERROR, str(error)) from error


@dataclass(frozen=True, slots=True)
class CollectionTasks:
    """The collections as tasks. `room` makes what a call works with, for the principal of the request."""

    room: Callable[[], Room]

    def begun(self, tool: str, result: CallToolResult) -> CreateTaskResult | None:
        """The task of a collection that is under way; one that has ended is answered at once."""
        said = result.structured_content or {}
        if tool != "collect" or said["task"]["state"] != "working":
            return None
        return CreateTaskResult(**_told(following.follow(self.room(), said["executionId"], said["poll_after_seconds"])))

    def look(self, task_id: str) -> GetTaskResult:
        """Where it stands. A collection that failed is a completed task whose result is an error: `failed` is for JSON-RPC
        errors alone."""
        found = following.look(self.room(), task_id)
        result = None
        if found.status == "completed" and found.answer is not None:
            said = answer(found.answer).model_copy(update={"is_error": found.failed})
            result = said.model_dump(by_alias=True, mode="json", exclude_none=True)
        return GetTaskResult(**_told(found), result=result)

    def update(self, task_id: str, responses: dict[str, Any]) -> None:
        """A collection asks for nothing, so there is nothing to take."""
        following.must_be_known(self.room(), task_id)

    def cancel(self, task_id: str) -> None:
        """Follow it no longer."""
        following.give_up(self.room(), task_id)


def _told(found: following.Followed) -> dict[str, Any]:
    return {
        "task_id": found.task_id,
        "status": found.status,
        "status_message": found.message,
        "created_at": _iso(found.made),
        "last_updated_at": _iso(found.looked),
        "ttl_ms": int(following.LIFE.total_seconds() * 1000),
        "poll_interval_ms": found.poll_after_s * 1000,
    }


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
