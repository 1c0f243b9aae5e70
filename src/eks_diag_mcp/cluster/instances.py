"""EC2 instances and their types, as far as a node diagnosis asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..cloud.aws import Aws, tags
from ..errors import NotThere
from .reading import Document, moment, number, part, parts, text, word

_IDS = 200


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance. `cluster` "" : its tags name none. `checks`: system and instance status, "" where not told."""

    id: str
    type: str
    state: str
    reason: str
    subnet: str
    zone: str
    private_dns: str
    cluster: str
    launched: datetime | None
    windows: bool


@dataclass(frozen=True, slots=True)
class StatusChecks:
    """EC2's own checks (ok, impaired, initializing, insufficient-data, not-applicable), and what it has scheduled."""

    system: str
    instance: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeLimits:
    """What an instance type can hold. `enis` are those of the default network card, as max-pods counts them."""

    enis: int
    ipv4_per_eni: int
    hypervisor: str
    bare_metal: bool
    cards: int


def read_instances(aws: Aws, region: str, ids: Iterable[str]) -> dict[str, Instance]:
    """Instances by id; those that EC2 has forgotten are missing. Asked by filter, so that one unknown id spoils nothing."""
    wanted, found = list(ids), {}
    for at in range(0, len(wanted), _IDS):
        filters = [{"Name": "instance-id", "Values": wanted[at : at + _IDS]}]
        for reservation in aws.pages("ec2", "describe_instances", region, "Reservations", Filters=filters):
            for item in parts(reservation, "Instances"):
                found[text(item, "InstanceId")] = _instance(item)
    return found


def read_of_cluster(aws: Aws, region: str, cluster: str, most: int = 6_000) -> dict[str, Instance]:
    """The instances that carry the cluster's tag and are not gone."""
    alive = ["pending", "running", "stopping", "stopped", "shutting-down"]
    filters = [
        {"Name": "tag:kubernetes.io/cluster/" + cluster, "Values": ["owned"]},
        {"Name": "instance-state-name", "Values": alive},
    ]
    pages = aws.pages("ec2", "describe_instances", region, "Reservations", most=most, Filters=filters)
    return {text(i, "InstanceId"): _instance(i) for reservation in pages for i in parts(reservation, "Instances")}


def read_instance(aws: Aws, region: str, instance_id: str) -> Instance:
    """One instance. NotThere where EC2 knows none of that id (it forgets terminated ones within an hour)."""
    found = read_instances(aws, region, [instance_id]).get(instance_id)
    if found is None:
        raise NotThere(f"EC2 has no instance {instance_id} in {region}.", "It may be terminated, or run in another region.")
    return found


def _instance(item: Document) -> Instance:
    told = tags(item)
    owned = [k.rpartition("/")[2] for k in told if k.startswith("kubernetes.io/cluster/")]
    names = (told.get("aws:eks:cluster-name"), told.get("eks:cluster-name"), told.get("eks:eks-cluster-name"), *owned)
    return Instance(
        id=text(item, "InstanceId"),
        type=word(item.get("InstanceType")),
        state=word(part(item, "State").get("Name")),
        reason=word(part(item, "StateReason").get("Code")),
        subnet=text(item, "SubnetId"),
        zone=word(part(item, "Placement").get("AvailabilityZone")),
        private_dns=text(item, "PrivateDnsName"),
        cluster=next((word(n) for n in names if n), ""),
        launched=moment(item.get("LaunchTime")),
        windows=text(item, "Platform").lower() == "windows",
    )


def read_checks(aws: Aws, region: str, ids: Iterable[str]) -> dict[str, StatusChecks]:
    """EC2's status checks by instance."""
    wanted, found = list(ids), {}
    for at in range(0, len(wanted), 100):
        filters = [{"Name": "instance-state-name", "Values": ["running"]}]
        pages = aws.pages(
            "ec2", "describe_instance_status", region, "InstanceStatuses", InstanceIds=wanted[at : at + 100], Filters=filters
        )
        for item in pages:
            found[text(item, "InstanceId")] = StatusChecks(
                word(part(item, "SystemStatus").get("Status")),
                word(part(item, "InstanceStatus").get("Status")),
                tuple(word(e.get("Code")) for e in parts(item, "Events") if "Completed" not in text(e, "Description")),
            )
    return found


def read_type_limits(aws: Aws, region: str, instance_type: str) -> TypeLimits:
    """What EC2 says that a type can hold."""
    answer = aws.call("ec2", "describe_instance_types", region, InstanceTypes=[instance_type])
    item = next(iter(answer.get("InstanceTypes") or ()), None)
    if item is None:
        raise NotThere(f"EC2 has no instance type {instance_type[:40]!r}.", "")
    network = part(item, "NetworkInfo")
    cards = parts(network, "NetworkCards")
    default = number(network, "DefaultNetworkCardIndex")
    on_default = next((number(c, "MaximumNetworkInterfaces") for c in cards if number(c, "NetworkCardIndex") == default), 0)
    return TypeLimits(
        enis=on_default or number(network, "MaximumNetworkInterfaces"),
        ipv4_per_eni=number(network, "Ipv4AddressesPerInterface"),
        hypervisor=word(item.get("Hypervisor")) or "unknown",
        bare_metal=bool(item.get("BareMetal")),
        cards=len(cards) or 1,
    )
