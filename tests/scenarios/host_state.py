"""The host, kubelet and container runtime at capture: system/, storage/, sysctls/, kubelet/, containerd/, docker/."""

import json
from functools import cache
from pathlib import Path

import yaml

from .cni_state import image
from .lines import syslog
from .node import Node, Pod
from .story import facts_at, fill


@cache
def _templates() -> dict[str, dict[str, str]]:
    return yaml.safe_load(Path(__file__).with_name("host_files.yaml").read_text(encoding="utf-8"))


def files(node: Node) -> dict[str, str]:
    """All host files but the network's own."""
    facts, out = facts_at(node, node.captured), {}
    for part in ("all", node.os, "docker" if node.docker else "containerd"):
        out |= {name: fill(node, text, facts) for name, text in _templates()[part].items()}
    if node.spec.kubelet == "down":
        unit = "kubelet.service    loaded "
        out["system/services.txt"] = out["system/services.txt"].replace(f"{unit}active   running", f"{unit}activating auto-restart")
    return {**out, **_system(node), **_kubelet(node), **_runtime(node)}


# ---- processes and system -----------------------------------------------------------------------------------------
def processes(node: Node) -> list[tuple[str, int, str]]:
    """user, pid, command. aws-k8s-agent is ipamd."""
    out = [("root", 1, "/usr/lib/systemd/systemd --switched-root --system"), ("root", 2, "[kthreadd]")]
    out += [("root", 2807, "/usr/bin/containerd")]
    out += [("root", 2790, "/usr/bin/dockerd -H fd://")] if node.docker else []
    if node.spec.kubelet == "up":
        out += [("root", 3301, f"/usr/bin/kubelet --config {_config_path(node)} --node-ip={node.primary}")]
    if node.spec.efs:
        out += [("root", 3700, "/bin/aws-efs-csi-driver --endpoint=unix:/csi/csi.sock --logtostderr --v=2")]
    proxy = "kube-proxy --v=2 --config=/var/lib/kube-proxy-config/config"
    out += [("root", 3604, proxy)] if node.spec.kube_proxy == "up" else []
    if not node.vpc_cni:
        out += [("root", 3850, "cilium-agent --config-dir=/tmp/cilium/config-map")]
    elif node.has_aws_node:
        entrypoint = "./aws-vpc-cni" if node.at_least(1, 13) else "bash /app/entrypoint.sh"
        out += [("root", 3810, entrypoint), ("root", 3822, "./aws-k8s-agent")] if node.ipamd_up else []
        agent = node.at_least(1, 14) and node.spec.network_policy_agent == "up"
        out += [("root", 3830, "/controller --enable-network-policy=true --log-level=debug")] if agent else []
    return out + [("1000", 7000 + i, "java -Xmx512m -jar app.jar") for i in range(len(node.pods))]


def _system(node: Node) -> dict[str, str]:
    rows, started = processes(node), f"{node.boot:%b%d}"
    up = node.captured - node.boot
    ps = [f"{u:<10}{p:>5}  0.3  1.1 725100 41220 ?        Ssl  {started}   1:02 {c}" for u, p, c in rows]
    threads = [f"{u:<10}{p:>5}     1 {p:>5}  0    1 181275 41220   0 {started} ?   00:01:02 {c}" for u, p, c in rows]
    top = [f"{p:>7} {u:<8}  20   0  725100  41220  20112 S   0.3   1.1   1:02.10 {c.split()[0]}" for u, p, c in rows]
    load = f"top - {node.captured:%H:%M:%S} up {up.days} days, {up.seconds // 3600}:{up.seconds // 60 % 60:02d}"
    boot = f"{node.boot:%a %b} {node.boot.day:2d} {node.boot:%H:%M}"
    devices = "Filesystem      Size  Used Avail Use% Mounted on\ndevtmpfs        3.8G     0  3.8G   0% /dev"
    root = "/dev/nvme0n1p1 on / type xfs (rw,noatime,attr2,inode64,logbufs=8,logbsize=32k,noquota)"
    task = "/run/containerd/io.containerd.runtime.v2.task/k8s.io"
    overlays = [f"overlay on {task}/{p.sandbox}/rootfs type overlay (rw,relatime)" for p in node.pods]
    out = {
        "system/top.txt": [
            f"{load},  0 users,  load average: 0.31, 0.42, 0.40",
            f"Tasks: {len(rows)} total,   1 running",
            "",
            "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND",
            *top,
        ],
        "system/ps.txt": ["USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND", *ps],
        "system/ps-threads.txt": ["UID        PID  PPID   LWP  C NLWP     SZ   RSS PSR STIME TTY  TIME CMD", *threads],
        "system/netstat.txt": _netstat(node),
        "system/last_reboot.txt": [f"reboot   system boot  {node.kernel[:14]} {boot}   still running"],
        "storage/mounts.txt": [root, *overlays, "", devices, "/dev/nvme0n1p1   80G   33G   48G  41% /"],
        "var_log/cron": [f"{syslog(node.captured)} {node.host} CROND[6123]: (root) CMD (/usr/lib64/sa/sa1 1 1)"],
        "var_log/cloud-init.log": [f"{node.boot:%Y-%m-%d %H:%M}:31,001 - util.py[DEBUG]: Cloud-init v. 22.2.2 running"],
    }
    if node.os == "al2":
        pulled = "systemd[1]: Started pull sandbox image defined in containerd config.toml."
        out["sandbox-image/sandbox-image-log.txt"] = [f"{syslog(node.boot)} {node.host} {pulled}"]
    return {name: "\n".join(lines) + "\n" for name, lines in out.items()}


