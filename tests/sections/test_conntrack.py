"""Section conntrack: the table of tracked connections and the kernel settings beside it."""

import pytest

from eks_diag_mcp.sections import conntrack
from eks_diag_mcp.sections.readers.sysctls import read_sysctls

from .conftest import FakeBundle, keys
from .healthy import NODES, healthy

CPU = "cpu={}   \tfound=12 invalid=3 insert=0 insert_failed={} drop={} early_drop={} error=0 search_restart=1 clash_resolve=0 chaintoolong=0 \n"
ROUTES = "default via 10.0.0.1 dev eth0 \n"


def node(count=1893, most=131072, *cpus, **files):
    stats = "*** Output of conntrack -S *** \n" + "".join(CPU.format(n, *c) for n, c in enumerate(cpus or [(0, 0, 0)]))
    flow = "tcp      6 86000 ESTABLISHED src=10.0.0.21 dst=10.0.40.9 sport=40000 dport=443 src=10.0.40.9 dst=10.0.0.21 sport=443 dport=40000 [ASSURED] mark=128 use=1\n"
    settings = f"fs.file-nr = 3232\t0\t9223372036854775807\nnet.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter = 2\nnet.ipv4.ip_local_port_range = 32768\t60999\nnet.netfilter.nf_conntrack_buckets = 65536\nnet.netfilter.nf_conntrack_count = {count}\nnet.netfilter.nf_conntrack_max = {most}\n"
    base = {
        "sysctls/sysctl_all.txt": settings,
        "networking/conntrack.txt": stats + "*** Output of conntrack -L *** \n" + flow,
        "networking/iproute.txt": ROUTES,
        "kernel/dmesg.current": "[    0.000000] Linux version 5.10\n",
    }
    return FakeBundle(base | files)


@pytest.mark.parametrize("name", NODES)
def test_healthy_nodes_are_ok(name):
    section = conntrack.read(healthy(name), None)
    assert section.outcome == "ok" and not section.issues and section.value("conntrack_used_percent") == 1.4


def test_counters_are_summed_over_cpus_with_units():
    section = conntrack.read(node(1000, 2000, (1, 0, 0), (2, 0, 0)), None)
    assert (section.value("conntrack_insert_failed"), section.value("conntrack_invalid"), section.value("conntrack_max")) == (
        3,
        6,
        2000,
    )
    reading = next(r for r in section.readings if r.name == "conntrack_count")
    assert (reading.unit, str(reading.ref)) == ("entries", "sysctls/sysctl_all.txt:7") and not section.issues
    assert (section.value("local_ports"), section.value("open_files_percent"), section.value("rp_filter", "eth0")) == (
        28232,
        0.0,
        2,
    )


def test_a_table_at_nine_tenths_is_full():
    issue = keys(conntrack.read(node(118_000, 131_072, (0, 9, 4)), None))["conntrack.full"]
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("conntrack",)) and "13 packets" in issue.title
    assert {e.source for e in issue.because} == {"sysctls", "conntrack"}


def test_losses_weigh_by_how_full_the_table_is():
    assert keys(conntrack.read(node(80, 100, (0, 1, 0)), None))["conntrack.dropping"].weight == 4
    before = keys(conntrack.read(node(10, 100, (0, 1, 0)), None))["conntrack.dropped_before"]
    assert (before.severity, before.weight) == ("low", 1)
    assert conntrack.read(node(80, 100), None).outcome == "ok"


def test_failed_inserts_alone_are_a_note_on_dns_races():
    section = conntrack.read(node(10, 100, (900, 0, 0)), None)
    issue = keys(section)["conntrack.insert_races"]
    assert (issue.severity, issue.role, issue.speaks_for) == ("medium", "context", ("dns",)) and section.outcome == "ok"
    assert not conntrack.read(node(10, 100, (7, 0, 0)), None).issues


def test_lines_of_the_kernel_are_counted_once_although_its_files_repeat_them():
    line = "[89887.926214] nf_conntrack: nf_conntrack: table full, dropping packet\n"
    both = {"kernel/dmesg.current": line * 3, "kernel/dmesg.boot": line}
    assert conntrack.read(node(**both), None).value("table_full_lines") == 3
    over = {"kernel/dmesg.current": "[843041.359054] neighbour: arp_cache: neighbor table overflow!\n"}
    assert "conntrack.neighbour_overflow" in keys(conntrack.read(node(**over), None))


def test_the_allowance_of_the_instance_stands_beside_the_table_of_the_host():
    ethtool = "Interface eth0\nNIC statistics:\n     conntrack_allowance_exceeded: 5\n     conntrack_allowance_available: 40\n\n"
    section = conntrack.read(node(**{"networking/ethtool.txt": ethtool}), None)
    assert section.value("conntrack_allowance_exceeded", "eth0") == 5 and not section.issues


def test_a_kernel_that_does_not_forward_and_a_strict_filter_are_told():
    off = {"sysctls/sysctl_all.txt": "net.ipv4.ip_forward = 0\nnet.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter = 1\n"}
    found = keys(conntrack.read(node(**off), None))
    assert (found["conntrack.ip_forward_off"].severity, found["conntrack.ip_forward_off"].speaks_for) == ("high", ("cni_plugin",))
    assert found["conntrack.rp_filter_strict"].speaks_for == ("cni_plugin.policy_routing",)


def test_what_is_missing_stays_unknown():
    section = conntrack.read(
        node(**{"sysctls/sysctl_all.txt": "", "networking/conntrack.txt": "sh: conntrack: command not found\n"}), None
    )
    assert section.outcome == "unknown" and not section.issues
    assert section.value("conntrack_drop") is None and section.value("conntrack_used_percent") is None
    text = 'sysctl: reading key "net.ipv6.conf.all.stable_secret"\nnet.x = \nkernel.y = 1 2\n'
    settings = read_sysctls(FakeBundle({"sysctls/sysctl_all.txt": text}))
    assert settings.number("kernel.y") is None and settings.number("net.x") is None
