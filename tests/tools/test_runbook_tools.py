"""The runbook tools: found by whatever an agent holds, with the sets a runbook needs, reported in its own words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.config import Settings
from eks_diag_mcp.runbooks.links import about
from eks_diag_mcp.tools.finding import errors
from eks_diag_mcp.tools.network import network_diagnostics, storage_diagnostics
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.run_answer import RunAnswer
from eks_diag_mcp.tools.run_sop import run_sop
from eks_diag_mcp.tools.runbooks import SopsAnswer, get_sop, list_sops
from eks_diag_mcp.tools.table import TOOLS
from eks_diag_mcp.tools.verdicts import quick_triage, summarize

from ..conftest import PATTERNS
from .conftest import calling

Admit = Callable[[str], Bundle]
pytestmark = pytest.mark.anyio

OTHER = """---
title: X1 — Address slots
triggers:
- nothing of this node
root_causes:
  slots_used_up: [ip_allocation.eni_limit]
  no_room: [ip_allocation.subnet_exhausted]
---

## Phase 1 — Triage

MUST:
- Use `network_diagnostics` tool with instanceId and sections=eni,ipamd
- Use `list_k8s_resources` tool with clusterName, kind=Pod and fieldSelector=spec.nodeName=<node-name>
- If the type's slots are used up: that is the root cause. Report "slots of the instance are used up" (`slots_used_up`).
- If the subnet is full (`no_room`): go on with D1

## Guardrails

escalation_conditions:
  - "The instance's ENIs and address slots are used up"
  - "All nodes of the group are affected"
safety_ratings:
  - "all of it: GREEN"

## Output Format

