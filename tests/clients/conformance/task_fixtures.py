"""Fixtures that become tasks: the tools, and the tasks behind them, kept in memory.

They go through the product's own Tasks extension; only what knows the tasks is made for the suites."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mcp.server.mcpserver import Context, require_client_extension
from mcp.types import INTERNAL_ERROR, CallToolResult, TextContent
from pydantic import BaseModel

from eks_diag_mcp.server.strict import StrictServer
from eks_diag_mcp.server.tasks import IDENTIFIER, CreateTaskResult, GetTaskResult, TaskSource

from .asking import NAME, Asking, elicit

_LIFE = timedelta(hours=1)
_POLL_MS = 200


class Plan(BaseModel):
    """How the task of a call goes, told in the structured content of the tool's result. It asks for `questions` first and is
    under way until `seconds` after the call. fails: its result is an error. crashes: it has no result but a JSON-RPC error."""

    seconds: float = 0
    questions: tuple[str, ...] = ()
    fails: bool = False
    crashes: bool = False


def _planned(text: str, plan: Plan) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=plan.model_dump(mode="json"))


def greet(name: str) -> Any:
    return [TextContent(type="text", text=f"Hello, {name}!")]


def slow_compute(seconds: float = 0, label: str = "") -> Any:
    return _planned(f"computed {label}", Plan(seconds=seconds))


def failing_job(ctx: Context[Any, Any]) -> Any:
    require_client_extension(ctx.request_context, IDENTIFIER)
    return _planned("The job failed.", Plan(fails=True))


def protocol_error_job() -> Any:
    return _planned("Without tasks there is nothing to crash.", Plan(crashes=True))


def confirm_delete(filename: str) -> Any:
    return _planned(f"deleted {filename}", Plan(questions=(f"Delete {filename}?",)))


def multi_input() -> Any:
    return _planned("both answered", Plan(questions=("The first?", "The second?")))


_ASKS_FIRST = Asking("test_tool_with_task", (NAME,))


def test_tool_with_task(ctx: Context[Any, Any]) -> Any:
    require_client_extension(ctx.request_context, IDENTIFIER)
    return _ASKS_FIRST(ctx)


_AS_TASKS = (slow_compute, failing_job, protocol_error_job, confirm_delete, multi_input, test_tool_with_task)
_NAMES = frozenset(tool.__name__ for tool in _AS_TASKS)


def add_task_fixtures(server: StrictServer[Any]) -> None:
    """The tools. The server must have been built with `FixtureTasks`."""
    for tool in (greet, *_AS_TASKS):
        server.add_tool(tool, description=f"Fixture {tool.__name__}.", structured_output=False)


@dataclass
class _Job:
    """A task. pending: the requests that are not answered yet, as on the wire. The times are UTC."""

    result: CallToolResult
    plan: Plan
    pending: dict[str, Any]
    made: datetime = field(default_factory=lambda: datetime.now(UTC))
    cancelled: bool = False

    def standing(self) -> dict[str, Any]:
        """The fields of tasks/get that tell where it stands."""
        if self.cancelled:
            return {"status": "cancelled"}
        if self.pending:
            return {"status": "input_required", "input_requests": dict(self.pending)}
        if datetime.now(UTC) < self.made + timedelta(seconds=self.plan.seconds):
            return {"status": "working"}
        if self.plan.crashes:
            return {"status": "failed", "error": {"code": INTERNAL_ERROR, "message": "The job crashed."}}
        said = self.result.model_copy(update={"is_error": self.plan.fails})
        return {"status": "completed", "result": said.model_dump(by_alias=True, mode="json", exclude_none=True)}

    @property
    def times(self) -> dict[str, Any]:
        """The fields that every task has besides."""
        return {
            "created_at": self.made.isoformat(),
            "last_updated_at": datetime.now(UTC).isoformat(),
            "ttl_ms": int(_LIFE.total_seconds() * 1000),
            "poll_interval_ms": _POLL_MS,
        }


class FixtureTasks:
    """The TaskSource of the fixtures; calls of other tools and other tasks are the affair of `own`."""

    def __init__(self, own: TaskSource) -> None:
        self._own = own
        self._jobs: dict[str, _Job] = {}

    def begun(self, tool: str, result: CallToolResult) -> CreateTaskResult | None:
        """Every call of a fixture that supports tasks begins one."""
        if tool not in _NAMES:
            return self._own.begun(tool, result)
        plan = Plan.model_validate(result.structured_content or {})
        pending = {secrets.token_hex(8): _asked(question) for question in plan.questions}
        job, task_id = _Job(result, plan, pending), f"fixture-{secrets.token_hex(8)}"
        self._jobs[task_id] = job
        return CreateTaskResult(task_id=task_id, status="working", **job.times)

    def look(self, task_id: str) -> GetTaskResult:
        """Where it stands."""
        job = self._jobs.get(task_id)
        return GetTaskResult(task_id=task_id, **job.times, **job.standing()) if job else self._own.look(task_id)

    def update(self, task_id: str, responses: dict[str, Any]) -> None:
        """What is answered is asked for no longer."""
        job = self._jobs.get(task_id)
        if job is None:
            return self._own.update(task_id, responses)
        for key in responses:
            job.pending.pop(key, None)
        return None

    def cancel(self, task_id: str) -> None:
        """It ends, where it has not ended yet."""
        job = self._jobs.get(task_id)
        if job is None:
            return self._own.cancel(task_id)
        job.cancelled = job.standing()["status"] in ("working", "input_required") or job.cancelled
        return None


def _asked(question: str) -> dict[str, Any]:
    return elicit(question, confirm={"type": "boolean"}).model_dump(by_alias=True, mode="json", exclude_none=True)
