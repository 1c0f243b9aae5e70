"""Two bundles of one node: what grew between them holds now, what stood still was so before."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.config import Settings
from eks_diag_mcp.model import Verdict

from .. import scenarios
from ..conftest import PATTERNS
from ..scenarios.bundle import Scenario
from ..tools.conftest import calling

LATER = timedelta(minutes=40)
ETHTOOL = "networking/ethtool.txt"


def counted(name: str, number: int, since: timedelta = timedelta(), up: timedelta = timedelta()) -> Scenario:
    """The healthy node with a counter at that number on each interface; `since` after the first capture, `up` longer."""
    described = scenarios.load("healthy-1-20").described
    spec = described.node
    spec = replace(
        spec,
        captured=spec.captured + since,
        booted=spec.booted + since - up,
        edit={ETHTOOL: {f"{name}: 0": f"{name}: {number}"}},
    )
    return Scenario(replace(described, node=spec))


@pytest.fixture
def room(tmp_path: Path) -> App:
    return App(Settings(library=tmp_path / "library", patterns=PATTERNS, archives=tmp_path / "archives"))


def admitted(app: App, scenario: Scenario, folder: Path) -> Bundle:
    return app.library.admit(scenario.write(folder), now=app.now, wall=app.wall())


def verdict(app: App, bundle: Bundle, cause: str) -> Verdict | None:
    return next((v for v in app.diagnosis(bundle).verdicts if v.id == cause), None)


def test_a_counter_that_grows_between_two_bundles_supports_its_cause(room: App, tmp_path: Path) -> None:
    admitted(room, counted("bw_in_allowance_exceeded", 1107), tmp_path / "a")
    second = admitted(room, counted("bw_in_allowance_exceeded", 91107, LATER), tmp_path / "b")
    found = verdict(room, second, "ena_throttle")
    assert found is not None and found.stand == "supported"
    assert "180,000 packets beyond the inbound bandwidth in the 40 minutes" in found.because[0].says
    assert found.because[0].evidence[0].file == ETHTOOL


def test_the_same_number_in_one_bundle_alone_supports_nothing(room: App, tmp_path: Path) -> None:
    only = admitted(room, counted("bw_in_allowance_exceeded", 1107), tmp_path / "a")
    assert room.comparison(only) is None
    assert verdict(room, only, "ena_throttle") is None


def test_a_counter_that_stands_still_was_met_before_and_supports_nothing_now(room: App, tmp_path: Path) -> None:
    first = admitted(room, counted("linklocal_allowance_exceeded", 92311), tmp_path / "a")
    assert (found := verdict(room, first, "ena_throttle")) and found.stand == "supported"
    second = admitted(room, counted("linklocal_allowance_exceeded", 92311, LATER), tmp_path / "b")
    found = verdict(room, second, "ena_throttle")
    assert found is not None and found.stand == "ruled_out"
    assert "none in the 40 minutes between two bundles" in found.against[0].says


def test_a_growth_that_bursts_leave_on_healthy_nodes_proves_nothing(room: App, tmp_path: Path) -> None:
    admitted(room, counted("bw_in_allowance_exceeded", 1000), tmp_path / "a")
    second = admitted(room, counted("bw_in_allowance_exceeded", 1060, LATER), tmp_path / "b")
    assert verdict(room, second, "ena_throttle") is None


def test_a_restart_in_between_makes_counters_begin_anew(room: App, tmp_path: Path) -> None:
    admitted(room, counted("bw_in_allowance_exceeded", 1107), tmp_path / "a")
    second = admitted(room, counted("bw_in_allowance_exceeded", 91107, LATER, timedelta(hours=20)), tmp_path / "b")
    comparison = room.comparison(second)
    assert comparison is not None and comparison.restarted
    assert {r.delta for r in comparison.rows if r.counter.kind == "counter"} == {None}
    found = verdict(room, second, "ena_throttle")
    assert found is None or found.stand == "unknown"


def test_an_earlier_bundle_that_joins_the_library_later_is_looked_at(room: App, tmp_path: Path) -> None:
    second = admitted(room, counted("linklocal_allowance_exceeded", 92311, LATER), tmp_path / "b")
    assert (found := verdict(room, second, "ena_throttle")) and found.stand == "supported"
    admitted(room, counted("linklocal_allowance_exceeded", 92311), tmp_path / "a")
    assert (found := verdict(room, second, "ena_throttle")) and found.stand == "ruled_out"


@pytest.mark.anyio
async def test_the_diagnostics_show_what_grew_and_how_fast(room: App, tmp_path: Path) -> None:
    admitted(room, counted("pps_allowance_exceeded", 10), tmp_path / "a")
    second = admitted(room, counted("pps_allowance_exceeded", 2010, LATER), tmp_path / "b")
    async with calling(room) as call:
        answer: dict[str, Any] = await call("network_diagnostics", instanceId=second.instance_id, sections=["ena"])
    compared = answer["compared_with"]
    assert (compared["minutes"], compared["restarted"]) == (40.0, False)
    row = next(r for r in compared["grew"] if r["name"] == "pps_allowance_exceeded")
    assert (row["before"], row["after"], row["delta"], row["per_hour"], row["beyond_burst"]) == (20, 4020, 4000, 6000, True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
