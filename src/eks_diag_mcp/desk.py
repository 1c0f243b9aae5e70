"""The collecting desk: the collectors this server is set up with, which of them a node needs, and what may be asked."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from .collect.archive import ArchiveFolder
from .collect.bucket import LogBucket
from .collect.checkup import Check, SetUp, check_up
from .collect.choose import Offer, choose
from .collect.model import Ask, Collector
from .collect.node_diagnostic import NodeCollector
from .collect.s3 import S3Collector
from .collect.ssm import SsmCollector
from .config import Settings
from .errors import BadInput, Unavailable
from .outside import Outside

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ASKING = ("ssm", "node")
"""The collectors that make a node work; the others only read what is there."""


class CollectingDesk:
    """Built once. Nothing of AWS is touched before a collector is asked for."""

    def __init__(
        self, settings: Settings, archives: ArchiveFolder, outside: Callable[[], Outside], wall: Callable[[], datetime]
    ) -> None:
        self.settings, self.archives, self.outside, self.wall = settings, archives, outside, wall

    @property
    def bucket(self) -> LogBucket:
        """The log bucket."""
        return LogBucket(self.outside().aws, self.settings.bucket)

    @property
    def collectors(self) -> Mapping[str, Callable[[], Collector]]:
        """All collectors by name, made when they are needed."""
        return {"archive": lambda: self.archives, "ssm": self._ssm, "node": self._node, "s3": self._s3}

    def _ssm(self) -> SsmCollector:
        told = self.settings
        return SsmCollector(self.outside().aws, self.bucket, told.automation_role, told.clusters, self.wall)

    def _node(self) -> NodeCollector:
        return NodeCollector(self.outside().aws, self.outside().clusters, self.bucket, self.settings.prefix, self.wall)

    def _s3(self) -> S3Collector:
        return S3Collector(self.outside().aws, self.bucket, self.settings.prefix, self.settings.clusters)

    def choose(self, ask: Ask, via: str) -> tuple[str, str | None, Ask]:
        """(collector, why, request) for `via`; auto looks at the node, and the request carries what it saw. Unavailable where this server may not ask nodes for logs."""
        why = None
        if via == "auto":
            told = self.settings
            offer = Offer(bool(told.bucket), bool(told.automation_role), told.clusters)
            via, why, ask = choose(ask, offer, self.archives, self.outside().aws)
        if via in ASKING and self.settings.collecting == "deny":
            raise Unavailable(
                "This server is set up not to ask nodes for logs (EKS_DIAG_COLLECT=deny).",
                'Bundles at hand: via="s3" or via="archive".',
            )
        return via, why, ask

    def check_up(self, cluster: str | None, region: str | None) -> Iterator[Check]:
        """The checks of `eks-diag-mcp doctor`."""
        told, outside = self.settings, self.outside()
        setup = SetUp(
            outside.aws,
            outside.clusters,
            self.bucket,
            told.bucket,
            told.automation_role,
            self.archives,
            region or told.region,
            cluster,
        )
        return check_up(setup)

    def full_id(self, execution_id: str) -> str:
        """An execution id as `collect` gives it. A bare automation id means SSM in the default region."""
        bare = execution_id.strip().lower()
        if not _UUID.fullmatch(bare):
            return execution_id.strip()
        if not self.settings.region:
            raise BadInput("That is a bare automation id, and no region is known.", f"Write ssm:<region>:{bare}.")
        return f"ssm:{self.settings.region}:{bare}"
