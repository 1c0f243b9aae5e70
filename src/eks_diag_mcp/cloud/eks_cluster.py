"""A cluster as EKS describes it, and the names of the clusters there are."""

from typing import Any

from ..errors import DiagError, NotThere
from .aws import Aws

_NAMED = 20
"""Clusters named in a message."""


def describe_cluster(aws: Aws, name: str, region: str) -> dict[str, Any]:
    """eks:DescribeCluster. NotThere names the clusters that the region does have, where they may be listed."""
    try:
        found: dict[str, Any] = aws.call("eks", "describe_cluster", region, name=name)["cluster"]
    except NotThere as error:
        raise NotThere(f"There is no EKS cluster {name!r} in {region}.", _others(aws, region)) from error
    return found


def cluster_names(aws: Aws, region: str) -> list[str]:
    """The names of the region's clusters (eks:ListClusters)."""
    return sorted(str(name) for name in aws.pages("eks", "list_clusters", region, "clusters", most=200))


def _others(aws: Aws, region: str) -> str:
    try:
        names = cluster_names(aws, region)
    except DiagError:
        return "Check the name and the region."
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Clusters there: {', '.join(names[:_NAMED]) or 'none'}{more}."
