"""The checkpoint of ipamd: ipamd/ipam.json and ipam-nic-<n>.json, which it reads back after a restart.

{"version": "vpc-cni-ipam/1", "allocations": [{networkName, containerID, ifName, ipv4 | ipv6, allocationTimestamp (ns),
metadata: {k8sPodNamespace, k8sPodName}}]}; time and metadata since CNI 1.11. It names sandboxes in every release, which
enis.json from 1.23 on does not."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .datastore import Datastore
from .state_files import as_int, as_list, as_map, as_text, read_json

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Allocation:
    """An address and the pod sandbox it was given to. `card` is None in ipam.json of releases before network cards."""

    ip: str
    sandbox: str
    namespace: str = ""
    pod: str = ""
    interface: str = ""
    time: datetime | None = None
    card: int | None = None
    file: str = ""


def read_checkpoints(bundle: "Bundle") -> tuple[Allocation, ...] | None:
    """All allocations of all checkpoint files; None where no checkpoint could be read (an empty list is a reading)."""
    found: list[Allocation] = []
    readable = False
    for file in bundle.texts("ipam-checkpoint"):
        card = re.search(r"ipam-nic-(\d{1,3})\.json$", file.path)
        for document in read_json(file.text, file.truncated).documents:
            entries = as_map(document.value).get("allocations")
            readable = readable or "allocations" in as_map(document.value)
            found += [_allocation(entry, int(card[1]) if card else None, file.path) for entry in as_list(entries)]
    return tuple(found) if readable else None


def _allocation(entry: object, card: int | None, file: str) -> Allocation:
    row = as_map(entry)
    pod, stamp = as_map(row.get("metadata")), as_int(row.get("allocationTimestamp"))
    return Allocation(
        ip=as_text(row.get("ipv4")) or as_text(row.get("ipv6")),
        sandbox=as_text(row.get("containerID")),
        namespace=as_text(pod.get("k8sPodNamespace")),
        pod=as_text(pod.get("k8sPodName")),
        interface=as_text(row.get("ifName")),
        time=_time(stamp),
        card=card,
        file=file,
    )


def _time(nanoseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC) if nanoseconds else None
    except (ValueError, OverflowError, OSError):
        return None


def allocations(datastore: Datastore | None, checkpoints: tuple[Allocation, ...] | None) -> tuple[Allocation, ...]:
    """Who holds which address: the pool dump says which are held now, the checkpoint adds sandboxes and pods by
    address. Without a dump, the checkpoint alone."""
    if datastore is None:
        return checkpoints or ()
    by_ip = {a.ip: a for a in checkpoints or ()}
    held = []
    for address in datastore.assigned:
        saved = by_ip.get(address.ip, Allocation(address.ip, ""))
        held.append(
            Allocation(
                ip=address.ip,
                sandbox=address.sandbox or saved.sandbox,
                namespace=address.namespace or saved.namespace,
                pod=address.pod or saved.pod,
                interface=saved.interface,
                time=address.assigned_at or saved.time,
                card=saved.card,
                file=saved.file,
            )
        )
    return tuple(held)
