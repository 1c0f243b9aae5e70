""" "The evidence does not show it" is a verdict, with the one thing that would settle it."""

from collections.abc import Callable
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.model import Diagnosis, Verdict

from ..tools.conftest import calling


def verdict(cause: str, stand: str, *settles: str) -> Verdict:
    return Verdict(cause, cause, stand, None, "low", "high", would_settle=settles)  # type: ignore[arg-type]


def test_the_nearest_candidate_says_what_would_settle_it() -> None:
    diagnosis = Diagnosis((verdict("dns", "unknown", "ask the resolver", "ask again"), verdict("mtu", "unknown", "ping")))
    assert diagnosis.settles_first == "whether it is dns: ask the resolver"


def test_without_a_candidate_what_could_not_be_read_would_settle_it() -> None:
    diagnosis = Diagnosis((verdict("dns", "ruled_out"),), ("ipamd-log: absent", "ethtool: absent"))
    assert diagnosis.settles_first == "a bundle in which this can be read: ipamd-log: absent"


def test_with_everything_read_and_nothing_found_it_takes_another_bundle_or_node() -> None:
    assert "second bundle" in (Diagnosis(()).settles_first or "")


def test_a_supported_cause_leaves_nothing_to_settle() -> None:
    assert Diagnosis((verdict("dns", "supported"),)).settles_first is None


@pytest.mark.anyio
async def test_summarize_says_it_in_the_verdict_and_in_the_report(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    bundle = scenario_bundle("kubelet-notready-not")
    async with calling(app) as call:
        answer: dict[str, Any] = await call("summarize", instanceId=bundle.instance_id)
    assert "root_cause" not in answer
    assert answer["verdict"].startswith(
        "The evidence does not show a root cause. What would settle it: whether it is kubelet_notready"
    )
    assert "settle first" in answer["report_yaml"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
