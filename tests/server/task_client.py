"""A client that speaks the Tasks extension: it declares it, takes tasks for results, and asks after them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from mcp import Client
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.types import CallToolResult, Request, RequestParams, Result

from eks_diag_mcp.server.tasks import IDENTIFIER, Acknowledged, CreateTaskResult, GetTaskResult, TaskParams, UpdateTaskParams


class GetTask(Request[TaskParams, Literal["tasks/get"]]):
    method: Literal["tasks/get"] = "tasks/get"
    name_param = "taskId"


class CancelTask(Request[TaskParams, Literal["tasks/cancel"]]):
    method: Literal["tasks/cancel"] = "tasks/cancel"
    name_param = "taskId"


class UpdateTask(Request[UpdateTaskParams, Literal["tasks/update"]]):
    method: Literal["tasks/update"] = "tasks/update"
    name_param = "taskId"


class Misrouted(GetTask):
    """Its Mcp-Name header says something else than its taskId."""

    name_param = "other"


class MisroutedParams(TaskParams):
    other: str = "task-of-somebody-else"


class ListTasks(Request[RequestParams, Literal["tasks/list"]]):
    method: Literal["tasks/list"] = "tasks/list"


class Tasks(ClientExtension):
    """Declares the extension. `resolve` makes a tool's result of a task, as a host would."""

    identifier = IDENTIFIER

    def __init__(self, resolve: Callable[[CreateTaskResult, ClaimContext], Awaitable[CallToolResult]] | None = None) -> None:
        self._resolve = resolve or self._never

    async def _never(self, task: CreateTaskResult, context: ClaimContext) -> CallToolResult:
        raise AssertionError(f"nobody asked for a result of {task.task_id}")

    def claims(self) -> Sequence[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=CreateTaskResult, resolve=self._resolve)]


async def begun(client: Client, tool: str, arguments: dict[str, Any]) -> CreateTaskResult:
    """The task that a tool call is answered with; fails the test where it is not."""
    found = await client.session.call_tool(tool, arguments, allow_claimed=True)
    assert isinstance(found, CreateTaskResult), found
    return found


async def get(client: Client | ClaimContext, task_id: str) -> GetTaskResult:
    return await client.session.send_request(GetTask(params=TaskParams(task_id=task_id)), GetTaskResult)


async def cancel(client: Client, task_id: str) -> Result:
    return await client.session.send_request(CancelTask(params=TaskParams(task_id=task_id)), Acknowledged)


async def update(client: Client, task_id: str) -> Result:
    params = UpdateTaskParams(task_id=task_id, input_responses={"nobody-asked": {}})
    return await client.session.send_request(UpdateTask(params=params), Acknowledged)
