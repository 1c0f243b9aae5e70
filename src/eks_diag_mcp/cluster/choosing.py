"""Which cluster is meant when none is named: the only one there is."""

from ..cloud.clusters import ClusterRef, Clusters
from ..cloud.eks_cluster import cluster_names
from ..errors import BadInput, DiagError

EXAMPLES = frozenset({"my-cluster", "cluster-name", "your-cluster"})
"""Names that runbooks give in their examples."""


def choose(clusters: Clusters, name: str | None, region: str | None = None) -> tuple[ClusterRef, str | None]:
    """(cluster, note). Left out, or a runbook's example, means the only cluster the server may ask, else the only one of
    the region; the note says so. BadInput lists the candidates."""
    if name and name not in EXAMPLES:
        return clusters.ref(name, region), None
    known = sorted(clusters.allowed)
    if name in known:
        return clusters.ref(name, region), None
    why = f"{name} is a runbook's example" if name else "clusterName was left out"
    if not known:
        place = clusters.aws.region(region)
        try:
            known = cluster_names(clusters.aws, place)
        except DiagError as error:
            raise BadInput("clusterName is missing.", f"The clusters cannot be listed: {error.message}") from error
    if len(known) == 1:
        return clusters.ref(known[0], region), f"{why}; the only cluster known is meant: {known[0]}"
    raise BadInput(f"{why}.", f"Clusters: {', '.join(known[:20]) or 'none'}.")
