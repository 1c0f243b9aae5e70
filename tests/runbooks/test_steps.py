"""Runbooks fall into steps: D1 as it stands, the recorded calls of others, and odd or hostile ones."""

import json
import re
from pathlib import Path

import pytest

from eks_diag_mcp.errors import CatalogueError
from eks_diag_mcp.runbooks.calls import MAX_CALLS, calls_of
from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.model import Sop
from eks_diag_mcp.runbooks.parse import parse
from eks_diag_mcp.runbooks.steps import MAX_STEPS, Step, steps_of
from eks_diag_mcp.runbooks.thumb import Rules, rules

D1 = SopLibrary.load().find("D1")
CALLS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "sop-calls.jsonl").read_text().splitlines()]


def sop(phases: str) -> Sop:
    return parse(f"---\ntitle: T\n---\n{phases}".encode(), "X1-test.md")


def by_tool(tool: str) -> list[Step]:
    return [s for s in steps_of(D1) if any(c.tool == tool for c in s.calls)]


def test_every_step_of_d1_is_its_own_text_verbatim() -> None:
    for step in steps_of(D1):
        for line in step.text.split("\n"):
            assert line.removeprefix("  - ") in D1.text
    assert [s.n for s in steps_of(D1)] == list(range(1, 34))


def test_every_search_of_d1_is_planned_with_its_query() -> None:
    written = re.findall(r"`search` tool with (?:instanceId and )?query=`([^`]+)`", D1.text)
    assert [dict(c.arguments)["query"] for s in by_tool("search") for c in s.calls] == written and len(written) == 9


def test_the_other_calls_of_d1() -> None:
    planned = {str(c) for s in steps_of(D1) for c in s.calls if c.tool != "search"}
    assert planned == {
        "list_k8s_resources(kind=Pod, namespace)",
        "get_k8s_events(kind=Pod, name)",
        "list_k8s_resources(kind=Node)",
        "list_k8s_resources(kind=Pod, apiVersion=v1, namespace=kube-system, labelSelector=k8s-app=aws-node, clusterName)",
        "describe_eks_resource(resourceType=addon, resourceName=vpc-cni, clusterName)",
        "collect(instanceId)",
        "status(executionId)",
        "errors(instanceId)",
        "cluster_health(clusterName)",
        "compare_nodes()",
        "network_diagnostics(sections=cni,ipamd,eni, instanceId)",
        "network_diagnostics(sections=cni,ipamd)",
        "correlate(pivotEvent=failed to assign, instanceId)",
        "summarize(instanceId, finding_ids)",
    }


def test_levels_and_kinds_of_d1() -> None:
    steps = {s.n: s for s in steps_of(D1)}
    assert steps[1].text.startswith("**FIRST**") and steps[1].text.count("\n") == 5
    assert [(s.level, s.phase) for s in by_tool("correlate")] == [("SHOULD", 2)]
    assert [s.rule.id for s in steps.values() if s.rule] == [
        "cni_pod_down",
        "cni_pod_up",
        "eni_limit_reached",
        "addresses_cooling",
        "address_use",
        "state_root_cause",
        "targeted_fix",
        "confirm_after",
        "address_use",
        "subnet_free_addresses",
        "prefix_delegation_advised",
    ]
    assert [s.n for s in steps.values() if s.kind == "manual"] == [29, 33]


@pytest.mark.parametrize("row", CALLS, ids=lambda row: row["tool"])
def test_calls_of_other_runbooks_are_read_back_as_written(row: dict) -> None:
    """Each recorded call, written as these runbooks write it, gives the same tool, values and open parameters."""
    given = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in row["args"].items() if v is not None}
    words = [f"{k}=`{v}`" for k, v in given.items()] + [k for k, v in row["args"].items() if v is None]
    (call,) = calls_of(f"Use `{row['tool']}` tool with {', '.join(words)} to see what happened — search again if needed")
    renamed = {
        "duration": "durationSeconds",
        "captureId": "commandId",
        "label_selector": "labelSelector",
        "field_selector": "fieldSelector",
    }
    renamed |= {"container_name": "containerName", "pod_name": "podName"}
    blanks = {k for k, v in given.items() if re.search(r"<[a-z]", v)}
    assert call.tool == row["tool"]
    assert dict(call.arguments) == {renamed.get(k, k): v for k, v in given.items() if k not in blanks}
    single = {"namespace", "query", "kind", "name"}  # too common as words to be taken for parameters without a value
    assert {renamed.get(k, k) for k, v in row["args"].items() if v is None or k in blanks} - single == set(call.required) - single


def test_the_form_of_a_function_call_is_read_too() -> None:
    (call,) = calls_of('Then search(instanceId="i-0abc123def456", query="a|b (c)", contextLines=2)')
    assert dict(call.arguments) == {"instanceId": "i-0abc123def456", "query": "a|b (c)", "contextLines": "2"}


def test_a_placeholder_is_a_parameter_left_open() -> None:
    (call,) = calls_of("Use `correlate` tool with pivotEvent=`<first-error-pattern>` and timeWindow=300")
    assert call.arguments == (("timeWindow", "300"),) and call.required == ("pivotEvent",)
    (kept,) = calls_of("Use `search` tool with query=`value <nil>|(?P<name>x)`")
    assert dict(kept.arguments) == {"query": "value <nil>|(?P<name>x)"}


