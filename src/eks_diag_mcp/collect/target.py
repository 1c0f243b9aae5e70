"""The node as AWS sees it before anything is asked of it: does it run, whose is it, can it be reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cloud.aws import Aws, tags
from ..errors import BadInput, DiagError, NotThere, Unavailable
from .model import Ask

_CLUSTER_TAGS = ("aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name", "alpha.eksctl.io/cluster-name")
_OWNED = "kubernetes.io/cluster/"


@dataclass(frozen=True, slots=True)
class Target:
    """An EC2 instance. `ssm` is the ping status (Online, ConnectionLost, Inactive), "absent" where SSM does not know it,
    None where it could not be asked (`ssm_why` says why). `node_name` is the usual name of its Kubernetes node."""

    instance_id: str
    region: str
    state: str
    windows: bool
    clusters: frozenset[str]
    auto_mode: bool
    node_name: str
    ssm: str | None
    ssm_why: str = ""

    def must_run(self) -> None:
        """Unavailable where there is no node any more to ask."""
        if self.state in ("terminated", "shutting-down"):
            raise Unavailable(
                f"The instance is {self.state}; its logs are gone with it.",
                'Only bundles collected earlier remain: collect(via="s3") or via="archive".',
            )
        if self.state != "running":
            raise Unavailable(
                f"The instance is {self.state}, so it cannot be asked for logs.",
                'Start it first, or use an earlier bundle: via="s3".',
            )
        if self.windows:
            raise Unavailable(
                "It is a Windows node; the log collectors here are for Linux.", "Collect by hand with eks-log-collector.ps1."
            )

    def must_belong(self, cluster: str | None, allowed: Mapping[str, str | None]) -> str:
        """The cluster it belongs to. Refuses an instance of another one, of none, or of one that may not be asked."""
        if not self.clusters:
            raise BadInput(
                f"{self.instance_id} carries no tag of an EKS cluster.", f"If it is a node, tag it {_OWNED}<cluster name> = owned."
            )
        listed = ", ".join(sorted(self.clusters))
        if cluster and cluster not in self.clusters:
            raise BadInput(
                f"{self.instance_id} belongs to cluster {listed}, not to {cluster[:60]!r}.", "Check instanceId and clusterName."
            )
        usable = self.clusters & allowed.keys() if allowed else self.clusters
        if not usable:
            raise BadInput(f"This server may not ask nodes of cluster {listed}.", f"Allowed: {', '.join(sorted(allowed))}.")
        return cluster if cluster in usable else min(usable)

    def proven(self, cluster: str | None) -> str | None:
        """The cluster that its tags prove: the one named, where they name it too, else the only one."""
        if cluster in self.clusters:
            return cluster
        return next(iter(self.clusters)) if cluster is None and len(self.clusters) == 1 else None


def target_of(aws: Aws, ask: Ask, region: str) -> Target:
    """The instance asked for: as the request carries it, where that is of this region, else looked up."""
    known = ask.target
    if known is not None and (known.instance_id, known.region) == (ask.instance_id, region):
        return known
    return look_up(aws, ask.instance_id, region)


def look_up(aws: Aws, instance_id: str, region: str) -> Target:
    """The instance, by EC2 and SSM. BadInput where the region has none of that id."""
    try:
        found = aws.call("ec2", "describe_instances", region, InstanceIds=[instance_id])
    except NotThere as error:
        raise _unknown(instance_id, region) from error
    instances: list[dict[str, Any]] = [i for r in found.get("Reservations") or () for i in r.get("Instances") or ()]
    if not instances:
        raise _unknown(instance_id, region)
    instance, tagged = instances[0], tags(instances[0])
    windows = str(instance.get("Platform", "")).lower() == "windows" or "Windows" in str(instance.get("PlatformDetails", ""))
    ping, why = _ping(aws, instance_id, region)
    return Target(
        instance_id,
        region,
        str((instance.get("State") or {}).get("Name", "unknown")),
        windows,
        frozenset(
            {tagged[t] for t in _CLUSTER_TAGS if tagged.get(t)} | {t.removeprefix(_OWNED) for t in tagged if t.startswith(_OWNED)}
        ),
        "eks:eks-cluster-name" in tagged or (instance.get("Operator") or {}).get("Principal") == "eks.amazonaws.com",
        str(instance.get("PrivateDnsName") or ""),
        ping,
        why,
    )


def _unknown(instance_id: str, region: str) -> BadInput:
    return BadInput(
        f"EC2 knows no instance {instance_id} in {region}.", "Check the id and pass region; cluster_health lists a cluster's nodes."
    )


def _ping(aws: Aws, instance_id: str, region: str) -> tuple[str | None, str]:
    try:
        found = aws.call("ssm", "describe_instance_information", region, Filters=[{"Key": "InstanceIds", "Values": [instance_id]}])
    except DiagError as error:
        return None, error.message
    rows = found.get("InstanceInformationList") or []
    return (str(rows[0].get("PingStatus")), "") if rows else ("absent", "")
