"""Sentences of runbooks are tied to causes and lines by what they name, and judged by the evidence, not by their own words."""

import pytest

from eks_diag_mcp.model import Diagnosis, Reason, Verdict
from eks_diag_mcp.runbooks.conditions import condition_of
from eks_diag_mcp.runbooks.escalate import conditions, escalations
from eks_diag_mcp.runbooks.judging import Known, judge
from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.links import about
from eks_diag_mcp.runbooks.model import Sop
from eks_diag_mcp.runbooks.parse import parse
from eks_diag_mcp.runbooks.steps import steps_of
from eks_diag_mcp.runbooks.tie import tied
from eks_diag_mcp.runbooks.wording import meant, own_causes, word_for

D1 = SopLibrary.load().find("D1")


def sop(words: str, front: str = "", body: str = "", name: str = "X1-t.md") -> Sop:
    output = f'## Output Format\n\n```yaml\nroot_cause: "<{words}> — <detail>"\n```\n'
    return parse(f"---\ntitle: T\n{front}---\n{body}\n{output}".encode(), name)


def verdict(cause: str, stand: str, when: str | None = "at_capture", *, signs: bool = True) -> Verdict:
    because = (Reason("sign", ("F-1",)),) if signs else ()
    return Verdict(cause, cause, stand, when, "high", "critical", because=because, against=(Reason("the opposite"),))  # type: ignore[arg-type]


def known(*verdicts: Verdict, **seen: tuple[str, ...] | None) -> Known:
    return Known(Diagnosis(verdicts), lambda *_: None, lambda name: seen.get(name.replace(".", "_")))


PLAIN = sop("conntrack|dns|undetermined")


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        ("If small packets pass and large ones hang: root cause `mtu`. Go on with D4.", ("mtu",)),
        ("If every kill has a kubepods path: one container reached its limit (`oom_cgroup`). See `oom_system`.", ("oom_cgroup",)),
        ("If ipamd has no address: ip_allocation.subnet_exhausted", ("ip_allocation.subnet_exhausted",)),
        ("If kube-proxy does not sync its rules: restart it", ("kube_proxy",)),
        ("If images cannot be pulled: look at the registry", ("image_pull",)),
    ],
)
def test_a_sentence_is_about_the_causes_it_names(text: str, causes: tuple[str, ...]) -> None:
    found = condition_of(text, PLAIN)
    assert found is not None and found.causes == causes


@pytest.mark.parametrize("text", ["If the moon is full: wait", "If it fails: root cause", "If unsure: ask a colleague"])
def test_a_sentence_that_names_nothing_known_is_left_alone(text: str) -> None:
    assert condition_of(text, PLAIN) is None


def test_a_sentence_that_quotes_a_line_is_about_that_line() -> None:
    found = condition_of("If `search` returns `table full, dropping packet`: raise the limit", PLAIN)
    assert found is not None and found.signatures == ("conntrack.table_full",) and found.causes == ()


@pytest.mark.parametrize(
    ("verdicts", "outcome", "says"),
    [
        ([verdict("conntrack", "supported")], "done", "applies: conntrack"),
        ([verdict("conntrack", "supported", "earlier")], "unmet", "earlier"),
        ([verdict("conntrack", "ruled_out", None, signs=False)], "unmet", "the opposite"),
        ([verdict("conntrack", "not_applicable", None)], "skipped", "does not apply"),
        ([verdict("conntrack", "unknown")], "skipped", "not settled"),
        ([], "skipped", "nothing speaks for or against conntrack"),
    ],
)
def test_a_conclusion_stands_or_falls_with_its_cause(verdicts: list[Verdict], outcome: str, says: str) -> None:
    condition = condition_of("If it is full: root cause `conntrack`.", PLAIN)
    assert condition is not None
    judgement = judge(condition, known(*verdicts))
    assert judgement.outcome == outcome and says in judgement.note


def test_a_state_that_follows_from_a_deeper_cause_is_there_and_the_deeper_cause_is_named() -> None:
    condition = condition_of("If kubelet is not ready (`kubelet_notready`): that is the root cause.", PLAIN)
    assert condition is not None
    judgement = judge(condition, known(verdict("containerd_crash", "supported"), verdict("kubelet_notready", "ruled_out", None)))
    assert (judgement.outcome, judgement.note) == ("done", "it is so, and follows from containerd_crash")


@pytest.mark.parametrize(
    ("seen", "outcome"),
    [
        ({"conntrack_table_full": ("F-1",)}, "done"),
        ({"conntrack_table_full": ()}, "unmet"),
        ({"conntrack_table_full": None}, "skipped"),
    ],
)
def test_a_quoted_line_is_there_or_not_or_where_it_would_stand_was_not_read(
    seen: dict[str, tuple[str, ...] | None], outcome: str
) -> None:
    condition = condition_of("If `table full, dropping packet` is printed: look on", PLAIN)
    assert condition is not None and judge(condition, known(**seen)).outcome == outcome


