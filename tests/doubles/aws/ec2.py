"""EC2 where moto tells too little: free addresses, prefixes, orphaned ENIs, failed status checks, platforms.

The records are moto's, with what a test laid over them (`instances`, `subnets`, `interfaces`, `statuses`: id -> members in EC2's
spelling). An ENI that moto does not have is added whole. Filters and pages are the double's own for these operations; all other
EC2 operations are moto's alone.
"""

from collections.abc import Callable
from typing import Any

from .errors import AwsError
from .filters import Record, filtered
from .paging import page, with_token

DEFAULT_PAGE = 1000
RUNNING = 16


class Ec2:
    """`moto` gives a boto3 client of moto's EC2 for a region. Ids are unique over all regions, as in EC2."""

    def __init__(self, moto: Callable[[str], Any]) -> None:
        self._moto = moto
        self.instances: dict[str, Record] = {}
        self.subnets: dict[str, Record] = {}
        self.statuses: dict[str, Record] = {}
        self.interfaces: dict[str, Record] = {}
        self.reservations: dict[str, list[Record]] = {}

    # ---- instances ------------------------------------------------------------------------------------------------
    def describe_instances(self, region: str, params: Record) -> Record:
        """One reservation an instance, as launches by an Auto Scaling group give."""
        if params.get("InstanceIds") and params.get("MaxResults"):
            text = "The parameter instancesSet cannot be used with the parameter maxResults"
            raise AwsError("InvalidParameterCombination", text)
        rows = self._all_instances(region)
        rows = _named(
            rows, "InstanceId", params.get("InstanceIds"), "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"
        )
        shown, token = self._page(filtered(rows, params.get("Filters") or [], "instances"), params)
        kept = [
            {"ReservationId": f"r-{i['InstanceId'][2:]}", "OwnerId": i["OwnerId"], "Groups": [], "Instances": [i["Instance"]]}
            for i in shown
        ]
        return with_token({"Reservations": kept}, token)

    def describe_instance_status(self, region: str, params: Record) -> Record:
        """Only running ones unless IncludeAllInstances."""
        rows = []
        for one in self._moto(region).describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]:
            merged = {**one, **self.statuses.get(one["InstanceId"], {})}
            if params.get("IncludeAllInstances") or merged["InstanceState"]["Code"] == RUNNING:
                rows.append(merged)
        if params.get("InstanceIds"):
            known = {i["InstanceId"] for i in self._all_instances(region)}
            for missing in (i for i in params["InstanceIds"] if i not in known):
                raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{missing}' does not exist")
            rows = [r for r in rows if r["InstanceId"] in params["InstanceIds"]]
        shown, token = self._page(filtered(rows, params.get("Filters") or [], "statuses"), params)
        return with_token({"InstanceStatuses": shown}, token)

    def _all_instances(self, region: str) -> list[Record]:
        """Rows to filter: the instance's members, and the whole of it under `Instance`."""
        interfaces = self._all_interfaces(region)
        rows = []
        for reservation in self._moto(region).describe_instances()["Reservations"]:
            for instance in reservation["Instances"]:
                held = [_of_instance(e) for e in interfaces if e.get("Attachment", {}).get("InstanceId") == instance["InstanceId"]]
                merged = {**instance, "NetworkInterfaces": held, **self.instances.get(instance["InstanceId"], {})}
                rows.append({**merged, "OwnerId": reservation["OwnerId"], "Instance": merged})
        return rows

    # ---- subnets --------------------------------------------------------------------------------------------------
    def describe_subnets(self, region: str, params: Record) -> Record:
        rows = [{**s, **self.subnets.get(s["SubnetId"], {})} for s in self._moto(region).describe_subnets()["Subnets"]]
        rows = _named(rows, "SubnetId", params.get("SubnetIds"), "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")
        shown, token = self._page(filtered(rows, params.get("Filters") or [], "subnets"), params)
        return with_token({"Subnets": shown}, token)

    def get_subnet_cidr_reservations(self, region: str, params: Record) -> Record:
        """What tests registered, as (type, CIDR); none otherwise."""
        subnet = params["SubnetId"]
        if subnet not in {s["SubnetId"] for s in self._moto(region).describe_subnets()["Subnets"]}:
            raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")
        return {"SubnetIpv4CidrReservations": self.reservations.get(subnet, []), "SubnetIpv6CidrReservations": []}

    # ---- network interfaces ---------------------------------------------------------------------------------------
    def describe_network_interfaces(self, region: str, params: Record) -> Record:
        rows = _named(
            self._all_interfaces(region),
            "NetworkInterfaceId",
            params.get("NetworkInterfaceIds"),
            "InvalidNetworkInterfaceID.NotFound",
            "The networkInterface ID '{}' does not exist",
        )
        shown, token = self._page(filtered(rows, params.get("Filters") or [], "interfaces"), params)
        return with_token({"NetworkInterfaces": shown}, token)

    def _all_interfaces(self, region: str) -> list[Record]:
        """moto's, with what is laid over them; then those that only tests know. AvailabilityZone tells the region."""
        known = {e["NetworkInterfaceId"]: e for e in self._moto(region).describe_network_interfaces()["NetworkInterfaces"]}
        for eni_id, laid in self.interfaces.items():
            if eni_id in known or laid.get("AvailabilityZone", "").startswith(region):
                known[eni_id] = {**known.get(eni_id, {}), **laid}
        return list(known.values())

    def _page(self, rows: list[Record], params: Record) -> tuple[list[Record], str | None]:
        bad = AwsError("InvalidNextToken", "The token is not valid.")
        return page(rows, params.get("MaxResults") or DEFAULT_PAGE, params.get("NextToken"), bad)


def _named(rows: list[Record], member: str, wanted: list[str] | None, code: str, text: str) -> list[Record]:
    """The rows with these ids; all without ids. Raises for an id that does not exist."""
    if not wanted:
        return rows
    found = {r[member]: r for r in rows}
    for one in wanted:
        if one not in found:
            raise AwsError(code, text.format(one))
    return [found[w] for w in dict.fromkeys(wanted)]


SHARED = (
    "NetworkInterfaceId",
    "SubnetId",
    "VpcId",
    "PrivateIpAddress",
    "PrivateIpAddresses",
    "Ipv4Prefixes",
    "Description",
    "Status",
)
HELD = ("AttachmentId", "AttachTime", "DeviceIndex", "NetworkCardIndex", "Status", "DeleteOnTermination")


def _of_instance(eni: Record) -> Record:
    """An ENI as DescribeInstances tells it."""
    attachment = {k: v for k, v in eni.get("Attachment", {}).items() if k in HELD}
    return {
        **{k: eni[k] for k in (*SHARED, "MacAddress", "OwnerId", "InterfaceType", "Groups") if k in eni},
        "Attachment": attachment,
    }
