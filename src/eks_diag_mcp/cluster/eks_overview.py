"""All node groups, add-ons or insights of a cluster at once, and whether add-ons fit the cluster's version."""

from functools import partial

from ..cloud.aws import Aws
from ..cloud.clusters import ClusterRef
from ..cloud.eks_cluster import describe_cluster
from .addon_versions import AddonVersions, addon_versions
from .eks_resource import EksResource, ResourceType, describe, names
from .fanout import Fanout

_EACH = 40
"""Resources of a type that are described one by one."""
DESCRIBED: tuple[ResourceType, ...] = ("addon", "nodegroup", "insight")
"""Types whose description says how they fare; of the others the names are enough."""


def overview(aws: Aws, ref: ClusterRef, type_: ResourceType, fan: Fanout) -> dict[str, EksResource | None]:
    """Every resource of a type by name; None where it was not described. Raises where not even the names can be had."""
    known = names(aws, ref, type_)
    found: dict[str, EksResource] = {}
    if type_ in DESCRIBED:
        found = fan.run({name: partial(describe, aws, ref, type_, name) for name in list(known)[:_EACH]})
    return {name: found.get(name) for name in known}


def versions_of(aws: Aws, ref: ClusterRef, addon: str, fan: Fanout) -> tuple[AddonVersions | None, str | None]:
    """(versions of an add-on that fit, the cluster's Kubernetes version); what cannot be had is None and a gap of `fan`."""
    cluster = fan.one("Kubernetes version", lambda: describe_cluster(aws, ref.name, ref.region))
    if cluster is None:
        return None, None
    kubernetes = str(cluster.get("version"))
    return fan.one("compatible versions", lambda: addon_versions(aws, ref.region, addon, kubernetes)), kubernetes
