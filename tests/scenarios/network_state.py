"""The host's network at capture: interfaces, policy rules, routes, iptables, conntrack and the API server check."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .lines import ctime
from .node import Node
from .story import facts_at, fill

BUILT_IN = {
    "mangle": ("PREROUTING", "POSTROUTING"),
    "nat": ("PREROUTING", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}


@cache
def _texts() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("network_files.yaml").read_text(encoding="utf-8"))


class Filler:
    """Fills the templates' `${...}` for one node."""

    def __init__(self, node: Node) -> None:
        self._node, bits = node, 128 if node.ipv6 else 32
        cart = "fd2b:8e10:44c1::3f" if node.ipv6 else "172.20.81.4"
        self._facts = facts_at(node, node.captured)
        self._facts |= {
            "service_host": f"{node.service_ip}/{bits}",
            "cart_host": f"{cart}/{bits}",
            "api_ip": node.api_ip,
        }

    def __call__(self, text: str, **more: object) -> str:
        return fill(self._node, text, self._facts | {k: str(v) for k, v in more.items()})


def files(node: Node) -> dict[str, str]:
    """All of networking/ that depends on the node."""
    filled = Filler(node)
    save4, save6 = iptables_save(node, filled, v6=False), iptables_save(node, filled, v6=True)
    out = {
        "iptables-save.txt": save4,
        "ip6tables-save.txt": save6,
        "iprule.txt": _lines(rules(node)),
        "iproute.txt": _lines(routes(node)),
        "ip6rule.txt": _lines(rules6(node)),
        "ip6route.txt": _lines(routes6(node)),
        "ifconfig.txt": ifconfig(node, filled),
        "ethtool.txt": ethtool(node),
        "conntrack.txt": conntrack(node, filled),
        "curl_api_server.txt": filled(_texts()["api_check"]) * 5,
    }
    for table in BUILT_IN:
        out[f"iptables-{table}.txt"] = listing(save4, table)
        out[f"ip6tables-{table}.txt"] = listing(save6, table)
    out["iptables.txt"], out["ip6tables.txt"] = out["iptables-filter.txt"], out["ip6tables-filter.txt"]
    return {f"networking/{name}": text for name, text in out.items()}


def _lines(rows: list[str]) -> str:
    return "\n".join(rows) + "\n"


def _gateway(node: Node, eni: int) -> str:
    return "100.64.16.1" if node.custom and eni else node.gateway


# ---- policy routing -----------------------------------------------------------------------------------------------
def rules(node: Node) -> list[str]:
    """`ip rule show`: a rule to every pod (512); from a secondary ENI's pods into that ENI's table (1536)."""
    pods = [] if node.ipv6 or not node.vpc_cni else node.pods
    out = ["0:\tfrom all lookup local "]
    out += [f"512:\tfrom all to {p.ip} lookup main " for p in pods]
    out += ["1024:\tfrom all fwmark 0x80/0x80 lookup main "] if node.ipamd_was_ready and not node.ipv6 else []
    out += [f"1536:\tfrom {p.ip} lookup {p.eni + 1} " for p in pods if p.eni]
    return [*out, "32766:\tfrom all lookup main ", "32767:\tfrom all lookup default "]


def routes(node: Node) -> list[str]:
    """`ip route show table all`: a table per secondary ENI, a host route per pod."""
    out = []
    for i in [i for i in node.managed if i and node.ipamd_was_ready and not node.ipv6]:
        out += [f"default via {_gateway(node, i)} dev {node.nics[i]} table {i + 1} "]
        out += [f"{_gateway(node, i)} dev {node.nics[i]} table {i + 1} scope link "]
    out += [f"default via {node.gateway} dev {node.nics[0]} ", f"169.254.169.254 dev {node.nics[0]} "]
    out += [f"10.0.16.0/20 dev {node.nics[0]} proto kernel scope link src {node.primary} "]
    if node.vpc_cni and not node.ipv6:
        out += [f"{p.ip} dev {p.veth} scope link " for p in node.pods]
    if not node.vpc_cni:
        out += ["10.0.200.0/24 via 10.0.200.17 dev cilium_host src 10.0.200.17 "]
        out += ["10.0.200.17 dev cilium_host scope link "]
    out += [f"local {node.primary} dev {node.nics[0]} table local proto kernel scope host src {node.primary} "]
    return [*out, "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 "]


