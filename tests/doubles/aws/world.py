"""What exists: clusters, subnets, instances, buckets, roles. Built straight in moto and in the double, so that no audit sees it.

world.cluster("shop", version="1.31")
node = world.node("eni-limit", cluster="shop")             # the instance of a scenario bundle; returns its id
world.instance("i-0aa11bb22cc33dd44", ssm="lost")          # an id of your own choice, or none
world.bucket("shop-logs"); world.role("collector")         # returns the role's ARN
world.plan(node, "disk full")                              # plans.PLANS
"""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from tests import scenarios

from .clients import Keys, client
from .eks import Cluster, Record
from .eks_records import addon_record, cluster_record, insight_record, nodegroup_record
from .node import FakeNode, Ping
from .plans import Plan, plan
from .records import instance_tags, interface_records, orphan_record

if TYPE_CHECKING:
    from .double import AwsDouble

PUBLIC_POLICY = '{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{}/*"}}]}}'
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ssm.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
IMAGE = "ami-760aaa0f"
"""One of Linux that moto knows; it warns of others."""


def moto_client(url: str, service: str, region: str) -> Any:
    """A client of moto itself, past the double: no audit, no fault."""
    return client(url, service, region, Keys("WORLD", "world"))


class World:
    """Builds what exists. All methods take `region`, default the double's."""

    def __init__(self, double: "AwsDouble") -> None:
        self._double = double
        self._vpcs: dict[str, str] = {}
        self._subnets: dict[tuple[str, str], str] = {}
        self._nets = itertools.count(32)

    def _moto(self, service: str, region: str | None) -> Any:
        return moto_client(self._double.moto.url, service, region or self._double.region)

    # ---- clusters -------------------------------------------------------------------------------------------------
    def cluster(
        self, name: str = "shop", version: str = "1.31", *, ca: str | None = None, region: str | None = None, **more: Any
    ) -> Cluster:
        """A cluster. `ca`: its authority's certificate, base64. `more` replaces members of DescribeCluster's answer: `endpoint`, ..."""
        region = region or self._double.region
        more |= {"certificateAuthority": {"data": ca}} if ca else {}
        subnets = [self.subnet(zone=z, region=region) for z in "ab"]
        made = Cluster(cluster_record(name, version, region, self.vpc(region), subnets, self._double.now(), more))
        self._double.eks.clusters[region, name] = made
        return made

    def nodegroup(
        self, name: str = "workers", *, cluster: str = "shop", issues: Sequence[Record] = (), region: str | None = None, **more: Any
    ) -> None:
        """A managed node group; with health issues it is DEGRADED. `more` replaces members of DescribeNodegroup's answer."""
        of = self._double.eks.cluster(region or self._double.region, cluster)
        of.nodegroups[name] = {**nodegroup_record(name, of.described, self._double.now(), issues), **more}

    def addon(
        self,
        name: str,
        version: str,
        *,
        cluster: str = "shop",
        issues: Sequence[Record] = (),
        region: str | None = None,
        **more: Any,
    ) -> None:
        """An installed add-on; with health issues (`{"code": "ConfigurationConflict", ...}`) it is DEGRADED."""
        of = self._double.eks.cluster(region or self._double.region, cluster)
        of.addons[name] = {**addon_record(name, version, of.described, self._double.now(), issues), **more}

    def insight(
        self, name: str, status: str = "PASSING", *, reason: str = "", cluster: str = "shop", region: str | None = None, **more: Any
    ) -> str:
        """An upgrade insight (status PASSING, WARNING, ERROR or UNKNOWN); its id."""
        of = self._double.eks.cluster(region or self._double.region, cluster)
        made = {**insight_record(name, status, reason, of.described, self._double.now()), **more}
        of.insights[made["id"]] = made
        return str(made["id"])

    # ---- the network ------------------------------------------------------------------------------------------------
    def vpc(self, region: str | None = None) -> str:
        """The one VPC of a region, 10.0.0.0/16, where the scenarios' nodes have their addresses."""
        region = region or self._double.region
        if region not in self._vpcs:
            self._vpcs[region] = self._moto("ec2", region).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return self._vpcs[region]

    def subnet(
        self, cidr: str | None = None, *, zone: str = "b", free: int | None = None, region: str | None = None, id: str | None = None
    ) -> str:
        """A subnet's id. Without a CIDR: the zone's first subnet, made when it is not there ('b': 10.0.16.0/20, the scenarios').

        `free` is what AvailableIpAddressCount says; without it, moto counts.
        """
        region = region or self._double.region
        found = self._subnets.get((region, zone)) if cidr is None else None
        if found is None:
            block = cidr or {"a": "10.0.0.0/20", "b": "10.0.16.0/20"}.get(zone) or f"10.0.{16 * next(self._nets) % 256}.0/20"
            asked = {"VpcId": self.vpc(region), "CidrBlock": block, "AvailabilityZone": f"{region}{zone}"}
            found = self._moto("ec2", region).create_subnet(**asked)["Subnet"]["SubnetId"]
            found = _renamed_subnet(region, found, id) if id else found
            self._subnets.setdefault((region, zone), found)
        if free is not None:
            self._double.ec2.subnets.setdefault(found, {})["AvailableIpAddressCount"] = free
        return found

    def reserve(self, subnet: str, cidr: str, kind: Literal["prefix", "explicit"] = "prefix") -> None:
        """A CIDR reservation in a subnet: EC2 gives no address of it to an ENI unless asked for by name (or as a prefix)."""
        made = {"SubnetCidrReservationId": f"scr-0{subnet[-16:]}", "SubnetId": subnet, "Cidr": cidr, "ReservationType": kind}
        self._double.ec2.reservations.setdefault(subnet, []).append({**made, "OwnerId": DEFAULT_ACCOUNT_ID, "Description": ""})

    def orphan(self, subnet: str, instance_id: str, *, created: str = "", region: str | None = None, addresses: int = 1) -> str:
        """An ENI that the VPC CNI made for an instance and that nobody detached cleanly: `available`. Its id."""
        found = self._moto("ec2", region).describe_subnets(SubnetIds=[subnet])["Subnets"][0]
        record = orphan_record(found, instance_id, created, addresses, len(self._double.ec2.interfaces))
        self._double.ec2.interfaces[record["NetworkInterfaceId"]] = record
        return str(record["NetworkInterfaceId"])

    # ---- instances --------------------------------------------------------------------------------------------------
    def instance(
        self,
        id: str | None = None,
        *,
        cluster: str | None = "shop",
        type: str = "m5.large",
        subnet: str | None = None,
        state: Literal["running", "stopped", "terminated"] = "running",
        windows: bool = False,
        ssm: Ping = "online",
        managed_by: Literal["nodegroup", "karpenter", "auto", "self"] = "nodegroup",
        nodegroup: str = "workers",
        plan: str | Plan = "success",
        files: Mapping[str, bytes] | None = None,
        captured: datetime | None = None,
        private_ip: str | None = None,
        tags: Mapping[str, str] | None = None,
        region: str | None = None,
    ) -> str:
        """An instance's id; chosen, or moto's. `files` is what its bundle would hold (default: its instance id only)."""
        region = region or self._double.region
        all_tags = {**instance_tags(cluster, managed_by, nodegroup), **(tags or {})}
        asked = {
            "ImageId": IMAGE,
            "MinCount": 1,
            "MaxCount": 1,
            "InstanceType": type,
            "SubnetId": subnet or self.subnet(region=region),
            "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in all_tags.items()]}],
            **({"PrivateIpAddress": private_ip} if private_ip else {}),
        }
        made = self._moto("ec2", region).run_instances(**asked)["Instances"][0]["InstanceId"]
        made = _renamed_instance(region, made, id) if id else made
        if windows:
            self._double.ec2.instances[made] = {"Platform": "windows", "PlatformDetails": "Windows"}
        if managed_by == "auto":
            self._double.ec2.instances.setdefault(made, {})["Operator"] = {"Managed": True, "Principal": "eks.amazonaws.com"}
        bundle = files or {"system/instance-id.txt": f"{made}\n".encode()}
        node = FakeNode(made, region, bundle, windows=windows, ping=ssm)
        node.captured = captured or node.captured
        self._double.nodes[made] = node
        self.plan(made, plan)
        self.state(made, state)
        return made

    def node(self, scenario: str, **how: Any) -> str:
        """The instance that a scenario bundle is of: its id, type, address, ENIs and archive. `how` as for `instance`."""
        told = scenarios.load(scenario)
        taken = any(told.node.primary == i.get("PrivateIpAddress") for i in self._double.ec2.instances.values())
        how = {"type": told.node.spec.type, "private_ip": None if taken else told.node.primary, **how}
        made = self.instance(told.instance_id, files=told.files(), captured=told.captured, **how)
        fake = self._double.nodes[made]
        fake.cut_bytes = told.node.spec.truncate_bytes
        self._double.ec2.instances.setdefault(made, {}).update({"PrivateIpAddress": how["private_ip"]} if how["private_ip"] else {})
        self._lay_interfaces(made, told.node, fake.region)
        return made

    def _lay_interfaces(self, instance_id: str, told: scenarios.Node, region: str) -> None:
        """The scenario's ENIs: the first is laid over moto's primary one, the others are added."""
        found = self._moto("ec2", region).describe_network_interfaces(
            Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}]
        )
        primary = found["NetworkInterfaces"][0]
        for record in interface_records(told, primary):
            self._double.ec2.interfaces[record["NetworkInterfaceId"]] = record

    def state(self, instance_id: str, state: Literal["running", "stopped", "terminated"]) -> None:
        """Stop, start or terminate it; SSM loses it then."""
        node = self._double.nodes[instance_id]
        ec2 = self._moto("ec2", node.region)
        do = {"stopped": ec2.stop_instances, "terminated": ec2.terminate_instances, "running": ec2.start_instances}[state]
        if state != node.state:
            do(InstanceIds=[instance_id])
        node.state = state

    def plan(self, instance_id: str, given: str | Plan) -> None:
        """What the next automation on it comes to."""
        self._double.nodes[instance_id].plan = plan(given)

    # ---- buckets and roles --------------------------------------------------------------------------------------------
    def bucket(
        self,
        name: str = "shop-logs",
        *,
        public: bool = False,
        owner: str | None = None,
        versioned: bool = True,
        region: str | None = None,
    ) -> str:
        """A bucket. `owner`: an account other than the caller's (bucket sniping). `public`: by policy, open to everybody."""
        region = region or self._double.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3 = self._moto("s3", region)
        s3.create_bucket(Bucket=name, **where)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if public:
            s3.put_bucket_policy(Bucket=name, Policy=PUBLIC_POLICY.format(name))
        else:
            closed = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=closed)
        if owner:
            self._double.s3.owners[name] = owner
        return name

    def put(self, bucket: str, key: str, data: bytes, *, at: datetime | None = None, region: str | None = None) -> str:
        """An object that is there already, or that somebody else puts under a node's key; its version id. `at`: LastModified."""
        region = region or self._double.region
        version = self._moto("s3", region).put_object(Bucket=bucket, Key=key, Body=data).get("VersionId", "null")
        if at is not None:
            self._double.s3.object(bucket, key, region).last_modified = at.replace(tzinfo=None)
        return str(version)

    def role(
        self, name: str = "collector", stand: Literal["ok", "not passable", "not assumable"] = "ok", *, region: str | None = None
    ) -> str:
        """The ARN of a role that automations may act as, or may not."""
        made: str = self._moto("iam", region).create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self._double.ssm.roles[made] = stand
        return made


def _renamed_instance(region: str, old: str, new: str) -> str:
    """moto draws ids at random: give the instance the one that is asked for. Its ENIs and volumes point to the object."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    backend.get_instance(old).id = new
    if old in backend.tags:
        backend.tags[new] = backend.tags.pop(old)
    return new


def _renamed_subnet(region: str, old: str, new: str) -> str:
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][region]
    for of_zone in backend.subnets.values():
        if old in of_zone:
            of_zone[new] = of_zone.pop(old)
            of_zone[new].id = new
    for old_key in [k for k in backend.subnet_associations if k == old]:
        backend.subnet_associations[new] = backend.subnet_associations.pop(old_key)
    return new
