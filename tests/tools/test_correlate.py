"""correlate says what came first, and what always accompanies the event it turns on."""

from collections.abc import Callable
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle

from .conftest import calling

pytestmark = pytest.mark.anyio


async def correlated(app: App, bundle: Bundle, **more: Any) -> dict[str, Any]:
    async with calling(app) as call:
        return await call("correlate", instanceId=bundle.instance_id, **more)


async def test_the_pod_errors_always_come_with_the_empty_pool(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    answer = await correlated(app, scenario_bundle("eni-limit-not"), pivotEvent="failed to assign an IP address")
    company = {c["signature"]: c for c in answer["accompanied_by"]}
    assert "ip_allocation.no_available_ip" in company
    near, of = company["ip_allocation.no_available_ip"]["near"].split(" of ")
    assert int(near) >= 0.8 * int(of)
    assert company["ip_allocation.no_available_ip"]["offset_seconds"] <= 0, "the cause stands before what follows from it"


async def test_an_event_that_happened_once_has_no_constant_company(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    answer = await correlated(app, scenario_bundle("bootstrap-join-not"), pivotEvent="Successfully registered node")
    assert "accompanied_by" not in answer
