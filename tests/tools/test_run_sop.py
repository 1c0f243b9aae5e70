"""run_sop on D1: one call gives what ten gave, agrees with summarize, and stays small."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp import Client

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.errors import BadInput
from eks_diag_mcp.server.build import build_server
from eks_diag_mcp.tools import running
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.run_answer import RunAnswer, StepRow, fitted
from eks_diag_mcp.tools.run_sop import run_sop
from eks_diag_mcp.tools.running import RUNS, bound, carried_out
from eks_diag_mcp.tools.searching import search
from eks_diag_mcp.tools.table import TOOLS
from eks_diag_mcp.tools.verdicts import summarize

from .. import scenarios
from .conftest import archives_of, calling

pytestmark = pytest.mark.anyio
Admit = Callable[[str], Bundle]

WORDS = {
    "subnet-exhausted": "subnet_exhaustion",
    "subnet-exhausted-at-start": "subnet_exhaustion",
    "eni-limit": "eni_limit",
    "cooldown-churn": "warm_target",
    "iam": "ipamd_failure",
    "two-incidents": "eni_limit",
    "aws-node-absent": "ipamd_failure",
    "healthy-1-20": "undetermined",
}
"""Scenario -> the word that D1's report must begin with."""
AWS_NODE_DOWN, ENI_LIMIT, COOLING, UTILIZATION, PREFIXES = 3, 16, 17, 21, 32
"""Numbers of D1's steps."""


def ran(app: App, bundle: Bundle, **more: Any) -> RunAnswer:
    return run_sop(Room(app), "D1", bundle.instance_id, **more)


def size(answer: RunAnswer) -> int:
    return len(json.dumps(answer.model_dump(mode="json", exclude_none=True), ensure_ascii=False, separators=(",", ":")))


def step(answer: RunAnswer, n: int) -> StepRow:
    return next(row for row in answer.steps if row.n == n)


@pytest.mark.parametrize("name", WORDS)
def test_the_run_agrees_with_summarize_and_is_small(name: str, app: App, scenario_bundle: Admit) -> None:
    bundle = scenario_bundle(name)
    answer = ran(app, bundle)
    summary = summarize(Room(app), bundle.instance_id, sop="D1")
    assert answer.root_cause == summary.root_cause == scenarios.load(name).expect.root_cause
    assert size(answer) < 6_000
    assert yaml.safe_load(answer.report_yaml)["root_cause"].split(" ")[0] == WORDS[name]
    assert [(e.condition, e.met) for e in answer.escalate] == [(e.condition, e.met) for e in summary.escalate] and len(
        answer.escalate
    ) == 3
    assert all(len(row.note) <= 80 for row in answer.steps) and not [row for row in answer.steps if row.outcome == "failed"]
    full = ran(app, bundle, response_format="detailed")
    must = {row.n for row in full.steps if row.level in ("MUST", "SHOULD")}
    assert must <= {row.n for row in answer.steps}, "each MUST and SHOULD is ticked"


def test_the_ids_that_steps_cite_resolve(app: App, scenario_bundle: Admit) -> None:
    bundle = scenario_bundle("subnet-exhausted")
    ids = [i for row in ran(app, bundle, response_format="detailed").steps for i in row.finding_ids or []]
    assert {i[0] for i in ids} >= {"F", "R"}
    assert summarize(Room(app), bundle.instance_id, finding_ids=ids).unresolved_finding_ids == []


def test_a_full_subnet_is_not_taken_for_the_limit_of_the_instance(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("subnet-exhausted"))
    assert (
        step(answer, ENI_LIMIT).outcome == "unmet"
        and "18 of 27" in step(answer, ENI_LIMIT).note
        and "2 of 3 ENIs" in step(answer, ENI_LIMIT).note
    )
    assert step(answer, COOLING).outcome == "unmet" and "0 of 18" in step(answer, COOLING).note
    assert step(answer, PREFIXES).outcome == "unmet"
    assert step(answer, UTILIZATION).note.startswith("ENIs 2 of 3; IPs 18 of 27")
    assert answer.escalate[0].met == "yes" and {e.met for e in answer.escalate[1:]} == {"unknown"}


def test_an_aws_node_that_is_down_for_want_of_addresses_is_a_full_subnet(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("subnet-exhausted-at-start"))
    assert step(answer, AWS_NODE_DOWN).outcome == "done" and step(answer, AWS_NODE_DOWN).finding_ids
    assert answer.headline.startswith('The runbook says "aws-node (VPC CNI) not running on node')
    assert "subnet has no free address" in answer.headline and answer.root_cause == "ip_allocation.subnet_exhausted"


