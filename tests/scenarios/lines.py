"""How each component writes one line. A Row says what was logged; `render` says in which file, in which spelling."""

import json
from dataclasses import dataclass
from datetime import datetime

from .node import Node

PIDS = {"kubelet": 3301, "containerd": 2807, "dockerd": 2790, "systemd": 1, "nodeadm": 1491}
KLOG = {"debug": "I", "info": "I", "warn": "W", "warning": "W", "error": "E", "fatal": "F"}
CALLERS = {
    "ipamd": "ipamd/ipamd.go:711",
    "plugin": "routed-eni-cni-plugin/cni.go:279",
    "network-policy-agent": "controllers/policyendpoints_controller.go:162",
    "kubelet": "kubelet.go:2473",
    "kube-proxy": "server.go:872",
}
ZAP_FILES = {
    "ipamd": "var_log/aws-routed-eni/ipamd.log",
    "plugin": "var_log/aws-routed-eni/plugin.log",
    "network-policy-agent": "var_log/aws-routed-eni/network-policy-agent.log",
}
JOURNAL_FILES = {
    "kubelet": "kubelet/kubelet.log",
    "containerd": "containerd/containerd-log.txt",
    "dockerd": "docker/docker.log",
    "nodeadm": "nodeadm/nodeadm-config.log",
}
PLAIN_FILES = {"cloud-init": "var_log/cloud-init-output.log"}
"""Logs whose lines stand as they are written down."""
CONTAINERS = {"ebs-csi-node": "ebs-plugin", "efs-csi-node": "efs-plugin", "aws-eks-nodeagent": "aws-eks-nodeagent"}
POD_LOGS = ("aws-node", "aws-eks-nodeagent", "kube-proxy", "coredns", "ebs-csi-node", "efs-csi-node", "eks-pod-identity-agent")
LOGS = (*ZAP_FILES, *JOURNAL_FILES, *PLAIN_FILES, *POD_LOGS, "dmesg", "messages")


@dataclass(frozen=True, slots=True)
class Row:
    """Something a component logged. `raw`: the text is all that it printed (a panic, a klog line of its own)."""

    at: datetime
    log: str
    text: str
    level: str = "info"
    caller: str = ""
    raw: bool = False
    program: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    ec2: tuple[str, str] = ("", "")
    """API call and error code, where the row tells of a failed EC2 call: ipamd counts those in its metrics."""


# ---- clocks -------------------------------------------------------------------------------------------------------
def iso(when: datetime, digits: int = 3) -> str:
    fraction = f"{when.microsecond:06d}000"[:digits]
    return when.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if digits else "") + "Z"


def syslog(when: datetime) -> str:
    return f"{when:%b} {when.day:2d} {when:%H:%M:%S}"


def klog(when: datetime) -> str:
    return when.strftime("%m%d %H:%M:%S.%f")


def ctime(when: datetime) -> str:
    return f"{when:%a %b} {when.day:2d} {when:%H:%M:%S %Y}"


# ---- formats ------------------------------------------------------------------------------------------------------
def zap(row: Row) -> str:
    """ipamd, plugin and agent since 1.7: one JSON object a line."""
    caller = row.caller or CALLERS[row.log]
    shown = {"level": row.level, "ts": iso(row.at), "caller": caller, "msg": row.text, **dict(row.fields)}
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False)


def journal(node: Node, when: datetime, program: str, text: str) -> str:
    """The shell collector takes journald's default (no year); the node agent asks for short-iso-precise."""
    pid = "" if program == "kernel" else f"[{PIDS.get(program, 2266)}]"
    if node.spec.layout == "node_agent":
        return f"{when:%Y-%m-%dT%H:%M:%S.%f}+0000 {node.host} {program}{pid}: {text}"
    return f"{syslog(when)} {node.host} {program}{pid}: {text}"


def klog_text(row: Row, pid: int) -> str:
    return f"{KLOG[row.level]}{klog(row.at)} {pid:>7} {row.caller or CALLERS.get(row.log, 'main.go:42')}] {row.text}"


def logfmt(row: Row) -> str:
    extra = "".join(f" {k}={json.dumps(v, ensure_ascii=False)}" for k, v in row.fields)
    level = {"warn": "warning"}.get(row.level, row.level)
    return f'time="{iso(row.at, 9)}" level={level} msg={json.dumps(row.text, ensure_ascii=False)}{extra}'


def aws_node_text(node: Node, row: Row) -> str:
    """The entrypoint was a shell script printing JSON until 1.12, then a Go program printing logfmt."""
    if node.at_least(1, 13):
        return f'time="{iso(row.at, 0)}" level={row.level} msg="{row.text}"'
    return json.dumps({"level": row.level, "ts": iso(row.at), "caller": "entrypoint.sh", "msg": row.text}, separators=(",", ":"))


