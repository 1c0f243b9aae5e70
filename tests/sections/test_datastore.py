"""The pool dump in each shape ipamd has written it in."""

import json

import pytest

from eks_diag_mcp.sections.readers.checkpoint import allocations, read_checkpoints
from eks_diag_mcp.sections.readers.datastore import count, read_datastore

from .conftest import FakeBundle, address, cards, eni, singles

ZERO = "0001-01-01T00:00:00Z"


def pool(document: object, **more: object):
    read = read_datastore(FakeBundle({"ipamd/enis.json": json.dumps(document)}), **more)
    assert read.outcome == "present", read.detail
    return read.datastore


@pytest.mark.parametrize("key", ["ID", "Id"])
def test_the_shape_up_to_1_6_holds_eniippools_with_a_flag(key):
    addresses = {
        "10.0.1.5": {"Address": "10.0.1.5", "Assigned": True, "UnassignedTime": ZERO},
        "10.0.1.6": {"Address": "10.0.1.6", "Assigned": False, "UnassignedTime": "2026-01-10T11:59:50.5Z"},
        "10.0.1.7": {"Address": "10.0.1.7", "Assigned": False, "UnassignedTime": ZERO},
    }
    one = {key: "eni-1", "IsPrimary": True, "DeviceNumber": 0, "AssignedIPv4Addresses": 1, "IPv4Addresses": addresses}
    stock = pool({"TotalIPs": 3, "AssignedIPs": 1, "ENIIPPools": {"eni-1": one}})
    assert stock.shape == "eni_ip_pools" and stock.enis[0].id == "eni-1" and stock.enis[0].primary
    counts = count(stock.enis)
    assert (counts.total, counts.assigned, counts.cooling, counts.free) == (3, 1, 1, 1)


def test_the_shape_of_1_7_holds_addresses_with_a_key():
    addresses = {
        "10.0.1.5": {
            "IPAMKey": {"networkName": "aws-cni", "containerID": "c1", "ifName": "eth0"},
            "Address": "10.0.1.5",
        },
        "10.0.1.6": {"IPAMKey": {"networkName": "", "containerID": "", "ifName": ""}, "Address": "10.0.1.6"},
    }
    one = {
        "ID": "eni-1",
        "IsPrimary": True,
        "IsTrunk": True,
        "IsEFA": False,
        "DeviceNumber": 0,
        "IPv4Addresses": addresses,
    }
    stock = pool({"TotalIPs": 2, "AssignedIPs": 1, "ENIs": {"eni-1": one}})
    assert stock.shape == "addresses" and stock.enis[0].trunk and stock.assigned[0].sandbox == "c1"
    assert (count(stock.enis).total, count(stock.enis).free) == (2, 1)


def test_the_shape_of_1_9_holds_cidrs_whose_addresses_are_called_ipv4addresses():
    block = {"Cidr": {"IP": "10.0.1.16", "Mask": "////8A=="}, "IsPrefix": True}
    block["IPv4Addresses"] = {"10.0.1.17": {"Address": "10.0.1.17", "IPAMKey": {"containerID": "c1"}}}
    one = {"ID": "eni-1", "IsPrimary": True, "DeviceNumber": 0, "AvailableIPv4Cidrs": {"10.0.1.16/28": block}}
    stock = pool({"TotalIPs": 16, "AssignedIPs": 1, "ENIs": {"eni-1": one}})
    assert stock.shape == "cidrs" and stock.uses_prefixes() is True
    assert (count(stock.enis).total, count(stock.enis).free) == (16, 15)


def test_the_shape_of_1_10_holds_ipaddresses_and_ipv6_cidrs():
    v6 = {"Cidr": {}, "IsPrefix": True, "AddressFamily": ""}
    v6["IPAddresses"] = {"2600::1": {"Address": "2600::1", "IPAMKey": {"networkName": "aws-cni"}}}
    one = eni("eni-1", 0, *singles("10.0.1", 2, 1), IPv6Cidrs={"2600::/80": v6})
    stock = pool({"TotalIPs": 2, "AssignedIPs": 1, "ENIs": {"eni-1": one}})
    assert stock.shape == "cidrs" and stock.enis[0].ipv6[0].size == 2**48
    assert count(stock.enis).total == 2 and len(stock.assigned) == 2


def test_the_shape_of_1_11_names_the_pod_and_since_when():
    block = ("10.0.1.5/32", [address("10.0.1.5", "web-1", sandbox="c1")])
    stock = pool({"TotalIPs": 1, "AssignedIPs": 1, "ENIs": {"eni-1": eni("eni-1", 0, block)}})
    held = stock.assigned[0]
    assert (held.namespace, held.pod, held.sandbox) == ("shop", "web-1", "c1")
    assert held.assigned_at.isoformat() == "2026-01-10T09:00:00.123456+00:00"


