"""kubelet's complaints about volumes of storage drivers, each with what became of it: a later success ends it.

Config maps, secrets and tokens are volumes too, but not of a storage driver: their lines are left out."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...model import Evidence

if TYPE_CHECKING:
    from ...bundle.bundle import Bundle

StorageKind = Literal["ebs", "efs", "other"]

_FAILED = (
    r"(?:Mount|Unmount|Attach|Map|Expand)Volume\.\w{3,20} failed for volume|UnmountDevice failed for volume"
    r"|Unable to (?:attach or )?mount volumes|Multi-Attach error for volume|NodeExpandVolume failed"
    r"|not found in the list of registered CSI drivers"
)
_SUCCEEDED = r"(?:Mount|Unmount|Attach)Volume\.\w{3,20} succeeded for volume \W{0,4}pvc-"
_STORAGE = re.compile(
    r"\bpvc-[0-9a-f]{8}-|\b(?:ebs|efs|fsx|openzfs|s3)[\w.]{0,10}\.csi\.aws\.com|kubernetes\.io/csi|~csi/"
    r"|kubernetes\.io/aws-ebs|\bvol-[0-9a-f]{8}|\bfs-[0-9a-f]{8}|unmounted volumes=|expired waiting for volumes"
    r"|registered CSI drivers",
    re.ASCII,
)
_KINDS: tuple[tuple[StorageKind, re.Pattern[str]], ...] = (
    ("ebs", re.compile(r"ebs\.csi\.|kubernetes\.io/aws-ebs|\bvol-[0-9a-f]{8}", re.ASCII)),
    ("efs", re.compile(r"efs\.csi\.|\bfs-[0-9a-f]{8}", re.ASCII)),
)
_NAME = re.compile(r"\bpvc-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bvol-[0-9a-f]{8,17}\b|\bfs-[0-9a-f]{8,17}\b", re.ASCII)
_POD = re.compile(r"\bpod=\W{0,2}([a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9.-]{0,252})\"", re.ASCII)


@dataclass(frozen=True, slots=True)
class VolumeTrouble:
    """The complaints about one volume. `pod` is the last that waited for it; `ended`: a later line shows success."""

    volume: str
    kind: StorageKind
    count: int
    last: Evidence
    pod: str | None
    ended: bool


def read_volume_troubles(bundle: "Bundle") -> tuple[VolumeTrouble, ...]:
    """The volumes that kubelet complained about, the newest complaint first. Lines that name no volume by a storage
    name (`unmounted volumes=[data]`) stand under `unnamed`."""
    lines: dict[str, list[Evidence]] = {}
    ended: dict[str, Evidence] = {}
    for line in bundle.grep(f"{_FAILED}|{_SUCCEEDED}", ("kubelet-log",)):
        name = _NAME.search(line.text)
        if re.search(_SUCCEEDED, line.text, re.IGNORECASE) and name:
            ended[name[0]] = line
        elif _STORAGE.search(line.text):
            lines.setdefault(name[0] if name else "unnamed", []).append(line)
    found = [_trouble(volume, complaints, ended.get(volume)) for volume, complaints in lines.items()]
    return tuple(sorted(found, key=lambda t: t.last.time.timestamp() if t.last.time else 0.0, reverse=True))


def _trouble(volume: str, complaints: list[Evidence], success: Evidence | None) -> VolumeTrouble:
    last = complaints[-1]
    text = " ".join(c.text for c in complaints[-20:])
    kind: StorageKind = next((k for k, pattern in _KINDS if pattern.search(text)), "other")
    pod = next((p[1] for c in reversed(complaints) if (p := _POD.search(c.text))), None)
    ended = bool(success and success.time and last.time and success.time >= last.time)
    return VolumeTrouble(volume, kind, len(complaints), last, pod, ended)
