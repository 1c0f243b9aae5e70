"""Records in EC2's spelling, made from little: an instance's tags, the ENIs of a scenario's node, orphaned ENIs."""

import hashlib
import ipaddress
from typing import Any, Literal

from moto.core import DEFAULT_ACCOUNT_ID

from tests import scenarios

Record = dict[str, Any]


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


def orphan_record(subnet: Record, instance_id: str, created: str, addresses: int, number: int) -> Record:
    """An ENI of the VPC CNI that is attached to nothing, with so many addresses from the end of its subnet."""
    last = ipaddress.ip_network(subnet["CidrBlock"]).broadcast_address - 1
    ips = [str(last - number * 16 - n) for n in range(addresses)]
    digest = hashlib.sha256(f"{subnet['SubnetId']}/{instance_id}/{number}".encode()).hexdigest()
    return {
        "NetworkInterfaceId": f"eni-0{digest[:16]}",
        "AvailabilityZone": subnet["AvailabilityZone"],
        "Description": f"aws-K8S-{instance_id}",
        "Groups": [],
        "InterfaceType": "interface",
        "MacAddress": f"02:5b:{digest[16:18]}:{digest[18:20]}:{digest[20:22]}:{digest[22:24]}",
        "OwnerId": DEFAULT_ACCOUNT_ID,
        "PrivateIpAddress": ips[0],
        "PrivateIpAddresses": [{"Primary": n == 0, "PrivateIpAddress": ip} for n, ip in enumerate(ips)],
        "RequesterManaged": False,
        "Status": "available",
        "SubnetId": subnet["SubnetId"],
        "TagSet": [{"Key": k, "Value": v} for k, v in cni_tags(instance_id, created=created).items()],
        "VpcId": subnet["VpcId"],
    }


def cni_tags(instance_id: str, unmanaged: bool = False, created: str = "") -> dict[str, str]:
    """The tags that the VPC CNI gives an ENI it made."""
    return {
        "node.k8s.amazonaws.com/instance_id": instance_id,
        **({"node.k8s.amazonaws.com/createdAt": created} if created else {}),
        **({"node.k8s.amazonaws.com/no_manage": "true"} if unmanaged else {}),
    }
