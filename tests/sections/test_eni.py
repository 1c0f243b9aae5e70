"""Section eni: how many interfaces, how full, and what limits them."""

import json

from eks_diag_mcp.sections import eni

from .conftest import IFCONFIG, LOG, address, keys, node, singles, three, zap
from .conftest import eni as an_eni


def test_every_slot_of_every_eni_taken_is_the_limit():
    section = eni.read(node(three()), None)
    issue = keys(section)["eni.limit_reached"]
    assert (section.value("enis_used"), section.value("enis_max"), section.value("ips_capacity")) == (3, 3, 27)
    assert (issue.weight, issue.speaks_for, issue.because[0].file) == (
        4,
        ("ip_allocation.eni_limit",),
        "ipamd/enis.json",
    )
    assert (section.value("max_pods_of_type"), section.value("utilization_percent")) == (29, 100.0)


def test_a_free_slot_an_unattached_slot_or_room_for_an_eni_is_no_limit():
    assert not eni.read(node(three(9, 8)), None).issues
    assert not eni.read(node(three(8, 8)), None).issues
    assert not eni.read(node(three()[:2]), None).issues


def test_an_unknown_type_leaves_the_limit_unknown():
    section = eni.read(node(three(), kind="z9.huge"), None)
    assert section.outcome == "unknown" and section.value("enis_max") is None and section.value("ips_capacity") is None
    told = zap("Max ip per ENI 9 and max prefixes per ENI 0") + zap(
        "hasRoomForEni: networkCard=0, currentENIs=3, maxENI=4, unmanagedENI=1, trunkEni=0, excludedENI=0, hasRoom=false"
    )
    section = eni.read(node(three(), kind="z9.huge", **{LOG: told}), None)
    assert (section.value("enis_max"), section.value("ips_capacity")) == (3, 27) and "eni.limit_reached" in keys(section)


def test_max_eni_and_the_metric_lower_the_limit():
    lowered = eni.read(node(three()[:2], {"MAX_ENI": "2"}), None)
    assert lowered.value("enis_max") == 2 and "MAX_ENI=2" in keys(lowered)["eni.limit_reached"].title
    unmanaged = eni.read(node(three()[:2], **{"ipamd/metrics.json": "awscni_eni_max 2\n"}), None)
    assert unmanaged.value("enis_max") == 2 and "unmanaged" in next(r.note for r in unmanaged.readings if r.name == "enis_max")


def test_prefix_mode_counts_sixteen_a_slot():
    full = [(f"10.0.1.{16 * n}/28", [address(f"10.0.1.{16 * n + k}", "p") for k in range(16)]) for n in range(9)]
    section = eni.read(node([an_eni("eni-0", 0, *full)], {"ENABLE_PREFIX_DELEGATION": "true", "MAX_ENI": "1"}), None)
    assert section.value("ips_capacity") == 144 and "eni.limit_reached" in keys(section)
    assert eni.read(node([], {"ENABLE_PREFIX_DELEGATION": "true"}), None).value("ips_capacity") == 432


def test_with_custom_networking_the_primary_eni_gives_nothing():
    enis = [an_eni("eni-0", 0), *three()[1:]]
    section = eni.read(node(enis, {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"}), None)
    assert (section.value("ips_capacity"), section.value("ips_capacity", "eni-0")) == (18, 0)
    assert "eni.limit_reached" in keys(section)


def test_excluded_enis_and_an_idle_trunk_are_not_usable():
    enis = [
        *three()[:1],
        an_eni("eni-1", 1, *singles("10.0.1", 3, 0), IsExcludedForPodIPs=True),
        an_eni("eni-2", 2, IsTrunk=True),
    ]
    section = eni.read(node(enis, {"ENABLE_POD_ENI": "true"}), None)
    assert (section.value("enis_used"), section.value("enis_max"), section.value("trunk_eni")) == (1, 1, "eni-2")
    assert section.value("role", "eni-1") == "excluded from pods" and "eni.limit_reached" in keys(section)


def test_a_trunk_is_reserved_a_slot_until_it_is_attached():
    section = eni.read(node(three(9, 2)[:2], {"ENABLE_POD_ENI": "true"}), None)
    assert section.value("enis_max") == 2 and list(keys(section)) == ["eni.no_trunk"]
    left = eni.read(node([*three(9, 2)[:2], an_eni("eni-2", 2, *singles("10.0.2", 9, 0), IsTrunk=True)]), None)
    assert left.value("enis_max") == 3 and list(keys(left)) == ["eni.trunk_left_over"]


def test_kubelet_that_takes_more_pods_than_addresses_is_told():
    config = {"kubelet/config.json": '{"maxPods": 110}'}
    issue = keys(eni.read(node(three(9, 2), **config), None))["eni.max_pods_above_capacity"]
    assert "110 pods" in issue.title and "27" in issue.title and issue.role == "context"
    assert not eni.read(node(three(9, 2), **{"kubelet/config.json": '{"maxPods": 29}'}), None).issues


def test_interfaces_tell_mtu_and_state_and_branch_enis():
    text = IFCONFIG.format("eth0", 9001) + IFCONFIG.format("eth1", 1500) + IFCONFIG.format("vlan.eth.3", 9001)
    section = eni.read(node(three(9, 2), **{"networking/ifconfig.txt": text}), None)
    assert section.value("interface_mtu", "eth1") == 1500 and section.value("branch_interfaces") == 1
    assert keys(section)["eni.mtu_mixed"].severity == "medium"


def test_more_interfaces_than_ipamd_knows_are_told():
    text = "".join(IFCONFIG.format(f"eth{n}", 9001) for n in range(4))
    assert (
        "4 interfaces" in keys(eni.read(node(three(9, 2), **{"networking/ifconfig.txt": text}), None))["eni.unknown_to_ipamd"].title
    )


def test_security_groups_are_said_to_be_elsewhere():
    section = eni.read(node(three(9, 2)), None)
    reading = next(r for r in section.readings if r.name == "security_groups")
    assert reading.value is None and "never in a bundle" in reading.note


def test_prefix_mode_with_the_pod_limit_of_single_addresses_is_told() -> None:
    """56 -> 896 addresses, but max-pods stays what it was until kubelet is told."""
    block = [("10.0.0.0/28", [address("10.0.0.3", "web")])]
    config = json.dumps({"maxPods": 58})
    files = {"kubelet/config.json": config}
    bundle = node([an_eni("eni-0", 0, *block)], {"ENABLE_PREFIX_DELEGATION": "true"}, "m5.xlarge", **files)
    issue = keys(eni.read(bundle, None))["eni.max_pods_below_capacity"]
    assert "kubelet takes 58 pods" in issue.title and issue.role == "context"
    raised = node(
        [an_eni("eni-0", 0, *block)],
        {"ENABLE_PREFIX_DELEGATION": "true"},
        "m5.xlarge",
        **{"kubelet/config.json": json.dumps({"maxPods": 110})},
    )
    assert "eni.max_pods_below_capacity" not in keys(eni.read(raised, None))


def test_an_interface_without_a_carrier_is_down() -> None:
    line = "ens6: flags=4099<UP,BROADCAST,MULTICAST>  mtu 9001\n\n"
    assert "eni.interface_down" in keys(
        eni.read(node(three(), **{"networking/ifconfig.txt": IFCONFIG.format("ens5", 9001) + line}), None)
    )