@pytest.mark.parametrize(
    ("command", "tool", "call"),
    [
        (
            "get pods -n kube-system -l k8s-app=aws-node",
            "list_k8s_resources",
            "kind=Pod, namespace=kube-system, labelSelector=k8s-app=aws-node",
        ),
        ("get no -o wide", "list_k8s_resources", "kind=Node"),
        ("get pod web-1 -n shop -o yaml", "read_k8s_resource", "kind=Pod, name=web-1, namespace=shop"),
        ("describe node <node-name>", "get_k8s_events", "kind=Node, name"),
        (
            "logs -n kube-system ds-x -c ebs-plugin --tail=50",
            "get_pod_logs",
            "podName=ds-x, namespace=kube-system, containerName=ebs-plugin",
        ),
        ("delete pod web-1", "get_k8s_events", ""),
        ("get secretthings", "list_k8s_resources", ""),
    ],
)
def test_a_kubectl_command_beside_a_tool_says_what_the_call_asks_for(command: str, tool: str, call: str) -> None:
    assert [str(c) for c in calls_of(f"Look: `kubectl {command}` (via EKS MCP `{tool}`)")] == [f"{tool}({call})"]


def test_what_a_pattern_holds_is_no_call() -> None:
    text = "Use `search` tool with instanceId and query=`(?:bw|pps)_allowance_(exceeded|available)|errors(x=1)` to see"
    assert [str(c) for c in calls_of(text)] == ["search(query=(?:bw|pps)_allowance_(exceeded|available)|errors(x=1), instanceId)"]
    (call,) = calls_of('search(instanceId="i-0abc123def456", query="probeResult=\\"failure\\"", logTypes="kubelet")')
    assert dict(call.arguments)["query"] == 'probeResult="failure"' and dict(call.arguments)["logTypes"] == "kubelet"


def test_words_that_are_also_tools_are_calls_only_where_they_are_used_as_such() -> None:
    assert calls_of("Check the pod's `status` and `errors` in the dashboard") == ()
    assert [str(c) for c in calls_of("Use `errors` and then `read` with file=`a.log`")] == ["errors()", "read(file=a.log)"]


def test_another_spelling_of_a_parameter_is_that_of_the_tool_it_is_given_to() -> None:
    assert [str(c) for c in calls_of("Use `describe_eks_resource` tool with resource_type=addon, resource_name=vpc-cni")] == [
        "describe_eks_resource(resourceType=addon, resourceName=vpc-cni)"
    ]
    assert [str(c) for c in calls_of("Use `run_sop` tool with sopName=D1")] == ["run_sop(sop=D1)"]


def test_a_condition_names_where_a_number_is_from_and_asks_for_no_call() -> None:
    (rule, action) = steps_of(
        sop("## Phase 1 - X\nMUST:\n- If `network_diagnostics` shows X: it is Y\n- If X, use `errors` tool with severity=high\n")
    )
    assert (rule.kind, rule.calls) == ("rule", ())
    assert (action.kind, [str(c) for c in action.calls]) == ("call", ["errors(severity=high)"])


def test_fences_prohibitions_and_words_before_a_level_are_no_steps() -> None:
    text = "## Phase 1 - X\nIntro\n- not a step\n**MUST**:\n* one\n  goes on\n```\n- `collect` tool\n```\nMUST NOT:\n- `tcpdump_capture` tool\nMAY:\n1. two\n"
    assert [(s.level, s.text) for s in steps_of(sop(text))] == [("MUST", "one goes on"), ("MAY", "two")]


def test_a_hostile_runbook_names_no_other_function() -> None:
    text = "## Phase 1 - X\nMUST:\n- Use `__import__('os').system` with x=1\n- Run os.system(\"id\") and `eval` and `subprocess`\n"
    assert [s.calls for s in steps_of(sop(text))] == [(), ()]
    named = calls_of("Use `rm_everything` tool with path=`/`")
    assert [c.tool for c in named] == ["rm_everything"] and named[0].arguments == ()  # a name only; the run has no such tool


def test_a_flood_of_bullets_and_calls_is_capped() -> None:
    many = steps_of(sop("## Phase 1 - X\nMUST:\n" + "- `errors` tool\n" * 5000))
    assert len(many) == MAX_STEPS
    assert len(calls_of("".join(f"`search` tool with query=`q{n}` " for n in range(500)))) == MAX_CALLS


def test_a_runbook_of_the_largest_size_is_read_at_once() -> None:
    """Where a pattern or loop costs by the square of the length, this test takes minutes."""
    heads = ["If root cause " * 18_000, "`search` " * 28_000, "If all ENIs " * 20_000, "x\n  y" + "\n  z" * 60_000, "<a " * 80_000]
    for head in heads:
        assert len(steps_of(sop(f"## Phase 1 - X\nMUST:\n- {head}\n"))) == 1


def test_odd_runbooks_have_no_steps() -> None:
    assert steps_of(sop("")) == () and steps_of(sop("## Phase 1\n")) == () and steps_of(sop("## Guardrails\nMUST:\n- x\n")) == ()


def test_each_rule_of_thumb_proves_itself(tmp_path: Path) -> None:
    assert len(rules().rows) > 10
    bad = tmp_path / "thumb.yaml"
    bad.write_text(
        "rules:\n- {id: one, pattern: abc, asks: rule, hits: [xyz]}\n- {id: two, pattern: x, asks: rule, hits: [x], misses: [x]}\n"
        "- {id: three, pattern: q, asks: rule, causes: [nonsense], hits: [q]}\n"
    )
    with pytest.raises(CatalogueError) as caught:
        Rules(bad)
    assert all(word in str(caught.value) for word in ("thumb.yaml:2", "thumb.yaml:3", "nonsense"))
