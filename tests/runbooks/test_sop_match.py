"""Which SOP fits a symptom."""

from dataclasses import replace

import pytest

from eks_diag_mcp.runbooks.library import SopLibrary
from eks_diag_mcp.runbooks.match import rank

D1 = SopLibrary.load().find("D1")
DNS = replace(
    D1,
    id="D9-coredns-failures",
    title="CoreDNS Resolution Failures",
    description="Pods cannot resolve names",
    triggers=("i/o timeout.*:53", "SERVFAIL", "*bad regex", "conntrack.*table full"),
)
LIBRARY = SopLibrary([D1, DNS])


@pytest.mark.parametrize(
    ("symptom", "trigger"),
    [
        (
            'E1123 pod_workers.go "Failed" err="plugin aws-cni failed to assign an IP address to container"',
            "failed to assign an IP address to container",
        ),
        ('{"level":"error","msg":"ipamd: failed to increase IP pool"}', "ipamd.*failed to increase IP pool"),
        ("InsufficientFreeAddresses", "InsufficientFreeAddresses"),
        ("`failed to assign an IP|no available IP`", "failed to assign an IP address to container"),
        ("no IP addresses are available", "no available IP addresses"),
        ("Insufficient free addresses in the subnet", "InsufficientFreeAddresses"),
    ],
)
def test_a_trigger_finds_its_sop_and_is_named(symptom, trigger):
    best = rank(LIBRARY, symptom)[0]
    assert (best.sop.short_id, best.trigger) == ("D1", trigger) and 0.12 <= best.score <= 1


@pytest.mark.parametrize(
    ("symptom", "sop"),
    [
        ("pods stuck in ContainerCreating", "D1"),
        ("ip_allocation.subnet_exhausted", "D1"),
        ("VpcCniIpAddressExhaustion", "D1"),
        ("D1", "D1"),
        ("CoreDNSDown", "D9"),
        ("names do not resolve", "D9"),
        ("dial udp 10.0.0.2: i/o timeout from 10.0.0.2:53", "D9"),
    ],
)
def test_words_and_alert_names_find_the_sop_they_speak_of(symptom, sop):
    assert rank(LIBRARY, symptom)[0].sop.short_id == sop


@pytest.mark.parametrize("symptom", ["", "   ", "disk is full", "KubeNodeNotReady", "pods fail on the node", "E"])
def test_what_no_sop_speaks_of_finds_none(symptom):
    assert rank(LIBRARY, symptom) == ()


def test_a_trigger_that_hits_outranks_shared_words():
    found = rank(LIBRARY, "SERVFAIL while pods are stuck in ContainerCreating, VPC CNI IP allocation")
    assert [m.sop.short_id for m in found] == ["D9", "D1"]
    assert [m.sop.short_id for m in rank(LIBRARY, "SERVFAIL stuck ContainerCreating", limit=1)] == ["D9"]


def test_the_ranking_does_not_depend_on_the_order_of_the_files():
    symptom = "no available IP addresses, SERVFAIL, conntrack table full"
    assert rank(LIBRARY, symptom) == rank(SopLibrary([DNS, D1]), symptom)


def test_a_trigger_that_is_no_regex_is_taken_as_text():
    assert rank(LIBRARY, "this is a *bad regex here")[0].trigger == "*bad regex"


def test_a_fragment_of_a_trigger_counts_nearly_as_the_whole():
    assert rank(LIBRARY, "increase IP pool")[0].score > max(0.5, rank(LIBRARY, "pool IP increase")[0].score)


def test_a_pattern_of_the_caller_is_compared_and_never_run():
    assert rank(LIBRARY, r"(\w+\s?)+oomkill") == ()  # run on a trigger, this would not end


def test_equal_scores_stand_in_the_order_of_their_ids():
    twins = [replace(D1, id=f"D{n}-twin") for n in (10, 3, 2)]
    assert [m.sop.id for m in rank(SopLibrary(twins), "failed to allocate ENI")] == ["D2-twin", "D3-twin", "D10-twin"]
