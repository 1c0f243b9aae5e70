"""Collector `node`: the cluster's NodeDiagnostic object tells the node monitoring agent to upload the node's logs.

For EKS Auto Mode and any node with the agent; it needs neither SSM nor any right of the node, since the upload link carries
it. An execution id is node:<region>:<cluster>:<node>:<instance or ->:<time>, which also gives the object's key, so a
restarted server can go on. The agent runs a diagnostic again when it restarts and then overwrites a success by a
failure (its link has expired): what lies in the bucket is final, whatever the object says later (bundle-format 2.1)."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..cloud.aws import Aws
from ..cloud.clusters import ClusterRef, Clusters
from ..cloud.kinds import kinds
from ..cloud.kube import Kube
from ..errors import BadBundle, BadInput, DiagError, NotThere, Unavailable
from ..naming import AWS_INSTANCE
from .bucket import LogBucket
from .failures import classify, quoted
from .model import Ask, Carrier, Collection, Fetched, State, parts
from .target import target_of

LINK_LIFE_S = 1800
"""The agent collects for 20 minutes at most, then uploads."""
_GIVE_UP_S = 1620
_SILENT_S = 120
_STAMP = "%Y%m%dT%H%M%SZ"


class NodeCollector:
    """Starts, follows and fetches. `wall` gives the time of day, `prefix` where in the bucket uploads go."""

    via = "node"

    def __init__(self, aws: Aws, clusters: Clusters, bucket: LogBucket, prefix: str, wall: Callable[[], datetime]) -> None:
        self.aws, self.clusters, self.bucket, self.wall = aws, clusters, bucket, wall
        self.prefix = prefix.strip("/")

    # ---- start ----------------------------------------------------------------------------------------------------------
    def start(self, ask: Ask) -> Collection:
        """Make the object; the run of that node that is under way where there is one."""
        ref, node, instance = self._find(ask)
        kube = self.clusters.kube(ref)
        notes = self.bucket.check(ref.region)
        if (running := self._running(kube, ref, node, instance)) is not None:
            return replace(running, cluster=ref.name)
        stamp = self.wall().strftime(_STAMP)
        execution = f"node:{ref.region}:{ref.name}:{node}:{instance or '-'}:{stamp}"
        link = self.aws.presigned_put(ref.region, self.bucket.name, self._key(ref.name, node, stamp), LINK_LIFE_S)
        try:
            kube.ask_diagnostic(node, link)
        except NotThere as error:
            raise Unavailable(
                f"Cluster {ref.name} has no NodeDiagnostic resource.",
                'Install the add-on eks-node-monitoring-agent (Auto Mode has it built in), or use via="ssm".',
            ) from error
        return Collection(
            execution, self.via, instance or node, "working", "Created", ref.region, notes=notes, poll_after_s=10, cluster=ref.name
        )

    def _key(self, cluster: str, node: str, stamp: str) -> str:
        return f"{self.prefix}/{cluster}/{node}/{stamp}-logs.tar.gz"

    def _find(self, ask: Ask) -> tuple[ClusterRef, str, str]:
        """(cluster, node name, instance id) of what is asked for. On Auto Mode the node is named after its instance."""
        if not AWS_INSTANCE.fullmatch(ask.instance_id):
            ref = self.clusters.ref(ask.cluster, ask.region)
            return ref, ask.instance_id, _instance_of(self._node(ref, ask.instance_id))
        region = self.aws.region(ask.region or self.clusters.allowed.get(ask.cluster or ""))
        target = target_of(self.aws, ask, region)
        ref = self.clusters.ref(target.must_belong(ask.cluster, self.clusters.allowed), region)
        target.must_run()
        for name in (target.instance_id, target.node_name):
            try:
                if name and _instance_of(self._node(ref, name)) == ask.instance_id:
                    return ref, name, ask.instance_id
            except BadInput:
                continue
        for node in self.clusters.kube(ref).all(kinds()["node"]):
            if _instance_of(node) == ask.instance_id:
                return ref, str(node["metadata"]["name"]), ask.instance_id
        raise BadInput(
            f"Cluster {ref.name} has no node of instance {ask.instance_id}.", "It may never have joined; see runbook A2."
        )

    def _node(self, ref: ClusterRef, name: str) -> dict[str, Any]:
        try:
            return self.clusters.kube(ref).get(kinds()["node"], name)
        except NotThere as error:
            raise BadInput(f"Cluster {ref.name} has no node {name[:80]!r}.", "cluster_health lists its nodes.") from error

    def _running(self, kube: Kube, ref: ClusterRef, node: str, instance: str) -> Collection | None:
        """What is already under way on that node. A leftover of ours that has ended is removed."""
        try:
            found = kube.get(kinds()["nodediagnostic"], node)
        except NotThere:
            return None
        stamp = self._stamp_of(found, ref.name, node)
        if stamp is None:
            raise Unavailable(
                f"Somebody else's NodeDiagnostic of node {node} is there; the agent serves one at a time.",
                "Wait until it is removed.",
            )
        running = self.poll(f"node:{ref.region}:{ref.name}:{node}:{instance or '-'}:{stamp}")
        if running.state == "working":
            return replace(running, found_running=True)
        kube.drop_diagnostic(node)
        return None

    def _stamp_of(self, diagnostic: Mapping[str, Any], cluster: str, node: str) -> str | None:
        """When we began it, by the key in its link; None for an object that is not ours."""
        link = str((((diagnostic.get("spec") or {}).get("logCapture")) or {}).get("destination", ""))
        start, key = f"{self.prefix}/{cluster}/{node}/", unquote(urlsplit(link).path)
        _, found, rest = key.partition(start)
        return rest.removesuffix("-logs.tar.gz") if found and rest.endswith("-logs.tar.gz") else None

    # ---- follow ---------------------------------------------------------------------------------------------------------
    def poll(self, execution_id: str) -> Collection:
        """Where it stands: the bucket first, then the object's own word."""
        ref, node, instance, stamp = self._read(execution_id)

        def told(state: State, status: str, message: str = "", remedy: str = "", **more: Any) -> Collection:
            return Collection(
                execution_id,
                self.via,
                instance or node,
                state,
                status,
                ref.region,
                message,
                remedy,
                poll_after_s=10,
                **more,
            )

        if self.bucket.pinned(ref.region, self._key(ref.name, node, stamp)):
            return told("ready", "Success", progress=1.0)
        age_s = (self.wall() - datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)).total_seconds()
        try:
            found = self.clusters.kube(ref).get(kinds()["nodediagnostic"], node)
        except NotThere:
            return told("failed", "Gone", "The NodeDiagnostic was removed before the node had uploaded.", "Collect again.")
        capture = _capture(found)
        done, running = capture.get("completed") or {}, capture.get("running") or {}
        if done and self.bucket.pinned(ref.region, self._key(ref.name, node, stamp)):
            return told("ready", "Success", progress=1.0)  # it was uploaded between the two looks
        if done:
            self.clusters.kube(ref).drop_diagnostic(node)
            text = str(done.get("message") or "")
            known = classify(text)
            if str(done.get("reason", "")).startswith("Success"):
                return told(
                    "failed",
                    "Success",
                    "The agent reports success, but no bundle lies in the bucket.",
                    "Collect again.",
                    text=quoted(text),
                )
            return told(
                "failed",
                str(done.get("reason") or "Failure")[:40],
                known.says if known else "The node's agent could not collect or upload the logs.",
                known.remedy if known else "See the quoted text, then collect again.",
                text=quoted(text),
            )
        if age_s > _GIVE_UP_S:
            self.clusters.kube(ref).drop_diagnostic(node)
            how = "is stuck" if running else "never took it up"
            return told(
                "failed",
                "TimedOut",
                f"The node's agent {how} for {int(age_s // 60)} minutes.",
                'See whether its pod runs on the node; else use via="ssm".',
            )
        if not running:
            silent = (
                "the node's agent has not taken it up: is eks-node-monitoring-agent running there?" if age_s > _SILENT_S else ""
            )
            return told("working", "Created", silent, progress=0.1)
        return told("working", "Running", progress=min(0.9, 0.2 + age_s / 600))

    def _read(self, execution_id: str) -> tuple[ClusterRef, str, str, str]:
        region, cluster, node, instance, stamp = parts(execution_id, self.via, 6)
        try:
            datetime.strptime(stamp, _STAMP)  # noqa: DTZ007 - only whether it is one
        except ValueError as error:
            raise BadInput(f"Unknown executionId {execution_id[:80]!r}.", "Use the executionId that collect returned.") from error
        return self.clusters.ref(cluster, region), node, instance if instance != "-" else "", stamp

    # ---- fetch ----------------------------------------------------------------------------------------------------------
    def fetch(self, collection: Collection, folder: Path, carrier: Carrier) -> Fetched:
        """The uploaded bundle; then the object is removed, so that a restarted agent does not run it again."""
        ref, node, instance, stamp = self._read(collection.execution_id)
        stored = self.bucket.pinned(ref.region, self._key(ref.name, node, stamp))
        if stored is None:
            raise BadBundle("The uploaded bundle is gone from the bucket.", "Collect again.")
        with contextlib.suppress(DiagError):  # left there, it costs the node one more collection; the bundle is what was asked for
            self.clusters.kube(ref).drop_diagnostic(node)
        path = self.bucket.download(ref.region, stored, folder, f"{node}-logs.tar.gz", carrier)
        told = stored.provenance | {"execution": collection.execution_id, "region": ref.region, "cluster": ref.name}
        return Fetched(path, instance or None, node, told)


def _instance_of(node: Mapping[str, Any]) -> str:
    """The EC2 instance in a node's providerID (aws:///us-west-2a/i-...); empty where there is none."""
    last = str((node.get("spec") or {}).get("providerID") or "").rpartition("/")[2]
    return last if AWS_INSTANCE.fullmatch(last) else ""


def _capture(diagnostic: Mapping[str, Any]) -> dict[str, Any]:
    """The state of the log capture; both `running` and `completed` may be there, also as null."""
    for row in (diagnostic.get("status") or {}).get("captureStatuses") or ():
        if row.get("type") == "Log":
            return dict(row.get("state") or {})
    return {}
