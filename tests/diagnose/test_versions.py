"""What the node runs stands beside causes that are often a regression of one release."""

from collections.abc import Callable
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.diagnose.versions import COMPONENTS, regressions, versions_of
from eks_diag_mcp.model import Reading, Section

from ..tools.conftest import calling


def instance(**words: str) -> dict[str, Section]:
    scoped = {"runc", "docker", "chrony"}
    readings = [Reading(name, value, scope="packages" if name in scoped else None) for name, value in words.items()]
    return {"instance": Section("instance", "ok", tuple(readings))}


def test_a_supported_cause_shows_kernel_runtime_and_kubelet(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    root = app.diagnosis(scenario_bundle("pleg")).root_cause
    assert root is not None and root.id == "pleg"
    assert set(root.versions) >= {"kernel", "containerd"} and "6.1.148" in root.versions["kernel"]


def test_a_cause_that_no_release_makes_shows_none(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    root = app.diagnosis(scenario_bundle("subnet-exhausted")).root_cause
    assert root is not None and not root.versions


def test_a_release_that_is_known_for_the_cause_says_so() -> None:
    old = instance(kernel="5.4.217-126.408.amzn2.x86_64", operating_system="Amazon Linux 2")
    assert "5.4.219-126.411 is without it" in versions_of(old, "pleg", ("kernel",))["kernel"]


@pytest.mark.parametrize(
    ("kernel", "system"),
    [
        ("5.4.219-126.411.amzn2.x86_64", "Amazon Linux 2"),
        ("5.4.217-generic", "Ubuntu"),
        ("custom-build", "Amazon Linux 2"),
    ],
)
def test_a_later_release_another_system_or_an_odd_name_is_not_accused(kernel: str, system: str) -> None:
    found = versions_of(instance(kernel=kernel, operating_system=system), "pleg", ("kernel", "runc"))
    assert found == {"kernel": kernel}


def test_rows_name_causes_and_components_that_there_are() -> None:
    known = {row.id for row in causes().rows}
    assert [r for r in regressions() if r.cause not in known or r.component not in COMPONENTS] == []
    assert [r for r in regressions() if r.component not in causes().by_id[r.cause].versions] == []


@pytest.mark.anyio
async def test_summarize_shows_them_beside_the_root_cause(app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    bundle = scenario_bundle("pleg")
    async with calling(app) as call:
        answer: dict[str, Any] = await call("summarize", instanceId=bundle.instance_id)
    assert answer["root_causes"][0]["versions"]["kernel"].startswith("6.1.148")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
