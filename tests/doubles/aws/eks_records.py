"""Records in EKS's spelling, made from little: a healthy cluster, node groups, add-ons, insights."""

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID

from .models import partition_of

Record = dict[str, Any]


NOBODY = "https://127.0.0.1:9"
"""An endpoint of this machine where nobody listens: a test that gives none must look no name up outside."""


def cluster_record(
    name: str, version: str, region: str, vpc: str, subnets: list[str], now: datetime, more: Mapping[str, Any]
) -> Record:
    """As DescribeCluster tells a healthy cluster. Endpoint and CA are invented unless `more` has them."""
    digest = hashlib.sha256(f"{region}/{name}".encode()).hexdigest()
    arn = f"arn:{partition_of(region)}"
    return {
        "name": name,
        "arn": f"{arn}:eks:{region}:{DEFAULT_ACCOUNT_ID}:cluster/{name}",
        "createdAt": now,
        "version": version,
        "platformVersion": "eks.9",
        "endpoint": NOBODY,
        "roleArn": f"{arn}:iam::{DEFAULT_ACCOUNT_ID}:role/{name}-cluster",
        "resourcesVpcConfig": {
            "subnetIds": subnets,
            "securityGroupIds": [],
            "clusterSecurityGroupId": f"sg-0{digest[32:48]}",
            "vpcId": vpc,
            "endpointPublicAccess": True,
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
        "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": False}]},
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{digest[:32].upper()}"}},
        "status": "ACTIVE",
        "certificateAuthority": {"data": base64.b64encode(b"no certificate: the double of Kubernetes gives its own").decode()},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
        "health": {"issues": []},
        "tags": {},
        **more,
    }


def nodegroup_record(name: str, cluster: Record, now: datetime, issues: Sequence[Record]) -> Record:
    """As DescribeNodegroup tells it."""
    head, _, path = cluster["arn"].partition(":cluster/")
    return {
        "nodegroupName": name,
        "nodegroupArn": f"{head}:nodegroup/{path}/{name}/{uuid.uuid5(uuid.NAMESPACE_DNS, name)}",
        "clusterName": cluster["name"],
        "version": cluster["version"],
        "releaseVersion": f"{cluster['version']}.4-20260101",
        "createdAt": now,
        "modifiedAt": now,
        "status": "DEGRADED" if issues else "ACTIVE",
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 1, "maxSize": 10, "desiredSize": 3},
        "instanceTypes": ["m5.large"],
        "subnets": cluster["resourcesVpcConfig"]["subnetIds"],
        "amiType": "AL2023_x86_64_STANDARD",
        "nodeRole": f"{cluster['roleArn'].rpartition('/')[0]}/node-role",
        "labels": {},
        "resources": {"autoScalingGroups": [{"name": f"eks-{name}"}]},
        "health": {"issues": list(issues)},
        "updateConfig": {"maxUnavailable": 1},
        "tags": {},
    }


def addon_record(name: str, version: str, cluster: Record, now: datetime, issues: Sequence[Record]) -> Record:
    """As DescribeAddon tells it."""
    head, _, path = cluster["arn"].partition(":cluster/")
    return {
        "addonName": name,
        "clusterName": cluster["name"],
        "status": "DEGRADED" if issues else "ACTIVE",
        "addonVersion": version,
        "health": {"issues": list(issues)},
        "addonArn": f"{head}:addon/{path}/{name}/{uuid.uuid5(uuid.NAMESPACE_DNS, name)}",
        "createdAt": now,
        "modifiedAt": now,
        "tags": {},
    }


def insight_record(name: str, status: str, reason: str, cluster: Record, now: datetime) -> Record:
    """As DescribeInsight tells it."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{cluster['name']}/{name}")),
        "name": name,
        "category": "UPGRADE_READINESS",
        "kubernetesVersion": cluster["version"],
        "lastRefreshTime": now,
        "lastTransitionTime": now,
        "description": f"Checks: {name}",
        "insightStatus": {"status": status, "reason": reason or "No issue was found."},
        "recommendation": "Bring the nodes to the version of the control plane.",
        "additionalInfo": {},
        "resources": [],
        "categorySpecificSummary": {"deprecationDetails": []},
    }
