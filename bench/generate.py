"""A large log bundle made from a seed: the files, line shapes and traps of a real collection, and the truth about them.

    <name>.tar.gz       as the node's collector names and packs it
    <name>.truth.jsonl  a line for each fault put in: path, line (1-based), ts (epoch seconds or null), text

Most lines are the quiet ones of a node, 48 hours of them, one file a source; half of the faults stand in a burst of half an
hour. The traps: a log that begins within a line, a rotated log packed inside the archive, bytes that are no UTF-8, one line
of a megabyte, carriage returns, no newline at the end, a message cut in two by the runtime, an empty file."""

import gzip
import io
import json
import random
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

END = 1_795_000_000
HOURS = 48
FAULTS_PER_LINE = 0.0005
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

FAULTS: dict[str, tuple[str, ...]] = {
    "ipamd": (
        "no available IP/Prefix addresses in the data store",
        "failed to allocate a private IP/Prefix address on ENI {eni}: InsufficientFreeAddressesInSubnet: not enough free addresses",
        "failed to create ENI: AttachmentLimitExceeded: Interface count {n} exceeds the limit for m5.large",
        "failed to allocate prefix on ENI {eni}: InsufficientCidrBlocks: not enough free cidr blocks",
    ),
    "plugin": ("add cmd: failed to assign an IP address to container",),
    "kubelet": (
        "PLEG is not healthy: pleg was last seen active 3m{n}s ago; threshold is 3m0s",
        "Eviction manager: attempting to reclaim ephemeral-storage",
        "x509: certificate has expired or is not yet valid",
    ),
    "containerd": (
        "RunPodSandbox for app-{n} failed, error: failed to setup network for sandbox: add cmd: failed to assign an IP",
    ),
    "messages": ("nf_conntrack: nf_conntrack: table full, dropping packet", "watchdog: BUG: soft lockup - CPU#{n} stuck for 22s!"),
    "pod": ("[ERROR] plugin/errors: 2 db.internal. A: read udp 10.0.{n}.5:41000->10.0.0.2:53: i/o timeout", "panic: runtime error"),
}
_SHARES = (
    ("var_log/aws-routed-eni/ipamd.log", "ipamd", 0.24),
    ("var_log/aws-routed-eni/plugin.log", "plugin", 0.10),
    ("kubelet/kubelet.log", "kubelet", 0.20),
    ("containerd/containerd-log.txt", "containerd", 0.13),
    ("var_log/messages", "messages", 0.11),
    ("var_log/audit/audit.log", "audit", 0.03),
    ("networking/conntrack.txt", "conntrack", 0.04),
    ("networking/iptables-save.txt", "iptables", 0.04),
)
_PODS = 20