def test_the_shape_since_1_20_is_keyed_by_network_card():
    text = cards([eni("eni-1", 0, *singles("10.0.1", 9, 4))], [eni("eni-2", 0, *singles("10.0.2", 5, 1))])
    stock = pool(json.loads(text))
    assert stock.shape == "network_cards" and [c.number for c in stock.cards] == [0, 1]
    assert [c.reported_total for c in stock.cards] == [9, 5] and [e.card for e in stock.enis] == [0, 1]
    assert [c.evidence.text for c in stock.cards] == [
        '"TotalIPs": 9, "AssignedIPs": 4,',
        '"TotalIPs": 5, "AssignedIPs": 1,',
    ]


def test_scrubbed_sandboxes_of_1_23_still_count_as_held():
    stock = pool(json.loads(cards([eni("eni-1", 0, *singles("10.0.1", 3, 2), SubnetID="subnet-1", IsExcludedForPodIPs=False)])))
    assert count(stock.enis).assigned == 2 and stock.assigned[0].sandbox == "" and stock.enis[0].subnet == "subnet-1"
    assert stock.enis[0].route_table == 254


def test_a_pool_that_was_never_used_is_free_although_it_has_no_entries():
    stock = pool(json.loads(cards([eni("eni-1", 0, ("10.0.1.16/28", []))])))
    assert count(stock.enis).free == 16


def test_an_address_cools_for_the_cooldown_period_only():
    blocks = [
        (f"10.0.1.{n}/32", [address(f"10.0.1.{n}", unassigned=t)])
        for n, t in enumerate(["2026-01-10T11:59:30Z", "2026-01-10T11:59:29Z", "2026-01-10T12:00:02.123456789Z", ZERO, "nonsense"])
    ]
    document = json.loads(cards([eni("eni-1", 0, *blocks)]))
    assert count(pool(document).enis).cooling == 2
    assert count(pool(document, cooldown_s=60).enis).cooling == 3


def test_blocks_of_an_excluded_eni_and_of_the_other_mode_count_for_what_is_held():
    enis = [
        eni("eni-1", 0, *singles("10.0.1", 3, 1), ("10.0.9.16/28", [address("10.0.9.17", "old")])),
        eni("eni-2", 1, *singles("10.0.2", 4, 2), IsExcludedForPodIPs=True),
    ]
    stock = pool(json.loads(cards(enis)))
    counts = count(stock.enis, prefixes=False)
    assert (counts.total, counts.assigned, counts.free) == (3 + 1 + 2, 4, 2)
    assert count(stock.enis).total == 3 + 16 + 2


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", "empty"),
        ("Not Found\n", "unreadable"),
        ('{"0": {"TotalIPs"', "truncated"),
        ('{"AvailableCommands": []}', "unreadable"),
        ("{}", "unreadable"),
    ],
)
def test_a_pool_that_cannot_be_read_is_no_empty_pool(text, outcome):
    read = read_datastore(FakeBundle({"ipamd/enis.json": text}))
    assert (read.outcome, read.datastore) == (outcome, None)


def test_the_checkpoint_gives_sandboxes_and_pods():
    entry = {
        "networkName": "aws-cni",
        "containerID": "c9",
        "ifName": "eth0",
        "ipv4": "10.0.1.10",
        "allocationTimestamp": 1768035600 * 10**9,
    }
    entry["metadata"] = {"k8sPodNamespace": "shop", "k8sPodName": "web-0", "interfacesCount": "1"}
    files = {
        "ipamd/ipam.json": json.dumps({"version": "vpc-cni-ipam/1", "allocations": [entry]}),
        "ipamd/ipam-nic-1.json": '{"allocations": []}',
    }
    (saved,) = read_checkpoints(FakeBundle(files))
    assert (saved.sandbox, saved.pod, saved.time.isoformat()) == ("c9", "web-0", "2026-01-10T09:00:00+00:00")
    stock = pool(json.loads(cards([eni("eni-1", 0, *singles("10.0.1", 2, 1))])))
    assert [a.sandbox for a in allocations(stock, (saved,))] == ["c9"]


def test_without_a_checkpoint_there_are_no_allocations_known():
    assert read_checkpoints(FakeBundle({"ipamd/ipam.json": ""})) is None
    assert read_checkpoints(FakeBundle({"ipamd/ipam.json": '{"allocations": null}'})) == ()