def _netstat(node: Node) -> list[str]:
    """ipamd listens for metrics, introspection and, before 1.23 moved that to a socket, for the plugin."""
    ports = ["0.0.0.0:61678"] if node.ipamd_up else []
    ports += ["127.0.0.1:61679"] if node.ipamd_up and node.spec.introspection != "off" else []
    ports += ["127.0.0.1:50051"] if node.ipamd_up and not node.at_least(1, 23) else []
    kubelet = [("127.0.0.1:10248", "3301/kubelet")] if node.spec.kubelet == "up" else []
    listening = [*kubelet, *((p, "3822/aws-k8s-agent") for p in ports)]
    head = "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name"
    rows = [f"tcp        0      0 {a:<23} 0.0.0.0:*               LISTEN      {p}" for a, p in listening]
    return ["Active Internet connections (servers and established)", head, *rows]


# ---- kubelet ------------------------------------------------------------------------------------------------------
def _config_path(node: Node) -> str:
    return "/etc/kubernetes/kubelet/" + ("kubelet-config.json" if node.os == "al2" else "config.json")


def _kubelet(node: Node) -> dict[str, str]:
    config = {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "clusterDNS": [node.cluster_dns],
        "clusterDomain": "cluster.local",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "10%", "nodefs.inodesFree": "5%"},
        "kubeReserved": {"cpu": "70m", "ephemeral-storage": "1Gi", "memory": f"{255 + 11 * node.max_pods}Mi"},
        "maxPods": node.max_pods,
        "serializeImagePulls": False,
    }
    unit = "# /etc/systemd/system/kubelet.service\n[Unit]\nDescription=Kubernetes Kubelet\n"
    service = f"{unit}\n[Service]\nExecStart=/usr/bin/kubelet --config {_config_path(node)}\nRestart=on-failure\n"
    name = _config_path(node).rsplit("/", 1)[1]
    return {f"kubelet/{name}": json.dumps(config, indent=4) + "\n", "kubelet/kubelet_service.txt": service}


# ---- container runtime --------------------------------------------------------------------------------------------
def running(node: Node) -> list[tuple[Pod, str]]:
    """Pods with their image. A pod whose sandbox could not be made is not among them."""
    if not node.spec.joined:
        return []
    repo = f"602401143452.dkr.ecr.{node.region}.amazonaws.com/eks"
    pods = {
        "ebs-csi-node": f"{repo}/aws-ebs-csi-driver:v1.37.0",
        "eks-pod-identity-agent": f"{repo}/eks-pod-identity-agent:v0.1.29",
        "kube-proxy": f"{repo}/kube-proxy:{node.kubernetes}-minimal-eksbuild.2",
    }
    pods |= {"aws-node": image(node)} if node.has_aws_node else {}
    pods |= {"efs-csi-node": f"{repo}/aws-efs-csi-driver:v2.1.0"} if node.spec.efs else {}
    out = [(node.system[app], name) for app, name in pods.items()]
    for pod in node.pods:
        app = pod.name.split("-", 1)[0]
        out.append((pod, f"{repo}/coredns:v1.11.4" if app == "coredns" else f"registry.example.com/{app}:latest"))
    return out


def _runtime(node: Node) -> dict[str, str]:
    pause = f"602401143452.dkr.ecr.{node.region}.amazonaws.com/eks/pause:3.5"
    out = {"containerd/containerd-namespaces.txt": f"NAME   LABELS \n{'moby' if node.docker else 'k8s.io'}        \n"}
    return out | (_docker(node, pause) if node.docker else _containerd(node, pause))


def _containerd(node: Node, pause: str) -> dict[str, str]:
    pods, kind = running(node), "application/vnd.oci.image.index.v1+json"
    stopped = {node.system["aws-node"].container} if not node.ipamd_up else set()
    stopped |= {node.system["kube-proxy"].container} if node.spec.kube_proxy != "up" else set()
    images = [
        f"{name} {kind} sha256:{node.hexid(64)} 42.1 MiB linux/amd64,linux/arm64 io.cri-containerd.image=managed"
        for name in sorted({name for _, name in pods} | {pause})
    ]
    containers, tasks = [], []
    for n, (pod, name) in enumerate(pods):
        for identifier, what in ((pod.sandbox, pause), (pod.container, name)):
            containers.append(f"{identifier}    {what}    io.containerd.runc.v2")
            tasks.append(f"{identifier}    {3900 + n}    {'STOPPED' if identifier in stopped else 'RUNNING'}")
    tables = {
        "images": ["REF TYPE DIGEST SIZE PLATFORMS LABELS ", *images],
        "containers": ["CONTAINER    IMAGE    RUNTIME                  ", *containers],
        "tasks": ["TASK    PID     STATUS    ", *tasks],
    }
    return {f"containerd/containerd-{name}.txt": "\n".join(lines) + "\n" for name, lines in tables.items()}


def _docker(node: Node, pause: str) -> dict[str, str]:
    rows, images = ["CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES"], set()
    for pod, name in running(node):
        images |= {name, pause}
        since, tail = "3 hours ago   Up 3 hours", f"{pod.name}_{pod.namespace}_{pod.uid}_0"
        rows.append(f'{pod.container[:12]}   {name}   "/app/start"   {since}             k8s_{pod.name.split("-")[0]}_{tail}')
        rows.append(f'{pod.sandbox[:12]}   {pause}   "/pause"   {since}             k8s_POD_{tail}')
    listed = ["REPOSITORY   TAG   IMAGE ID   CREATED   SIZE"]
    listed += ["   ".join([*name.rsplit(":", 1), node.hexid(12), "3 months ago", "310MB"]) for name in sorted(images)]
    return {"docker/docker-ps.txt": "\n".join(rows) + "\n", "docker/docker-images.txt": "\n".join(listed) + "\n"}
