"""A Node as the kubelet of an EKS node writes it, of every way in which EKS runs nodes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from .store import Object, rfc3339

Compute = Literal["nodegroup", "self-managed", "karpenter", "auto", "fargate", "hybrid"]
Condition = str | tuple[str, str, str]
"""A status, or status, reason and message."""
HEALTHY: Mapping[str, tuple[str, str, str]] = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}
SILENT = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
UNREADY = {
    "False": (
        "False",
        "KubeletNotReady",
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin "
        "returns error: cni plugin not initialized",
    ),
    "Unknown": SILENT,
}
AGENT = {
    "ContainerRuntimeReady": ("ContainerRuntimeIsReady", "ContainerRuntime"),
    "StorageReady": ("DiskIsReady", "Disk"),
    "NetworkingReady": ("NetworkingIsReady", "Networking"),
    "KernelReady": ("KernelIsReady", "Kernel"),
}
"""What the node monitoring agent reports. AcceleratedHardwareReady is there on nodes with accelerators only."""
SIZES = {"t3.medium": (2, 4), "m5.large": (2, 8), "m5.xlarge": (4, 16), "c5.xlarge": (4, 8), "g5.xlarge": (4, 16)}
TAINTS = {"False": "node.kubernetes.io/not-ready", "Unknown": "node.kubernetes.io/unreachable"}


def conditions(ready: str, told: Mapping[str, Condition], agent: bool, now: datetime) -> list[dict[str, Any]]:
    """The conditions of a node: the kubelet's, the agent's, and what the test says of them."""
    known = dict(HEALTHY)
    if ready != "True":
        known["Ready"] = UNREADY[ready]
    if ready == "Unknown":  # the node controller says so of all that the kubelet used to report
        known |= dict.fromkeys(HEALTHY, SILENT)
    if agent:
        known |= {name: ("True", r, f"Monitoring for the {what} system is active") for name, (r, what) in AGENT.items()}
    for name, value in told.items():
        default = known.get(name, ("", f"{name}Reported", f"{name} was reported"))
        known[name] = value if isinstance(value, tuple) else (value, default[1], default[2])
    beat, since = rfc3339(now - timedelta(seconds=40)), rfc3339(now - timedelta(hours=5))
    return [
        {"type": name, "status": s, "reason": r, "message": m, "lastHeartbeatTime": beat, "lastTransitionTime": since}
        for name, (s, r, m) in known.items()
    ]


def labels_of(compute: Compute, pool: str, name: str, region: str, zone: str, instance_type: str) -> dict[str, str]:
    """The labels by which one tells how a node came to be."""
    out = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    out |= {"beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64"}
    if compute == "hybrid":
        return out | {"eks.amazonaws.com/compute-type": "hybrid", "eks.amazonaws.com/hybrid-credential-provider": "ssm"}
    out |= {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone}
    if compute == "fargate":
        return out | {"eks.amazonaws.com/compute-type": "fargate"}
    out["node.kubernetes.io/instance-type"] = instance_type
    if compute == "nodegroup":
        out |= {"eks.amazonaws.com/nodegroup": pool, "eks.amazonaws.com/capacityType": "ON_DEMAND"}
        out["eks.amazonaws.com/nodegroup-image"] = "ami-0a1b2c3d4e5f60718"
    elif compute == "karpenter":
        out |= {
            "karpenter.sh/nodepool": pool,
            "karpenter.sh/capacity-type": "on-demand",
            "karpenter.k8s.aws/ec2nodeclass": "default",
        }
    elif compute == "auto":
        out |= {"eks.amazonaws.com/compute-type": "auto", "karpenter.sh/nodepool": pool, "eks.amazonaws.com/nodeclass": "default"}
    return out


def provider_id(compute: Compute, instance_id: str, region: str, zone: str, cluster: str) -> str:
    if compute == "hybrid":
        return f"eks-hybrid:///{region}/{cluster}/{instance_id}"
    if compute == "fargate":
        return f"aws:///{zone}/4f7b1c9d2e-0a1b2c3d4e5f/{instance_id}"
    return f"aws:///{zone}/{instance_id}"


def node(
    name: str,
    instance_id: str,
    ip: str,
    *,
    now: datetime,
    region: str,
    cluster: str,
    zone: str,
    compute: Compute,
    pool: str,
    instance_type: str,
    ready: str,
    told: Mapping[str, Condition],
    agent: bool,
    taints: Iterable[str],
    labels: Mapping[str, str],
    max_pods: int,
    kubelet: str,
    cordoned: bool,
) -> Object:
    """The object."""
    cpus, gib = SIZES.get(instance_type, (4, 16))
    room = {"cpu": str(cpus), "memory": f"{gib * 1024 * 1024}Ki", "pods": str(max_pods), "ephemeral-storage": "83873772Ki"}
    left = room | {"cpu": f"{cpus * 1000 - 80}m", "memory": f"{gib * 1024 * 1024 - 700_000}Ki", "ephemeral-storage": "76224326324"}
    spec: dict[str, Any] = {"providerID": provider_id(compute, instance_id, region, zone, cluster)}
    marks = [_taint(text) for text in taints]
    if ready in TAINTS:
        marks += [{"key": TAINTS[ready], "effect": effect} for effect in ("NoSchedule", "NoExecute")]
    if cordoned:
        spec["unschedulable"] = True
        marks.append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})
    if marks:
        spec["taints"] = marks
    bottlerocket = compute == "auto"
    info = {
        "architecture": "amd64",
        "bootID": "7b3c4f0e-2a44-4e35-9f6f-6d8d7cf1c001",
        "containerRuntimeVersion": "containerd://1.7.27",
        "kernelVersion": "6.1.148-173.267.amzn2023.x86_64",
        "kubeProxyVersion": kubelet,
        "kubeletVersion": kubelet,
        "machineID": "ec2f0a1b2c3d4e5f60718293a4b5c6d7",
        "operatingSystem": "linux",
        "osImage": "Bottlerocket (EKS Auto, Standard) 2025.8.20 (aws-k8s-1.33-standard)"
        if bottlerocket
        else "Amazon Linux 2023.8.20250818",
        "systemUUID": "ec2f0a1b-2c3d-4e5f-6071-8293a4b5c6d7",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "creationTimestamp": rfc3339(now - timedelta(hours=5)),
            "labels": labels_of(compute, pool, name, region, zone, instance_type) | dict(labels),
        },
        "spec": spec,
        "status": {
            "capacity": room,
            "allocatable": left,
            "conditions": conditions(ready, told, agent, now),
            "addresses": [
                {"type": "InternalIP", "address": ip},
                {"type": "InternalDNS", "address": name},
                {"type": "Hostname", "address": name},
            ],
            "nodeInfo": info,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": [],
        },
    }


def _taint(text: str) -> dict[str, str]:
    """`key=value:Effect` or `key:Effect`, as kubectl writes it."""
    what, _, effect = text.rpartition(":")
    key, _, value = what.partition("=")
    return {"key": key, "effect": effect} | ({"value": value} if value else {})