def rules6(node: Node) -> list[str]:
    pods = [f"512:\tfrom all to {p.ip} lookup main " for p in node.pods] if node.ipv6 else []
    return ["0:\tfrom all lookup local ", *pods, "32766:\tfrom all lookup main "]


def routes6(node: Node) -> list[str]:
    pods = [f"{p.ip} dev {p.veth} metric 1024 pref medium" for p in node.pods] if node.ipv6 else []
    default = [f"default via fe80::1 dev {node.nics[0]} proto ra metric 512 pref medium"] if node.ipv6 else []
    return [*pods, f"fe80::/64 dev {node.nics[0]} proto kernel metric 256 pref medium", *default]


# ---- iptables -----------------------------------------------------------------------------------------------------
def iptables_save(node: Node, filled: Filler, v6: bool) -> str:
    """All tables as iptables-save prints them. kube-proxy's chains are absent when it never ran."""
    ours = node.ipv6 == v6
    writers = ["kube_proxy"] if ours and node.spec.kube_proxy != "never" else []
    writers += ["cni"] if ours and node.ipamd_was_ready and not v6 else []
    if not writers:
        return ""
    backend = "v1.8.8 (nf_tables)" if node.os == "al2023" else "v1.8.4"
    out = []
    for table, built_in in BUILT_IN.items():
        appended = [filled(rule) for who in writers for rule in _texts()["rules"][who][table]]
        appended = [r for r in appended if node.custom or "100.64." not in r]
        targets = {r.rsplit(" -j ", 1)[1].split()[0] for r in appended}
        named = {r.split()[1] for r in appended} | {t for t in targets if t.startswith(("KUBE-", "AWS-"))}
        out += [f"# Generated by iptables-save {backend} on {ctime(node.captured)}", f"*{table}"]
        out += [f":{chain} ACCEPT [0:0]" for chain in built_in]
        out += [f":{chain} - [0:0]" for chain in sorted(named - set(built_in))]
        out += [*appended, "COMMIT", f"# Completed on {ctime(node.captured)}"]
    return _lines(out)


def listing(save: str, table: str) -> str:
    """The `iptables -nvL` view of one table, with the collector's count of rules below it."""
    part = save.split(f"*{table}\n", 1)[1].split("COMMIT", 1)[0] if f"*{table}\n" in save else ""
    appended = [(line.split()[1], line.rsplit(" -j ", 1)[1]) for line in part.splitlines() if line.startswith("-A ")]
    anywhere = "all  --  *      *       0.0.0.0/0            0.0.0.0/0           "
    out = ["Chain INPUT (policy ACCEPT 0 packets, 0 bytes)"]
    out += [" pkts bytes target     prot opt in     out     source               destination"]
    out += [f"    0     0 {target.split()[0]:<10} {anywhere} /* {chain} */" for chain, target in appended]
    return _lines([*out, "=======", f"Total Number of Rules: {len(appended)}"])


# ---- interfaces and connections -----------------------------------------------------------------------------------
def ifconfig(node: Node, filled: Filler) -> str:
    """Every interface with its MTU; the only file of the bundle that has it."""
    cards = [(nic, node.eni_ips[i], node.macs[i]) for i, nic in enumerate(node.nics)]
    cards += [(p.veth, "", node.macs[0]) for p in node.pods if node.vpc_cni]
    cards += [("cilium_host", "10.0.200.17", node.macs[0])] if not node.vpc_cni else []
    out = []
    for name, ip, mac in cards:
        inet = f"        inet {ip}  netmask 255.255.240.0  broadcast 10.0.31.255\n" if ip else ""
        out.append(filled(_texts()["interface"], name=name, inet=inet, mac=mac) + "\n")
    return "".join(out) + _texts()["loopback"]


def ethtool(node: Node) -> str:
    blocks = "".join(f"Interface {nic}\n{_texts()['ethtool']}\n\n" for nic in node.nics)
    return blocks + "Interface lo\nno stats available\n\n\n"


def conntrack(node: Node, filled: Filler) -> str:
    per_cpu = "".join(filled(_texts()["cpu"], n=n) for n in range(node.cpus))
    flows = "".join(filled(_texts()["flow"], ttl=86000 + n, port=40000 + n) for n in range(20))
    return f"*** Output of conntrack -S *** \n{per_cpu}*** Output of conntrack -L *** \n{flows}"
