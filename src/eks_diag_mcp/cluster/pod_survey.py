"""The pods of a cluster, as far as a look at its health needs them, and no more than can be read in time.

A small cluster's pods are all read: that gives counts by node. A large one's are not: only pending pods, and the pods of the
DaemonSets that are not all ready."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ..cloud.kube import Kube
from .daemons import NAMESPACE, WATCHED, Daemon
from .digest import Digest, owner_of
from .pods import lacks_address, pod_digest
from .reading import Document, part, text

ALL_UP_TO = 4_000
"""Pods of a cluster that are read one and all (about 40 MB)."""
_PENDING_UP_TO = 3_000
_CALL = 500
_ENDED = ("Succeeded", "Failed")


@dataclass(slots=True)
class Survey:
    """`by_node` None: pods were not counted, there are too many. `daemon_pods`: set -> node -> pod. `whole` False: some pods
    were not read, so that one which is not here may yet be there."""

    by_node: Counter[str] | None
    stuck: list[Digest] = field(default_factory=list)
    daemon_pods: dict[str, dict[str, Digest]] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    whole: bool = True

    def take(self, pod: Document, now: datetime) -> None:
        """Count one pod."""
        node = text(part(pod, "spec"), "nodeName")
        if self.by_node is not None and node and text(part(pod, "status"), "phase") not in _ENDED:
            self.by_node[node] += 1
        if lacks_address(pod, now):
            self.stuck.append(pod_digest(pod))
        kind, owner = owner_of(pod)
        if kind == "DaemonSet" and owner in WATCHED and text(part(pod, "metadata"), "namespace") == NAMESPACE and node:
            self.daemon_pods.setdefault(owner, {})[node] = pod_digest(pod)


def survey_pods(
    kube: Kube,
    suspects: Callable[[], Iterable[Daemon]],
    now: datetime,
    late: Callable[[], bool],
    *,
    all_up_to: int = ALL_UP_TO,
) -> Survey:
    """Look through the pods. `suspects()` are the DaemonSets to look at in a cluster of more than `all_up_to` pods."""
    kind = kube.kind("Pod")
    first = kube.page(kind, limit=_CALL)
    meta = part(first, "metadata")
    total = len(first.get("items") or ()) + int(meta.get("remainingItemCount") or 0)
    if total <= all_up_to:
        found = Survey(Counter())
        for pod in _pages(kube, first, {}, all_up_to * 2, late, found):
            found.take(pod, now)
        return found
    found = Survey(None, gaps=[f"pods by node: not counted, the cluster has {total} pods"])
    fields = "status.phase=Pending"
    for pod in _pages(kube, kube.page(kind, fields=fields, limit=_CALL), {"fields": fields}, _PENDING_UP_TO, late, found):
        found.take(pod, now)
    for daemon in suspects():
        narrow = {"labels": daemon.labels, "namespace": NAMESPACE}
        for pod in _pages(kube, kube.page(kind, limit=_CALL, **narrow), narrow, 20_000, late, found):
            found.take(pod, now)
    return found


def _pages(
    kube: Kube, page: Document, narrow: dict[str, str], most: int, late: Callable[[], bool], found: Survey
) -> Iterator[Document]:
    """The items of that page and of those after it, until there are enough or time is over."""
    seen = 0
    while True:
        items = page.get("items") or []
        yield from items
        seen += len(items)
        token = part(page, "metadata").get("continue")
        if not token:
            return
        if seen >= most or late():
            found.whole = False
            which = f" of {' '.join(narrow.values())}" if narrow else ""
            found.gaps.append(f"pods: only the first {seen}{which} were read")
            return
        page = kube.page(kube.kind("Pod"), limit=_CALL, token=str(token), **narrow)
