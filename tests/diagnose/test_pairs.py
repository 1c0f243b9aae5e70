"""Every cause is found in one scenario, and does not stand in another that looks alike and differs in one fact."""

from pathlib import Path

import yaml

from eks_diag_mcp.diagnose.causes import causes
from eks_diag_mcp.diagnose.diagnosis import JUDGES

from .. import scenarios

FOLDER = Path(__file__).parents[2] / "fixtures" / "scenarios"
RAW = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
PAIRS: dict[str, list[tuple[str, str]]] = {
    "judge_ip_allocation": [
        ("eni-limit", "eni-limit-not"),
        ("cooldown-churn", "cooldown-churn-not"),
        ("eni-leak", "eni-leak-not"),
        ("kube-proxy-down", "kube-proxy-down-not"),
        ("prefix-fragmented", "prefix-fragmented-not"),
        ("subnet-exhausted", "healthy-1-20"),
    ],
    "judge_attachments": [("ebs-csi", "ebs-csi-not")],
    "judge_loops": [("coredns-restarts", "coredns-restarts-not")],
    "judge_growth": [],  # two bundles of one node: tests/diagnose/test_growth.py
}


def test_every_cause_is_the_root_cause_of_a_scenario() -> None:
    found = {scenarios.load(name).expect.root_cause for name in RAW}
    assert sorted(row.id for row in causes().rows if row.id not in found) == []


def test_every_cause_has_a_look_alike_in_which_it_does_not_stand() -> None:
    expects = [scenarios.load(name).expect for name in RAW]
    denied = {c for e in expects for c in (*e.ruled_out, *e.not_supported, *e.not_applicable)}
    assert sorted(row.id for row in causes().rows if row.id not in denied) == []


def test_every_judge_has_a_pair_of_scenarios_that_flips_it() -> None:
    assert {judge.__name__ for judge in JUDGES} == set(PAIRS)
    for pairs in PAIRS.values():
        for one, other in pairs:
            assert scenarios.load(one).expect.root_cause != scenarios.load(other).expect.root_cause, (one, other)


def test_a_pair_comes_to_different_verdicts() -> None:
    for name, raw in RAW.items():
        if "like" in raw:
            ours, base = scenarios.load(name).expect, scenarios.load(raw["like"]).expect
            assert ours.root_cause != base.root_cause or ours.not_supported != base.not_supported, name
