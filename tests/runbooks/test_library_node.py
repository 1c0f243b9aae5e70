"""The runbooks on node lifecycle, kubelet, runtime, storage and pressure, each run on a node it is about and on one that
only looks like it."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest
import yaml

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.match import rank
from eks_diag_mcp.runbooks.steps import steps_of
from eks_diag_mcp.signatures.catalogue import catalogue
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.run_answer import RunAnswer
from eks_diag_mcp.tools.run_sop import run_sop

from .. import scenarios

Admit = Callable[[str], Bundle]

CASES = {
    "A1": ("node-out-of-memory", "oom_system", "container-over-limit"),
    "A2": ("no-nodeconfig", "bootstrap_join", "no-metadata-at-boot"),
    "A3": ("serving-cert-expired", "cert_expired", "clock-behind"),
    "A4": ("clock-behind", "clock_skew", "serving-cert-expired"),
    "A5": ("no-access-entry", "bootstrap_join", "aws-node-absent"),
    "B1": ("cpu-manager-state", "kubelet_notready", "unknown-kubelet-flag"),
    "B2": ("inodes-used-up", "inode", "emptydir-over-limit"),
    "B3": ("relist-hangs", "pleg", "containerd-dies"),
    "C1": ("registry-unreachable", "image_pull", "disk-full-evicts"),
    "C2": ("portmap-chain", "sandbox_create", "subnet-exhausted"),
    "C3": ("watches-used-up", "inode", "disk-full-evicts"),
    "E1": ("volume-slots-full", "ebs_csi", "ebs-driver-no-metadata"),
    "E2": ("efs-port-closed", "efs", "efs-behind-lockup"),
    "G1": ("disk-full-evicts", "eviction_disk", "watches-used-up"),
    "G2": ("memory-evictions", "eviction_memory", "cgroups-leaked"),
    "G3": ("tasks-used-up", "pid_pressure", "node-out-of-memory"),
}
"""Runbook -> (a node it resolves, its root cause, a node that looks alike)."""
SOPS = sorted(CASES)
RESOLVED = [(sop, name, cause) for sop, (name, cause, _) in CASES.items()] + [
    ("B2", "memory-evictions", "eviction_memory"),
    ("B2", "disk-full-evicts", "eviction_disk"),
    ("C3", "inodes-used-up", "inode"),
    ("G2", "container-over-limit", "oom_cgroup"),
    ("G2", "node-out-of-memory", "oom_system"),
]
ALIKE = [(sop, name) for sop, (_, _, name) in CASES.items()] + [
    ("A2", "unknown-kubelet-flag"),
    ("A4", "iam"),
    ("C2", "cilium-own-ipam"),
    ("E1", "eni-limit"),
    ("E2", "volume-slots-full"),
]
LIBRARY = SopLibrary.load()


def ran(app: App, sop: str, bundle: Bundle) -> RunAnswer:
    return run_sop(Room(app), sop, bundle.instance_id)


def output_format(sop: str) -> dict[str, object]:
    """The runbook's own Output Format."""
    text = re.search(r"```yaml\n(.*?)```", LIBRARY.find(sop).parts["Output Format"], re.DOTALL)
    assert text is not None
    found: dict[str, object] = yaml.safe_load(text[1])
    return found


def vocabulary(sop: str) -> set[str]:
    """The causes that the runbook reports in its own words."""
    return set(re.fullmatch(r"<([a-z_.|]+)> — <detail>", str(output_format(sop)["root_cause"]))[1].split("|"))  # type: ignore[index]


def reported(answer: RunAnswer) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(answer.report_yaml)
    return found


def follows_its_format(sop: str, answer: RunAnswer) -> None:
    """Keys, severity word and size; no step failed."""
    report, wanted = reported(answer), output_format(sop)
    assert set(report) == set(wanted) and set(report["mitigation"]) == set(wanted["mitigation"])  # type: ignore[call-overload]
    assert all(set(row) == {"type", "content"} for row in report["evidence"])  # type: ignore[attr-defined]
    size = len(json.dumps(answer.model_dump(mode="json", exclude_none=True), ensure_ascii=False, separators=(",", ":")))
    assert size < 6_000
    assert [row for row in answer.steps if row.outcome == "failed"] == []


