"""The runbooks of the families D (but D1), F, H, I, J, K, N and Z: each finds what it is for and is not misled by its look-alike.

One table: runbook, a described node whose trouble is its subject, and one that only looks so. What a run says of the
look-alike is another family's cause, or that the evidence does not decide."""

import json
import re
from collections.abc import Callable

import pytest
import yaml

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.match import rank
from eks_diag_mcp.runbooks.steps import steps_of
from eks_diag_mcp.signatures.phrases import phrases
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.run_answer import RunAnswer
from eks_diag_mcp.tools.run_sop import run_sop

Admit = Callable[[str], Bundle]

TABLE = [
    ("D2", "proxy-rules-refused", "kube_proxy", "proxy-cannot-resolve", "dns"),
    ("D3", "conntrack-full", "conntrack", "conntrack-full-not", "ena_throttle"),
    ("D4", "mtu-mixed", "mtu", "mtu-mixed-not", "image_pull"),
    ("D5", "dns-upstream-silent", "dns", "dns-upstream-silent-not", "probe"),
    ("D6", "linklocal-throttled", "ena_throttle", "linklocal-throttled-not", None),
    ("D7", "bandwidth-exceeded", "ena_throttle", "bandwidth-exceeded-not", "kernel_panic_softlockup"),
    ("D8", "kube-proxy-down-not", "kube_proxy", "service-without-endpoints", "probe"),
    ("D9", "pod-rules-lost", "cni_plugin.policy_routing", "pod-rules-lost-not", "network_policy"),
    ("F1", "node-requests-full", "scheduling.resources", "node-requests-full-not", "eviction_memory"),
    ("F2", "max-pods-reached", "scheduling.max_pods", "eni-limit", "ip_allocation.eni_limit"),
    ("F3", "labels-changed", "scheduling.taints", "labels-changed-not", "eviction_disk"),
    ("H1", "iam", "ip_allocation.iam", "version", "ip_allocation.version"),
    ("H2", "pod-identity-refused", "pod_identity", "imds-hop-limit", "imds"),
    ("H3", "imds-hop-limit", "imds", "iam", "ip_allocation.iam"),
    ("I1", "version-skew", "version_skew", "version-skew-not", None),
    ("J1", "eni-limit", "ip_allocation.eni_limit", "cooldown-churn", "ip_allocation.cooldown_churn"),
    ("J2", "volume-will-not-detach", "ebs_csi", "nfs-server-silent", "efs"),
    ("J3", "zone-cut-off", "kubelet_notready", "proxy-cannot-resolve", "dns"),
    ("K1", "pod-will-not-end", "sandbox_create", "nfs-server-silent", "efs"),
    ("K2", "probe-too-strict", "probe", "conntrack-full", "conntrack"),
    ("K3", "container-over-its-limit", "oom_cgroup", "service-without-endpoints", "probe"),
    ("K4", "containerd-crashes", "containerd_crash", "containerd-crashes-not", "inode"),
    ("K5", "csi-driver-unregistered", "ebs_csi", "imds-hop-limit", "imds"),
    ("N1", "auto-mode-dns", "dns", "auto-mode-dns-not", None),
    ("N2", "bottlerocket-runtime-reset", "containerd_crash", "bottlerocket-runtime-reset-not", None),
    ("Z1", "bandwidth-exceeded-not", "kernel_panic_softlockup", "healthy-1-20", None),
]
"""Runbook, its scenario and cause, its look-alike and the cause of that (None: undetermined)."""
BY_ID = {sop: rest for sop, *rest in TABLE}
FOUND = [(sop, scenario, cause) for sop, scenario, cause, *_ in TABLE]
NOT = [(sop, cause, alike, other) for sop, _, cause, alike, other in TABLE]
_WORDS = re.compile(r'^root_cause: "<(?P<words>[^>]+)>', re.MULTILINE)


def ran(app: App, admit: Admit, sop: str, scenario: str) -> RunAnswer:
    return run_sop(Room(app), sop, admit(scenario).instance_id)


def size(answer: RunAnswer) -> int:
    return len(json.dumps(answer.model_dump(mode="json", exclude_none=True), ensure_ascii=False, separators=(",", ":")))


def words(app: App, sop: str) -> list[str]:
    """What the runbook's Output Format lets `root_cause` begin with."""
    found = _WORDS.search(app.sops.find(sop).parts["Output Format"])
    assert found, f"{sop}: the Output Format names no words for root_cause"
    return found["words"].split("|")


def assert_report(app: App, sop: str, answer: RunAnswer) -> None:
    report = yaml.safe_load(answer.report_yaml)
    shape = yaml.safe_load(re.sub(r"^```.*$", "", app.sops.find(sop).parts["Output Format"].split("\n", 1)[1], flags=re.MULTILINE))
    assert set(report) == set(shape), "the keys of the Output Format, no more and no fewer"
    assert set(report["mitigation"]) == set(shape["mitigation"])
    assert all(set(row) == {"type", "content"} for row in report["evidence"])
    assert report["root_cause"].split(" ")[0] in words(app, sop) or answer.root_cause not in words(app, sop)


@pytest.mark.parametrize(("sop", "scenario", "cause"), FOUND, ids=[row[0] for row in FOUND])
def test_a_runbook_resolves_its_scenario_to_the_root_cause(
    sop: str, scenario: str, cause: str, app: App, scenario_bundle: Admit
) -> None:
    answer = ran(app, scenario_bundle, sop, scenario)
    assert answer.root_cause == cause and "is not what" not in answer.headline
    assert yaml.safe_load(answer.report_yaml)["root_cause"].split(" ")[0] == cause
    assert cause in words(app, sop), "the Output Format has a word for it"
    assert any(row.finding_ids for row in answer.steps), "steps cite evidence"
    assert_report(app, sop, answer)
    assert size(answer) < 6_000 and not [row for row in answer.steps if row.outcome == "failed"]