def container_text(node: Node, row: Row) -> str:
    """What the process in a container prints."""
    if row.raw:
        return row.text
    if row.log == "aws-node":
        return aws_node_text(node, row)
    if row.log == "aws-eks-nodeagent":
        return json.dumps({"level": row.level, "ts": iso(row.at), "caller": row.caller or "runtime/proc.go:283", "msg": row.text})
    if row.log in ("kube-proxy", "ebs-csi-node"):
        return klog_text(row, 1)
    return row.text


# ---- where a row goes ---------------------------------------------------------------------------------------------
def pod_log_paths(node: Node, log: str) -> list[str]:
    """The pod tree, and the flat copy that only the shell collector makes."""
    pod = node.pod_of("aws-node" if log == "aws-eks-nodeagent" else log)
    container = CONTAINERS.get(log, log)
    paths = [f"var_log/kube-system_{pod.name}_{pod.uid}/{container}/0.log"]
    if node.spec.layout == "shell":
        paths.append(f"var_log/{pod.name}_kube-system_{container}-{pod.container}.log")
    return paths


def render(node: Node, row: Row) -> list[tuple[str, str]]:
    """(file, line) for every file this row ends up in."""
    if row.log in ZAP_FILES:
        return [(ZAP_FILES[row.log], text) for text in (row.text.splitlines() if row.raw else [zap(row)])]
    if row.log in JOURNAL_FILES:
        return _journal(node, row)
    if row.log in PLAIN_FILES:
        return [(PLAIN_FILES[row.log], row.text)]
    if row.log in POD_LOGS:
        stream = "stdout" if row.log in ("coredns", "aws-node") else "stderr"
        texts = [f"{iso(row.at, 9)} {stream} F {text}" for text in container_text(node, row).splitlines()]
        return [(path, text) for path in pod_log_paths(node, row.log) for text in texts]
    if row.log == "dmesg":
        return _kernel(node, row)
    program = row.program or "systemd"
    return [("var_log/messages", journal(node, row.at, program, row.text))]


def _journal(node: Node, row: Row) -> list[tuple[str, str]]:
    program = row.program or row.log
    if row.raw or program == "systemd":
        text = row.text
    elif row.log == "kubelet":
        text = klog_text(row, PIDS["kubelet"])
    elif row.log == "nodeadm":
        shown = {
            "level": row.level,
            "ts": round(row.at.timestamp(), 4),
            "caller": row.caller or "init/init.go:49",
            "msg": row.text,
        }
        text = json.dumps({**shown, **dict(row.fields)}, separators=(",", ":"))
    else:
        text = logfmt(row)
    lines = [journal(node, row.at, program, part) for part in text.split("\n")]  # journald stamps every line
    files = [JOURNAL_FILES[row.log]]
    files += ["var_log/messages"] if node.os == "al2" and row.level in ("error", "warn") else []
    return [(file, line) for file in files for line in lines]


def _kernel(node: Node, row: Row) -> list[tuple[str, str]]:
    """dmesg stands in up to three files; on AL2 the syslog daemon writes kernel lines to messages as well."""
    seconds = (row.at - node.boot).total_seconds()
    stamped = f"[{seconds:12.6f}] {row.text}"
    out = [("kernel/dmesg.current", stamped), ("kernel/dmesg.human.current", f"[{ctime(row.at)}] {row.text}")]
    if seconds < 30:
        out.append(("kernel/dmesg.boot", stamped))
    if node.os == "al2" and seconds > 120:
        out.append(("var_log/messages", journal(node, row.at, "kernel", row.text)))
    return out


# ---- wordings that changed with the release -----------------------------------------------------------------------
def ec2_error(node: Node, error: dict[str, str], request_id: str) -> str:
    """An EC2 error as the AWS SDK prints it: v1 up to 1.19, v2 since."""
    code, message = error["code"], error["message"]
    if node.at_least(1, 20):
        how = f"https response error StatusCode: {error.get('status', 400)}, RequestID: {request_id}"
        return f"operation error EC2: {error['op']}, {how}, api error {code}: {message}"
    return f"{code}: {message}\n\tstatus code: {error.get('status', 400)}, request id: {request_id}"


def pool_stats(node: Node, total: int, assigned: int, cooling: int) -> str:
    """ipamd's pool line. The wording moved in 1.10, 1.12 and 1.20."""
    kind = "Prefix" if node.prefix and node.at_least(1, 9) else "IP"
    limit = f"c.maxIPsPerENI = {node.ips_per_eni}"
    if not node.at_least(1, 10):
        return f"{kind} pool stats: total = {total}, used = {assigned}, {limit}"
    if not node.at_least(1, 12):
        return f"{kind} pool stats: total = {total}, used = {assigned}, IPs in Cooldown = {cooling}, {limit}"
    prefixes = 1 if node.ipv6 else total // 16 if node.prefix else 0
    card = " for network card 0" if node.at_least(1, 20) else ""
    counts = f"Total IPs/Prefixes = {total}/{prefixes}, AssignedIPs/CooldownIPs: {assigned}/{cooling}"
    return f"{kind} pool stats{card}: {counts}, {limit}"
