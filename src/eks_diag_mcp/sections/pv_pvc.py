"""Section pv_pvc: which volumes kubelet could not attach or mount. The objects themselves are not in a bundle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from ..model import Issue, NodeFacts, Reading, Section
from .readers.volume_log import StorageKind, VolumeTrouble, read_volume_troubles
from .readers.vpc_cni import conclude

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("kubelet-log",)
_SHOWN = 10
_RECENT = timedelta(minutes=15)
_CAUSES: dict[StorageKind, tuple[str, ...]] = {"ebs": ("ebs_csi",), "efs": ("efs",), "other": ()}
_NAMES: dict[StorageKind, str] = {"ebs": "EBS", "efs": "EFS", "other": "other or unnamed"}


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    troubles, readable = read_volume_troubles(bundle), bundle.coverage("kubelet-log").readable
    lines = sum(t.count for t in troubles)
    first = troubles[0].last.ref if troubles else None
    note = "not in a bundle: list_k8s_resources kind=PersistentVolumeClaim, PersistentVolume or VolumeAttachment"
    readings = (
        Reading("complaint_lines", lines if readable else None, "lines", first, None, "mount and attach failures of kubelet.log"),
        Reading("volumes_complained_about", len(troubles) if readable else None, "volumes", first),
        *_volumes(troubles),
        Reading("pv_and_pvc_objects", None, note=note),
    )
    issues = tuple(_issues(bundle, troubles))
    coverage = tuple(bundle.coverage(s) for s in SOURCES)
    return Section("pv_pvc", conclude(readable, issues), readings, issues, coverage)


def _volumes(troubles: tuple[VolumeTrouble, ...]) -> Iterator[Reading]:
    for trouble in troubles[:_SHOWN]:
        ref, scope = trouble.last.ref, trouble.volume
        yield Reading("complaints", trouble.count, "lines", ref, scope)
        when = trouble.last.time.strftime("%Y-%m-%dT%H:%M:%SZ") if trouble.last.time else None
        yield Reading("last_complaint", when, "", ref, scope)
        yield Reading("pod", trouble.pod, "", ref, scope)
        yield Reading("succeeded_later", trouble.ended, "", ref, scope)


def _issues(bundle: "Bundle", troubles: tuple[VolumeTrouble, ...]) -> Iterator[Issue]:
    """One issue a kind of storage. An echo: why it failed stands in the line, and the log's signatures read that."""
    for kind, name in _NAMES.items():
        of_kind = [t for t in troubles if t.kind == kind]
        now = [t for t in of_kind if not t.ended and t.last.time and bundle.captured - t.last.time <= _RECENT]
        if now:
            title = f"kubelet cannot attach or mount {len(now)} {name} volumes ({sum(t.count for t in now)} lines)"
            quotes = tuple(t.last for t in now[:3])
            yield Issue(f"pv_pvc.{kind}_failing", title, "medium", quotes, _CAUSES[kind], "echo", 2)
        elif of_kind:
            title = f"kubelet complained about {len(of_kind)} {name} volumes earlier; it ended or was repeated no more"
            quotes = tuple(t.last for t in of_kind[:2])
            yield Issue(f"pv_pvc.{kind}_earlier", title, "low", quotes, (), "context", 1)
