"""What the server knows of the world outside: AWS and the clusters, built from the settings when first asked for."""

from collections.abc import Callable
from functools import cached_property

from .cloud.access import Kubeconfig
from .cloud.aws import Aws, AwsConfig
from .cloud.clusters import Clusters
from .config import Settings


class Outside:
    """The connections. Nothing is opened, and boto3 is not even imported, before something is asked."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now

    @cached_property
    def aws(self) -> Aws:
        """AWS in the regions that the settings allow."""
        return Aws(AwsConfig.of(self._settings))

    @cached_property
    def clusters(self) -> Clusters:
        """The clusters that the settings allow, by a kubeconfig or by EKS."""
        told = self._settings
        file = Kubeconfig(told.kubeconfig, told.kube_context) if told.kubeconfig else None
        return Clusters(self.aws, self._now, told.clusters, file)
