"""Records in the spelling of EKS and EC2, made from little: a cluster, an instance's tags, the ENIs of a scenario's node."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from moto.core import DEFAULT_ACCOUNT_ID

from tests import scenarios

from .models import partition_of

Record = dict[str, Any]


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
        "endpoint": f"https://{digest[:32].upper()}.gr7.{region}.eks.amazonaws.com",
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


def instance_tags(
    cluster: str | None, managed_by: Literal["nodegroup", "karpenter", "auto", "self"], nodegroup: str
) -> dict[str, str]:
    """The tags by which an instance belongs to a cluster; none without a cluster."""
    if cluster is None:
        return {}
    owned = {f"kubernetes.io/cluster/{cluster}": "owned"}
    return {
        "self": owned,
        "nodegroup": {**owned, "eks:cluster-name": cluster, "eks:nodegroup-name": nodegroup},
        "karpenter": {
            **owned,
            "eks:eks-cluster-name": cluster,
            "karpenter.sh/nodepool": "default",
            "karpenter.sh/nodeclaim": "default-x7k2p",
        },
        "auto": {**owned, "eks:eks-cluster-name": cluster, "eks:kubernetes-node-pool-name": "general-purpose"},
    }[managed_by]


def interface_records(told: scenarios.Node, primary: Record) -> list[Record]:
    """A scenario node's ENIs as DescribeNetworkInterfaces tells them. `primary` is moto's record of the first: its id stays."""
    made = []
    for i, (eni, eni_id) in enumerate(zip(told.spec.enis, told.eni_ids, strict=True)):
        held = [a for a in told.addresses if a.eni == i]
        first = primary if i == 0 else {}
        own_ip = primary["PrivateIpAddress"] if i == 0 else told.eni_ips[i]
        single = [] if eni.prefixes else [a.ip for a in held]
        made.append(
            {
                **{k: primary[k] for k in ("AvailabilityZone", "Groups", "OwnerId", "SourceDestCheck", "SubnetId", "VpcId")},
                "NetworkInterfaceId": first.get("NetworkInterfaceId", eni_id),
                "Attachment": {**primary["Attachment"], "AttachmentId": f"eni-attach-0{eni_id[-16:]}", "DeviceIndex": i},
                "Description": "" if i == 0 else f"aws-K8S-{told.instance_id}",
                "InterfaceType": "trunk" if eni.trunk else "interface",
                "MacAddress": told.macs[i],
                "PrivateIpAddress": own_ip,
                "PrivateIpAddresses": [{"Primary": n == 0, "PrivateIpAddress": ip} for n, ip in enumerate([own_ip, *single])],
                "Ipv4Prefixes": [{"Ipv4Prefix": p} for p in sorted({a.cidr for a in held})]
                if eni.prefixes and not told.ipv6
                else [],
                "Ipv6Addresses": [],
                "RequesterManaged": False,
                "Status": "in-use",
                "TagSet": [{"Key": k, "Value": v} for k, v in cni_tags(told.instance_id, eni.unmanaged).items()] if i else [],
            }
        )
    return made


def cni_tags(instance_id: str, unmanaged: bool = False, created: str = "") -> dict[str, str]:
    """The tags that the VPC CNI gives an ENI it made."""
    return {
        "node.k8s.amazonaws.com/instance_id": instance_id,
        **({"node.k8s.amazonaws.com/createdAt": created} if created else {}),
        **({"node.k8s.amazonaws.com/no_manage": "true"} if unmanaged else {}),
    }
