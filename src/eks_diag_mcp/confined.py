"""A confined view of the App, for a principal who may see some clusters only.

Everything a tool reaches goes through here, so this is the one place that knows what may be seen. Whose a bundle is says
the ledger (the cluster that a collection was checked for) or the node's collector, never the bundle itself: whoever
writes on a node writes that. A bundle whose cluster nobody proved is seen only by those who may see all."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from .app import App
from .batches import Batch, Batches
from .bundle.library import Library
from .collect.archive import ArchiveFolder
from .collect.model import Ask
from .collect.target import target_of
from .errors import BadInput
from .intake import Intake, Standing, via_of
from .ledger import Entry, Ledger
from .outside import Outside

if TYPE_CHECKING:
    from .bundle.bundle import Bundle
    from .signatures.catalogue import Catalogue

Clusters = Mapping[str, str | None]
"""Those that may be seen, with their region (None: the default one). Never empty."""


class ConfinedApp(App):
    """`whole` as it looks to one who may see only these clusters. Caches are shared: they are asked by digest, and a
    digest is only had from a bundle that may be seen."""

    def __init__(self, whole: App, clusters: frozenset[str]) -> None:
        told = whole.settings
        may = {name: told.clusters.get(name) for name in sorted(clusters) if not told.clusters or name in told.clusters}
        if not may:
            raise BadInput("None of your clusters may be asked by this server.", "Ask its operator.")
        self.settings = told.model_copy(update={"clusters": may, "archives": None})
        self.whole, self.may, self.now, self.wall = whole, may, whole.now, whole.wall
        self.archives, self._shelf = ArchiveFolder(None), whole._shelf
        self._lock, self._known, self._remembered = whole._lock, whole._known, whole._remembered
        self._findings, self._sections, self._diagnoses = whole._findings, whole._sections, whole._diagnoses

    @property
    def catalogue(self) -> "Catalogue":
        """All signatures."""
        return self.whole.catalogue

    @cached_property
    def library(self) -> Library:
        """The bundles of these clusters."""
        return ConfinedLibrary(self.whole.library, ConfinedLedger(self.whole.intake.ledger, self.may))

    @cached_property
    def outside(self) -> Outside:
        """AWS, and these clusters."""
        return Outside(self.settings, self.now)

    @cached_property
    def intake(self) -> Intake:
        """Collections of these clusters' nodes."""
        return ConfinedIntake(self)

    @cached_property
    def batches(self) -> Batches:
        """Batches of these clusters."""
        return ConfinedBatches(self)


class ConfinedLedger(Ledger):
    """The entries of these clusters."""

    def __init__(self, whole: Ledger, may: Clusters) -> None:
        super().__init__(whole.records)
        self.may = may
        self._digests: tuple[Hashable | None, frozenset[str]] | None = None

    def get(self, execution_id: str) -> Entry | None:
        entry = super().get(execution_id)
        return entry if entry is not None and entry.cluster in self.may else None

    def put(self, entry: Entry) -> None:
        """Write an entry. One of somebody who named no cluster is completed by the cluster that was proven now."""
        known = super().get(entry.execution_id)
        if known is not None and known.cluster is None:
            entry = replace(known, cluster=entry.cluster, digest=entry.digest or known.digest, batch=entry.batch or known.batch)
        super().put(entry)

    def entries(self, instance_id: str | None = None, batch: str | None = None) -> list[Entry]:
        return [entry for entry in super().entries(instance_id, batch) if entry.cluster in self.may]

    def digests(self) -> frozenset[str]:
        """The bundles that came of these clusters' collections. Read anew when an entry was written since."""
        mark = self.records.mark()
        if mark is None or self._digests is None or mark != self._digests[0]:
            self._digests = (mark, frozenset(entry.digest for entry in self.entries() if entry.digest))
        return self._digests[1]


class ConfinedLibrary(Library):
    """Reads like a library that holds only these clusters' bundles. Admitting goes to the whole one."""

    def __init__(self, whole: Library, ledger: ConfinedLedger) -> None:
        self.home, self.root, self._whole, self._ledger = whole.home, whole.root, whole, ledger
        self.admit, self.patterns = whole.admit, whole.patterns  # type: ignore[method-assign]

    def _seen(self, bundle: "Bundle") -> bool:
        return bundle.manifest.provenance.get("cluster") in self._ledger.may or bundle.digest in self._ledger.digests()

    def instances(self) -> list[str]:
        return [name for name in self._whole.instances() if self.bundles(name)]

    def bundles(self, instance_id: str) -> list["Bundle"]:
        return [bundle for bundle in self._whole.bundles(instance_id) if self._seen(bundle)]

    def by_digest(self, digest: str) -> "Bundle | None":
        bundle = self._whole.by_digest(digest)
        return bundle if bundle is not None and self._seen(bundle) else None


class ConfinedIntake(Intake):
    """Collects only from nodes that are proven to be of these clusters, and follows only such collections. An id is no
    ticket: it is checked at each call."""

    def __init__(self, app: ConfinedApp) -> None:
        whole = app.whole.intake
        super().__init__(
            lambda: app.library,
            app.desk.collectors,
            ConfinedLedger(whole.ledger, app.may),
            app.now,
            app.wall,
            whole.pause_s,
            app._gather,
        )
        self.jobs, self._indexing = whole.jobs, whole._indexing
        self._app, self._may = app, app.may

    def start(self, via: str, ask: Ask, batch: str | None = None, proven: str | None = None) -> Standing:
        cluster = self._cluster(ask)
        if via == "s3":  # a bucket does not say whose a bundle is; an earlier collection does, and EC2
            proven = next((e.cluster for e in self.ledger.entries(ask.strict_id()) if e.cluster == cluster), None)
            if proven is None:
                aws = self._app.outside.aws
                target = target_of(aws, ask, aws.region(ask.region or self._may[cluster]))
                proven = target.must_belong(cluster, {cluster: None})
        return super().start(via, replace(ask, cluster=cluster), batch, proven)

    def _cluster(self, ask: Ask) -> str:
        """The cluster that the node must be of. Collectors check it against the instance's tags."""
        listed = ", ".join(sorted(self._may))
        if ask.cluster is None and len(self._may) == 1:
            return next(iter(self._may))
        if ask.cluster is None:
            raise BadInput("clusterName is missing.", f"Your clusters: {listed}.")
        if ask.cluster not in self._may:
            raise BadInput(f"You may not ask cluster {ask.cluster[:60]!r}.", f"Your clusters: {listed}.")
        return ask.cluster

    def follow(self, execution_id: str, wait_s: float, checkpoint: Callable[[], None] = lambda: None) -> Standing:
        via_of(execution_id)
        if self.ledger.get(execution_id) is None:
            raise BadInput(
                f"No collection {execution_id[:80]!r} of your clusters.", "Use the executionId that collect returned to you."
            )
        return super().follow(execution_id, wait_s, checkpoint)


class ConfinedBatches(Batches):
    """The batches of these clusters."""

    def __init__(self, app: ConfinedApp) -> None:
        super().__init__(app.whole.batches.records, lambda: app.intake, app.now)
        self._may = app.may

    def get(self, batch_id: str) -> Batch | None:
        batch = super().get(batch_id)
        return batch if batch is not None and batch.cluster in self._may else None
