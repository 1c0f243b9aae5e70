"""The arithmetic and the table of limits (rules: bundle-format 4.5)."""

import pytest

from eks_diag_mcp.model import NodeFacts
from eks_diag_mcp.sections.readers.capacity import ip_capacity, shortage, usable_enis
from eks_diag_mcp.sections.readers.limits import limits_from_facts, limits_of


@pytest.mark.parametrize(
    ("name", "max_pods"),
    [("m5.large", 29), ("t3.medium", 17), ("p5.48xlarge", 100), ("m4.4xlarge", 234), ("c5.18xlarge", 737)],
)
def test_max_pods_of_a_type_agree_with_the_published_file(name, max_pods):
    assert limits_of(name).max_pods == max_pods


def test_only_the_default_network_card_counts():
    limits = limits_of("p5.48xlarge")
    assert (limits.enis, limits.ipv4_per_eni, limits.cards) == (2, 50, 32)


def test_an_unknown_type_has_no_limits():
    assert limits_of("z9.huge") is None and limits_of(None) is None and limits_of("") is None


def test_xen_cannot_do_prefixes_and_nitro_and_bare_metal_can():
    assert not limits_of("m4.4xlarge").prefix_delegation
    assert limits_of("m5.large").prefix_delegation and limits_of("a1.metal").prefix_delegation


def test_what_ec2_said_makes_up_for_an_unknown_type():
    told = limits_from_facts(NodeFacts({"instance_limits": {"enis": 4, "ipv4_per_eni": 15, "hypervisor": "nitro"}}))
    assert (told.enis, told.ipv4_per_eni, told.cards, told.bare_metal) == (4, 15, 1, False)
    assert limits_from_facts(None) is None and limits_from_facts(NodeFacts({"instance_limits": {"enis": "4"}})) is None


@pytest.mark.parametrize(
    ("mode", "capacity"),
    [
        ("secondary_ip", 27),
        ("prefix", 432),
        ("custom_networking", 18),
        ("custom_networking_prefix", 288),
        ("ipv6", None),
        ("unknown", None),
    ],
)
def test_an_m5_large_holds_so_many_pod_addresses(mode, capacity):
    assert ip_capacity(mode, 3, 10) == capacity


def test_what_is_unknown_stays_unknown():
    assert ip_capacity("prefix", None, 10) is None and ip_capacity("prefix", 3, None) is None
    assert usable_enis(None, None) is None


def test_usable_enis_are_the_smaller_limit_less_those_that_never_give():
    assert usable_enis(8, None) == 8 and usable_enis(8, 3) == 3 and usable_enis(None, 3) == 3
    assert usable_enis(8, 0) == 8 and usable_enis(8, -1) == 8
    assert usable_enis(8, None, unmanaged=2, trunk=1, excluded=1) == 4
    assert usable_enis(2, None, unmanaged=3) == 0


@pytest.mark.parametrize(
    ("total", "assigned", "warm", "minimum", "sums"),
    [
        (23, 19, 2, 23, (4, 0, 0)),  # issue 2896: four cool, none is free, and ipamd sees no shortage
        (9, 7, 5, 0, (2, 3, 0)),
        (10, 2, 5, 20, (8, 10, 0)),
        (30, 2, 5, 20, (28, 0, 10)),
        (30, 10, 5, 0, (20, 0, 15)),
    ],
)
def test_shortage_is_reckoned_as_ipamd_does(total, assigned, warm, minimum, sums):
    found = shortage(total, assigned, warm, minimum)
    assert (found.available, found.short, found.over) == sums