def test_no_aws_node_is_no_headline_where_another_ipam_serves(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("cilium-own-ipam"))
    assert "runbook says" not in answer.headline and step(answer, AWS_NODE_DOWN).outcome == "skipped"


def test_rules_of_thumb_that_hold_are_done(app: App, scenario_bundle: Admit) -> None:
    assert step(ran(app, scenario_bundle("eni-limit")), ENI_LIMIT).outcome == "done"
    assert step(ran(app, scenario_bundle("eni-limit")), PREFIXES).outcome == "done"
    churn = ran(app, scenario_bundle("cooldown-churn"))
    assert (step(churn, COOLING).outcome, step(churn, COOLING).note) == ("done", "applies; 11 cooling; 0 free")
    assert step(churn, ENI_LIMIT).outcome == "unmet"


def test_a_healthy_node_is_undetermined_and_never_forced(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("healthy-1-20"))
    assert answer.root_cause is None and "runbook says" not in answer.headline
    assert {step(answer, n).outcome for n in (AWS_NODE_DOWN, ENI_LIMIT, COOLING)} == {"unmet"}


def test_the_caller_names_what_commands_leave_blank(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("eni-limit"), namespace="payments", podName="cart-0")
    assert "get pods -n payments" in step(answer, 1).note
    assert "get pods -n shop" in step(ran(app, scenario_bundle("eni-limit")), 1).note, "or the findings do"


def test_the_run_knows_the_node_by_its_name(app: App, scenario_bundle: Admit) -> None:
    bundle = scenario_bundle("eni-limit")
    made = carried_out(Room(app), "D1", bundle.instance_id, {})
    assert made.transcript.facts["node"] == app.section(bundle, "instance").value("host_name")


def test_only_the_phases_asked_for_run_and_keep_their_numbers(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("eni-limit"), phases=[3])
    assert [row.n for row in answer.steps] == list(range(26, 34)) and answer.root_cause == "ip_allocation.eni_limit"
    with pytest.raises(BadInput, match="no phase 7"):
        ran(app, scenario_bundle("eni-limit"), phases=[7])


def test_detailed_adds_text_calls_and_facts(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("eni-limit"), response_format="detailed")
    assert len(answer.steps) == 33 and step(answer, 9).calls and step(answer, 9).level == "MUST"
    assert step(answer, 8).text in app.sops.find("D1").text  # type: ignore[operator]
    assert set(step(answer, 8).facts or ()) == {"finding_ids", "namespace", "podName"}
    root = app.diagnosis(scenario_bundle("eni-limit")).root_cause
    assert root is not None
    ids = list(dict.fromkeys(i for reason in root.because for i in reason.ids))
    (call,) = step(answer, 26).calls or ()
    assert call.tool == "summarize" and len(call.answer or "") == 16
    assert call.arguments == {"instanceId": answer.instanceId, "finding_ids": ids[:6], "sop": answer.sop}


async def test_the_shape_in_which_clients_call_it(one_node: tuple[App, str]) -> None:
    app, instance = one_node
    async with Client(build_server(app)) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        result = await client.call_tool("run_sop", {"sop": "D1", "instanceId": instance})
        left_out = await client.call_tool("run_sop", {"sopName": "d1", "phases": "1,3"})
    assert listed["run_sop"].annotations.read_only_hint  # type: ignore[union-attr]
    (content,) = result.content
    assert len(content.text) < 6_000 and json.loads(content.text) == result.structured_content  # type: ignore[union-attr]
    assert result.structured_content["root_cause"] == "ip_allocation.subnet_exhausted"  # type: ignore[index]
    assert "only instance known" in left_out.structured_content["note"]  # type: ignore[index]


async def test_one_call_collects_what_is_at_hand_and_runs(tmp_path: Path) -> None:
    app, instance = archives_of(tmp_path, "iam"), scenarios.load("iam").instance_id
    async with calling(app) as call:
        answer = await call("run_sop", sop="D1", instanceId=instance)
    assert answer["root_cause"] == "ip_allocation.iam" and answer["steps"][5]["outcome"] == "done"


def test_a_dry_run_makes_no_call(tmp_path: Path) -> None:
    app = archives_of(tmp_path, "iam")
    answer = run_sop(Room(app), "D1", None, dryRun=True)
    assert answer.dry_run and answer.root_cause is None and "would call errors(instanceId)" in step(answer, 8).note
    assert app.library.instances() == [] and size(answer) < 6_000


