"""Whole free /28s by arithmetic, and who holds an address."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eks_diag_mcp.cluster.enis import read_eni
from eks_diag_mcp.cluster.subnets import Reservation, free_blocks


@pytest.mark.parametrize(
    ("cidr", "taken", "reserved", "free"),
    [
        ("10.0.0.0/28", [], [], 0),  # AWS's own addresses are in the only block
        ("10.0.0.0/27", [], [], 0),
        ("10.0.0.0/26", [], [], 2),
        ("10.0.0.0/26", ["10.0.0.20"], [], 1),
        ("10.0.0.0/26", ["10.0.0.20", "10.0.0.47"], [], 0),
        ("10.0.0.0/26", ["10.0.0.16/28"], [], 1),
        ("10.0.0.0/26", [], [Reservation("10.0.0.16/28", "explicit")], 1),
        ("10.0.0.0/26", [], [Reservation("10.0.0.16/28", "prefix")], 2),
        ("10.0.0.0/24", [f"10.0.0.{n}" for n in range(16, 240, 16)], [], 0),  # 240 addresses are free, and no block is
        ("10.0.0.0/29", [], [], 0),
    ],
)
def test_a_block_is_free_only_when_all_of_it_is(cidr: str, taken: list[str], reserved: list[Reservation], free: int) -> None:
    blocks = free_blocks(cidr, taken, reserved)
    assert blocks is not None and blocks.free == free


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(18, 28), st.lists(st.integers(0, 2**14 - 1), max_size=60))
def test_counting_agrees_with_the_obvious_way(length: int, offsets: list[int]) -> None:
    size = 2 ** (32 - length)
    taken = {n % size for n in offsets}
    held = taken | {0, 1, 2, 3, size - 1}
    obvious = sum(not any(n in held for n in range(at, at + 16)) for at in range(0, size, 16))
    base = 10 << 24
    blocks = free_blocks(f"10.0.0.0/{length}", [f"{(base + n) >> 24}.0.{(n >> 8) & 255}.{n & 255}" for n in taken])
    assert blocks is not None and blocks.free == obvious and blocks.whole == size // 16


def test_what_is_no_ipv4_network_is_not_counted() -> None:
    assert free_blocks("2001:db8::/64", []) is None
    assert free_blocks("10.0.0.0/26", ["2001:db8::1", "junk"]) == free_blocks("10.0.0.0/26", [])


def eni(**more: object) -> dict[str, object]:
    return {"NetworkInterfaceId": "eni-0a", "SubnetId": "subnet-0a", "Status": "in-use", "InterfaceType": "interface", **more}


CNI = [{"Key": "node.k8s.amazonaws.com/instance_id", "Value": "i-0a"}, {"Key": "cluster.k8s.amazonaws.com/name", "Value": "shop"}]


@pytest.mark.parametrize(
    ("item", "holder"),
    [
        (eni(Attachment={"InstanceId": "i-0a", "DeviceIndex": 0}), "node_primary"),
        (eni(Attachment={"InstanceId": "i-0a", "DeviceIndex": 1}, TagSet=CNI), "node_pods"),
        (eni(Attachment={"InstanceId": "i-0a", "DeviceIndex": 1}), "other"),
        (eni(Status="available", TagSet=CNI), "orphaned"),
        (eni(Status="available", Description="aws-K8S-i-0123456789abcdef0"), "orphaned"),
        (eni(Status="available"), "unattached"),
        (eni(InterfaceType="branch", Description="aws-k8s-branch-eni"), "pod_branch"),
        (eni(InterfaceType="trunk", Attachment={"InstanceId": "i-0a", "DeviceIndex": 2}, TagSet=CNI), "pod_trunk"),
        (eni(InterfaceType="lambda"), "lambda"),
        (eni(InterfaceType="nat_gateway"), "nat_gateway"),
        (eni(Description="ELB app/web/0123"), "load_balancer"),
        (eni(Description="Amazon EKS shop"), "eks_control_plane"),
        (eni(Description="EFS mount target for fs-0a"), "efs"),
    ],
)
def test_who_holds_an_interface_is_told_by_tags_type_and_description(item: dict[str, object], holder: str) -> None:
    assert read_eni(item).holder == holder


def test_an_interface_counts_its_addresses_and_sixteen_a_prefix() -> None:
    made = eni(
        PrivateIpAddresses=[{"PrivateIpAddress": "10.0.0.5"}, {"PrivateIpAddress": "10.0.0.6"}],
        Ipv4Prefixes=[{"Ipv4Prefix": "10.0.0.16/28"}],
        TagSet=[{"Key": "node.k8s.amazonaws.com/createdAt", "Value": "2026-11-20T10:00:00Z"}],
    )
    assert read_eni(made).used == 18 and read_eni(made).created is not None
    assert read_eni(eni()).created is None
