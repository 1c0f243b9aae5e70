"""A Pod with the status that its state means: waiting reasons, restarts, phases, conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .store import Object, rfc3339

MESSAGES = {
    "CrashLoopBackOff": "back-off 5m0s restarting failed container={container} pod={pod}_{namespace}",
    "ImagePullBackOff": 'Back-off pulling image "{image}"',
    "ErrImagePull": 'failed to pull and unpack image "{image}": not found',
}


@dataclass(frozen=True, slots=True)
class PodState:
    """How a pod does. `waiting` is the reason why its containers do not run; `ended` is why the last run ended."""

    phase: str = "Running"
    ready: bool | None = None
    """None: what phase and waiting mean."""
    waiting: str = ""
    restarts: int = 0
    ended: tuple[str, int] | None = None
    """Reason and exit code of the last run: ("OOMKilled", 137)."""
    reason: str = ""
    """Of the whole pod: Evicted, NodeLost."""
    message: str = ""
    deleting: bool = False


def pod(
    name: str,
    namespace: str,
    *,
    now: datetime,
    node: str,
    node_ip: str,
    ip: str,
    host_network: bool,
    state: PodState,
    labels: Mapping[str, str],
    owner: tuple[str, str] | None,
    images: Mapping[str, str],
    init: Sequence[str],
    spec: Mapping[str, Any],
) -> Object:
    """The object. `images` maps container names to their images."""
    born = rfc3339(now - timedelta(hours=5))
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "creationTimestamp": born}
    if labels:
        meta["labels"] = dict(labels)
    if owner:
        kind, owner_name = owner
        version = "batch/v1" if kind == "Job" else "v1" if kind == "Node" else "apps/v1"
        uid = f"00000000-0000-4000-8000-{sum(map(ord, owner_name)):012d}"
        meta["ownerReferences"] = [{"apiVersion": version, "kind": kind, "name": owner_name, "uid": uid, "controller": True}]
    if state.deleting:
        meta |= {"deletionTimestamp": rfc3339(now - timedelta(minutes=10)), "deletionGracePeriodSeconds": 30}
    whole: dict[str, Any] = {
        "containers": [{"name": c, "image": image, "resources": {}} for c, image in images.items()],
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "serviceAccountName": "default",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
    }
    if init:
        whole["initContainers"] = [{"name": c, "image": next(iter(images.values())), "resources": {}} for c in init]
    if node:
        whole["nodeName"] = node
    if host_network:
        whole["hostNetwork"] = True
    status = _status(meta, whole, state, born, images, init)
    if node and state.phase in ("Running", "Pending"):
        status["hostIP"] = node_ip
    if ip:
        status |= {"podIP": ip, "podIPs": [{"ip": ip}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": whole | dict(spec), "status": status}


def _status(
    meta: Mapping[str, Any], spec: Mapping[str, Any], state: PodState, born: str, images: Mapping[str, str], init: Sequence[str]
) -> dict[str, Any]:
    ready = state.ready if state.ready is not None else state.phase == "Running" and not state.waiting
    placed = "nodeName" in spec
    out: dict[str, Any] = {"phase": state.phase, "qosClass": "Burstable", "startTime": born}
    if state.reason:
        out["reason"] = state.reason
    if state.message and placed:
        out["message"] = state.message
    if not placed:
        del out["startTime"]
        unschedulable = {"reason": "Unschedulable", "message": state.message or "0/3 nodes are available: 3 Too many pods."}
        out["conditions"] = [_condition("PodScheduled", False, born) | unschedulable]
        return out
    lacking = {} if ready else {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(images)}]"}
    out["conditions"] = [
        _condition("PodReadyToStartContainers", bool(state.phase == "Running" or not state.waiting), born),
        _condition("Initialized", True, born),
        _condition("Ready", ready, born) | lacking,
        _condition("ContainersReady", ready, born) | lacking,
        _condition("PodScheduled", True, born),
    ]
    if state.reason != "Evicted":
        out["containerStatuses"] = [_container(meta, c, image, state, ready, born) for c, image in images.items()]
        ended = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": born, "finishedAt": born}}
        if init:
            image = next(iter(images.values()))
            common = {"ready": True, "restartCount": 0, "image": image, "imageID": image, "state": ended}
            out["initContainerStatuses"] = [{"name": c} | common for c in init]
    return out


def _condition(kind: str, holds: bool, since: str) -> dict[str, Any]:
    return {"type": kind, "status": "True" if holds else "False", "lastProbeTime": None, "lastTransitionTime": since}


def _container(meta: Mapping[str, Any], name: str, image: str, state: PodState, ready: bool, born: str) -> dict[str, Any]:
    ran = f"containerd://{sum(map(ord, meta['name'] + name)):064x}"
    if state.waiting:
        words = MESSAGES.get(state.waiting, "").format(container=name, pod=meta["name"], namespace=meta["namespace"], image=image)
        now: dict[str, Any] = {"waiting": {"reason": state.waiting} | ({"message": words} if words else {})}
    elif state.phase in ("Succeeded", "Failed"):
        reason, code = state.ended or (("Completed", 0) if state.phase == "Succeeded" else ("Error", 1))
        now = {"terminated": {"exitCode": code, "reason": reason, "startedAt": born, "finishedAt": born, "containerID": ran}}
    else:
        now = {"running": {"startedAt": born}}
    out = {"name": name, "image": image, "imageID": f"{image.partition(':')[0]}@sha256:{'a' * 64}", "restartCount": state.restarts}
    out |= {"ready": ready, "started": "running" in now, "state": now, "lastState": {}}
    if state.restarts and state.phase == "Running":
        reason, code = state.ended or ("Error", 1)
        last = {"exitCode": code, "reason": reason, "startedAt": born, "finishedAt": born, "containerID": ran}
        out["lastState"] = {"terminated": last}
    if "running" in now:
        out["containerID"] = ran
    return out
