"""What collectors leave behind when a command fails never breaks a network section, and never reads as a fault."""

import pytest

from eks_diag_mcp.sections import api_server, conntrack, dns, ena, iptables, kube_proxy, routes

from .conftest import FakeBundle
from .healthy import healthy

SECTIONS = (routes, iptables, dns, kube_proxy, conntrack, ena, api_server)
FILES = (
    "networking/iprule.txt",
    "networking/iproute.txt",
    "networking/iptables-save.txt",
    "networking/iptables-filter.txt",
    "networking/conntrack.txt",
    "networking/ethtool.txt",
    "networking/resolv.conf",
    "networking/curl_api_server.txt",
    "networking/ipvsadm.txt",
    "sysctls/sysctl_all.txt",
    "kubelet/kubeconfig.yaml",
    "kubelet/kubelet-config.json",
    "system/ps.txt",
)
DAMAGED = (
    "command not found\n",
    "\x00\x00\x00",
    "\r\r\r\n" * 40,
    "512:\n1536: from\n: from all to lookup\n-A\n:\n*\nCOMMIT\ncpu=0 found=\nInterface \n     x: y\ncurl: ()\n= = =\n",
    "Interface eth0\nNIC statistics:\n     tx_timeout: 99999999999999999999999999\n",
    "default\ndefault via\nlocal\n10.0.0.0/99 dev x\n512: from all to 999.1.1.1/77 lookup main\n",
    '*nat\n:A - [x:y]\n-A A -j\n-A B --comment "open -j DROP\n[1 -A C -j DROP\n',
)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_never_breaks_a_section(path, text):
    whole = healthy("plain")
    bundle = FakeBundle({**whole.files, path: text}, whole.captured)
    for section in SECTIONS:
        found = section.read(bundle, None)
        assert found.name == section.__name__.rpartition(".")[2]
        assert not [i.key for i in found.issues if i.severity in ("critical", "high") and i.key not in ("dns.no_nameserver",)], path


@pytest.mark.parametrize("path", FILES)
def test_an_empty_or_absent_file_raises_nothing_high(path):
    whole = healthy("plain")
    for files in ({**whole.files, path: ""}, {k: v for k, v in whole.files.items() if k != path}):
        for section in SECTIONS:
            found = section.read(FakeBundle(files, whole.captured), None)
            high = [i.key for i in found.issues if i.severity in ("critical", "high")]
            assert high in ([], ["dns.no_nameserver"]), path
