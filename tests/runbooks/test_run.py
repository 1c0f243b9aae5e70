"""A run carries facts from step to step, stops when told, and tells plainly what it did not do."""

from collections.abc import Mapping

import pytest

from eks_diag_mcp.errors import BadPattern, Unavailable
from eks_diag_mcp.model import Diagnosis, Reason, Verdict
from eks_diag_mcp.runbooks.calling import NOTE_CHARS, Desk, Seen, ToolShape
from eks_diag_mcp.runbooks.facts import Facts
from eks_diag_mcp.runbooks.judging import Known, judge
from eks_diag_mcp.runbooks.parse import parse
from eks_diag_mcp.runbooks.run import Transcript, headline, plan, run
from eks_diag_mcp.runbooks.steps import Step, steps_of
from eks_diag_mcp.runbooks.thumb import rules

TOOLS = {
    "errors": ToolShape(frozenset({"instanceId", "severity"}), frozenset()),
    "search": ToolShape(frozenset({"instanceId", "query"}), frozenset({"query"})),
    "status": ToolShape(frozenset({"executionId"}), frozenset({"executionId"})),
    "summarize": ToolShape(frozenset({"instanceId", "finding_ids", "sop"}), frozenset()),
}


def verdict(cause: str, stand: str, when: str | None = "at_capture") -> Verdict:
    reason = (Reason("reason", ("F-1",)),)
    return Verdict(cause, cause, stand, when, "high", "critical", because=reason, against=(Reason("against"),))  # type: ignore[arg-type]


def known(*verdicts: Verdict, **readings: object) -> Known:
    return Known(Diagnosis(verdicts), lambda section, name: readings.get(f"{section}_{name}"))


def steps(*bullets: str) -> tuple[Step, ...]:
    lines = "\n".join(f"- {b}" for b in bullets)
    return steps_of(parse(f"---\ntitle: T\n---\n## Phase 1 - X\nMUST:\n{lines}\n".encode(), "X1-t.md"))


