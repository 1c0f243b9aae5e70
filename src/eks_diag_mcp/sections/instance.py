"""Section instance: what the node is, since when it runs, and (as runbooks expect) disk, inodes and io."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..model import NodeFacts, Reading, Section
from .readers.included import look_at, outcome_readings, shown_issues
from .readers.node_identity import (
    PACKAGES,
    Fact,
    boot_of,
    containerd_version,
    kernel_of,
    kubelet_version,
    labels_of,
    packages_of,
    system_of,
)
from .readers.node_names import cluster_of, host_name_of
from .readers.node_size import read_instance_type
from .readers.tables import plain, rows_of
from .readers.vpc_cni import conclude, read_vpc_cni

if TYPE_CHECKING:
    from ..bundle.bundle import Bundle

SOURCES = ("uname", "packages", "region", "containerd-version", "kubelet-service", "mounts", "inodes", "throttling")


def read(bundle: "Bundle", facts: NodeFacts | None) -> Section:
    """The section."""
    looks = look_at(bundle, "disk", "inodes", "io")
    kind, (kernel, machine) = read_instance_type(bundle, facts), kernel_of(bundle)
    readings = (
        Reading(
            "instance_type",
            kind.name or None if kind else None,
            "",
            kind.ref if kind else None,
            None,
            kind.origin if kind else "",
        ),
        *_place(bundle),
        _word("operating_system", system_of(bundle)),
        _word("kernel", kernel),
        _word("architecture", machine),
        *_versions(bundle, facts),
        *(_word(name, fact) for name, fact in labels_of(bundle).items()),
        *_boot(bundle),
        _word("host_name", host_name_of(bundle)),
        _word("cluster_name", cluster_of(bundle)),
        *outcome_readings(looks),
    )
    issues = [i for look in looks.values() for i in look.issues]
    known = kind is not None or kernel is not None
    coverage = tuple(bundle.coverage(s) for s in SOURCES)
    return Section("instance", conclude(known, issues), readings, shown_issues(looks.values()), coverage)


def _word(name: str, fact: Fact | None) -> Reading:
    return Reading(name, fact.value, "", fact.ref, None, fact.note) if fact else Reading(name, None)


def _place(bundle: "Bundle") -> Iterator[Reading]:
    for name, file in (("region", "region.txt"), ("availability_zone", "availability-zone.txt")):
        row = next((r for r in rows_of(bundle, "region", file) if r.text.strip()), None)
        yield Reading(name, plain(row.text.strip(), 40) if row else None, "", row.ref if row else None)


def _versions(bundle: "Bundle", facts: NodeFacts | None) -> Iterator[Reading]:
    yield _word("kubelet_version", kubelet_version(bundle))
    yield _word("containerd_version", containerd_version(bundle))
    release = read_vpc_cni(bundle, facts).release
    yield Reading(
        "vpc_cni_version",
        release.text if release else None,
        "",
        release.ref if release else None,
        None,
        release.origin if release else "",
    )
    packages = packages_of(bundle)
    for name in PACKAGES:
        if name in packages:
            yield Reading(name, packages[name].value, "", packages[name].ref, "packages")


def _boot(bundle: "Bundle") -> Iterator[Reading]:
    boot, ref = boot_of(bundle)
    yield Reading("booted", boot.strftime("%Y-%m-%dT%H:%M:%SZ") if boot else None, "", ref)
    hours = (bundle.captured - boot).total_seconds() / 3600 if boot else None
    yield Reading("uptime_hours", round(hours, 1) if hours is not None and hours >= 0 else None, "hours", ref)
