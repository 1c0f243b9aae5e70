"""Facts decide only while they are fresh, and only beside a symptom; they can be cited."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.config import Settings
from eks_diag_mcp.diagnose.board import Case
from eks_diag_mcp.diagnose.diagnosis import diagnose
from eks_diag_mcp.diagnose.ip_facts import fact_id
from eks_diag_mcp.model import Diagnosis, NodeFacts
from eks_diag_mcp.sections.catalogue import SECTIONS
from eks_diag_mcp.tools.network import network_diagnostics
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.verdicts import summarize

from .. import scenarios

ScenarioBundle = Callable[[str], Bundle]


def facts_of(name: str, after: timedelta = timedelta(minutes=1), **more: Any) -> NodeFacts:
    told = scenarios.load(name)
    assert told.described.facts is not None
    values = scenarios.facts.values(told.node, told.described.facts) | more
    return NodeFacts(values, dict.fromkeys(values, told.captured + after))


def diagnosed(app: App, bundle: Bundle, facts: NodeFacts | None) -> Diagnosis:
    sections = {section: read(bundle, facts) for section, read in SECTIONS}
    return diagnose(Case(bundle, app.findings(bundle), sections, facts))


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        ("facts-subnet-exhausted", None),
        ("facts-prefix-fragmented", None),
        ("facts-few-addresses", "ip_allocation.prefix_fragmented"),
        ("facts-eni-leak", "ip_allocation.eni_limit"),
        ("facts-version", "ip_allocation.ipamd_crash"),
    ],
)
def test_without_the_fact_and_with_one_of_another_day_the_bundle_stands_alone(
    app: App, scenario_bundle: ScenarioBundle, name: str, alone: str | None
) -> None:
    bundle = scenario_bundle(name)
    for facts in (None, facts_of(name, timedelta(days=2)), facts_of(name, timedelta(days=-2))):
        root = diagnosed(app, bundle, facts).root_cause
        assert (root.id if root else None) == alone


def test_a_full_subnet_and_no_pod_that_waits_is_no_fault(app: App, scenario_bundle: ScenarioBundle) -> None:
    told = scenarios.load("healthy-prefix")
    values = {
        "subnets": {told.node.subnet: {"cidr": "10.0.16.0/20", "free": 0, "free_28s": 0}},
        "instance": {"subnet": told.node.subnet},
        "addons": {"vpc-cni": {"version": "v1.12.6", "compatible": False, "issues": ["ConfigurationConflict"]}},
        "enis": [{"id": "eni-0000000000000dead", "for_cni": True, "managed": True, "attached": None}],
    }
    facts = NodeFacts(values, dict.fromkeys(values, told.captured))
    found = diagnosed(app, scenario_bundle("healthy-prefix"), facts)
    assert [v.id for v in found.verdicts if v.stand in ("supported", "unknown")] == []


@pytest.mark.parametrize("value", [None, 7, "x", [], {"a": 1}, {"subnet-0a": {"free": "many"}}, [{"id": 3}], [None]])
def test_odd_values_read_as_unknown(app: App, scenario_bundle: ScenarioBundle, value: Any) -> None:
    name = "facts-subnet-exhausted-not"
    odd = dict.fromkeys(("subnets", "enis", "addons", "instance", "kubernetes_version"), value)
    assert diagnosed(app, scenario_bundle(name), facts_of(name, **odd)).root_cause is None


def test_an_eni_that_was_attached_after_the_capture_is_not_lost(app: App, scenario_bundle: ScenarioBundle) -> None:
    name = "facts-eni-leak"
    told = scenarios.load(name)
    facts = facts_of(name)
    later = [e | {"attached": (told.captured + timedelta(seconds=30)).isoformat()} for e in facts.values["enis"]]  # type: ignore[union-attr,attr-defined]
    root = diagnosed(app, scenario_bundle(name), facts_of(name, enis=later)).root_cause
    assert root is not None and root.id == "ip_allocation.eni_limit"


class Told(App):
    """An App that was told facts when it collected."""

    told: NodeFacts | None = None

    def facts(self, bundle: Bundle) -> NodeFacts | None:
        return self.told


def test_facts_stand_as_now_beside_the_sections_and_can_be_cited(tmp_path: Path, shared_library: Path) -> None:
    name = "facts-eni-leak"
    told = scenarios.load(name)
    asked = Told(Settings(library=shared_library))
    bundle = asked.library.admit(told.write(tmp_path), now=asked.now, wall=asked.wall())
    asked.told = facts_of(name, gaps=[{"what": "SSM", "why": "no answer", "missing": ""}])
    room = Room(asked)
    answer = network_diagnostics(room, told.instance_id, ["eni"])
    assert answer.now is not None and answer.now["gaps"] == ["SSM: no answer"]
    attached = answer.now["enis"]
    assert attached["at"] == "2026-11-20T14:31:20Z" and attached["id"] == fact_id(bundle.digest, "enis")
    readings = {r.name: r.value for r in answer.sections["eni"].readings}
    assert (readings["enis_used"], readings["enis_attached_now"]) == (2, 3)
    assert any("1 more ENIs attached than ipamd knows" in i.title for i in answer.sections["eni"].issues)
    summary = summarize(room, told.instance_id)
    assert summary.root_cause == "ip_allocation.eni_leak" and summary.grounded
    cited = summarize(room, told.instance_id, finding_ids=[attached["id"], "A-00000000"])
    assert cited.unresolved_finding_ids == ["A-00000000"]


def test_where_nobody_asked_there_is_no_now(app: App, scenario_bundle: ScenarioBundle) -> None:
    bundle = scenario_bundle("eni-limit")
    assert network_diagnostics(Room(app), bundle.instance_id, ["eni"]).now is None