@pytest.mark.parametrize(("sop", "cause", "alike", "other"), NOT, ids=[row[0] for row in NOT])
def test_a_runbook_is_not_misled_by_its_look_alike(
    sop: str, cause: str, alike: str, other: str | None, app: App, scenario_bundle: Admit
) -> None:
    answer = ran(app, scenario_bundle, sop, alike)
    assert answer.root_cause == other and answer.root_cause != cause
    said = yaml.safe_load(answer.report_yaml)["root_cause"].split(" ")[0]
    assert said == (other or "undetermined")
    assert_report(app, sop, answer)
    assert size(answer) < 6_000 and not [row for row in answer.steps if row.outcome == "failed"]


@pytest.mark.parametrize("sop", BY_ID)
def test_a_rule_that_names_the_root_cause_applies_where_it_is_found(sop: str, app: App, scenario_bundle: Admit) -> None:
    scenario, cause = BY_ID[sop][:2]
    answer = ran(app, scenario_bundle, sop, scenario)
    assert [row.outcome for row in answer.steps if row.note == f"applies: {cause}"] == ["done"]


@pytest.mark.parametrize("sop", BY_ID)
def test_a_runbook_has_the_parts_and_length_of_the_format(sop: str) -> None:
    book = SopLibrary.load().find(sop)
    assert [phase.title for phase in book.phases] == ["Triage", "Enrich", "Report"]
    assert list(book.parts) == ["Guardrails", "Common Issues", "Examples", "Output Format"]
    assert all((book.description, book.severity, book.triggers, book.owner, book.objective, book.context))
    assert 100 <= len(book.text.splitlines()) <= 160
    assert "escalation_conditions:" in book.parts["Guardrails"] and "safety_ratings:" in book.parts["Guardrails"]


@pytest.mark.parametrize("sop", BY_ID)
def test_a_runbook_names_only_causes_and_runbooks_that_exist(sop: str, app: App) -> None:
    book = SopLibrary.load().find(sop)
    named = re.findall(r"root cause `([\w.]+)`", book.text)
    assert named and set(named) <= set(causes().by_id), "causes"
    assert set(words(app, sop)) - {"undetermined"} <= set(causes().by_id), "words of the Output Format"
    assert set(named) <= set(words(app, sop)), "each cause that a rule names is a word of the Output Format"
    assert set(re.findall(r"\b[DFHIJKNZ]\d\b", book.text)) <= {other.short_id for other in SopLibrary.load().sops}, "runbooks"


@pytest.mark.parametrize("sop", BY_ID)
def test_a_runbook_searches_for_what_current_components_print(sop: str) -> None:
    book = SopLibrary.load().find(sop)
    calls = [call for step in steps_of(book) for call in step.calls]
    queries = [dict(call.arguments).get("query") or dict(call.arguments).get("pivotEvent") for call in calls]
    asked = [query for query in queries if query]
    assert asked and [(query, row.phrase) for query in asked for row in phrases().in_query(query)] == []
    assert [pattern for pattern in (*asked, *book.triggers) if not _compiles(pattern)] == []


def _compiles(pattern: str) -> bool:
    try:
        return bool(re.compile(pattern))
    except re.error:
        return False


@pytest.mark.parametrize(
    ("symptom", "sop"),
    [
        ("Failed to execute iptables-restore: exit status 4", "D2"),
        ("nf_conntrack: table full, dropping packet", "D3"),
        ("write: message too long", "D4"),
        ("[FATAL] plugin/loop: Loop (127.0.0.1:43021 -> :53) detected", "D5"),
        ("linklocal_allowance_exceeded: 241877", "D6"),
        ("ena 0000:00:05.0 eth0: The number of lost tx completions is above the threshold", "D7"),
        ("back-off 5m0s restarting failed container=kube-proxy", "D8"),
        ("IPv4: martian source 10.3.40.7 from 10.3.1.9, on dev eth1", "D9"),
        ("0/12 nodes are available: 12 Insufficient cpu", "F1"),
        ("0/12 nodes are available: 12 Too many pods", "F2"),
        ("node(s) had untolerated taint {dedicated: gpu}", "F3"),
        ("UnauthorizedOperation: You are not authorized to perform this operation", "H1"),
        ("EKS does not have permissions to assume the associated role", "H2"),
        ('"ec2 metadata is not available"', "H3"),
        ("failed to parse kubelet flag: unknown flag: --container-runtime", "I1"),
        ("AttachmentLimitExceeded: Interface count 9 exceeds the limit", "J1"),
        ("Multi-Attach error for volume pvc-182d7359", "J2"),
        ("availability zone outage", "J3"),
        ("pods stuck terminating", "K1"),
        ("Liveness probe failed: HTTP probe failed with statuscode: 503", "K2"),
        ("KubePodCrashLooping", "K3"),
        ("containerd.service: Main process exited, code=exited", "K4"),
        ("driver name ebs.csi.aws.com not found in the list of registered CSI drivers", "K5"),
        ("EKS auto mode node", "N1"),
        ("bottlerocket node", "N2"),
        ("the node is slow and nobody knows why", "Z1"),
    ],
)
def test_a_symptom_finds_its_runbook(symptom: str, sop: str) -> None:
    assert rank(SopLibrary.load(), symptom)[0].sop.short_id == sop
