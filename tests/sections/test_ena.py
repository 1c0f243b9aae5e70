"""Section ena: limits of the instance and resets of the device."""

import pytest

from eks_diag_mcp.sections import ena

from .conftest import FakeBundle, keys
from .healthy import NODES, healthy

COUNTERS = {
    "tx_timeout": 0,
    "wd_expired": 0,
    "admin_q_pause": 0,
    "bw_in_allowance_exceeded": 0,
    "bw_out_allowance_exceeded": 0,
    "pps_allowance_exceeded": 0,
    "conntrack_allowance_exceeded": 0,
    "linklocal_allowance_exceeded": 0,
    "conntrack_allowance_available": 51286,
    "queue_0_tx_cnt": 600_000,
    "queue_0_tx_missed_tx": 0,
    "queue_0_rx_cnt": 500_000,
    "queue_1_tx_cnt": 400_000,
    "queue_1_rx_cnt": 500_000,
}


def node(*blocks, **counters):
    found = blocks or (COUNTERS | counters,)
    text = "Interface lo\nno stats available\n\n\n"
    for n, block in enumerate(found):
        rows = "".join(f"     {k}: {v}\n" for k, v in block.items() if v is not None)
        text += f"Interface eth{n}\nNIC statistics:\n{rows}\n\n"
    text += "Interface eni1a2b3c\nNIC statistics:\n     peer_ifindex: 3\n     tx_timeout: 9\n\n\n"
    return FakeBundle({"networking/ethtool.txt": text})


@pytest.mark.parametrize("name", NODES)
def test_healthy_nodes_are_ok(name):
    section = ena.read(healthy(name), None)
    assert section.outcome == "ok" and not section.issues


def test_counters_are_read_an_interface_and_summed_and_are_no_rates():
    section = ena.read(node(COUNTERS | {"bw_in_allowance_exceeded": 3}, COUNTERS | {"bw_in_allowance_exceeded": 4}), None)
    assert (section.value("bw_in_allowance_exceeded"), section.value("bw_in_allowance_exceeded", "eth1")) == (7, 4)
    assert section.value("packets_sent", "eth0") == 1_000_000 and section.value("ena_interfaces") == 2
    reading = next(r for r in section.readings if r.name == "bw_in_allowance_exceeded")
    assert "not a rate" in reading.note and reading.unit == "packets" and not section.issues


def test_a_counter_the_driver_lacks_is_unknown_and_not_zero():
    section = ena.read(node(linklocal_allowance_exceeded=None, conntrack_allowance_available=None), None)
    assert section.value("linklocal_allowance_exceeded") is None
    assert section.value("conntrack_allowance_available", "eth0") is None and section.outcome == "ok"


def test_the_limits_on_connections_and_link_local_packets_count_from_the_first_packet():
    found = keys(ena.read(node(conntrack_allowance_exceeded=1, linklocal_allowance_exceeded=7), None))
    assert (found["ena.conntrack_allowance"].severity, found["ena.conntrack_allowance"].weight) == ("high", 4)
    assert found["ena.linklocal_allowance"].speaks_for == ("ena_throttle",)
    dns = found["ena.resolver_packets_dropped"]
    assert (dns.role, dns.weight, dns.speaks_for) == ("echo", 2, ("dns",))
    assert found["ena.linklocal_allowance"].because[0].text == "linklocal_allowance_exceeded: 7"


@pytest.mark.parametrize(("value", "weight"), [(9_000, None), (20_000, 2), (200_000, 3)])
def test_bandwidth_weighs_by_its_share_of_the_packets(value, weight):
    found = keys(ena.read(node(bw_in_allowance_exceeded=value), None)).get("ena.bw_in_allowance_exceeded")
    assert (found.weight if found else None) == weight and (found is None or found.severity == "medium")


def test_without_packet_counts_only_a_great_many_count():
    bare = {k: v for k, v in COUNTERS.items() if not k.startswith("queue")}
    assert not ena.read(node(bare | {"pps_allowance_exceeded": 11_072}), None).issues
    assert keys(ena.read(node(bare | {"pps_allowance_exceeded": 2_000_000}), None))["ena.pps_allowance_exceeded"].weight == 2


def test_timeouts_and_resets_are_told_but_those_of_virtual_interfaces_are_not_read():
    issue = keys(ena.read(node(tx_timeout=2, reset_fail=1), None))["ena.device_reset"]
    assert (issue.weight, issue.speaks_for) == (3, ("ena_throttle",)) and "tx_timeout 2, reset_fail 1" in issue.title
    assert not ena.read(node(queue_0_tx_missed_tx=12), None).issues


@pytest.mark.parametrize("text", ["", "Interface lo\nno stats available\n", "sh: ethtool: command not found\n"])
def test_without_statistics_it_is_unknown(text):
    section = ena.read(FakeBundle({"networking/ethtool.txt": text}), None)
    assert section.outcome == "unknown" and section.value("tx_timeout") is None and not section.issues