```yaml
sop: X1
root_cause: "<slots_used_up|no_room> — <detail>"
confidence: "<high|medium|low>"
node:
  instance_id: "<id>"
  enis_used: "<number>"
  room: "<yes|no>"
  colour: "<of the label>"
evidence:
  - type: network_diagnostics
    content: "<ENI and IP use>"
mitigation:
  immediate: "Operator: <fix>"
  verify: "<how>"
ruled_out: "<rivals>"
```
"""


@pytest.fixture
def other(app: App, tmp_path: Path) -> App:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "X1-slots.md").write_text(OTHER, encoding="utf-8")
    return App(Settings(library=app.settings.library, patterns=PATTERNS, sops=(tmp_path / "team",)))


def ran(app: App, bundle: Bundle, **more: Any) -> RunAnswer:
    return run_sop(Room(app), "X1", bundle.instance_id, response_format="detailed", **more)


def report(app: App, bundle: Bundle) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(ran(app, bundle).report_yaml)
    return found


# ---- reports in other words ----------------------------------------------------------------------------------------------
def test_the_report_has_the_keys_the_order_and_the_words_of_the_runbook(other: App, scenario_bundle: Admit) -> None:
    bundle = scenario_bundle("eni-limit")
    said = report(other, bundle)
    assert list(said) == ["sop", "root_cause", "confidence", "node", "evidence", "mitigation", "ruled_out"]
    assert said["root_cause"].startswith("slots_used_up — ") and said["sop"] == "X1" and said["confidence"] in ("high", "medium")
    assert said["node"] == {"instance_id": bundle.instance_id, "enis_used": 3, "room": "undetermined", "colour": "undetermined"}
    assert said["evidence"][0]["content"].startswith("ENIs 3 of 3") and set(said["mitigation"]) == {"immediate", "verify"}
    assert any(line.startswith("ip_allocation.") for line in said["ruled_out"])


def test_another_cause_of_the_same_runbook_has_its_other_word(other: App, scenario_bundle: Admit) -> None:
    assert report(other, scenario_bundle("subnet-exhausted"))["root_cause"].startswith("no_room — ")


def test_a_cause_it_has_no_word_for_keeps_its_id_and_the_right_runbook_is_named(other: App, scenario_bundle: Admit) -> None:
    answer = ran(other, scenario_bundle("iam"))
    assert yaml.safe_load(answer.report_yaml)["root_cause"].startswith("ip_allocation.iam — ")
    assert "ip_allocation.iam is not what X1 is about. D1" in answer.headline and "is the runbook for it." in answer.headline


def test_a_healthy_node_is_undetermined_in_any_words(other: App, scenario_bundle: Admit) -> None:
    said = report(other, scenario_bundle("healthy-1-20"))
    assert said["root_cause"].startswith("undetermined") and said["confidence"] == "undetermined"
    assert said["evidence"][0]["type"] == "network_diagnostics" and len(said["evidence"]) == 1


def test_its_own_headline_and_escalation_are_judged_by_the_same_evidence(other: App, scenario_bundle: Admit) -> None:
    limit, full = ran(other, scenario_bundle("eni-limit")), ran(other, scenario_bundle("subnet-exhausted"))
    assert limit.headline.startswith('The runbook says "slots of the instance are used up". Why: ')
    assert "runbook says" not in full.headline
    assert [s.outcome for s in limit.steps][2:] == ["done", "unmet"] and [s.outcome for s in full.steps][2:] == ["unmet", "done"]
    assert [e.met for e in limit.escalate] == ["yes", "unknown"] and [e.met for e in full.escalate] == ["no", "unknown"]


def test_a_rule_that_quotes_a_line_is_judged_by_whether_the_line_is_there(app: App, tmp_path: Path, scenario_bundle: Admit) -> None:
    (tmp_path / "team").mkdir()
    rules = "- If `failed to assign an IP address to container` is printed: see below\n- If `table full, dropping packet` is printed: see below\n"
    (tmp_path / "team" / "X3-lines.md").write_text(f"---\ntitle: X3\n---\n## Phase 1 — Triage\nMUST:\n{rules}", encoding="utf-8")
    own = App(Settings(library=app.settings.library, sops=(tmp_path / "team",)))
    there, absent = run_sop(Room(own), "X3", scenario_bundle("subnet-exhausted").instance_id).steps
    assert (there.outcome, there.note) == ("done", "such lines are in the logs") and there.finding_ids
    assert (absent.outcome, absent.note) == ("unmet", "no such line in the logs")


# ---- finding a runbook ---------------------------------------------------------------------------------------------------
def first(answer: SopsAnswer) -> tuple[str, str]:
    match = answer.sops[0].match
    return answer.sops[0].short_id, match.why if match else ""


def test_a_runbook_is_found_by_the_id_of_a_finding_or_of_an_issue(app: App, scenario_bundle: Admit) -> None:
    bundle, room = scenario_bundle("subnet-exhausted"), Room(app)
    finding = next(f for f in app.findings(bundle) if f.signature.startswith("ip_allocation.") and f.role == "cause")
    issue = next(i for s in app.sections(bundle).values() for i in s.issues if i.speaks_for)
    assert first(list_sops(room, finding.id))[0] == "D1" and "ip_allocation." in first(list_sops(room, finding.id))[1]
    right = {sop.short_id for cause in issue.speaks_for for sop in about(app.sops.sops, cause)}
    assert first(list_sops(room, f"`{issue.id}`"))[0] in right
    assert list_sops(room, "F-00000000").sops == []


@pytest.mark.parametrize("symptom", ["IPAMDNotReady", "alertname=IPAMDNotReady severity=critical", "ip_allocation.eni_limit"])
def test_a_runbook_is_found_by_an_alert_or_a_cause(symptom: str, app: App) -> None:
    assert first(list_sops(Room(app), symptom))[0] == "D1"


def test_every_answer_suggests_by_the_same_matcher_and_says_why(app: App, scenario_bundle: Admit) -> None:
    name, room = scenario_bundle("subnet-exhausted").instance_id, Room(app)
    for answer in (errors(room, name), network_diagnostics(room, name), storage_diagnostics(room, name), quick_triage(room, name)):
        assert answer.suggested_sops[0].id.startswith("D1-") and answer.suggested_sops[0].why


def test_a_healthy_node_suggests_nothing_on_its_own(app: App, scenario_bundle: Admit) -> None:
    assert errors(Room(app), scenario_bundle("healthy-1-20").instance_id).suggested_sops == []


def test_summarize_reports_in_the_runbook_that_fits_where_none_is_named(app: App, scenario_bundle: Admit) -> None:
    answer = summarize(Room(app), scenario_bundle("eni-limit").instance_id)
    assert answer.report_yaml.startswith("root_cause: eni_limit ") and len(answer.escalate) == 3


# ---- what a runbook needs ------------------------------------------------------------------------------------------------
async def test_get_sop_says_which_sets_are_needed_and_what_takes_the_place_of_a_tool(one_node: tuple[App, str]) -> None:
    async with calling(one_node[0]) as call:
        answer = await call("get_sop", sopName="D1")
    assert answer["toolsets"] == ["core", "kubernetes"]
    named = {"list_k8s_resources", "get_k8s_events", "describe_eks_resource", "cluster_health", "errors", "summarize"}
    assert set(answer.get("instead", {})) & named == named - {row.name for row in TOOLS}


def test_a_set_that_is_off_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    text = "---\ntitle: X2\n---\n## Phase 1 — Triage\nMUST:\n- Use `tcpdump_capture` tool with instanceId\n- Use `history` tool\n- Use `list_k8s_resources` tool with kind=Node\n"
    (tmp_path / "team" / "X2-off.md").write_text(text, encoding="utf-8")
    app = App(Settings(library=tmp_path / "l", patterns=PATTERNS, sops=(tmp_path / "team",), toolsets=frozenset({"core", "sops"})))
    answer = get_sop(Room(app), "X2")
    assert answer.toolsets == ["capture", "fleet-ops", "kubernetes"] and answer.instead is not None
    assert "--toolsets capture" in answer.instead["tcpdump_capture"] and "run_sop calls it" in answer.instead["history"]
    assert "switched off" in answer.instead["list_k8s_resources"]
