"""kubectl commands in runbooks: which call of a tool gives what the command would."""

import difflib
import re
from collections.abc import Mapping

_COMMAND = re.compile(r"`kubectl (?P<words>[^`\n]+)`")
_FLAG = re.compile(r"(?:^|\s)(?P<flag>-n|--namespace|-l|--selector|--field-selector|-c|--container)[= ](?P<value>\S+)")
_FLAGS = {
    "-n": "namespace",
    "--namespace": "namespace",
    "-l": "labelSelector",
    "--selector": "labelSelector",
    "--field-selector": "fieldSelector",
    "-c": "containerName",
    "--container": "containerName",
}
_KINDS = {
    "po": "Pod",
    "pod": "Pod",
    "no": "Node",
    "node": "Node",
    "ds": "DaemonSet",
    "daemonset": "DaemonSet",
    "deploy": "Deployment",
    "deployment": "Deployment",
    "svc": "Service",
    "service": "Service",
    "ep": "Endpoints",
    "endpoints": "Endpoints",
    "pvc": "PersistentVolumeClaim",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "pv": "PersistentVolume",
    "persistentvolume": "PersistentVolume",
    "cm": "ConfigMap",
    "configmap": "ConfigMap",
    "csr": "CertificateSigningRequest",
    "volumeattachment": "VolumeAttachment",
    "eniconfig": "ENIConfig",
    "networkpolicy": "NetworkPolicy",
    "job": "Job",
    "event": "Event",
}
_OTHER_KINDS = """
ReplicaSet StatefulSet CronJob Namespace ServiceAccount EndpointSlice StorageClass CSINode CSIDriver CSIStorageCapacity Lease
HorizontalPodAutoscaler PodDisruptionBudget CNINode SecurityGroupPolicy PolicyEndpoint NodeClaim NodePool EC2NodeClass NodeClass
NodeDiagnostic Role RoleBinding ClusterRole ClusterRoleBinding Secret ResourceQuota LimitRange Ingress IngressClass PriorityClass
RuntimeClass MutatingWebhookConfiguration ValidatingWebhookConfiguration CustomResourceDefinition APIService
TargetGroupBinding VolumeSnapshot PodTemplate ReplicationController ControllerRevision"""
_OUTPUT = re.compile(r"(?:^|\s)(?:-o|--output|--sort-by|--tail|--since)[= ]\S+")
_WORD = re.compile(r"[A-Za-z0-9<][\w<>./:-]*")


def named_call(tool: str, text: str, at: int) -> Mapping[str, str]:
    """The arguments that the kubectl command on the same line before place `at` gives this tool; none where they do not fit."""
    start = text.rfind("\n", 0, at) + 1
    commands = list(_COMMAND.finditer(text, start, at))
    return _arguments(tool, commands[-1]["words"]) if commands else {}


def _arguments(tool: str, words: str) -> Mapping[str, str]:
    flags = {_FLAGS[m["flag"]]: m["value"] for m in _FLAG.finditer(words)}
    plain = [w for w in _OUTPUT.sub(" ", _FLAG.sub(" ", words)).split() if not w.startswith("-") and _WORD.fullmatch(w)]
    verb, kind, name = [*plain, "", "", ""][:3]
    found = {k: v for k, v in flags.items() if k != "containerName"}
    match tool:
        case "list_k8s_resources" if verb == "get" and (known := _kind(kind)):
            return {"kind": known, **found} | ({"fieldSelector": f"metadata.name={name}"} if name else {})
        case "read_k8s_resource" if verb in ("get", "describe") and (known := _kind(kind)) and name:
            return {"kind": known, "name": name, **{k: v for k, v in found.items() if k == "namespace"}}
        case "get_k8s_events" if verb == "describe" and (known := _kind(kind)):
            named = {"name": name} if name else {}
            return {"kind": known, **named, **{k: v for k, v in found.items() if k == "namespace"}}
        case "get_pod_logs" if verb == "logs" and kind:
            return {"podName": kind} | {k: v for k, v in flags.items() if k in ("namespace", "containerName")}
        case _:
            return {}


def near_kind(word: str) -> str:
    """The kind that was probably meant by a word that is nearly one; "" where it is one, or may be somebody's own."""
    known = {kind.casefold(): kind for kind in (*_KINDS.values(), *_OTHER_KINDS.split())}
    low = word.strip().casefold()
    if low in known or _kind(low) or low.removesuffix("s") in known:
        return ""
    near = difflib.get_close_matches(low, known, n=1, cutoff=0.75)
    return known[near[0]] if near else ""


def _kind(word: str) -> str:
    """The kind behind a resource word, in the singular or plural; "" where it is not known."""
    low = word.casefold().split(".")[0]
    return _KINDS.get(low) or _KINDS.get(low.removesuffix("s")) or _KINDS.get(low.removesuffix("ies") + "y") or ""
