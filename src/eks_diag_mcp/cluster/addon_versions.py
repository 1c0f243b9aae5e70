"""Which versions of an add-on fit a cluster's Kubernetes version (eks:DescribeAddonVersions)."""

import re
from dataclasses import dataclass

from ..cloud.aws import Aws
from .reading import parts, text

_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class AddonVersions:
    """The compatible versions, the newest first, and the one that EKS would install by itself."""

    addon: str
    kubernetes: str
    versions: tuple[str, ...]
    default: str

    def fits(self, version: str) -> bool | None:
        """Is that version compatible? None where EKS names no version at all (the add-on is not EKS's)."""
        return version in self.versions if self.versions else None


def addon_versions(aws: Aws, region: str, addon: str, kubernetes: str) -> AddonVersions:
    """The versions for one add-on and one Kubernetes version ("1.33")."""
    found: dict[str, bool] = {}
    pages = aws.pages("eks", "describe_addon_versions", region, "addons", most=20, addonName=addon, kubernetesVersion=kubernetes)
    for offered in pages:
        for version in parts(offered, "addonVersions"):
            fitting = [c for c in parts(version, "compatibilities") if text(c, "clusterVersion") == kubernetes]
            if fitting:
                found[text(version, "addonVersion")] = any(c.get("defaultVersion") for c in fitting)
    ordered = sorted(found, key=version_key, reverse=True)
    return AddonVersions(addon, kubernetes, tuple(ordered), next((v for v in ordered if found[v]), ""))


def version_key(version: str) -> tuple[int, ...]:
    """Orders v1.9.0-eksbuild.2 before v1.10.0-eksbuild.1."""
    return tuple(int(n) for n in _NUMBERS.findall(version))
