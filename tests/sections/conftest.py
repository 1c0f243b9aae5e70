"""A bundle made by hand: files as text, with the surface of bundle.bundle.Bundle that sections use."""

import gzip
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eks_diag_mcp.bundle.clock import Clock
from eks_diag_mcp.bundle.formats import formats
from eks_diag_mcp.bundle.sources import sources
from eks_diag_mcp.model import Coverage, Evidence

CAPTURED = datetime(2026, 1, 10, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Text:
    path: str
    text: str
    truncated: bool = False


@dataclass
class FakeBundle:
    files: Mapping[str, str]
    captured: datetime = CAPTURED
    cut: frozenset[str] = field(default_factory=frozenset)
    boot: datetime | None = None
    memo: dict[str, object] = field(default_factory=dict)

    def texts(self, source: str) -> tuple[Text, ...]:
        return tuple(Text(p, t, p in self.cut) for p, t in self._of(source) if t)

    def coverage(self, source: str) -> Coverage:
        found = self._of(source)
        if not found:
            return Coverage(source, "absent")
        state = "present" if any(text for _, text in found) else "empty"
        return Coverage(source, state, tuple(path for path, _ in found), sum(len(text) for _, text in found))

    def grep(self, pattern: str, names: Iterable[str]) -> tuple[Evidence, ...]:
        find = re.compile(pattern, re.IGNORECASE | re.ASCII).search
        found = []
        for source in names:
            reader = formats().reader(sources().by_name[source].formats, Clock(self.captured))
            for path, text in self._of(source):
                for number, line in enumerate(text.split("\n"), 1):
                    if find(line):
                        stamp = reader.read(line)
                        found.append(Evidence(source, path, number, line, stamp.time if stamp else None))
        return tuple(found)

    def latest(self, pattern: str, names: Iterable[str]) -> Evidence | None:
        oldest = datetime.min.replace(tzinfo=UTC)
        return max(self.grep(pattern, names), key=lambda e: e.time or oldest, default=None)

    def _of(self, source: str) -> list[tuple[str, str]]:
        return [(path, text) for path, text in sorted(self.files.items()) if sources().of(path).name == source]


def from_bytes(files: Mapping[str, bytes | None], captured: datetime) -> FakeBundle:
    """A bundle as a builder gives it: path -> bytes, rotated logs packed."""
    return FakeBundle({p: _text(p, data) for p, data in files.items() if data is not None}, captured)


def _text(path: str, data: bytes) -> str:
    return (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8", "replace")


def zap(message: str, time: str = "2026-01-10T11:59:55.000Z", level: str = "debug") -> str:
    return json.dumps({"level": level, "ts": time, "caller": "ipamd/ipamd.go:672", "msg": message}) + "\n"


def address(ip: str, pod: str | None = None, unassigned: str = "0001-01-01T00:00:00Z", sandbox: str = "") -> dict:
    """An entry of IPAddresses as CNI 1.11 and later writes it; scrubbed of its sandbox unless one is given."""
    key = {"networkName": "aws-cni" if pod else "", "containerID": sandbox, "ifName": "eth0" if sandbox else ""}
    meta = {"k8sPodNamespace": "shop", "k8sPodName": pod} if pod else {}
    times = {
        "AssignedTime": "2026-01-10T09:00:00.123456789Z" if pod else "0001-01-01T00:00:00Z",
        "UnassignedTime": unassigned,
    }
    return {"Address": ip, "IPAMKey": key, "IPAMMetadata": meta, **times}


def eni(name: str, device: int, *cidrs: tuple[str, list[dict]], **more: object) -> dict:
    blocks = {
        cidr: {
            "Cidr": {"IP": cidr.split("/")[0], "Mask": "////8A==" if cidr.endswith("/28") else "/////w=="},
            "IPAddresses": {a["Address"]: a for a in entries},
            "IsPrefix": cidr.endswith("/28"),
            "AddressFamily": "",
        }
        for cidr, entries in cidrs
    }
    base = {"ID": name, "IsPrimary": device == 0, "IsTrunk": False, "IsEFA": False, "DeviceNumber": device}
    return base | {"AvailableIPv4Cidrs": blocks, "IPv6Cidrs": {}, "RouteTableID": 254 if device == 0 else device + 1} | more


def singles(subnet: str, total: int, assigned: int, cooling: int = 0, sandboxes: bool = False) -> list[tuple[str, list[dict]]]:
    """/32 blocks of one ENI: some held, some cooling since five seconds, the others never used (no entry)."""
    blocks = []
    for n in range(total):
        ip = f"{subnet}.{n + 10}"
        if n < assigned:
            entries = [address(ip, f"web-{n}", sandbox=f"{subnet}.{n}".encode().hex().ljust(64, "0") if sandboxes else "")]
        else:
            entries = [address(ip, unassigned="2026-01-10T11:59:55Z")] if n < assigned + cooling else []
        blocks.append((f"{ip}/32", entries))
    return blocks


def cards(*per_card: list[dict]) -> str:
    """enis.json of CNI 1.20 and later."""
    dump = {}
    for number, enis in enumerate(per_card):
        blocks = [b for e in enis for b in e["AvailableIPv4Cidrs"].values()]
        held = sum(bool(a["IPAMKey"]["networkName"]) for b in blocks for a in b["IPAddresses"].values())
        total = sum(16 if b["IsPrefix"] else 1 for b in blocks)
        dump[str(number)] = {"TotalIPs": total, "AssignedIPs": held, "ENIs": {e["ID"]: e for e in enis}}
    return json.dumps(dump)


def container(env: Mapping[str, str], image: str = "amazon-k8s-cni:v1.20.4-eksbuild.1", name: str = "ab" * 32) -> str:
    """What `ctr container info` prints of aws-node."""
    spec = {"process": {"args": ["/app/aws-vpc-cni"], "env": [f"{k}={v}" for k, v in env.items()]}}
    return json.dumps({"ID": name, "Image": f"registry.example/{image}", "Spec": spec}, indent=4) + "\n"


PS = "USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"


def ps(*commands: str) -> str:
    rows = (
        "/sbin/init",
        "[kthreadd]",
        "/usr/bin/containerd",
        "/usr/bin/kubelet --config /x",
        "kube-proxy --v=2",
        *commands,
    )
    return PS + "".join(f"root {100 + n}  0.3  1.1 725100 41220 ?  Ssl  Nov19  1:02 {c}\n" for n, c in enumerate(rows))


CONFLIST = json.dumps(
    {
        "cniVersion": "0.4.0",
        "name": "aws-cni",
        "plugins": [
            {"name": "aws-cni", "type": "aws-cni", "vethPrefix": "eni", "mtu": "9001", "podSGEnforcingMode": "strict"},
            {"name": "egress-cni", "type": "egress-cni", "mtu": "9001", "enabled": "false"},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    },
    indent=2,
)
DMI = "[    0.000000] DMI: Amazon EC2 {}/, BIOS 1.0 10/16/2017\n"
CNI_ENV = "cni/cni-configuration-variables-containerd.json"
LOG = "var_log/aws-routed-eni/ipamd.log"
IFCONFIG = "{}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu {}\n        inet 10.0.0.1\n\n"
UP = {"system/ps.txt": ps("./aws-k8s-agent"), "cni/10-aws.conflist": CONFLIST}
DOWN = {"ipamd/enis.json": "", "ipamd/metrics.json": "", "cni/10-aws.conflist": CONFLIST, "system/ps.txt": ps()}


def node(enis, env=None, kind="m5.large", **files):
    """A node whose pool is `enis` (network card 0)."""
    base = UP | {
        "kernel/dmesg.current": DMI.format(kind),
        "ipamd/enis.json": cards(enis),
        CNI_ENV: container({"ENABLE_POD_ENI": "false"} | (env or {})),
    }
    return FakeBundle(base | files)


def three(total=9, assigned=9, cooling=0):
    return [eni(f"eni-{n}", n, *singles(f"10.0.{n}", total, assigned, cooling)) for n in range(3)]


def keys(section):
    return {issue.key: issue for issue in section.issues}