class Node:
    """The made-up node: its ids, its clock, and a quiet line of each source."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.start, self.span = END - HOURS * 3600, HOURS * 3600
        self.instance = f"i-{self.random.getrandbits(68):017x}"
        self.host = f"ip-10-0-{self.pick(250)}-{self.pick(250)}"
        self.enis = [f"eni-{self.hexes(17)}" for _ in range(8)]
        self.pods = [(f"app-{self.hexes(9)}", self.uuid(), self.hexes(64)) for _ in range(60)]
        self.truth: list[dict[str, object]] = []
        self.lines: dict[str, Callable[[float, str | None], str]] = {
            name: getattr(self, f"_{name}")
            for name in ("ipamd", "plugin", "kubelet", "containerd", "messages", "audit", "conntrack", "iptables", "pod")
        }

    def pick(self, below: int) -> int:
        return int(self.random.random() * below)

    def hexes(self, count: int) -> str:
        return f"{self.random.getrandbits(4 * count):0{count}x}"

    def uuid(self) -> str:
        text = self.hexes(32)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def address(self) -> str:
        return f"10.0.{self.pick(256)}.{self.pick(256)}"

    def iso(self, when: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when)) + f".{int(when % 1 * 1000):03d}"

    def syslog(self, when: float) -> str:
        t = time.gmtime(when)
        return f"{_MONTHS[t.tm_mon - 1]} {t.tm_mday:02d} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} {self.host}"

    def _ipamd(self, when: float, fault: str | None) -> str:
        quiet = (
            lambda: f"IP stats - total IPs: {self.pick(60)}, assigned IPs: {self.pick(50)}, cooldown IPs: {self.pick(9)}",
            lambda: f"Private IP Address: {self.address()}, ENI: {self.enis[self.pick(8)]}",
            lambda: f"Received AddNetwork for NS /var/run/netns/cni-{self.uuid()}, Sandbox {self.hexes(64)}, ifname eth0",
            lambda: f"Send AddNetworkReply: IPv4Addr: {self.address()}, DeviceNumber: {self.pick(4)}, err: <nil>",
            lambda: f"Successfully Reconciled ENI/IP pool: {self.enis[self.pick(8)]} with {self.pick(15)} IPs",
        )
        message, level = fault or quiet[self.pick(5)](), "error" if fault else "debug"
        return f'{{"level":"{level}","ts":"{self.iso(when)}Z","caller":"ipamd/ipamd.go:{self.pick(2000)}","msg":"{message}"}}'

    def _plugin(self, when: float, fault: str | None) -> str:
        name, uid, box = self.pods[self.pick(60)]
        message = f"Received CNI add request: ContainerID({box}) Netns(/var/run/netns/cni-{self.uuid()}) Args(K8S_POD_UID={uid};K8S_POD_NAME={name})"
        level = "error" if fault else "info"
        return f'{{"level":"{level}","ts":"{self.iso(when)}Z","caller":"routed-eni-cni-plugin/cni.go:{self.pick(300)}","msg":"{fault or message}"}}'

    def _kubelet(self, when: float, fault: str | None) -> str:
        name, uid, box = self.pods[self.pick(60)]
        t = time.gmtime(when)
        klog = f"{t.tm_mon:02d}{t.tm_mday:02d} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}.{int(when % 1 * 1e6):06d}    2871"
        quiet = (
            ("I", f'kubelet.go:2438] "SyncLoop (PLEG): event for pod" pod="web/{name}" event={{"ID":"{uid}","Data":"{box}"}}'),
            (
                "I",
                f'prober.go:107] "Probe succeeded" probeType="Readiness" pod="web/{name}" podUID="{uid}" elapsed="{self.pick(900)}ms"',
            ),
            ("I", f'kubelet_getters.go:187] "Pod status updated" pod="web/{name}" status="Running"'),
            ("W", f'watcher.go:93] Error while processing event ("/sys/fs/cgroup/kubepods/burstable/pod{uid}"): no such file'),
        )
        level, message = (
            ("E", f'pod_workers.go:1300] "Error syncing pod" err="{fault}" pod="web/{name}"') if fault else quiet[self.pick(4)]
        )
        return f"{self.syslog(when)} kubelet[2871]: {level}{klog} {message}"

    def _containerd(self, when: float, fault: str | None) -> str:
        name, uid, box = self.pods[self.pick(60)]
        quiet = (
            f"RunPodSandbox for {name} {uid} returns sandbox id {box}",
            f"TearDown network for sandbox {box} successfully",
            f"ImageUpdate event name:app:{self.pick(900)} labels:managed",
        )
        level, message = ("error", fault) if fault else ("info", quiet[self.pick(3)])
        return f'{self.syslog(when)} containerd[2650]: time="{self.iso(when)}Z" level={level} msg="{message}"'

    def _messages(self, when: float, fault: str | None) -> str:
        quiet = (
            f"systemd[1]: run-containerd-{self.hexes(64)}-rootfs.mount: Deactivated successfully.",
            f"dhclient[1899]: XMT: Solicit on eth{self.pick(4)}, interval {100000 + self.pick(9999)}ms.",
            f"systemd-networkd[1742]: eni{self.hexes(11)}: Link UP",
        )
        return f"{self.syslog(when)} {f'kernel: {fault}' if fault else quiet[self.pick(3)]}"

    def _audit(self, when: float, _fault: str | None) -> str:
        return f'type=SYSCALL msg=audit({when:.3f}:{self.pick(999999)}): syscall={self.pick(330)} success=yes a0={self.hexes(8)} pid={self.pick(32000)} comm="runc" exe="/usr/sbin/runc"'

    def _conntrack(self, _when: float, _fault: str | None) -> str:
        here, there, port = self.address(), self.address(), 1024 + self.pick(60000)
        return f"tcp 6 {self.pick(86400)} ESTABLISHED src={here} dst={there} sport={port} dport=443 src={there} dst={here} sport=443 dport={port} [ASSURED] use=1"

    def _iptables(self, _when: float, _fault: str | None) -> str:
        return f'-A KUBE-SVC-{self.hexes(16).upper()} -m comment --comment "web/svc-{self.pick(3000)}:http -> {self.address()}:8080" -j KUBE-SEP-{self.hexes(16).upper()}'

    def _pod(self, when: float, fault: str | None) -> str:
        quiet = (
            f'{{"level":"INFO","msg":"request served","path":"/api/v1/items/{self.pick(99999)}","status":200,"trace":"{self.hexes(32)}"}}',
            f"[INFO] {self.address()}:{self.pick(60000)} svc-{self.pick(900)}.default.svc.cluster.local. NOERROR",
            f'GET /healthz 200 {self.pick(30)}ms client={self.address()} ua="kube-probe/1.33" req={self.uuid()}',
        )
        return f"{self.iso(when)}000000Z std{'err' if fault else 'out'} F {fault or quiet[self.pick(3)]}"


def _member(node: Node, path: str, kind: str, size: int) -> Iterator[bytes]:
    """Lines of one file, `size` bytes of them in all, spread over the hours."""
    line, made, number = node.lines[kind], 0, 0
    mean = sum(len(line(node.start, None)) + 1 for _ in range(200)) / 200
    step = node.span / max(1, size / mean)
    faults, burst = FAULTS.get(kind, ()), (node.start + 0.70 * node.span, node.start + 0.71 * node.span)
    when = float(node.start)
    if kind == "messages":  # a log of which only the end was taken
        number, head = 1, b"ecovery complete, orphan cleanup\n"
        yield head
    while made < size:
        number += 1
        rate = FAULTS_PER_LINE * (50 if burst[0] <= when < burst[1] else 0.5)
        fault = faults[node.pick(len(faults))] if faults and node.random.random() < rate else None
        text = line(when, fault.format(eni=node.enis[node.pick(8)], n=1 + node.pick(59)) if fault else None)
        if fault:
            node.truth.append({"path": path, "line": number, "ts": round(when, 3), "text": text})
        data = text.encode() + b"\n"
        made += len(data)
        when = min(when + step, END - 1.0)
        yield data


def _traps(node: Node) -> dict[str, bytes]:
    """The small files, and what real collections hold to trip a reader."""
    rotated = b"".join(_member(node, "var_log/aws-routed-eni/ipamd-rotated.log.gz", "ipamd", 200_000))
    return {
        "system/instance-id.txt": node.instance.encode(),
        "system/region.txt": b"us-west-2\n",
        "ipamd/enis.json": json.dumps({"TotalIPs": 30, "AssignedIPs": 30, "ENIs": {e: {} for e in node.enis[:3]}}).encode(),
        "sysctls/sysctl_all.txt": b"".join(b"net.netfilter.knob_%d = %d\n" % (n, n * 7) for n in range(900)),
        "var_log/aws-routed-eni/ipamd-rotated.log.gz": gzip.compress(rotated, 6, mtime=0),
        "system/empty.txt": b"",
        "system/crlf.txt": b"one\r\ntwo error\r\nno newline at the end",
        "system/latin1.txt": "disque plein \xe9chec\n".encode("latin1") * 3 + b"\xff\xfe tail\n",
        "networking/long-line.txt": b"A" * 1_000_000 + b" failed to assign an IP at the end of a long line\n",
        "var_log/pods/kube-system_coredns-x_0/coredns/0.log": b"2026-11-18T10:00:00.000000000Z stdout P first half of \n2026-11-18T10:00:00.000000001Z stdout F a message\n",
    }


def generate(folder: Path, megabytes: int, seed: int = 1) -> Path:
    """The archive of that many megabytes (10^6 bytes) of log lines; made once."""
    node = Node(seed)
    stem = f"eks_{node.instance}_{time.strftime('%Y-%m-%d_%H%M-UTC', time.gmtime(END))}_0.7.9"
    archive = folder / f"{stem}.tar.gz"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    total = megabytes * 1_000_000
    members = [(path, kind, int(total * share)) for path, kind, share in _SHARES]
    rest = (total - sum(size for _, _, size in members)) // _PODS
    members += [(f"var_log/pods/web_{n}_{uid}/app/0.log", "pod", rest) for n, uid, _ in node.pods[:_PODS]]
    part = archive.with_suffix(".part")
    with (
        part.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path, data in _traps(node).items():
            _add(tar, path, data)
        for path, kind, size in members:
            _add(tar, path, b"".join(_member(node, path, kind, size)))
    archive.with_suffix("").with_suffix(".truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in node.truth))
    part.rename(archive)
    return archive


def _add(tar: tarfile.TarFile, path: str, data: bytes) -> None:
    info = tarfile.TarInfo(f"./{path}")
    info.size, info.mtime = len(data), END
    tar.addfile(info, io.BytesIO(data))
