"""Section dns: resolvers of the host and of the pods, and what fails alike."""

import json

import pytest

from eks_diag_mcp.sections import dns

from .conftest import FakeBundle, keys, ps
from .healthy import NODES, healthy

HOST = "search us-west-2.compute.internal\noptions timeout:2 attempts:5\nnameserver 10.0.0.2\n"
COREDNS = "var_log/kube-system_coredns-abc_uid/coredns/0.log"


def node(resolv=HOST, kubelet=None, **files):
    config = json.dumps({"kind": "KubeletConfiguration", "clusterDNS": ["172.20.0.10"]} | (kubelet or {}), indent=1)
    return FakeBundle({"networking/resolv.conf": resolv, "kubelet/kubelet-config.json": config} | files)


@pytest.mark.parametrize("name", NODES)
def test_healthy_nodes_are_ok(name):
    section = dns.read(healthy(name), None)
    assert section.outcome == "ok" and not section.issues
    assert section.value("api_server_reachable") is True and section.value("cluster_dns") == "172.20.0.10"


def test_both_resolvers_are_read():
    section = dns.read(node(kubelet={"resolvConf": "/run/systemd/resolve/resolv.conf"}), None)
    assert (section.value("nameservers"), section.value("search_domains")) == ("10.0.0.2", 1)
    assert section.value("kubelet_resolv_conf") == "/run/systemd/resolve/resolv.conf" and section.outcome == "ok"
    flags = {"kubelet/kubelet_service.txt": "ExecStart=/usr/bin/kubelet --cluster-dns=10.100.0.10 --resolv-conf=/etc/r.conf\n"}
    section = dns.read(node(**flags), None)
    assert (section.value("cluster_dns"), section.value("kubelet_resolv_conf")) == ("10.100.0.10", "/etc/r.conf")


def test_an_empty_file_or_one_without_a_nameserver_resolves_nothing():
    assert keys(dns.read(node(""), None))["dns.no_nameserver"].severity == "high"
    assert keys(dns.read(node("search a.b\n# nameserver 10.0.0.2\n"), None))["dns.no_nameserver"].weight == 4
    absent = dns.read(FakeBundle({}), None)
    assert absent.outcome == "unknown" and absent.value("nameserver_count") is None


def test_the_stub_is_a_fault_only_where_pods_get_it():
    stub = "nameserver 127.0.0.53\n"
    assert keys(dns.read(node(stub), None))["dns.stub_resolver"].weight == 2
    assert not dns.read(node(stub, {"resolvConf": "/run/systemd/resolve/resolv.conf"}), None).issues
    loop = {
        COREDNS: '2026-01-10T11:50:00.000000000Z stdout F [FATAL] plugin/loop: Loop (127.0.0.1:35953 -> :53) detected for zone ".", see coredns.io\n'
    }
    issue = keys(dns.read(node(stub, **loop), None))["dns.stub_loop"]
    assert (issue.severity, issue.weight) == ("high", 5) and "Loop" in issue.because[-1].text


def test_more_nameservers_than_are_used_are_context():
    section = dns.read(node("".join(f"nameserver 10.0.0.{n}\n" for n in range(2, 7))), None)
    assert section.value("nameserver_count") == 5 and keys(section)["dns.too_many_nameservers"].role == "context"


def test_lines_of_coredns_are_counted_where_it_ran_here():
    line = "2026-01-10T11:5{}:00.000000000Z stdout F [ERROR] plugin/errors: 2 example.com. A: read udp 10.0.1.5:41234->10.0.0.2:53: i/o timeout\n"
    section = dns.read(node(**{COREDNS: line.format(1) + line.format(2)}), None)
    reading = next(r for r in section.readings if r.name == "coredns_timeouts")
    assert reading.value == 2 and "11:52:00" in reading.note and section.value("coredns_servfail") == 0
    assert dns.read(node(), None).value("coredns_timeouts") is None


def test_a_node_cache_that_pods_ask_must_run():
    local = {"clusterDNS": ["169.254.20.10"]}
    assert keys(dns.read(node(kubelet=local, **{"system/ps.txt": ps()}), None))["dns.node_cache_down"].weight == 4
    assert not dns.read(node(kubelet=local, **{"system/ps.txt": ps("/node-cache -localip 169.254.20.10")}), None).issues
    assert not dns.read(node(kubelet=local), None).issues


def test_a_dns_service_without_endpoints_is_told():
    rule = '-A KUBE-SERVICES -d 172.20.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns has no endpoints" -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable'
    save = f"*filter\n:KUBE-SERVICES - [0:0]\n{rule}\nCOMMIT\n"
    issue = keys(dns.read(node(**{"networking/iptables-save.txt": save}), None))["dns.no_endpoints"]
    assert (issue.severity, issue.speaks_for) == ("high", ("dns",)) and issue.because[0].text == rule


def test_the_time_daemon_speaks_for_itself_and_nobody_else_for_it():
    say = "Jan 10 11:{}:00 ip-10-0-0-21 chronyd[1790]: {}\n"
    lost = say.format("10", "Selected source 169.254.169.123") + say.format("40", "Can't synchronise: no selectable sources")
    section = dns.read(node(**{"var_log/messages": lost}), None)
    assert section.value("clock_has_source") is False and section.value("clock_source") == "169.254.169.123"
    forged = "Jan 10 11:50:00 ip-10-0-0-21 app[1]: chronyd[1790]: Can't synchronise: no selectable sources\n"
    assert dns.read(node(**{"var_log/messages": forged}), None).value("clock_has_source") is None