def test_an_unknown_node_is_told_and_nothing_is_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run_sop(Room(archives_of(tmp_path, "iam")), "D1", "i-0123456789abcdef0")


def test_no_call_begins_when_the_time_is_up_and_the_root_cause_is_told_all_the_same(app: App, scenario_bundle: Admit) -> None:
    bundle = scenario_bundle("iam")
    clock = iter(range(0, 100_000, 60))
    late = App(app.settings, now=lambda: float(next(clock)))
    answer = run_sop(Room(late), "D1", bundle.instance_id)
    assert step(answer, 8).outcome == "skipped" and "no time left" in step(answer, 8).note
    assert answer.root_cause == "ip_allocation.iam"


def test_a_cause_of_another_family_is_named_as_such(tmp_path: Path, app: App, scenario_bundle: Admit) -> None:
    """A runbook about something else does not get the cause in its own words."""
    bundle = scenario_bundle("eni-limit")
    folder = tmp_path / "sops"
    folder.mkdir()
    (folder / "A9-other.md").write_text(
        "---\ntitle: Disk\n---\n## Phase 1 - X\nMUST:\n- Use `storage_diagnostics` tool with instanceId and sections=disk,inodes\n"
    )
    other = App(app.settings.__class__(library=app.settings.library, archives=app.settings.archives, sops=(folder,)))
    answer = run_sop(Room(other), "A9", bundle.instance_id)
    assert step(answer, 1).outcome == "done" and answer.report_yaml.startswith("root_cause: ip_allocation.eni_limit ")


def test_a_hostile_runbook_runs_nothing_but_the_tools(tmp_path: Path, app: App, scenario_bundle: Admit) -> None:
    folder = tmp_path / "sops"
    folder.mkdir()
    (folder / "A9-evil.md").write_text(
        "---\ntitle: E\n---\n## Phase 1 - X\nMUST:\n- Use `run_sop` tool with sop=A9\n- Use `search` tool with query=`(a+)+$`\n- Use `search` tool with query=`(`\n"
        "- Use `errors` tool with severity=`nonsense`\n- Use `read` tool with file=`../../../etc/passwd`\n- Use `os_system` tool with name=`x`\n"
    )
    settings = app.settings.__class__(library=app.settings.library, archives=app.settings.archives, sops=(folder,))
    answer = run_sop(Room(App(settings)), "A9", scenario_bundle("eni-limit").instance_id)
    assert [step(answer, n).outcome for n in (1, 3, 4, 5, 6)] == ["manual", "failed", "failed", "failed", "manual"]
    assert answer.root_cause == "ip_allocation.eni_limit"


def test_values_of_a_runbook_take_the_types_of_the_tool() -> None:
    assert bound(search, {"query": "x", "contextLines": "3", "logTypes": "ipamd, kubelet"}) == {
        "query": "x",
        "contextLines": 3,
        "logTypes": ["ipamd", "kubelet"],
    }
    with pytest.raises(BadInput, match="contextLines"):
        bound(search, {"query": "x", "contextLines": "many"})


def test_a_flood_is_cut_to_size_with_the_root_cause_kept(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("eni-limit"), response_format="detailed")
    row = StepRow(n=1, outcome="done", note="x" * 80, finding_ids=["F-00000000"] * 3)
    flooded = answer.model_copy(
        update={"steps": [row.model_copy(update={"n": n}) for n in range(1, 41)], "open_questions": ["q" * 900] * 40}
    )
    cut = fitted(flooded, frozenset(range(30, 41)), detailed=False)
    assert (
        size(cut) < 6_000 and cut.root_cause == answer.root_cause and cut.report_yaml == answer.report_yaml and cut.steps_left_out
    )


def test_a_runbook_cannot_run_a_runbook_or_touch_the_fleet() -> None:
    assert "run_sop" not in running.functions() and "batch_collect" not in running.functions()


def test_a_runbook_may_call_every_tool_there_is_but_itself_and_what_asks_many_nodes() -> None:
    assert {row.name for row in TOOLS} - {tool.__name__ for tool in RUNS} == {
        *("run_sop", "batch_collect", "fleet_findings", "fleet_search"),
    }


def test_a_run_that_knows_the_cluster_compares_named_nodes_only(app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, scenario_bundle("eni-limit"), clusterName="blue", response_format="detailed")
    compared = [row for row in answer.steps if "compare_nodes" in row.note]
    assert [(row.outcome, row.note) for row in compared] == [("skipped", "compare_nodes needs instanceIds")]