@pytest.mark.parametrize(("sop", "name", "cause"), RESOLVED)
def test_a_runbook_resolves_the_node_it_is_about(sop: str, name: str, cause: str, app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, sop, scenario_bundle(name))
    assert answer.root_cause == cause == str(reported(answer)["root_cause"]).split(" ")[0]
    assert cause in vocabulary(sop) and "is not what" not in answer.headline
    follows_its_format(sop, answer)
    applying = [r for r in answer.steps if r.outcome == "done" and r.note.startswith("applies")]
    assert applying, "a condition of the runbook applies and is ticked with its evidence"
    assert all(r.finding_ids for r in applying)


@pytest.mark.parametrize(("sop", "alike"), ALIKE)
def test_a_runbook_is_not_taken_in_by_a_node_that_looks_alike(sop: str, alike: str, app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, sop, scenario_bundle(alike))
    assert answer.root_cause == scenarios.load(alike).expect.root_cause != CASES[sop][1]
    word = str(reported(answer)["root_cause"]).split(" ")[0]
    assert word == (answer.root_cause or "undetermined") and word not in vocabulary(sop)
    assert ("is not what" in answer.headline) == (answer.root_cause is not None)
    follows_its_format(sop, answer)


@pytest.mark.parametrize("sop", SOPS)
def test_a_healthy_node_is_undetermined(sop: str, app: App, scenario_bundle: Admit) -> None:
    answer = ran(app, sop, scenario_bundle("healthy-1-20"))
    assert answer.root_cause is None and str(reported(answer)["root_cause"]).startswith("undetermined")
    assert [r.n for r in answer.steps if r.note.startswith("applies")] == []
    follows_its_format(sop, answer)


@pytest.mark.parametrize("sop", SOPS)
def test_its_words_are_causes_that_name_it_as_their_runbook(sop: str) -> None:
    rows = causes().by_id
    assert {c for c in vocabulary(sop) if c not in rows or LIBRARY.find(sop).short_id not in rows[c].sops} == set()


@pytest.mark.parametrize("sop", SOPS)
def test_it_is_found_by_the_lines_that_prove_its_cause(sop: str, app: App, scenario_bundle: Admit) -> None:
    name, _, _ = CASES[sop]
    root = app.diagnosis(scenario_bundle(name)).root_cause
    assert root is not None
    lines = [e.text for reason in root.because for e in reason.evidence]
    assert any(sop in [m.sop.short_id for m in rank(LIBRARY, line, 2) if m.trigger] for line in lines)


# ---- words that a component prints today -----------------------------------------------------------------------------
@cache
def samples() -> tuple[str, ...]:
    """Every sample line of the catalogue of signatures."""
    return tuple(line for compiled in catalogue().rows for line in compiled.row.hits)


@cache
def printed(scenario: str) -> tuple[str, ...]:
    """Every line of a scenario's bundle."""
    return tuple(line for data in scenarios.load(scenario).files().values() for line in data.decode(errors="replace").splitlines())


def choices(pattern: str) -> Iterator[str]:
    """The alternatives of a pattern, split where a `|` stands in no bracket."""
    depth, choice = 0, ""
    for part in re.split(r"(\\.|[()\[\]|])", pattern):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(part, 0)
        if part == "|" and depth == 0:
            yield choice
            choice = ""
        else:
            choice += part
    yield choice


def is_printed(pattern: str, sop: str) -> bool:
    found = re.compile(pattern, re.IGNORECASE)
    return any(found.search(line) for line in (*samples(), *printed(CASES[sop][0]), *printed(CASES[sop][2])))


@pytest.mark.parametrize("sop", SOPS)
def test_each_trigger_is_a_line_of_the_catalogue_or_of_its_node(sop: str) -> None:
    assert [t for t in LIBRARY.find(sop).triggers if not is_printed(t, sop)] == []


@pytest.mark.parametrize("sop", SOPS)
def test_it_searches_for_nothing_that_no_component_prints(sop: str) -> None:
    calls = [call for step in steps_of(LIBRARY.find(sop)) for call in step.calls]
    patterns = [v for call in calls for k, v in call.arguments if k in ("query", "pivotEvent")]
    assert len(patterns) >= 4
    assert [c for p in patterns for c in choices(p) if not is_printed(c, sop)] == []