class Calls:
    """A desk that writes down what it is asked."""

    def __init__(self, **answers: Seen | Exception) -> None:
        self.answers, self.made = answers, []  # type: ignore[var-annotated]

    def __call__(self, tool: str, arguments: Mapping[str, object]) -> Seen:
        self.made.append((tool, dict(arguments)))
        answer = self.answers.get(tool, Seen("seen"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def ran(calls: Calls, *bullets: str, facts: Facts | None = None, about: Known | None = None, **more: object) -> Transcript:
    desk = Desk(TOOLS, calls, lambda: about or known(), **more)  # type: ignore[arg-type]
    return run(steps(*bullets), desk, {"instanceId": "i-1", **(facts or {})})


def test_finding_ids_of_one_step_go_into_a_later_one() -> None:
    calls = Calls(errors=Seen("2 findings", ("F-1",), {"finding_ids": ("F-1", "F-2")}))
    ran(calls, "Use `errors` tool with instanceId", "Use `summarize` tool with instanceId and finding_ids from it")
    assert calls.made == [("errors", {"instanceId": "i-1"}), ("summarize", {"instanceId": "i-1", "finding_ids": ("F-1", "F-2")})]


def test_the_instance_of_the_run_takes_the_place_of_an_example() -> None:
    calls = Calls()
    ran(calls, "Use `errors` tool with instanceId=`i-0abc123def456`")
    assert calls.made == [("errors", {"instanceId": "i-1"})]


def test_what_cannot_be_filled_is_skipped_and_said() -> None:
    calls = Calls()
    (step,) = ran(calls, "Use `status` tool with executionId").steps
    assert (step.outcome, step.note, calls.made) == ("skipped", "status needs executionId", [])


def test_the_same_call_is_made_once() -> None:
    calls = Calls()
    ran(calls, "Use `errors` tool", "Use `errors` tool with instanceId")
    assert len(calls.made) == 1


def test_a_call_that_fails_is_a_failed_step_and_the_run_goes_on() -> None:
    calls = Calls(search=BadPattern("the pattern costs too much " * 20))
    first, second = ran(calls, "Use `search` tool with query=`(a+)+$`", "Use `errors` tool").steps
    assert first.outcome == "failed" and len(first.note) <= NOTE_CHARS and second.outcome == "done"


def test_tools_that_are_not_here_are_for_a_person_with_the_facts_of_the_run() -> None:
    calls = Calls(errors=Seen("x", (), {"namespace": "shop", "podName": "cart-1"}))
    first, second, third = ran(
        calls,
        "Look: `kubectl describe pod <pod> -n <namespace>` (via `get_k8s_events`)",
        "Use `list_k8s_resources` with kind=Node",
        "Use `errors` tool",
    ).steps
    assert (first.outcome, first.note) == ("manual", "run: kubectl describe pod cart-1 -n shop")
    assert (second.outcome, second.note) == ("manual", "run: kubectl get node -o wide")
    assert third.outcome == "done"


def test_a_fact_that_is_no_name_never_reaches_a_command() -> None:
    (step,) = ran(Calls(), "`kubectl get pods -n <namespace>`", facts={"namespace": "x; rm -rf /"}).steps
    assert step.note == "run: kubectl get pods -n <namespace>"


def test_no_call_is_begun_when_the_time_is_up() -> None:
    calls = Calls()
    (step,) = ran(calls, "Use `errors` tool", late=lambda level: True).steps
    assert (step.outcome, calls.made) == ("skipped", []) and "no time" in step.note


def test_a_cancelled_run_stops_between_two_steps() -> None:
    calls = Calls()

    class Gone(BaseException):
        pass

    def checkpoint() -> None:
        if calls.made:
            raise Gone

    with pytest.raises(Gone):
        ran(calls, "Use `errors` tool", "Use `search` tool with query=`x`", checkpoint=checkpoint)
    assert len(calls.made) == 1


def test_progress_grows_to_its_total() -> None:
    told: list[tuple[float, float | None]] = []
    ran(Calls(), "Use `errors` tool", "x", progress=lambda done, total, _: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_plan_makes_no_call() -> None:
    shown = plan(
        steps("Use `errors` tool with instanceId", "Use `list_k8s_resources` with kind=Node", "If all ENIs at max IPs: x"), TOOLS
    )
    assert [(t.outcome, t.note) for t in shown] == [
        ("skipped", "would call errors(instanceId)"),
        ("manual", "run: kubectl get node -o wide"),
        ("skipped", "would be judged from the bundle"),
    ]


@pytest.mark.parametrize(
    ("rule", "about", "outcome"),
    [
        ("eni_limit_reached", known(verdict("ip_allocation.eni_limit", "supported")), "done"),
        ("eni_limit_reached", known(verdict("ip_allocation.eni_limit", "supported", "earlier")), "skipped"),
        (
            "eni_limit_reached",
            known(verdict("ip_allocation.eni_limit", "ruled_out"), verdict("ip_allocation.subnet_exhausted", "supported")),
            "unmet",
        ),
        ("addresses_cooling", known(verdict("ip_allocation.cooldown_churn", "ruled_out")), "unmet"),
        ("addresses_cooling", known(verdict("ip_allocation.cooldown_churn", "unknown")), "skipped"),
        ("addresses_cooling", known(), "skipped"),
        ("cni_pod_down", known(ipamd_ipamd_up=False), "done"),
        ("cni_pod_down", known(ipamd_ipamd_up=True), "unmet"),
        ("cni_pod_down", known(verdict("ip_allocation.ipamd_crash", "supported"), ipamd_ipamd_up=True), "done"),
        ("cni_pod_down", known(verdict("ip_allocation.ipamd_crash", "not_applicable"), ipamd_ipamd_up=False), "skipped"),
        ("cni_pod_up", known(ipamd_ipamd_up=False), "unmet"),
    ],
)
def test_a_rule_of_thumb_is_judged_by_what_is_known(rule: str, about: Known, outcome: str) -> None:
    row = next(r for r in rules().rows if r.id == rule)
    assert judge(row, about).outcome == outcome


def test_the_headline_is_the_runbooks_own_words_where_its_rule_holds() -> None:
    bullet = 'If aws-node pod is CrashLoopBackOff: that is the root cause. Report "aws-node is down" immediately.'
    assert ran(Calls(), bullet, about=known(ipamd_ipamd_up=False)).headline == "aws-node is down"
    assert ran(Calls(), bullet, about=known(ipamd_ipamd_up=True)).headline == ""


# ---- tools behind another door ------------------------------------------------------------------------------------------
CLUSTER = TOOLS | {
    "list_k8s_resources": ToolShape(
        frozenset({"clusterName", "kind", "namespace", "fieldSelector"}), frozenset({"kind"}), "kubernetes"
    ),
    "get_k8s_events": ToolShape(frozenset({"clusterName", "kind", "name", "namespace"}), frozenset(), "kubernetes"),
}


def ran_there(calls: Calls, *bullets: str, facts: Facts | None = None, **more: object) -> Transcript:
    desk = Desk(CLUSTER, calls, known, **more)  # type: ignore[arg-type]
    return run(steps(*bullets), desk, {"instanceId": "i-1", **(facts or {})})


def test_a_cluster_step_runs_where_the_tools_are_with_blanks_filled_from_the_facts() -> None:
    calls = Calls(list_k8s_resources=Seen("3 items", ("A-12345678",)))
    (step,) = ran_there(
        calls,
        "Use `list_k8s_resources` tool with clusterName, kind=Pod and fieldSelector=`spec.nodeName=<node-name>`",
        facts={"clusterName": "prod", "node": "ip-10-0-0-1.ec2.internal"},
    ).steps
    assert calls.made == [
        ("list_k8s_resources", {"kind": "Pod", "clusterName": "prod", "fieldSelector": "spec.nodeName=ip-10-0-0-1.ec2.internal"})
    ]
    assert (step.outcome, step.note, step.ids) == ("done", "3 items", ("A-12345678",))


def test_a_blank_that_nobody_can_fill_is_left_out() -> None:
    calls = Calls()
    ran_there(calls, "Use `list_k8s_resources` tool with kind=Pod and fieldSelector=`spec.nodeName=<node-name>`")
    assert calls.made == [("list_k8s_resources", {"kind": "Pod"})]


def test_a_kubectl_command_beside_the_tool_is_made_as_its_call() -> None:
    calls = Calls()
    ran_there(
        calls,
        "Events: `kubectl describe pod <pod> -n <namespace>` (via `get_k8s_events`)",
        facts={"namespace": "shop", "podName": "c-1"},
    )
    assert calls.made == [("get_k8s_events", {"kind": "Pod", "name": "c-1", "namespace": "shop"})]


def test_a_cluster_that_a_runbook_writes_is_an_example() -> None:
    calls = Calls()
    ran_there(calls, "Use `list_k8s_resources` tool with clusterName=my-cluster and kind=Node")
    assert calls.made == [("list_k8s_resources", {"kind": "Node"})]


def test_a_door_that_is_shut_is_tried_once_and_the_rest_of_the_run_goes_on() -> None:
    calls = Calls(list_k8s_resources=Unavailable("No cluster is configured.", "Give --kubeconfig."))
    first, second, third = ran_there(
        calls, "Use `list_k8s_resources` tool with kind=Node", "Use `get_k8s_events` tool with kind=Node", "Use `errors` tool"
    ).steps
    assert (first.outcome, first.note) == ("failed", "list_k8s_resources: No cluster is configured.")
    assert (second.outcome, third.outcome) == ("failed", "done")
    assert [tool for tool, _ in calls.made] == ["list_k8s_resources", "errors"]


def test_one_failed_call_of_a_step_does_not_keep_the_others_from_being_made() -> None:
    calls = Calls(search=BadPattern("costs too much"), errors=Seen("2 findings", ("F-1",)))
    (step,) = ran(calls, "Use `search` tool with query=`x` and then `errors` tool with instanceId").steps
    assert [tool for tool, _ in calls.made] == ["search", "errors"]
    assert (step.outcome, step.note, step.ids) == ("failed", "search: costs too much", ("F-1",))


def test_an_argument_that_the_tool_does_not_take_fails_the_step_instead_of_being_dropped() -> None:
    calls = Calls()
    (step,) = ran(calls, "Use `errors` tool with logTypes=ipamd").steps
    assert (step.outcome, step.note, calls.made) == ("failed", "errors: there is no such argument: logTypes", [])


def test_a_tool_that_is_off_says_how_it_is_had() -> None:
    absent = {"tcpdump_capture": "tcpdump_capture: start the server with --toolsets capture"}
    (step,) = ran(Calls(), "Use `tcpdump_capture` tool with instanceId", absent=absent).steps
    assert (step.outcome, step.note) == ("manual", "tcpdump_capture: start the server with --toolsets capture")


@pytest.mark.parametrize(
    ("bullet", "said"),
    [
        ('If aws-node is missing: that is the root cause. Report "aws-node is down" immediately.', "aws-node is down"),
        ("If PLEG is not healthy (`pleg`): that is the root cause.", "PLEG is not healthy (pleg)"),
        ("If `kubelet` is down — this is the root cause of the rest", "kubelet is down"),
        ("If PLEG is not healthy: restart the runtime", ""),
    ],
)
def test_what_a_runbook_calls_the_root_cause_outright(bullet: str, said: str) -> None:
    assert headline(bullet) == said
