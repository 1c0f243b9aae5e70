"""Pods: is it running, on which node, and if not, why not. The status word is the one that kubectl prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .digest import Digest, created_of, name_of, told, wrong_conditions
from .reading import Document, moment, number, part, parts, text, word

_ENDED = ("Succeeded", "Failed")
_FOLLOW_READY = ("ContainersReady", "Initialized", "PodScheduled", "PodReadyToStartContainers")
"""Conditions that say again what the status word and the ready count say."""
STUCK = timedelta(minutes=2)
"""A pod that has no address for longer than this is not just being started."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the statuses of a pod's containers come to."""

    word: str
    ready: int
    total: int
    restarts: int
    why: str


def pod_digest(pod: Document) -> Digest:
    """One pod."""
    namespace, name = name_of(pod)
    spec, status = part(pod, "spec"), part(pod, "status")
    state = _state(pod)
    waiting, why = _waiting(status)
    wrong = wrong_conditions(pod) if text(status, "phase") not in _ENDED else []
    follows = _FOLLOW_READY if state.ready == state.total else (*_FOLLOW_READY, "Ready")
    unscheduled = next((c for c in wrong if c.get("type") == "PodScheduled"), None)
    return Digest(
        name=name,
        namespace=namespace,
        status=state.word,
        ok=state.word in ("Completed", "Succeeded") or (state.word == "Running" and state.ready == state.total),
        ready=f"{state.ready}/{state.total}",
        restarts=state.restarts,
        waiting=waiting or (word(unscheduled.get("reason")) if unscheduled else ""),
        node=text(spec, "nodeName"),
        ip=text(status, "podIP"),
        created=created_of(pod),
        conditions=tuple(told(c) for c in wrong if c.get("type") not in follows)[:3],
        more={"host_network": True} if spec.get("hostNetwork") else {},
        text=why or state.why or text(status, "message") or (text(unscheduled, "message") if unscheduled else ""),
    )


def _statuses(status: Document) -> Iterator[Document]:
    yield from parts(status, "initContainerStatuses")
    yield from parts(status, "containerStatuses")


def _waiting(status: Document) -> tuple[str, str]:
    """Why a container waits: (reason, message of its last end or its own)."""
    for container in _statuses(status):
        waiting = part(container, "state", "waiting")
        if reason := word(waiting.get("reason")):
            last = part(container, "lastState", "terminated")
            ended = f"last exit code {last.get('exitCode')}" if last and "exitCode" in last else ""
            return reason, text(waiting, "message") or text(last, "message") or ended
    return "", ""


def _state(pod: Document) -> _State:
    """kubectl's column STATUS (kubernetes/pkg/printers/internalversion, printPod), told in our own order."""
    spec, status = part(pod, "spec"), part(pod, "status")
    phase = word(status.get("reason")) or word(status.get("phase")) or "Unknown"
    if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in parts(status, "conditions")):
        phase = "SchedulingGated"
    sidecars = {text(c, "name") for c in parts(spec, "initContainers") if c.get("restartPolicy") == "Always"}
    main = parts(status, "containerStatuses")
    inits = parts(status, "initContainerStatuses")
    ready = sum(bool(c.get("ready")) for c in main) + sum(bool(c.get("ready")) for c in inits if text(c, "name") in sidecars)
    total = len(parts(spec, "containers")) + len(sidecars)
    starting, why = _initializing(inits, sidecars, len(parts(spec, "initContainers")))
    restarts = sum(number(c, "restartCount") for c in (inits if starting else main))
    if not starting:
        restarts += sum(number(c, "restartCount") for c in inits if text(c, "name") in sidecars)
        phase, why = _running(main, phase, status)
    shown = starting or phase
    if part(pod, "metadata").get("deletionTimestamp"):
        shown = "Unknown" if status.get("reason") == "NodeLost" else shown if text(status, "phase") in _ENDED else "Terminating"
    return _State(shown, ready, total, restarts, why)


def _initializing(inits: list[Document], sidecars: set[str], total: int) -> tuple[str, str]:
    """("Init:...", message) while an init container has not done its work; ("", "") after."""
    for place, container in enumerate(inits):
        ended, waiting = part(container, "state", "terminated"), part(container, "state", "waiting")
        if ended and number(ended, "exitCode") == 0:
            continue
        if text(container, "name") in sidecars and container.get("started"):
            continue
        if ended:
            return f"Init:{_end_word(ended)}", text(ended, "message")
        reason = word(waiting.get("reason"))
        if reason and reason != "PodInitializing":
            return f"Init:{reason}", text(waiting, "message")
        return f"Init:{place}/{total}", ""
    return "", ""


def _running(main: list[Document], phase: str, status: Document) -> tuple[str, str]:
    """The word of the first container that has something to say, else the pod's own."""
    running, shown, why = False, phase, ""
    for container in reversed(main):
        waiting, ended = part(container, "state", "waiting"), part(container, "state", "terminated")
        if waiting.get("reason"):
            shown, why = word(waiting.get("reason")), text(waiting, "message")
        elif ended:
            shown, why = _end_word(ended), text(ended, "message")
        elif container.get("ready") and "running" in part(container, "state"):
            running = True
    if shown == "Completed" and running:
        ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in parts(status, "conditions"))
        shown = "Running" if ready else "NotReady"
    return shown, why


def _end_word(ended: Document) -> str:
    if reason := word(ended.get("reason")):
        return reason
    signal = number(ended, "signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{number(ended, 'exitCode')}"


def lacks_address(pod: Document, now: datetime) -> bool:
    """Is it bound to a node for minutes, and has no address yet? Pods on the host network need none of their own."""
    spec, status = part(pod, "spec"), part(pod, "status")
    if text(status, "phase") != "Pending" or not text(spec, "nodeName") or text(status, "podIP") or spec.get("hostNetwork"):
        return False
    bound = next((c for c in parts(status, "conditions") if c.get("type") == "PodScheduled"), {})
    since = moment(bound.get("lastTransitionTime")) or created_of(pod)
    return since is None or now - since >= STUCK
