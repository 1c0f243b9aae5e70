"""Network interfaces as EC2 describes them, and who holds them: a node, a load balancer, a function, or nobody any more.

Rules: the VPC CNI tags what it makes (node.k8s.amazonaws.com/instance_id and createdAt, cluster.k8s.amazonaws.com/name) and
describes it as "aws-K8S-<instance>"; AWS's own services are known by interface type, requester and description."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..cloud.aws import tags
from .reading import Document, moment, number, part, parts, text, word

IPS_PER_PREFIX = 16
INSTANCE_TAG, CREATED_TAG = "node.k8s.amazonaws.com/instance_id", "node.k8s.amazonaws.com/createdAt"
CLUSTER_TAG, NO_MANAGE_TAG = "cluster.k8s.amazonaws.com/name", "node.k8s.amazonaws.com/no_manage"

Holder = Literal[
    "node_primary",
    "node_pods",
    "pod_branch",
    "pod_trunk",
    "orphaned",
    "eks_control_plane",
    "load_balancer",
    "nat_gateway",
    "vpc_endpoint",
    "lambda",
    "rds",
    "efs",
    "unattached",
    "other",
]
_BY_TYPE: dict[str, Holder] = {
    "lambda": "lambda",
    "nat_gateway": "nat_gateway",
    "natGateway": "nat_gateway",
    "network_load_balancer": "load_balancer",
    "gateway_load_balancer": "load_balancer",
    "load_balancer": "load_balancer",
    "vpc_endpoint": "vpc_endpoint",
    "gateway_load_balancer_endpoint": "vpc_endpoint",
    "branch": "pod_branch",
    "trunk": "pod_trunk",
}
_BY_DESCRIPTION: tuple[tuple[re.Pattern[str], Holder], ...] = (
    (re.compile(r"^Amazon EKS "), "eks_control_plane"),
    (re.compile(r"^ELB "), "load_balancer"),
    (re.compile(r"^Interface for NAT Gateway "), "nat_gateway"),
    (re.compile(r"^VPC Endpoint Interface "), "vpc_endpoint"),
    (re.compile(r"^AWS Lambda VPC ENI"), "lambda"),
    (re.compile(r"^RDSNetworkInterface"), "rds"),
    (re.compile(r"^EFS mount target "), "efs"),
    (re.compile(r"^aws-k8s-branch-eni"), "pod_branch"),
    (re.compile(r"^aws-k8s-trunk-eni"), "pod_trunk"),
)
_OF_CNI = re.compile(r"^aws-K8S-(i-[0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Eni:
    """An interface. `instance_id` "" : attached to none. `created` None: no tag tells. `managed` False: the node's owner
    told the CNI to leave it alone."""

    id: str
    subnet: str
    status: str
    holder: Holder
    cluster: str
    instance_id: str
    device: int | None
    card: int
    addresses: tuple[str, ...]
    prefixes: tuple[str, ...]
    created: datetime | None
    attached: datetime | None
    managed: bool
    for_cni: bool

    @property
    def used(self) -> int:
        """Addresses of the subnet that it takes."""
        return len(self.addresses) + IPS_PER_PREFIX * len(self.prefixes)


def read_eni(item: Document) -> Eni:
    """An interface of DescribeNetworkInterfaces."""
    told, attachment, description = tags(item, "TagSet"), part(item, "Attachment"), text(item, "Description")
    of_cni = _OF_CNI.match(description)
    for_cni = bool(of_cni) or INSTANCE_TAG in told
    cluster = word(told.get(CLUSTER_TAG, ""))
    return Eni(
        id=text(item, "NetworkInterfaceId"),
        subnet=text(item, "SubnetId"),
        status=word(item.get("Status")),
        holder=_holder(item, description, orphan=for_cni or bool(cluster)),
        cluster=cluster,
        instance_id=text(attachment, "InstanceId"),
        device=number(attachment, "DeviceIndex") if attachment else None,
        card=number(attachment, "NetworkCardIndex"),
        addresses=tuple(text(a, "PrivateIpAddress") for a in parts(item, "PrivateIpAddresses") if a.get("PrivateIpAddress")),
        prefixes=tuple(text(p, "Ipv4Prefix") for p in parts(item, "Ipv4Prefixes")),
        created=moment(told.get(CREATED_TAG)),
        attached=moment(attachment.get("AttachTime")),
        managed=told.get(NO_MANAGE_TAG) != "true",
        for_cni=for_cni,
    )


def _holder(item: Document, description: str, *, orphan: bool) -> Holder:
    attachment = part(item, "Attachment")
    free = text(item, "Status") == "available"
    if free and orphan:
        return "orphaned"
    if known := _BY_TYPE.get(text(item, "InterfaceType")):
        return known
    for pattern, holder in _BY_DESCRIPTION:
        if pattern.match(description):
            return holder
    if attachment.get("InstanceId"):
        return "node_primary" if number(attachment, "DeviceIndex") == 0 else "node_pods" if orphan else "other"
    return "unattached" if free else "other"
