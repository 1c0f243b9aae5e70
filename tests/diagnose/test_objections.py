"""What rules a cause out can be looked up: a line of the bundle, or the id of what was found."""

from collections.abc import Callable

import pytest

from eks_diag_mcp.app import App
from eks_diag_mcp.bundle.bundle import Bundle
from eks_diag_mcp.model import Reason
from eks_diag_mcp.tools.room import Room
from eks_diag_mcp.tools.verdicts import summarize

ScenarioBundle = Callable[[str], Bundle]
ARITHMETIC = ("ENIs are attached", "is cooling", "addresses are free", "only cool down", "answered at the capture", "is set, so")
"""Words of the objections that come of numbers or settings which stand in a file."""


@pytest.mark.parametrize(
    "name", ["eni-limit", "eni-limit-not", "cooldown-churn", "subnet-exhausted", "prefix-fragmented", "kube-proxy-down-not", "iam"]
)
def test_a_number_that_speaks_against_a_cause_is_quoted_from_its_file(app: App, scenario_bundle: ScenarioBundle, name: str) -> None:
    bundle = scenario_bundle(name)
    told = [r for v in app.diagnosis(bundle).verdicts for r in v.against if any(word in r.says for word in ARITHMETIC)]
    assert told
    for reason in told:
        assert reason.evidence, reason.says
        for quoted in reason.evidence:
            assert next(bundle.lines(quoted.file, quoted.line, 1))[1][:300] == quoted.text


def test_the_very_readings_are_quoted(app: App, scenario_bundle: ScenarioBundle) -> None:
    against = objections(app, scenario_bundle("subnet-exhausted"), "ip_allocation.eni_limit")
    assert [e.file for e in against[0].evidence] == ["ipamd/enis.json", "ipamd/metrics.json"]
    endpoint = objections(app, scenario_bundle("kube-proxy-down-not"), "ip_allocation.kube_proxy_down")
    assert "CLUSTER_ENDPOINT" in endpoint[0].says and "CLUSTER_ENDPOINT" in endpoint[0].evidence[0].text


def test_a_silence_that_means_something_names_what_makes_it_so(app: App, scenario_bundle: ScenarioBundle) -> None:
    bundle = scenario_bundle("eni-limit")
    issue = next(i for s in app.sections(bundle).values() for i in s.issues if i.key == "eni.limit_reached")
    for cause in ("ip_allocation.subnet_exhausted", "ip_allocation.prefix_fragmented"):
        assert issue.id in {i for r in objections(app, bundle, cause) for i in r.ids}


def objections(app: App, bundle: Bundle, cause: str) -> tuple[Reason, ...]:
    return next(v for v in app.diagnosis(bundle).verdicts if v.id == cause).against


def test_an_answer_says_where_the_reading_stands(app: App, scenario_bundle: ScenarioBundle) -> None:
    bundle = scenario_bundle("subnet-exhausted")
    answer = summarize(Room(app), bundle.instance_id)
    told = {row.id: row.against[0] for row in answer.root_causes if row.against}
    assert told["ip_allocation.eni_limit"].at == ["ipamd/enis.json:1"]
