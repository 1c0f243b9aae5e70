"""Section kube_proxy: process, mode, last sync, errors, and ipvs and conntrack with it."""

import pytest

from eks_diag_mcp.sections import kube_proxy

from .conftest import PS, FakeBundle, cards, keys, ps, three
from .healthy import NODES, healthy

LOG = "var_log/kube-system_kube-proxy-x_uid/kube-proxy/0.log"
SAVE = "*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]\n:KUBE-SEP-A - [0:0]\nCOMMIT\n"
START = (
    'server_linux.go:66] "Using {} proxy"',
    'conntrack.go:60] "Setting nf_conntrack_max" nfConntrackMax=131072',
    'server.go:872] "Version info" version="v1.31.2-eks-94953ac"',
)


def said(*lines, minute=30):
    return "".join(
        f"2026-01-10T11:{minute}:0{n}.000000000Z stderr F I0110 11:{minute}:0{n}.000000       1 {line}\n"
        for n, line in enumerate(lines)
    )


def log(mode="iptables", *more):
    return said(*(line.format(mode) for line in START), 'proxier.go:805] "SyncProxyRules complete" elapsed="41ms"') + "".join(more)


def without_process():
    return PS + "".join(f"root {100 + n}  0.3  1.1 725100 41220 ?  Ssl  Nov19  1:02 /usr/bin/thing{n}\n" for n in range(8))


def node(**files):
    base = {LOG: log(), "system/ps.txt": ps(), "networking/iptables-save.txt": SAVE, "ipamd/enis.json": cards(three(9, 2))}
    return FakeBundle({k: v for k, v in (base | files).items() if v is not None})


@pytest.mark.parametrize("name", NODES)
def test_healthy_nodes_are_ok(name):
    section = kube_proxy.read(healthy(name), None)
    assert section.outcome == "ok" and not section.issues
    assert (section.value("kube_proxy_mode"), section.value("conntrack_max")) == ("iptables", 131072)


def test_the_log_tells_mode_version_limit_and_last_sync():
    section = kube_proxy.read(node(), None)
    assert (section.value("kube_proxy_mode"), section.value("kube_proxy_version")) == ("iptables", "v1.31.2-eks-94953ac")
    assert (section.value("last_sync_age_seconds"), section.value("conntrack_max_set"), section.value("sync_errors")) == (
        1797,
        131072,
        0,
    )
    assert section.value("kube_proxy_running") is True and section.outcome == "ok"


@pytest.mark.parametrize(
    ("files", "mode"),
    [
        ({LOG: log("ipvs")}, "ipvs"),
        ({LOG: log("nftables")}, "nftables"),
        ({LOG: said('server_others.go:72] "Using iptables Proxier"')}, "iptables"),
        ({LOG: None}, "iptables"),
        ({LOG: None, "networking/iptables-save.txt": SAVE.replace("KUBE-SVC-N", "KUBE-IPVS-FILTER-N")}, "ipvs"),
        ({LOG: None, "networking/nftables-ip-kube-proxy.txt": "table ip kube-proxy {\n"}, "nftables"),
        ({LOG: None, "networking/iptables-save.txt": ""}, None),
    ],
)
def test_the_mode_is_that_of_the_log_else_of_what_is_on_the_node(files, mode):
    assert kube_proxy.read(node(**files), None).value("kube_proxy_mode") == mode


def test_a_missing_process_is_a_fault_where_there_was_one():
    down = {"system/ps.txt": without_process()}
    issue = keys(kube_proxy.read(node(**down), None))["kube_proxy.not_running"]
    assert (issue.severity, issue.weight, issue.speaks_for) == ("high", 4, ("kube_proxy",)) and issue.because[
        0
    ].source == "kube-proxy"
    waiting = keys(kube_proxy.read(node(**down, **{"ipamd/enis.json": ""}), None))["kube_proxy.not_running"]
    assert waiting.speaks_for == ("kube_proxy", "ip_allocation.kube_proxy_down")
    never = node(**down, **{LOG: None, "networking/iptables-save.txt": ""})
    assert keys(kube_proxy.read(never, None))["kube_proxy.not_running"].severity == "medium"
    assert kube_proxy.read(node(**{"system/ps.txt": None}), None).outcome == "unknown"


def test_cilium_in_its_place_is_not_applicable():
    rows = without_process() + "root 400  0.3  1.1 725100 41220 ?  Ssl  Nov19  1:02 cilium-agent --config-dir=/tmp\n"
    replaced = node(**{"system/ps.txt": rows, LOG: None, "networking/iptables-save.txt": "*nat\n:CILIUM_PRE_nat - [0:0]\nCOMMIT\n"})
    section = kube_proxy.read(replaced, None)
    assert section.outcome == "not_applicable" and not section.issues


FAILED = (
    'proxier.go:1564] "Failed to execute iptables-restore" err="exit status 4 (Another app is currently holding the xtables lock)"'
)


def test_a_failing_sync_counts_until_one_goes_through():
    failing = node(
        **{LOG: log("iptables", said(FAILED, 'bounded_frequency_runner.go:296] "Sync failed; retrying in 30s"', minute=55))}
    )
    section = kube_proxy.read(failing, None)
    issue = keys(section)["kube_proxy.sync_failing"]
    assert (issue.weight, section.value("sync_errors"), section.value("lock_errors")) == (4, 2, 1)
    healed = said(FAILED, minute=55) + said('proxier.go:805] "SyncProxyRules complete" elapsed="41ms"', minute=56)
    assert not kube_proxy.read(node(**{LOG: log("iptables", healed)}), None).issues
    assert not kube_proxy.read(node(**{LOG: log("iptables", said(FAILED, minute=31))}), None).issues


def test_errors_are_counted_by_kind():
    lines = said(
        'reflector.go:150] "Failed to watch" err="failed to list *v1.Service: Unauthorized"',
        'server.go:450] "Error setting conntrack" err="open /proc/sys/net/netfilter/nf_conntrack_max: permission denied"',
    )
    section = kube_proxy.read(node(**{LOG: log() + lines}), None)
    counts = [section.value(n) for n in ("watch_errors", "unauthorized_errors", "conntrack_errors", "sync_errors")]
    assert counts == [1, 1, 1, 0] and kube_proxy.read(node(**{LOG: None}), None).value("sync_errors") is None


IPVS = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"


def test_ipvs_mode_without_services_is_a_fault():
    full = IPVS + "TCP  172.20.0.1:443 rr\n  -> 10.0.40.9:443                Masq    1      0          0\n"
    section = kube_proxy.read(node(**{LOG: log("ipvs"), "networking/ipvsadm.txt": full}), None)
    assert (section.value("ipvs_services"), section.value("ipvs_endpoints")) == (1, 1) and not section.issues
    empty = kube_proxy.read(node(**{LOG: log("ipvs"), "networking/ipvsadm.txt": IPVS}), None)
    assert keys(empty)["kube_proxy.ipvs_empty"].severity == "high"
    assert kube_proxy.read(node(**{"networking/ipvsadm.txt": "\n\n"}), None).value("ipvs_services") is None
