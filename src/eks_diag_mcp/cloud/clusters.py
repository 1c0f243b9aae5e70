"""The clusters that this server may ask, and a connection to each."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import BadInput, NotThere
from ..recent import Recent
from .access import Kubeconfig
from .aws import Aws
from .kube import Kube

_NAME = re.compile(r"[0-9A-Za-z][\w-]{0,99}")
"""eks:CreateCluster's own pattern."""


@dataclass(frozen=True, slots=True)
class ClusterRef:
    """A cluster by name and region; no region where only a kubeconfig leads to it."""

    name: str
    region: str


class Clusters:
    """Connections by cluster. `allowed` maps names to their regions (None = the default one); empty = any cluster."""

    def __init__(
        self,
        aws: Aws,
        now: Callable[[], float],
        allowed: Mapping[str, str | None] | None = None,
        kubeconfig: Kubeconfig | None = None,
    ) -> None:
        self.aws, self._now = aws, now
        self.allowed, self.kubeconfig = dict(allowed or {}), kubeconfig
        self._open: Recent[ClusterRef, Kube] = Recent(32)

    def ref(self, name: str | None, region: str | None = None) -> ClusterRef:
        """The cluster meant; left out, the only one allowed. BadInput for one that may not be asked."""
        listed = ", ".join(sorted(self.allowed)) or "any of the account's clusters"
        if not name:
            if len(self.allowed) != 1:
                raise BadInput("clusterName is missing.", f"Clusters: {listed}.")
            name = next(iter(self.allowed))
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name[:60]!r} cannot be the name of an EKS cluster.", f"Clusters: {listed}.")
        if self.allowed and name not in self.allowed:
            raise BadInput(f"This server may not ask cluster {name!r}.", f"Allowed: {listed}.")
        place = region or self.allowed.get(name)
        if self.kubeconfig is not None and not place and not self.aws.config.region:
            return ClusterRef(name, "")  # by the kubeconfig alone: no region is needed to reach it
        return ClusterRef(name, self.aws.region(place))

    def kube(self, ref: ClusterRef) -> Kube:
        """The cluster's Kubernetes API, by the kubeconfig where it has the cluster, else by EKS."""
        known = self._open.get(ref)
        if known is None:
            self._open[ref] = known = self._connect(ref)
        return known

    def _connect(self, ref: ClusterRef) -> Kube:
        if self.kubeconfig is not None:
            try:
                return Kube.of_kubeconfig(self.kubeconfig, ref.name)
            except NotThere:
                if self.kubeconfig.context:
                    raise
        return Kube.of_eks(self.aws, ref.name, ref.region, self._now)
