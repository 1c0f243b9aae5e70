"""What a quiet node logs: boot, ipamd's loops, pods arriving, and lines that look bad and are harmless.

The wordings are happenings like those of a story. History is thinned (ten minutes between ipamd's rounds) until the
last 40 minutes, where its five-second loop is complete."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .lines import POD_LOGS, Row
from .node import Node
from .story import unfold

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DENSE = 40 * MINUTE


def rows(node: Node) -> list[Row]:
    out = [*boot(node), *pods(node), *kubelet(node)]
    if node.ipamd_worked_until is not None and node.has_aws_node:
        out += ipamd(node, node.ipamd_worked_until)
    if node.os == "al2":  # AL2023 has no syslog daemon
        for when in _ticks(oldest(node) + MINUTE, node.captured, max(4 * MINUTE, (node.captured - node.boot) / 60)):
            out += unfold(node, "syslog_chatter", when)
    return [r for r in out if oldest(node) <= r.at < node.captured]


def oldest(node: Node) -> datetime:
    """Where the journals begin: the collector asks for ten days at most."""
    return max(node.boot, node.captured - timedelta(days=10))


def _ticks(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while start < end:
        yield start
        start += step


def boot(node: Node) -> Iterator[Row]:
    yield from (r for r in unfold(node, "node_boots", node.boot) if node.spec.joined or not _of_a_member(node, r))
    if node.spec.kube_proxy != "never":
        yield from unfold(node, "kube_proxy_starts", node.boot + 55 * SECOND)
    if node.pods:
        yield from unfold(node, "coredns_starts", node.boot + 95 * SECOND)


def _of_a_member(node: Node, row: Row) -> bool:
    """A line that a node which never joined has not: it did not register, and no pod logs. Where kubelet was not even
    started, the boot ended before runtime and kubelet."""
    ended = node.spec.kubelet == "down" and row.log in ("nodeadm", "containerd", "kubelet")
    return ended or row.log in POD_LOGS or "registered node" in row.text


def pods(node: Node) -> Iterator[Row]:
    """The pods of this node at the time they arrived, and one that was slow to become ready."""
    for pod in node.pods:
        if pod.since is not None:
            yield from unfold(node, "pod_of_this_node_arrives", pod.since, pod)
    if len(node.pods) > 1 and node.captured - node.boot > timedelta(hours=1):
        yield from unfold(node, "pod_is_not_ready_once", node.captured - 33 * MINUTE, node.pods[1])


def kubelet(node: Node) -> Iterator[Row]:
    if not node.spec.joined:
        return
    end = node.captured - node.spec.kubelet_worked_until
    dense = min(max(node.captured - DENSE, node.boot + MINUTE), end)
    thin = _ticks(oldest(node) + 5 * MINUTE, dense, timedelta(hours=2))
    for n, when in enumerate([*thin, *_ticks(dense, end, 23 * SECOND)]):
        pod = node.pods[n % len(node.pods)] if node.pods else node.system["kube-proxy"]
        yield from unfold(node, "volume_checked", when + SECOND / 7, pod)


def ipamd(node: Node, end: datetime) -> Iterator[Row]:
    """ipamd's good start and its loops, until `end`."""
    start = node.ipamd_started
    yield from unfold(node, "ipamd_starts", start)
    yield from unfold(node, "ipamd_starts_well", start)
    if start - node.boot < 3 * MINUTE:
        yield from unfold(node, "node_becomes_ready", start + 9 * SECOND)
    dense = min(max(start + 5 * SECOND, node.captured - DENSE), end)
    for when in [*_ticks(start + 5 * SECOND, dense, 10 * MINUTE), *_ticks(dense, end, 5 * SECOND)]:
        if not node.ipv6:  # no pool manager in IPv6 mode: one /80 is enough for all pods
            yield from unfold(node, "pool_loop", when)
        if when.second < 5:
            yield from unfold(node, "pool_reconcile", when)
