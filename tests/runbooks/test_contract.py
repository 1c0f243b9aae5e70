"""The table of tools takes every recorded call of runbooks of this family, and tells what it does not take."""

import json
from pathlib import Path
from typing import Any

import pytest

from eks_diag_mcp.runbooks.calls import is_placeholder
from eks_diag_mcp.runbooks.contract import contract

CALLS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "sop-calls.jsonl").read_text().splitlines()]


def faults(call: dict[str, Any]) -> list[str]:
    spec = contract().tools[call["tool"]]
    found = [f"no parameter {key}" for key in call["args"] if spec.parameter(key) is None]
    for key, value in call["args"].items():
        name = spec.parameter(key)
        text = ",".join(value) if isinstance(value, list) else str(value)
        if name is not None and value is not None and not is_placeholder(text):
            found += [said] if (said := spec.faults(name, text)) else []
    return found


def test_every_recorded_call_fits_the_contract() -> None:
    assert len(CALLS) == 469
    assert [(call, said) for call in CALLS if (said := faults(call))] == []


@pytest.mark.parametrize(
    ("tool", "parameter", "value", "says"),
    [
        ("errors", "severity", "CRITICAL", ""),
        ("errors", "severity", "sever", "none of"),
        ("network_diagnostics", "sections", "CNI, kube-proxy", ""),
        ("network_diagnostics", "sections", "['cni','eni']", ""),
        ("network_diagnostics", "sections", "cni,dnss", "did you mean dns"),
        ("tcpdump_capture", "durationSeconds", "30", ""),
        ("tcpdump_capture", "durationSeconds", "3000", "within 10 and 300"),
        ("get_pod_logs", "tailLines", "many", "no number"),
        ("get_pod_logs", "previous", "yes", "neither true nor false"),
        ("list_k8s_resources", "kind", "pods", ""),
        ("list_k8s_resources", "kind", "MyOwnKind", ""),
        ("list_k8s_resources", "kind", "DeamonSet", "did you mean DaemonSet"),
    ],
)
def test_values_are_taken_as_the_door_takes_them(tool: str, parameter: str, value: str, says: str) -> None:
    said = contract().tools[tool].faults(parameter, value)
    assert (says in said) if says else said == ""


@pytest.mark.parametrize(
    ("tool", "written", "name"),
    [
        ("list_k8s_resources", "label_selector", "labelSelector"),
        ("tcpdump_capture", "duration", "durationSeconds"),
        ("tcpdump_analyze", "captureId", "commandId"),
        ("network_diagnostics", "section", "sections"),
        ("run_sop", "sopName", "sop"),
        ("get_sop", "sop", "sopName"),
        ("errors", "pivotEvent", None),
    ],
)
def test_names_are_taken_in_any_spelling_of_that_tool(tool: str, written: str, name: str | None) -> None:
    assert contract().tools[tool].parameter(written) == name
