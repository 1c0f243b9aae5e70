"""A container's log by the Kubernetes API, and plain words for why there is none."""

from dataclasses import dataclass
from datetime import datetime

from ..cloud.kube import Kube
from ..errors import BadInput, Denied
from .digest import Digest
from .pods import pod_digest
from .reading import Document, moment, number, part, parts, text, word

_BYTES = 4 << 20
_DEFAULT = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line and the time at which the container wrote it."""

    time: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class PodLog:
    """Lines, the oldest first. `why` says why there are none, or what to know about them."""

    container: str
    containers: tuple[str, ...]
    lines: tuple[LogLine, ...]
    pod: Digest | None
    why: str


def read_pod_log(
    kube: Kube, namespace: str, name: str, *, container: str | None, previous: bool, tail: int, since_s: int | None
) -> PodLog:
    """The log. Without a container the pod's default one is meant. Where the pod itself may not be read, the log alone is."""
    try:
        pod: Document = kube.get(kube.kind("Pod"), name, namespace)
    except Denied:
        pod = {}
    names = tuple(text(c, "name") for key in ("containers", "initContainers") for c in parts(pod, "spec", key))
    if container and names and container not in names:
        raise BadInput(f"The pod has no container {container[:60]!r}.", f"Containers: {', '.join(names)}.")
    chosen = container or text(part(pod, "metadata", "annotations"), _DEFAULT) or (names[0] if names else "")
    digest = pod_digest(pod) if pod else None
    why = _silent(pod, chosen, previous=previous) if pod else ""
    if why:
        return PodLog(chosen, names, (), digest, why)
    raw = kube.log(namespace, name, container=chosen or None, previous=previous, tail=tail, since_s=since_s, limit_bytes=_BYTES)
    lines = tuple(_line(each) for each in raw.splitlines())
    cut = len(raw.encode("utf-8", "replace")) >= _BYTES
    if not lines:
        why = "the container wrote nothing" + (f" in the last {since_s} s" if since_s else "")
    return PodLog(chosen, names, lines, digest, f"cut after {_BYTES >> 20} MB; ask for fewer lines" if cut else why)


def _silent(pod: Document, container: str, *, previous: bool) -> str:
    """Why the API would refuse: a container that has not run has no log, one that was never restarted no previous one."""
    statuses = [c for key in ("containerStatuses", "initContainerStatuses") for c in parts(pod, "status", key)]
    status = next((c for c in statuses if text(c, "name") == container), None)
    if status is None:
        return "" if statuses else f"no container of the pod has been started (phase {word(part(pod, 'status').get('phase'))})"
    if previous and not part(status, "lastState", "terminated"):
        return f"there is no previous run: the container was restarted {number(status, 'restartCount')} times"
    waiting = part(status, "state", "waiting")
    if waiting and not previous and not part(status, "lastState", "terminated"):
        return f"the container has not started: {word(waiting.get('reason'))}"
    return ""


def _line(raw: str) -> LogLine:
    stamp, _, rest = raw.partition(" ")
    time = moment(stamp)
    return LogLine(time, rest) if time else LogLine(None, raw)
