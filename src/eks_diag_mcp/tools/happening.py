"""get_k8s_events and get_pod_logs: what the cluster says happened, and what a container wrote."""

from typing import Annotated

from pydantic import Field

from .kubernetes import ObjectRow, object_row
from .outside_room import ClusterArg, NamespaceArg, fitting, masker, quoted
from .room import PAGE_CHARS, Room, stamp
from .shapes import Answer


class EventRow(Answer):
    """One event; `text` is its message, untrusted."""

    type: str
    reason: str
    object: str
    count: int | None = None
    first: str | None = None
    last: str | None = None
    component: str | None = None
    node: str | None = None
    text: str | None = None


class EventsAnswer(Answer):
    """Events, warnings first, the newest first. Clusters forget them after an hour."""

    clusterName: str
    note: str | None = None
    events: list[EventRow]
    shown: int
    total: int
    warnings: int
    by_reason: dict[str, int]
    next_step: str | None = None


class LogRow(Answer):
    """A line of a container; untrusted text."""

    time: str | None = None
    text: str


class PodLogsAnswer(Answer):
    """The newest lines of a container, the oldest of them first."""

    clusterName: str
    note: str | None = None
    namespace: str
    podName: str
    containerName: str | None = None
    containers: list[str] | None = None
    pod: ObjectRow | None = None
    lines: list[LogRow]
    shown: int
    total: int
    why: str | None = None


def get_k8s_events(
    room: Room,
    clusterName: ClusterArg = None,
    kind: Annotated[str | None, Field(description="Kind of the object they are about")] = None,
    name: Annotated[str | None, Field(description="Its name")] = None,
    namespace: NamespaceArg = None,
) -> EventsAnswer:
    """Kubernetes events about an object, namespace or cluster: warnings first."""
    from collections import Counter

    from ..cluster.choosing import choose
    from ..cluster.events import kind_word, read_events

    clusters = room.app.outside.clusters
    ref, note = choose(clusters, clusterName)
    kube, mask = clusters.kube(ref), masker()
    about, namespaced = kind_word(kube, kind) if kind else (None, None)
    place = None if namespaced is False or namespace in ("all", "*") else namespace
    found = read_events(kube, kube.kind("Event"), kind=about, name=name, namespace=place, checkpoint=room.checkpoint)
    rows = fitting(
        (
            EventRow(
                type=e.type,
                reason=e.reason,
                object="/".join(p for p in (e.kind, e.namespace, e.name) if p),
                count=e.count if e.count > 1 else None,
                first=stamp(e.first) if e.count > 1 else None,
                last=stamp(e.last),
                component=e.component or None,
                node=e.node or None,
                text=quoted(e.text, mask),
            )
            for e in found.events
        ),
        200,
    )
    more = len(rows) < len(found.events) or not found.whole
    none = "No event now; a cluster keeps them for an hour. get_cloudwatch_logs and the node's own logs reach further back."
    return EventsAnswer(
        clusterName=ref.name,
        note=note if found.whole else "; ".join(n for n in (note, "not all events were read") if n),
        events=rows,
        shown=len(rows),
        total=len(found.events),
        warnings=sum(e.type == "Warning" for e in found.events),
        by_reason=dict(Counter(e.reason for e in found.events).most_common(12)),
        next_step="Narrow it by kind, name or namespace." if more else none if not rows else None,
    )


def get_pod_logs(
    room: Room,
    namespace: str,
    podName: str,
    clusterName: ClusterArg = None,
    containerName: Annotated[str | None, Field(description="Left out: the default one")] = None,
    previous: Annotated[bool, Field(description="Of the run before the last restart")] = False,
    tailLines: Annotated[int, Field(ge=1, le=2000)] = 100,
    sinceSeconds: Annotated[int | None, Field(ge=1)] = None,
) -> PodLogsAnswer:
    """The newest log lines of a pod's container, by the Kubernetes API."""
    from ..cluster.choosing import choose
    from ..cluster.pod_logs import read_pod_log

    clusters = room.app.outside.clusters
    ref, note = choose(clusters, clusterName)
    mask = masker()
    found = read_pod_log(
        clusters.kube(ref),
        namespace,
        podName,
        container=containerName,
        previous=previous,
        tail=tailLines,
        since_s=sinceSeconds,
    )
    masked = mask("\n".join(each.text for each in found.lines)).split("\n")
    newest = fitting(
        (
            LogRow(time=stamp(each.time), text=quoted(text, lambda t: t, 1000) or "")
            for each, text in zip(reversed(found.lines), reversed(masked), strict=False)
        ),
        tailLines,
        PAGE_CHARS,
    )
    return PodLogsAnswer(
        clusterName=ref.name,
        note=note,
        namespace=namespace,
        podName=podName,
        containerName=found.container or None,
        containers=list(found.containers) if len(found.containers) > 1 else None,
        pod=object_row(found.pod, room.app.wall(), mask) if found.pod else None,
        lines=newest[::-1],
        shown=len(newest),
        total=len(found.lines),
        why=found.why or None,
    )
