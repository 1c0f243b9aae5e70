"""What a node runs, beside causes that are often a fault of one release: kernel, runtime, kubelet, plugins, AMI."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from ..model import Section
from ..rows import Row, RowFile, raise_faults

_FILE = Path(__file__).with_name("regressions.yaml")
COMPONENTS: Mapping[str, tuple[str, str, str | None]] = {
    # name in causes.yaml: section, reading, scope
    "kernel": ("instance", "kernel", None),
    "operating_system": ("instance", "operating_system", None),
    "ami": ("instance", "ami", None),
    "containerd": ("instance", "containerd_version", None),
    "runc": ("instance", "runc", "packages"),
    "docker": ("instance", "docker", "packages"),
    "kubelet": ("instance", "kubelet_version", None),
    "vpc_cni": ("instance", "vpc_cni_version", None),
    "kube_proxy": ("kube_proxy", "kube_proxy_version", None),
    "ena_driver": ("ena", "driver_version", None),
    "ebs_csi": ("ebs_csi", "driver_version", None),
    "efs_csi": ("efs_csi", "driver_version", None),
    "efs_utils": ("instance", "amazon-efs-utils", "packages"),
    "chrony": ("instance", "chrony", "packages"),
}
_NUMBER = re.compile(r"(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?")


class Regression(Row):
    """A span of releases of one component that is known for a cause; `system` narrows it to one operating system."""

    component: str
    cause: str
    system: str | None = None
    first: str | None = Field(default=None, alias="from")
    last: str | None = Field(default=None, alias="to")
    says: str
    provenance: str

    def fits(self, version: str, system: object) -> bool:
        """Whether that release lies in the span. False for what is no release number."""
        number = _number(version)
        if number is None or (self.system and system != self.system):
            return False
        first, last = _number(self.first or "0.0"), _number(self.last or "99999.0")
        return bool(first and last and first <= number <= last)


def _number(text: str) -> tuple[int, int, int] | None:
    found = _NUMBER.search(text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


@cache
def regressions() -> tuple[Regression, ...]:
    """The shipped table."""
    faults: list[str] = []
    file = RowFile(_FILE, "regressions", Regression, faults)
    faults += [f"{file.place(i)}: unknown component {r.component!r}" for i, r in file.rows if r.component not in COMPONENTS]
    raise_faults(faults, "regressions")
    return tuple(row for _, row in file.rows)


def versions_of(sections: Mapping[str, Section], cause: str, wanted: tuple[str, ...]) -> dict[str, str]:
    """component -> its release on this node, with what that release is known for. Components that the bundle does not
    tell are left out."""
    system = _read(sections, "operating_system")
    found: dict[str, str] = {}
    for name in wanted:
        version = _read(sections, name)
        if version is not None:
            known = [r for r in regressions() if r.component == name and r.cause == cause and r.fits(version, system)]
            found[name] = version + "".join(f" ({r.says}; {r.provenance})" for r in known)
    return found


def _read(sections: Mapping[str, Section], component: str) -> str | None:
    section, reading, scope = COMPONENTS[component]
    value = sections[section].value(reading, scope) if section in sections else None
    return str(value) if value is not None else None
