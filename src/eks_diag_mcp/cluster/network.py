"""Subnets as EC2 knows them now: free addresses, whole free /28s, reservations, and who holds what is used."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from ..cloud.aws import Aws
from .enis import Eni, read_eni
from .fanout import Fanout
from .gaps import Gap
from .reading import Document, number, text, word
from .subnets import Blocks, Reservation, free_blocks

MOST_ENIS = 12_000
"""Interfaces of all subnets that are read: a cluster of 5,000 nodes has about two each."""
_IDS = 100
"""Subnets in one request."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet. `blocks` None: its interfaces were not all seen. `holders`: addresses by who holds them."""

    id: str
    cidr: str
    zone: str
    free: int
    blocks: Blocks | None
    reservations: tuple[Reservation, ...]
    enis: tuple[Eni, ...]

    @property
    def holders(self) -> dict[str, int]:
        """Addresses by holder, the most first."""
        found: Counter[str] = Counter()
        for eni in self.enis:
            found[eni.holder] += eni.used
        return dict(found.most_common())

    @property
    def clusters(self) -> dict[str, int]:
        """Addresses by the cluster whose CNI made the interface."""
        found: Counter[str] = Counter()
        for eni in self.enis:
            if eni.cluster:
                found[eni.cluster] += eni.used
        return dict(found.most_common())

    @property
    def orphans(self) -> tuple[Eni, ...]:
        """Interfaces that the CNI made, attached to nothing."""
        return tuple(e for e in self.enis if e.holder == "orphaned")


def read_subnets(aws: Aws, region: str, ids: Iterable[str], fan: Fanout) -> dict[str, Subnet]:
    """Those subnets, with all that lies in them. What fails is a gap of `fan`; without the subnets themselves there is nothing."""
    wanted = sorted({i for i in ids if i})
    if not wanted:
        return {}
    found = fan.run(
        {
            "subnets": partial(_described, aws, region, wanted),
            "interfaces of the subnets": partial(_enis, aws, region, wanted),
            **{f"reservations of {i}": partial(_reservations, aws, region, i) for i in wanted[:40]},
        }
    )
    enis: tuple[Eni, ...] | None = found.get("interfaces of the subnets")
    if enis is not None and len(enis) >= MOST_ENIS:
        fan.gaps.append(Gap("interfaces of the subnets", f"more than {MOST_ENIS}: free /28s are not counted"))
    whole = enis is not None and len(enis) < MOST_ENIS
    return {
        text(item, "SubnetId"): _subnet(item, enis or (), found.get(f"reservations of {text(item, 'SubnetId')}"), whole=whole)
        for item in found.get("subnets") or ()
    }


def _subnet(item: Document, enis: tuple[Eni, ...], reservations: tuple[Reservation, ...] | None, *, whole: bool) -> Subnet:
    own = tuple(e for e in enis if e.subnet == text(item, "SubnetId"))
    taken = [a for e in own for a in (*e.addresses, *e.prefixes)]
    cidr = text(item, "CidrBlock")
    known = whole and reservations is not None
    return Subnet(
        id=text(item, "SubnetId"),
        cidr=cidr,
        zone=word(item.get("AvailabilityZone")),
        free=number(item, "AvailableIpAddressCount"),
        blocks=free_blocks(cidr, taken, reservations or ()) if known else None,
        reservations=reservations or (),
        enis=own,
    )


def _described(aws: Aws, region: str, ids: list[str]) -> list[Document]:
    return list(aws.pages("ec2", "describe_subnets", region, "Subnets", Filters=[{"Name": "subnet-id", "Values": ids[:200]}]))


def _enis(aws: Aws, region: str, ids: list[str]) -> tuple[Eni, ...]:
    found: list[Eni] = []
    for at in range(0, len(ids), _IDS):
        filters = [{"Name": "subnet-id", "Values": ids[at : at + _IDS]}]
        pages = aws.pages(
            "ec2",
            "describe_network_interfaces",
            region,
            "NetworkInterfaces",
            most=MOST_ENIS - len(found),
            Filters=filters,
            PaginationConfig={"PageSize": 1000},
        )
        found += [read_eni(item) for item in pages]
    return tuple(found)


def _reservations(aws: Aws, region: str, subnet: str) -> tuple[Reservation, ...]:
    answer = aws.call("ec2", "get_subnet_cidr_reservations", region, SubnetId=subnet)
    return tuple(Reservation(text(r, "Cidr"), text(r, "ReservationType")) for r in answer.get("SubnetIpv4CidrReservations") or ())
