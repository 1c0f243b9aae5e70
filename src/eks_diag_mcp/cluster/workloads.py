"""Status digests of the kinds that run pods or hold what pods need."""

from collections.abc import Callable, Mapping

from .digest import Digest, Value, created_of, generic, labels_of, name_of, told, wrong_conditions
from .nodes import node_digest
from .pods import pod_digest
from .reading import Document, number, part, parts, text, word


def digest_of(kind: str, item: Document) -> Digest:
    """The digest of an object of that kind."""
    return _BY_KIND.get(kind, generic)(item)


def _digest(item: Document, status: str, ok: bool | None, ready: str = "", message: str = "", **more: Value | None) -> Digest:
    namespace, name = name_of(item)
    wrong = wrong_conditions(item) if ok is False else []
    return Digest(
        name=name,
        namespace=namespace,
        status=status,
        ok=ok,
        ready=ready,
        created=created_of(item),
        conditions=tuple(told(c) for c in wrong)[:3],
        more={k: v for k, v in more.items() if v not in (None, "")},
        text=message or (text(wrong[0], "message") if wrong else ""),
    )


def daemonset(item: Document) -> Digest:
    """Pods wanted, ready and on the newest template, over the nodes it selects."""
    status = part(item, "status")
    wanted, ready = number(status, "desiredNumberScheduled"), number(status, "numberReady")
    updated, stray = number(status, "updatedNumberScheduled"), number(status, "numberMisscheduled")
    whole = ready >= wanted
    return _digest(
        item,
        "Available" if whole else "Degraded",
        whole,
        f"{ready}/{wanted}",
        updated=updated if updated != wanted else None,
        misscheduled=stray or None,
        image=image_of(item),
    )


def replicated(item: Document) -> Digest:
    """Deployments, stateful sets, replica sets: replicas wanted and ready."""
    spec, status = part(item, "spec"), part(item, "status")
    wanted = number(spec, "replicas") if "replicas" in spec else 1
    ready, updated = number(status, "readyReplicas"), number(status, "updatedReplicas")
    whole = ready >= wanted
    return _digest(
        item,
        "Available" if whole else "Degraded",
        whole,
        f"{ready}/{wanted}",
        updated=updated if "updatedReplicas" in status and updated != wanted else None,
        image=image_of(item),
    )


def job(item: Document) -> Digest:
    """Completions and failures."""
    spec, status = part(item, "spec"), part(item, "status")
    done = {text(c, "type"): c for c in parts(status, "conditions") if c.get("status") == "True"}
    failed = done.get("Failed")
    word_ = "Failed" if failed else "Complete" if "Complete" in done else "Suspended" if spec.get("suspend") else "Running"
    wanted = number(spec, "completions") or 1
    return _digest(
        item,
        word_,
        word_ != "Failed",
        f"{number(status, 'succeeded')}/{wanted}",
        text(failed, "message") if failed else "",
        active=number(status, "active") or None,
        failed=number(status, "failed") or None,
        reason=word(failed.get("reason")) if failed else None,
    )


def cronjob(item: Document) -> Digest:
    """Its schedule and last runs."""
    spec, status = part(item, "spec"), part(item, "status")
    last = text(status, "lastScheduleTime")
    return _digest(
        item,
        "Suspended" if spec.get("suspend") else "Active",
        None,
        last_schedule=last,
        last_success=text(status, "lastSuccessfulTime"),
    )


def claim(item: Document) -> Digest:
    """A volume claim: bound or waiting, for which class."""
    spec, status = part(item, "spec"), part(item, "status")
    phase = word(status.get("phase"))
    return _digest(
        item,
        phase or "Unknown",
        phase == "Bound",
        volume=text(spec, "volumeName"),
        storage_class=word(spec.get("storageClassName")),
        capacity=word(part(status, "capacity").get("storage")),
    )


def volume(item: Document) -> Digest:
    """A volume: its phase, who claims it, and the EBS volume behind it."""
    spec, status = part(item, "spec"), part(item, "status")
    phase, holder, csi = word(status.get("phase")), part(spec, "claimRef"), part(spec, "csi")
    return _digest(
        item,
        phase or "Unknown",
        phase not in ("Failed", "Released"),
        message=text(status, "message"),
        claim=f"{text(holder, 'namespace')}/{text(holder, 'name')}" if holder else None,
        driver=word(csi.get("driver")),
        handle=word(csi.get("volumeHandle")),
        capacity=word(part(spec, "capacity").get("storage")),
    )


def attachment(item: Document) -> Digest:
    """A volume attachment: on which node, and why not."""
    spec, status = part(item, "spec"), part(item, "status")
    attached = bool(status.get("attached"))
    error = part(status, "attachError") or part(status, "detachError")
    return _digest(
        item,
        "Attached" if attached else "Detached",
        attached and not error,
        message=text(error, "message"),
        node=text(spec, "nodeName"),
        volume=text(part(spec, "source"), "persistentVolumeName"),
        attacher=word(spec.get("attacher")),
    )


def service(item: Document) -> Digest:
    """Type, address and ports."""
    spec = part(item, "spec")
    ports = " ".join(f"{p.get('port')}/{word(p.get('protocol'))}" for p in parts(spec, "ports")[:6])
    return _digest(item, word(spec.get("type")) or "ClusterIP", None, cluster_ip=text(spec, "clusterIP"), ports=ports)


def endpoints(item: Document) -> Digest:
    """How many addresses are ready behind a service."""
    subsets = parts(item, "subsets")
    ready = sum(len(parts(s, "addresses")) for s in subsets)
    waiting = sum(len(parts(s, "notReadyAddresses")) for s in subsets)
    return _digest(item, "Ready" if ready else "Empty", ready > 0, f"{ready}/{ready + waiting}")


def endpoint_slice(item: Document) -> Digest:
    """As endpoints; the service's name is a label."""
    every = parts(item, "endpoints")
    ready = sum(part(e, "conditions").get("ready") is not False for e in every)
    owner = labels_of(item).get("kubernetes.io/service-name", "")
    return _digest(item, "Ready" if ready else "Empty", ready > 0, f"{ready}/{len(every)}", service=owner)


def secret(item: Document) -> Digest:
    """Its type and how many keys it has, never their values."""
    return _digest(item, word(item.get("type")) or "Opaque", None, keys=len(part(item, "data")))


def config_map(item: Document) -> Digest:
    """How many keys it has."""
    return _digest(item, "Present", None, keys=len(part(item, "data")) + len(part(item, "binaryData")))


def image_of(item: Document) -> str:
    """The image of the first container of a pod template."""
    containers = parts(item, "spec", "template", "spec", "containers")
    return word(containers[0].get("image")) if containers else ""


_BY_KIND: Mapping[str, Callable[[Document], Digest]] = {
    "Pod": pod_digest,
    "Node": node_digest,
    "DaemonSet": daemonset,
    "Deployment": replicated,
    "StatefulSet": replicated,
    "ReplicaSet": replicated,
    "ReplicationController": replicated,
    "Job": job,
    "CronJob": cronjob,
    "PersistentVolumeClaim": claim,
    "PersistentVolume": volume,
    "VolumeAttachment": attachment,
    "Service": service,
    "Endpoints": endpoints,
    "EndpointSlice": endpoint_slice,
    "Secret": secret,
    "ConfigMap": config_map,
}
