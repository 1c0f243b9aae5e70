"""collect as a task, for clients that declare the Tasks extension; the others see no difference."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mcp.client.extension import ClaimContext
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    EmptyResult,
    RequestParams,
)

from eks_diag_mcp.app import App
from eks_diag_mcp.config import Settings
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.server.tasks import CreateTaskResult

from .. import scenarios
from ..collect.conftest import Site, aws_double, aws_server, site
from ..conftest import PATTERNS
from ..doubles.aws import Plan
from .task_client import ListTasks, Tasks, begun, cancel, get, update

__all__ = ["aws_double", "aws_server", "site"]
Talk = Callable[..., Any]
modern = pytest.mark.parametrize("mode", ["auto"])


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., App]:
    """house() -> a server process as new, on a library and an archives folder that stay."""
    scenarios.load("eni-limit").write(tmp_path / "archives")

    def app(**more: Any) -> App:
        return App(Settings(library=tmp_path / "library", archives=tmp_path / "archives", patterns=PATTERNS), **more)

    return app


def node_of(app: App) -> str:
    return app.archives.instances()[0]


@modern
def test_a_host_gets_the_end_of_a_collection_as_the_result_of_collect(talk: Talk, house: Callable[..., App]) -> None:
    seen: list[str] = []

    async def resolve(task: CreateTaskResult, context: ClaimContext) -> CallToolResult:
        seen.append(task.status)
        execution = task.task_id.split("-", 3)[-1]
        waited = await context.session.call_tool("status", {"executionId": execution, "waitSeconds": 45})
        assert waited.structured_content["task"]["state"] == "completed"
        found = await get(context, task.task_id)
        seen.append(found.status)
        return CallToolResult.model_validate(found.result)

    app = house()
    result = talk(build_server(app), lambda c: c.call_tool("collect", {"instanceId": node_of(app)}), extensions=[Tasks(resolve)])
    assert seen == ["working", "completed"]
    assert not result.is_error and result.structured_content["task"]["state"] == "completed"
    assert "summarize" in result.structured_content["next_step"]


@modern
def test_a_task_goes_on_in_another_process_and_a_known_bundle_needs_none(talk: Talk, house: Callable[..., App]) -> None:
    first = house()
    node = node_of(first)
    task = talk(build_server(first), lambda c: begun(c, "collect", {"instanceId": node}), extensions=[Tasks()])
    assert task.status == "working" and task.ttl_ms == 86_400_000 and task.poll_interval_ms == 2_000
    assert "status(" in task.status_message
    first.intake.follow(task.task_id.split("-", 3)[-1], 60)

    again = build_server(house())
    found = talk(again, lambda c: get(c, task.task_id), extensions=[Tasks()])
    assert (found.status, found.task_id, found.created_at) == ("completed", task.task_id, task.created_at)
    assert found.result["structuredContent"]["instanceId"] == node and not found.result.get("isError")
    direct = talk(again, lambda c: c.call_tool("collect", {"instanceId": node}), extensions=[Tasks()])
    assert direct.structured_content["task"]["state"] == "completed" and direct.structured_content["idempotent"]


def test_without_the_extension_collect_answers_as_ever_and_the_methods_are_closed(
    talk: Talk, house: Callable[..., App], mode: str
) -> None:
    app = house()
    server = build_server(app)
    plain = talk(server, lambda c: c.call_tool("collect", {"instanceId": node_of(app)}))
    assert plain.structured_content["task"]["state"] == "working" and plain.structured_content["executionId"]
    for ask in (get, cancel, update):
        with pytest.raises(MCPError) as caught:
            talk(server, lambda c, ask=ask: ask(c, "task-x"))
        assert caught.value.code == (MISSING_REQUIRED_CLIENT_CAPABILITY if mode == "auto" else METHOD_NOT_FOUND)


def test_a_client_of_the_years_before_gets_no_task_whatever_it_declares(talk: Talk, house: Callable[..., App], mode: str) -> None:
    app = house()
    ask = talk(
        build_server(app),
        lambda c: c.session.call_tool("collect", {"instanceId": node_of(app)}, allow_claimed=True),
        extensions=[Tasks()],
    )
    assert isinstance(ask, CreateTaskResult) == (mode == "auto")


@modern
@pytest.mark.parametrize(
    "task_id",
    [
        "",
        "nonsense",
        "task-6926-1-archive-" + "0" * 32 + "-i-0123456789abcdef0",
        "task-{now}-0123456789abcdef-archive-" + "0" * 32 + "-i-0123456789abcdef0",
        "task-{now}-0123456789abcdef-ssm:us-west-2:00000000-0000-4000-8000-000000000000",
    ],
)
def test_a_task_that_nobody_made_is_unknown_to_every_method(talk: Talk, house: Callable[..., App], task_id: str) -> None:
    app = house()
    named = task_id.replace("{now}", f"{int(app.wall().timestamp()):08x}")
    for ask in (get, cancel, update):
        with pytest.raises(MCPError) as caught:
            talk(build_server(app), lambda c, ask=ask: ask(c, named), extensions=[Tasks()])
        assert caught.value.code == INVALID_PARAMS and "collect" in caught.value.message


@modern
def test_there_is_no_list_of_tasks(talk: Talk, house: Callable[..., App]) -> None:
    async def listed(client: Any) -> Any:
        return await client.session.send_request(ListTasks(params=RequestParams()), EmptyResult)

    with pytest.raises(MCPError) as caught:
        talk(build_server(house()), listed, extensions=[Tasks()])
    assert caught.value.code == METHOD_NOT_FOUND


@modern
def test_a_run_of_the_node_is_followed_look_by_look(talk: Talk, site: Site) -> None:
    node = site.node("eni-limit")
    task = talk(build_server(site.app()), lambda c: begun(c, "collect", {"instanceId": node, "via": "ssm"}), extensions=[Tasks()])
    assert task.poll_interval_ms == 15_000
    seen = []
    for _ in range(8):
        app = site.app()  # another process each time
        seen.append(talk(build_server(app), lambda c: get(c, task.task_id), extensions=[Tasks()]))
        if seen[-1].status != "working":
            break
        app.intake.jobs.drain(app.now() + 60, app.now)
    assert [s.status for s in seen[:2]] == ["working"] * 2 and seen[-1].status == "completed"
    assert "InProgress" in seen[0].status_message and seen[-1].result["structuredContent"]["instanceId"] == node


@modern
def test_a_collection_that_failed_is_a_result_with_what_to_do_about_it(talk: Talk, site: Site) -> None:
    node = site.node(plan="ends Failed")
    task = talk(build_server(site.app()), lambda c: begun(c, "collect", {"instanceId": node, "via": "ssm"}), extensions=[Tasks()])
    for _ in range(8):
        found = talk(build_server(site.app()), lambda c: get(c, task.task_id), extensions=[Tasks()])
        if found.status != "working":
            break
    told = found.result["structuredContent"]
    assert found.status == "completed" and found.result["isError"] and found.error is None
    assert told["task"]["message"] == found.status_message and "collect again" in told["next_step"]


@modern
def test_a_task_given_up_is_cancelled_for_its_client_alone_and_the_node_goes_on(talk: Talk, site: Site) -> None:
    node = site.node("eni-limit")

    async def both(client: Any) -> tuple[CreateTaskResult, CreateTaskResult]:
        ask = {"instanceId": node, "via": "ssm"}
        return await begun(client, "collect", ask), await begun(client, "collect", ask)

    mine, other = talk(build_server(site.app()), both, extensions=[Tasks()])
    assert mine.task_id != other.task_id
    acknowledged = talk(build_server(site.app()), lambda c: cancel(c, mine.task_id), extensions=[Tasks()])
    assert acknowledged.model_dump(by_alias=True, exclude_none=True, exclude={"meta"}) == {"resultType": "complete"}
    found = talk(build_server(site.app()), lambda c: get(c, mine.task_id), extensions=[Tasks()])
    assert found.status == "cancelled" and "goes on" in found.status_message and found.result is None
    assert talk(build_server(site.app()), lambda c: get(c, other.task_id), extensions=[Tasks()]).status == "working"
    assert site.to_the_end(mine.task_id.split("-", 3)[-1]).state == "completed"
    assert site.aws.called("ssm:StopAutomationExecution") == []
    after = talk(build_server(site.app()), lambda c: get(c, mine.task_id), extensions=[Tasks()])
    assert after.status == "cancelled", "an end is an end"


@modern
def test_giving_up_what_has_ended_changes_nothing(talk: Talk, house: Callable[..., App]) -> None:
    app = house()
    task = talk(build_server(app), lambda c: begun(c, "collect", {"instanceId": node_of(app)}), extensions=[Tasks()])
    app.intake.follow(task.task_id.split("-", 3)[-1], 60)
    talk(build_server(app), lambda c: cancel(c, task.task_id), extensions=[Tasks()])
    talk(build_server(app), lambda c: update(c, task.task_id), extensions=[Tasks()])
    assert talk(build_server(app), lambda c: get(c, task.task_id), extensions=[Tasks()]).status == "completed"


@modern
def test_a_look_that_aws_does_not_answer_ends_no_task(talk: Talk, site: Site) -> None:
    node = site.node(plan=Plan(stays="Pending"))
    task = talk(build_server(site.app()), lambda c: begun(c, "collect", {"instanceId": node, "via": "ssm"}), extensions=[Tasks()])
    site.aws.fail("ssm:GetAutomationExecution", "throttled")
    found = talk(build_server(site.app()), lambda c: get(c, task.task_id), extensions=[Tasks()])
    assert found.status == "working" and "requests" in found.status_message


@modern
def test_a_task_lives_a_day_and_its_collection_longer(talk: Talk, house: Callable[..., App]) -> None:
    app = house()
    task = talk(build_server(app), lambda c: begun(c, "collect", {"instanceId": node_of(app)}), extensions=[Tasks()])
    later = house(wall=lambda: datetime.now(UTC) + timedelta(hours=25))
    with pytest.raises(MCPError) as caught:
        talk(build_server(later), lambda c: get(c, task.task_id), extensions=[Tasks()])
    assert caught.value.code == INVALID_PARAMS and "expired" in caught.value.message and "status(" in caught.value.message
