"""EC2's filters over records in EC2's own spelling: dotted paths through lists, `*` and `?`, tags."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .errors import AwsError

Record = dict[str, Any]
PATHS: dict[str, dict[str, str]] = {
    "instances": {
        "availability-zone": "Placement.AvailabilityZone",
        "image-id": "ImageId",
        "instance-id": "InstanceId",
        "instance-state-name": "State.Name",
        "instance-type": "InstanceType",
        "network-interface.network-interface-id": "NetworkInterfaces.NetworkInterfaceId",
        "platform": "Platform",
        "private-dns-name": "PrivateDnsName",
        "private-ip-address": "PrivateIpAddress",
        "subnet-id": "SubnetId",
        "vpc-id": "VpcId",
    },
    "interfaces": {
        "attachment.instance-id": "Attachment.InstanceId",
        "attachment.status": "Attachment.Status",
        "availability-zone": "AvailabilityZone",
        "description": "Description",
        "group-id": "Groups.GroupId",
        "interface-type": "InterfaceType",
        "network-interface-id": "NetworkInterfaceId",
        "owner-id": "OwnerId",
        "private-ip-address": "PrivateIpAddress",
        "addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress",
        "requester-id": "RequesterId",
        "requester-managed": "RequesterManaged",
        "status": "Status",
        "subnet-id": "SubnetId",
        "vpc-id": "VpcId",
    },
    "subnets": {
        "availability-zone": "AvailabilityZone",
        "cidr-block": "CidrBlock",
        "state": "State",
        "subnet-id": "SubnetId",
        "vpc-id": "VpcId",
    },
    "statuses": {
        "availability-zone": "AvailabilityZone",
        "instance-state-name": "InstanceState.Name",
        "instance-status.status": "InstanceStatus.Status",
        "system-status.status": "SystemStatus.Status",
    },
}


def filtered(records: Sequence[Record], filters: Sequence[Mapping[str, Any]], kind: str) -> list[Record]:
    """The records that pass all filters; a filter passes when any of its values matches. Raises EC2's error for unknown ones."""
    for one in filters:
        name, patterns = one.get("Name", ""), [_pattern(v) for v in one.get("Values") or []]
        if not (name.startswith("tag:") or name == "tag-key" or name in PATHS[kind]):
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")
        records = [r for r in records if any(p.fullmatch(v) for v in _values(r, name, kind) for p in patterns)]
    return list(records)


def _pattern(value: str) -> re.Pattern[str]:
    return re.compile(re.escape(str(value)).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _values(record: Record, name: str, kind: str) -> list[str]:
    tags = {t["Key"]: t["Value"] for t in record.get("Tags") or record.get("TagSet") or []}
    if name == "tag-key":
        return list(tags)
    if name.startswith("tag:"):
        return [tags[name[4:]]] if name[4:] in tags else []
    return [str(v).lower() if isinstance(v, bool) else str(v) for v in _at(record, PATHS[kind][name].split("."))]


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
