"""A cluster as a test describes it: nodes, pods, daemonsets, events, logs, agents. Defaults look like EKS."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from ... import scenarios
from . import node_objects, pod_logs, pod_objects
from .node_agent import Agent, Agents, Step
from .node_objects import Compute, Condition
from .objects import Objects
from .pod_objects import PodState
from .store import Key, Object, rfc3339

REGISTRY = "602401143452.dkr.ecr.us-west-2.amazonaws.com"
DAEMONS = {
    "aws-node": {
        "aws-node": f"{REGISTRY}/amazon-k8s-cni:v1.20.1-eksbuild.1",
        "aws-eks-nodeagent": f"{REGISTRY}/amazon/aws-network-policy-agent:v1.2.4-eksbuild.1",
    },
    "kube-proxy": {"kube-proxy": f"{REGISTRY}/eks/kube-proxy:v1.33.3-minimal-eksbuild.6"},
    "eks-node-monitoring-agent": {"eks-node-monitoring-agent": f"{REGISTRY}/eks/eks-node-monitoring-agent:v1.4.0-eksbuild.1"},
}
COREDNS = {"coredns": f"{REGISTRY}/eks/coredns:v1.12.2-eksbuild.4"}
AGE = timedelta(days=30)
"""Of the cluster."""
ELSEWHERE = ("auto", "fargate", "hybrid")
"""Where daemons run as services of the node, or not at all."""


class World(Objects):
    """The objects of a cluster, said in few words."""

    def __init__(self, cluster: str, region: str, version: str) -> None:
        super().__init__(cluster, region, version)
        self.agents = Agents(self.store, self.now)
        self.logs: dict[tuple[str, str], dict[str, pod_logs.Logs]] = {}

    def begin(self) -> None:
        """As a new EKS cluster is: without nodes."""
        super().begin()
        self.agents.clear()
        self.logs.clear()
        self._last_ip = 10
        for name in ("aws-node", "kube-proxy"):
            self.daemonset(name, images=DAEMONS[name])
        self.deployment("coredns", images=COREDNS, app="kube-dns")

    # ---- nodes --------------------------------------------------------------------------------------------------------
    def node(
        self,
        name: str,
        instance_id: str,
        *,
        ready: str = "True",
        conditions: Mapping[str, Condition] | None = None,
        compute: Compute = "nodegroup",
        pool: str = "workers",
        agent_conditions: bool = False,
        taints: Iterable[str] = (),
        labels: Mapping[str, str] | None = None,
        zone: str = "",
        instance_type: str = "m5.large",
        max_pods: int = 29,
        kubelet: str = "",
        cordoned: bool = False,
        daemons: Sequence[str] | None = None,
    ) -> Object:
        """A node and the daemon pods that it runs. `ready` is True, False or Unknown; taints as kubectl writes them."""
        ip = self._ip(name)
        obj = node_objects.node(
            name,
            instance_id,
            ip,
            now=self.now(),
            region=self.region,
            cluster=self.cluster,
            zone=zone or f"{self.region}a",
            compute=compute,
            pool=pool,
            instance_type=instance_type,
            ready=ready,
            told=conditions or {},
            agent=agent_conditions or compute == "auto",
            taints=taints,
            labels=labels or {},
            max_pods=max_pods,
            kubelet=kubelet or self.version,
            cordoned=cordoned,
        )
        self.add(obj)
        self._recount()
        lease = {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": f"{self.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.000000Z}",
        }
        self.add(
            {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": name, "namespace": "kube-node-lease"},
                "spec": lease,
            }
        )
        self.add({"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": name}, "spec": {"drivers": []}})
        if daemons is None:  # Auto Mode runs these as services of the node, Fargate and hybrid nodes have another network
            daemons = () if compute in ELSEWHERE else ("aws-node", "kube-proxy")
        for daemon in daemons:
            suffix = "".join("bcdfghjklm"[int(c)] for c in f"{self.store.version % 100_000:05d}")
            self.pod(f"{daemon}-{suffix}", "kube-system", node=name, owner=("DaemonSet", daemon), host_network=True)
        return obj

    def kubelet(self, node: str) -> str | None:
        """The address at which that node's kubelet answers; None when it does not, as on a node that is Unknown."""
        obj = self.get("Node", node)
        if obj is None or any((c["type"], c["status"]) == ("Ready", "Unknown") for c in obj["status"]["conditions"]):
            return None
        address: str = obj["status"]["addresses"][0]["address"]
        return address

    def _ip(self, node: str) -> str:
        found = re.search(r"ip-(\d+)-(\d+)-(\d+)-(\d+)", node)
        return ".".join(found.groups()) if found else self._next_ip()

    def _next_ip(self) -> str:
        self._last_ip += 1
        return f"10.0.{self._last_ip // 250}.{self._last_ip % 250 + 1}"

    # ---- workloads ----------------------------------------------------------------------------------------------------
    def pod(
        self,
        name: str,
        namespace: str = "default",
        *,
        node: str = "",
        phase: str = "Running",
        waiting: str = "",
        restarts: int = 0,
        ip: str | None = None,
        owner: tuple[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        images: Mapping[str, str] | None = None,
        init: Sequence[str] = (),
        host_network: bool = False,
        state: PodState | None = None,
        spec: Mapping[str, Any] | None = None,
    ) -> Object:
        """A pod. Without `ip` it has one if it runs; `ip=""` is none. `state` says what the short words cannot."""
        how = state or PodState(phase=phase, waiting=waiting, restarts=restarts)
        kind, app = owner or ("", "")
        if kind == "DaemonSet" and app in DAEMONS:
            images, labels = images or DAEMONS[app], {"k8s-app": app} | dict(labels or {})
            init = init or (("aws-vpc-cni-init",) if app == "aws-node" else ())
        at = self.get("Node", node) if node else None
        node_ip = at["status"]["addresses"][0]["address"] if at else ""
        if ip is None:
            ip = "" if how.phase == "Pending" or not node else node_ip if host_network else self._next_ip()
        obj = pod_objects.pod(
            name,
            namespace,
            now=self.now(),
            node=node,
            node_ip=node_ip,
            ip=ip,
            host_network=host_network,
            state=how,
            labels=labels or {},
            owner=owner,
            images=images or {"app": "example.com/app:1.0"},
            init=init,
            spec=spec or {},
        )
        self.add(obj)
        self._recount()
        return obj

    def daemonset(
        self, name: str, namespace: str = "kube-system", *, images: Mapping[str, str], labels: Mapping[str, str] | None = None
    ) -> Object:
        """A DaemonSet. Its numbers follow the nodes and the pods that it owns."""
        match = {"k8s-app": name} | dict(labels or {})
        template = {"metadata": {"labels": match}, "spec": {"containers": [{"name": c, "image": i} for c, i in images.items()]}}
        spec = {"selector": {"matchLabels": match}, "template": template, "updateStrategy": {"type": "RollingUpdate"}}
        meta = {"name": name, "namespace": namespace, "labels": match, "creationTimestamp": rfc3339(self.now() - AGE)}
        obj = self.add({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta, "spec": spec, "status": {}})
        self._recount()
        return obj

    def deployment(
        self, name: str, namespace: str = "kube-system", *, images: Mapping[str, str], app: str = "", replicas: int = 2
    ) -> Object:
        """A Deployment and its ReplicaSet. Pods are described on their own."""
        match = {"k8s-app": app or name}
        template = {"metadata": {"labels": match}, "spec": {"containers": [{"name": c, "image": i} for c, i in images.items()]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": match}, "template": template}
        meta = {"name": name, "namespace": namespace, "labels": match, "creationTimestamp": rfc3339(self.now() - AGE)}
        counts = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}
        owner = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": name,
            "uid": "00000000-0000-4000-8000-000000000001",
            "controller": True,
        }
        set_meta = meta | {"name": f"{name}-6b9575c64c", "ownerReferences": [owner]}
        self.add({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": set_meta, "spec": spec, "status": counts})
        return self.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec, "status": counts})

    def _recount(self) -> None:
        """DaemonSets count what they own, as their controller does."""
        nodes = [n["metadata"].get("labels", {}).get("eks.amazonaws.com/compute-type") for n in self.store.all("nodes")]
        wanted = sum(compute not in ELSEWHERE for compute in nodes)
        for obj in self.store.all("daemonsets.apps"):
            meta = obj["metadata"]
            own = [p for p in self.store.all("pods", meta["namespace"]) if _owned(p, meta["name"])]
            ready = sum(_is_ready(p) for p in own)
            now = {
                "currentNumberScheduled": len(own),
                "desiredNumberScheduled": wanted,
                "numberMisscheduled": 0,
                "numberReady": ready,
            }
            now |= {"numberAvailable": ready, "updatedNumberScheduled": len(own), "observedGeneration": 1}
            now |= {"numberUnavailable": wanted - ready} if wanted > ready else {}
            if obj.get("status") != now:
                self.store.put(Key("daemonsets.apps", meta["namespace"], meta["name"]), obj | {"status": now})

    # ---- what happened ------------------------------------------------------------------------------------------------
    def event(
        self,
        reason: str,
        message: str,
        about: tuple[str, str] | tuple[str, str, str],
        *,
        type: str = "Warning",
        count: int = 1,
        ago: timedelta = timedelta(minutes=5),
        component: str = "kubelet",
    ) -> Object:
        """An event about (kind, name) or (kind, name, namespace), seen last `ago`."""
        kind, name, namespace = (*about, "")[:3]
        key = self.key(kind, name, namespace)
        object_ = {"kind": kind, "name": name, "apiVersion": next(k.api_version for k in self.kinds() if k.kind == kind)}
        subject = self.store.get(key)
        object_["uid"] = subject["metadata"]["uid"] if subject else name
        if key.namespace:
            object_["namespace"] = key.namespace
        last = self.now() - ago
        where = key.namespace or "default"
        meta = {"name": f"{name}.{self.store.version:x}", "namespace": where}
        times = {"firstTimestamp": rfc3339(last - timedelta(minutes=count)), "lastTimestamp": rfc3339(last), "eventTime": None}
        told = {"type": type, "reason": reason, "message": message, "count": count, "source": {"component": component}}
        rest = {"involvedObject": object_, "reportingComponent": component, "reportingInstance": ""}
        return self.add({"apiVersion": "v1", "kind": "Event", "metadata": meta} | rest | told | times)

    def log(
        self,
        namespace: str,
        pod: str,
        container: str,
        lines: Sequence[str | pod_logs.Line],
        previous: Sequence[str | pod_logs.Line] | None = None,
    ) -> None:
        """What a container wrote, in this run and (if given) in the one before. Lines may carry their times."""
        now = self.now()
        before = None if previous is None else pod_logs.of_lines(previous, now)
        self.logs.setdefault((namespace, pod), {})[container] = pod_logs.Logs(pod_logs.of_lines(lines, now), before)

    # ---- node agents --------------------------------------------------------------------------------------------------
    def agent(
        self, node: str, *script: Step, scenario: str = "healthy-node-agent", keeps_nulls: bool = False, saves: bool = True
    ) -> Agent:
        """A node monitoring agent that uploads the bundle of that scenario. Nodes without one never get a status."""
        archive = scenarios.load(scenario).archive()
        self.agents.by_node[node] = Agent(archive, script or ("running", "upload"), keeps_nulls, saves)
        return self.agents.by_node[node]

    def scenario_node(self, scenario: str = "healthy-node-agent", *script: Step, **how: Any) -> Object:
        """The node that a scenario is about, with an agent that uploads its bundle: the ids inside and outside agree."""
        about = scenarios.load(scenario).node
        obj = self.node(about.node_name, about.instance_id, instance_type=about.spec.type, **how)
        self.agent(about.node_name, *script, scenario=scenario)
        return obj


def _owned(pod: Object, daemonset: str) -> bool:
    owners = pod["metadata"].get("ownerReferences", ())
    return any((o["kind"], o["name"]) == ("DaemonSet", daemonset) for o in owners)


def _is_ready(pod: Object) -> bool:
    return any((c["type"], c["status"]) == ("Ready", "True") for c in pod["status"].get("conditions", ()))
