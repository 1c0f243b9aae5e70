"""EKS as a cluster's owner reads it: clusters, node groups, add-ons, insights, access entries, pod identities.

Everything is what tests put into `clusters` (World.cluster does), in the spelling of EKS's own answers. moto's EKS is not used:
its endpoints are invented, and it has no add-ons, insights, access entries or pod identities at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import AwsError
from .paging import page, with_token

Record = dict[str, Any]
NOT_FOUND = {
    "nodegroups": "No node group found for name: {}.",
    "addons": "No addon: {} found in cluster: {}",
    "insights": "No insight found for id: {} in cluster: {}",
    "access_entries": "The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.",
    "pod_identities": "Association not found: {}",
}


@dataclass(slots=True)
class Cluster:
    """One cluster and what hangs on it; each table is name (or id, or ARN) -> its description."""

    described: Record
    nodegroups: dict[str, Record] = field(default_factory=dict)
    addons: dict[str, Record] = field(default_factory=dict)
    insights: dict[str, Record] = field(default_factory=dict)
    access_entries: dict[str, Record] = field(default_factory=dict)
    pod_identities: dict[str, Record] = field(default_factory=dict)

    def table(self, name: str) -> dict[str, Record]:
        found: dict[str, Record] = getattr(self, name)
        return found


class Eks:
    """All clusters: (region, name) -> Cluster. `addon_versions` is add-on -> version -> cluster versions (addons.yaml)."""

    def __init__(self) -> None:
        self.clusters: dict[tuple[str, str], Cluster] = {}
        text = Path(__file__).with_name("addons.yaml").read_text(encoding="utf-8")
        self.addon_versions: dict[str, dict[str, list[str]]] = yaml.safe_load(text)

    def cluster(self, region: str, name: str) -> Cluster:
        found = self.clusters.get((region, name))
        if found is None:
            raise AwsError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404)
        return found

    def _one(self, region: str, params: Mapping[str, Any], table: str, member: str) -> Record:
        cluster, key = params["clusterName"], params[member]
        found = self.cluster(region, cluster).table(table).get(key)
        if found is None:
            raise AwsError("ResourceNotFoundException", NOT_FOUND[table].format(key, cluster), 404)
        return found

    def _listed(self, params: Mapping[str, Any], items: list[Any], member: str) -> Record:
        bad = AwsError("InvalidParameterException", "Invalid nextToken")
        shown, token = page(items, params.get("maxResults") or 100, params.get("nextToken"), bad)
        return with_token({member: shown}, token, "nextToken")

    # ---- clusters and node groups -----------------------------------------------------------------------------------
    def describe_cluster(self, region: str, params: Record) -> Record:
        return {"cluster": self.cluster(region, params["name"]).described}

    def list_clusters(self, region: str, params: Record) -> Record:
        return self._listed(params, sorted(n for r, n in self.clusters if r == region), "clusters")

    def list_nodegroups(self, region: str, params: Record) -> Record:
        return self._listed(params, sorted(self.cluster(region, params["clusterName"]).nodegroups), "nodegroups")

    def describe_nodegroup(self, region: str, params: Record) -> Record:
        return {"nodegroup": self._one(region, params, "nodegroups", "nodegroupName")}

    # ---- add-ons ----------------------------------------------------------------------------------------------------
    def list_addons(self, region: str, params: Record) -> Record:
        return self._listed(params, sorted(self.cluster(region, params["clusterName"]).addons), "addons")

    def describe_addon(self, region: str, params: Record) -> Record:
        return {"addon": self._one(region, params, "addons", "addonName")}

    def describe_addon_versions(self, region: str, params: Record) -> Record:
        """With kubernetesVersion: only versions that fit it. An unknown add-on is an empty list, as in EKS."""
        wanted, cluster_version = params.get("addonName"), params.get("kubernetesVersion")
        found = []
        for name, versions in self.addon_versions.items():
            offered = [_offer(name, versions, v, cluster_version) for v in versions]
            kept = [o for o in offered if o["compatibilities"]]
            if wanted in (None, name) and kept:
                found.append({"addonName": name, "type": "networking", "owner": "aws", "publisher": "eks", "addonVersions": kept})
        return self._listed(params, found, "addons")

    # ---- insights -----------------------------------------------------------------------------------------------------
    def list_insights(self, region: str, params: Record) -> Record:
        rows = list(self.cluster(region, params["clusterName"]).insights.values())
        asked = params.get("filter", {})
        for member, of in (("categories", lambda i: i["category"]), ("statuses", lambda i: i["insightStatus"]["status"])):
            if asked.get(member):
                rows = [i for i in rows if of(i) in asked[member]]
        told = [{k: v for k, v in i.items() if k in SUMMARY} for i in rows]
        return self._listed(params, told, "insights")

    def describe_insight(self, region: str, params: Record) -> Record:
        return {"insight": self._one(region, params, "insights", "id")}

    # ---- who may what -------------------------------------------------------------------------------------------------
    def list_access_entries(self, region: str, params: Record) -> Record:
        return self._listed(params, sorted(self.cluster(region, params["clusterName"]).access_entries), "accessEntries")

    def describe_access_entry(self, region: str, params: Record) -> Record:
        return {"accessEntry": self._one(region, params, "access_entries", "principalArn")}

    def list_pod_identity_associations(self, region: str, params: Record) -> Record:
        rows = list(self.cluster(region, params["clusterName"]).pod_identities.values())
        for member in ("namespace", "serviceAccount"):
            if params.get(member):
                rows = [r for r in rows if r[member] == params[member]]
        kept = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
        return self._listed(params, [{k: r[k] for k in kept if k in r} for r in rows], "associations")

    def describe_pod_identity_association(self, region: str, params: Record) -> Record:
        return {"association": self._one(region, params, "pod_identities", "associationId")}


SUMMARY = ("id", "name", "category", "kubernetesVersion", "lastRefreshTime", "lastTransitionTime", "description", "insightStatus")
"""What a row of ListInsights holds of an insight."""


def _offer(name: str, versions: dict[str, list[str]], version: str, cluster_version: str | None) -> Record:
    fits = [c for c in versions[version] if cluster_version in (None, c)]
    first = {c: next(v for v in versions if c in versions[v]) for c in fits}
    return {
        "addonVersion": version,
        "architecture": ["amd64", "arm64"],
        "computeTypes": ["ec2", "auto"],
        "compatibilities": [{"clusterVersion": c, "platformVersions": ["*"], "defaultVersion": first[c] == version} for c in fits],
        "requiresConfiguration": False,
        "requiresIamPermissions": name in ("vpc-cni", "aws-ebs-csi-driver"),
    }