def test_the_word_of_a_runbook_goes_before_a_general_rule() -> None:
    body = "## Phase 2 — Enrich\n\nMUST:\n- If the conntrack table is full: root cause `dns`.\n- If the conntrack table is full: raise it\n"
    named, general = steps_of(sop("dns|conntrack", body=body))
    assert named.rule is not None and getattr(named.rule, "causes", ()) == ("dns",)
    assert getattr(general.rule, "id", "") == "conntrack_full"


def test_a_rule_that_clears_something_is_not_taken_for_one_that_blames_it() -> None:
    (step,) = steps_of(
        sop("dns|x", body="## Phase 2 — Enrich\n\nMUST:\n- If DNS fails for one name only: no fault of DNS; correct the name\n")
    )
    assert (step.kind, step.rule) == ("rule", None)


# ---- words of the Output Format ------------------------------------------------------------------------------------------
def test_the_words_of_d1_are_data() -> None:
    assert word_for(D1, "ip_allocation.prefix_fragmented") == "subnet_exhaustion"
    assert word_for(D1, "ip_allocation.iam") == "ipamd_failure", "every other cause of the family"
    assert word_for(D1, "dns") is None


def test_a_runbook_says_which_causes_its_words_stand_for() -> None:
    own = sop("table|resolver", "root_causes:\n  table: [conntrack]\n  resolver: [dns, ena_throttle]\n")
    assert (word_for(own, "conntrack"), word_for(own, "ena_throttle")) == ("table", "resolver")
    assert own_causes(own) == {"conntrack", "dns", "ena_throttle"}


@pytest.mark.parametrize(
    ("word", "causes"),
    [
        ("conntrack", ("conntrack",)),
        ("subnet_exhausted", ("ip_allocation.subnet_exhausted",)),
        ("subnet_exhaustion", ("ip_allocation.subnet_exhausted",)),
        ("subnet-exhausted", ("ip_allocation.subnet_exhausted",)),
        ("cni_plugin", ("cni_plugin",)),
        ("gremlins", ()),
    ],
)
def test_a_word_stands_for_the_cause_whose_id_it_is(word: str, causes: tuple[str, ...]) -> None:
    assert meant(sop(f"{word}|undetermined"), word) == causes


def test_a_family_as_a_word_stands_for_all_of_it() -> None:
    assert len(meant(sop("ip_allocation|dns"), "ip_allocation")) > 10


def test_the_runbooks_about_a_cause_are_those_that_declare_it_before_those_that_only_have_a_word() -> None:
    speaks, declares = sop("conntrack|dns"), sop("table|x", "root_causes:\n  table: [conntrack]\n", name="X2-t.md")
    assert [s.id for s in about([speaks, declares], "conntrack")] == ["X2-t"]
    assert [s.id for s in about([speaks], "conntrack")] == ["X1-t"] and about([speaks], "efs") == ()


# ---- escalation ----------------------------------------------------------------------------------------------------------
def guarded(*texts: str) -> Sop:
    listed = "".join(f'  - "{text}"\n' for text in texts)
    return parse(
        f"---\ntitle: T\n---\n## Guardrails\n\nescalation_conditions:\n{listed}\nsafety_ratings:\n  - x\n".encode(), "X1-t.md"
    )


def test_escalation_conditions_are_read_as_they_stand() -> None:
    assert conditions(guarded("a b", "c: d")) == ("a b", "c: d") and conditions(PLAIN) == ()


@pytest.mark.parametrize(
    ("text", "stand", "met"),
    [
        ("Conntrack table full", "supported", "yes"),
        ("Conntrack table full", "ruled_out", "no"),
        ("Conntrack table full", "unknown", "unknown"),
        ("Conntrack table full on multiple nodes", "supported", "unknown"),
        ("Conntrack table full across all nodes in the cluster", "supported", "unknown"),
        ("Conntrack table full for more than 30 minutes", "supported", "unknown"),
        ("Conntrack table full for more than 30 minutes", "ruled_out", "no"),
        ("Conntrack table full while a customer's data store was being restored", "supported", "unknown"),
        ("The customer is unhappy", "supported", "unknown"),
    ],
)
def test_escalation_conditions_are_answered_yes_no_or_unknown(text: str, stand: str, met: str) -> None:
    about_it = known(verdict("conntrack", stand, "at_capture" if stand == "supported" else None, signs=stand == "supported"))
    (answer,) = escalations(guarded(text), about_it)
    assert answer.met == met and answer.why


# ---- phrases -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("phrase", "signature"),
    [
        ("PLEG is not healthy", "pleg.not_healthy"),
        ("nf_conntrack: table full", "conntrack.table_full"),
        ("kubelet.*PLEG is not healthy", "pleg.not_healthy"),
        ("restarting failed container=(?:one|other)", "kube_proxy"),
    ],
)
def test_a_phrase_is_tied_to_the_line_it_is_about(phrase: str, signature: str) -> None:
    assert any(name.startswith(signature) for name in tied(phrase))


@pytest.mark.parametrize("phrase", ["", "x", "the subnet said no thank you", "(", "a" * 500])
def test_a_phrase_of_nobody_is_tied_to_nothing(phrase: str) -> None:
    assert tied(phrase) == ()
