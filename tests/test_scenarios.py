"""Every scenario comes to the diagnosis that its description expects."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.diagnose.board import Case
from eks_diag_mcp.diagnose.diagnosis import diagnose
from eks_diag_mcp.model import Diagnosis, NodeFacts
from eks_diag_mcp.sections.catalogue import SECTIONS

from . import scenarios

NAMES = scenarios.names()


def diagnosed(name: str, app: App, bundle: Bundle) -> Diagnosis:
    """The diagnosis; with the facts of the scenario where it has some."""
    told = scenarios.load(name)
    if told.described.facts is None:
        return app.diagnosis(bundle)
    values = scenarios.facts.values(told.node, told.described.facts)
    facts = NodeFacts(values, dict.fromkeys(values, told.captured + timedelta(minutes=1)))
    sections = {section: read(bundle, facts) for section, read in SECTIONS}
    return diagnose(Case(bundle, app.findings(bundle), sections, facts))


def stands(diagnosis: Diagnosis) -> dict[str, str]:
    return {v.id: v.stand for v in diagnosis.verdicts}


@pytest.mark.parametrize("name", NAMES)
def test_the_root_cause_is_the_one_the_scenario_was_built_with(
    name: str, app: App, scenario_bundle: Callable[[str], Bundle]
) -> None:
    expect = scenarios.load(name).expect
    diagnosis = diagnosed(name, app, scenario_bundle(name))
    root = diagnosis.root_cause
    if root is None and expect.none_is_fine:
        return
    assert (root.id if root else None) == expect.root_cause, "\n".join(
        f"{v.id} {v.stand} {v.when} {v.score:.1f} {[r.says for r in v.because]} against {[r.says for r in v.against]}"
        for v in diagnosis.verdicts[:8]
    )
    if root is not None:
        assert root.when == expect.when or {root.when, expect.when} == {"recurring", "at_capture"}
        assert any(r.evidence or r.ids for r in root.because), "a supported cause quotes evidence"


@pytest.mark.parametrize("name", NAMES)
def test_rivals_stand_as_the_scenario_says(name: str, app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    expect = scenarios.load(name).expect
    found = stands(diagnosed(name, app, scenario_bundle(name)))
    assert [c for c in expect.also if found.get(c) != "supported"] == []
    assert [c for c in expect.ruled_out if found.get(c) != "ruled_out"] == []
    assert [c for c in expect.not_supported if found.get(c) == "supported"] == []
    assert [c for c in expect.not_applicable if found.get(c) != "not_applicable"] == []


@pytest.mark.parametrize("name", [n for n in NAMES if scenarios.load(n).expect.readings])
def test_the_readings_are_those_of_the_described_node(name: str, app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    sections = app.sections(scenario_bundle(name), ["cni", "ipamd", "eni"])
    read: dict[str, object] = {}
    for section in sections.values():
        for reading in section.readings:
            if reading.scope in (None, "settings"):
                read.setdefault(reading.name, reading.value)
    assert {k: read.get(k) for k in scenarios.load(name).expect.readings} == scenarios.load(name).expect.readings


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("healthy")])
def test_a_healthy_node_raises_nothing_critical_or_high(name: str, app: App, scenario_bundle: Callable[[str], Bundle]) -> None:
    bundle = scenario_bundle(name)
    assert [(f.signature, f.evidence[0].text) for f in app.findings(bundle) if f.severity in ("critical", "high")] == []
    assert [v.id for v in app.diagnosis(bundle).verdicts if v.stand == "supported"] == []
