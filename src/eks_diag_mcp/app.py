"""What a running server holds: the only place that builds things. Heavy rooms are opened when they are first asked for."""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from .config import Settings
from .errors import BadBundle, BadInput, DiagError, UnknownInstance
from .model import Diagnosis, Finding, NodeFacts, Section
from .naming import EXAMPLE_INSTANCE
from .recent import Recent

if TYPE_CHECKING:
    from .batches import Batches
    from .bundle.bundle import Bundle
    from .bundle.known_lines import KnownLines
    from .bundle.library import Library
    from .bundle.records import Records
    from .collect.archive import ArchiveFolder
    from .collect.model import Collection
    from .desk import CollectingDesk
    from .diagnose.growth import Comparison
    from .fleet.executor import Executor
    from .fleet.searching import FleetHits
    from .intake import Intake
    from .outside import Outside
    from .runbooks.library import Shelf, SopLibrary
    from .signatures.catalogue import Catalogue

# pyarrow reads this when it is first imported, which is later (bundle/arrow.py): its own allocator holds 25 MB for nothing.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


class App:
    """The composition root. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings, self.now, self.wall = settings, now, wall
        self._lock = threading.RLock()
        self._findings: Recent[str, tuple[Finding, ...]] = Recent(24)
        self._sections: Recent[tuple[str, str], Section] = Recent(400)
        self._diagnoses: Recent[str, Diagnosis] = Recent(24)
        self._known: Recent[str, KnownLines] = Recent(4)
        self._remembered: Recent[str, bool] = Recent(4_000)

    @cached_property
    def archives(self) -> "ArchiveFolder":
        """The folder of bundles to collect from."""
        from .collect.archive import ArchiveFolder

        return ArchiveFolder(self.settings.archives)

    @cached_property
    def _shelf(self) -> "Shelf":
        from .runbooks.library import Shelf

        return Shelf(*self.settings.sops)

    @property
    def sops(self) -> "SopLibrary":
        """The runbooks: those shipped and those of the operator's folders, as these are now."""
        return self._shelf.current()

    @cached_property
    def catalogue(self) -> "Catalogue":
        """All signatures."""
        from .signatures.catalogue import catalogue

        return catalogue()

    @cached_property
    def library(self) -> "Library":
        """The store, cleared of what dead processes left."""
        from .opening import open_library
        from .runbooks.queries import queries_of

        library = open_library(self.settings, lambda: queries_of(self.sops.sops))
        with contextlib.suppress(DiagError):  # who may only read can still read
            library.sweep(3600, time.time())
        return library

    @cached_property
    def outside(self) -> "Outside":
        """AWS and the clusters."""
        from .outside import Outside

        return Outside(self.settings, self.now)

    @cached_property
    def fleet(self) -> "Executor":
        """Where work on many bundles is done."""
        from .fleet.executor import executor_of

        return executor_of(self.settings.fleet, self.now)

    @cached_property
    def fleet_hits(self) -> "Recent[object, FleetHits]":
        """What the last searches of many bundles found, for their further pages."""
        return Recent(4)

    # ---- whose bundle ---------------------------------------------------------------------------------------------------
    def known_instances(self) -> list[str]:
        """Instances with a bundle in the library or in the archives folder."""
        return sorted({*self.library.instances(), *self.archives.instances()})

    def resolve(self, instance_id: str | None) -> tuple[str, str]:
        """(instance, note). Left out, or the runbooks' example id, means the only one there is; the note says so."""
        if instance_id and instance_id != EXAMPLE_INSTANCE:
            return instance_id, ""
        if instance_id and self.library.bundles(instance_id):
            return instance_id, ""
        known = self.library.instances()
        if len(known) == 1:
            why = "instanceId was left out" if not instance_id else f"{EXAMPLE_INSTANCE} is a runbook's example"
            return known[0], f"{why}; the only instance known is meant"
        listed = "; ".join(self._worst(name) for name in known[:20]) or "none yet: use collect first"
        what = "instanceId is missing." if not instance_id else f"{EXAMPLE_INSTANCE} is a runbook's example, not an instance."
        raise BadInput(what, f"Known instances: {listed}.")

    def _worst(self, instance_id: str) -> str:
        found = self.findings(self.library.bundle(instance_id))
        return f"{instance_id} ({found[0].severity}: {found[0].title})" if found else f"{instance_id} (no findings)"

    def bundle(self, instance_id: str | None) -> tuple["Bundle", str]:
        """The newest bundle of an instance and a note when the instance was not named."""
        name, note = self.resolve(instance_id)
        if not self.library.bundles(name) and name in self.archives.instances():
            raise UnknownInstance(
                f"{name} has a bundle in the archives folder that is not collected yet.", f'Call collect(instanceId="{name}").'
            )
        return self.library.bundle(name), note

    # ---- collecting -----------------------------------------------------------------------------------------------------
    @cached_property
    def desk(self) -> "CollectingDesk":
        """The collectors, and which of them a node needs."""
        from .desk import CollectingDesk

        return CollectingDesk(self.settings, self.archives, lambda: self.outside, self.wall)

    def _records(self, folder: str) -> "Records":
        from .bundle.records import Records

        return Records(lambda: self.library.home.objects, folder)

    @cached_property
    def _searches(self) -> "Records":
        from .bundle.records import SEARCHES

        return self._records(SEARCHES)

    @cached_property
    def intake(self) -> "Intake":
        """From a request to an indexed bundle."""
        from .bundle.records import COLLECTIONS
        from .intake import Intake
        from .ledger import Ledger

        ledger = Ledger(self._records(COLLECTIONS))
        pause_s = self.settings.collect_pause_s
        return Intake(lambda: self.library, self.desk.collectors, ledger, self.now, self.wall, pause_s, self._gather)

    @cached_property
    def batches(self) -> "Batches":
        """Collections of many nodes asked for together."""
        from .batches import Batches
        from .bundle.records import BATCHES

        return Batches(self._records(BATCHES), lambda: self.intake, self.now)

    def _gather(self, collection: "Collection", bundle: "Bundle") -> None:
        """Store what AWS and the cluster say now beside a bundle that was collected just now."""
        from .cluster.facts import gather_facts
        from .cluster.facts_file import NAME, write_facts

        if collection.region is None:
            return
        entry = self.intake.ledger.get(collection.execution_id)
        outside, cluster = self.outside, entry.cluster if entry else None
        with contextlib.suppress(DiagError):  # the bundle is there; facts only add to it
            facts = gather_facts(outside.aws, outside.clusters, bundle.instance_id, collection.region, cluster, self.wall)
            bundle.keep_beside(NAME, write_facts(facts))

    # ---- the evidence stack ---------------------------------------------------------------------------------------------
    def findings(self, bundle: "Bundle") -> tuple[Finding, ...]:
        """All findings, the most telling first. A bundle indexed with other signatures is scanned again first."""
        from .signatures.findings import findings_of

        with self._lock:
            found = self._findings.get(bundle.digest)
            if found is None:
                if bundle.manifest.signatures != self.catalogue.digest:
                    self.library.reindex(bundle)
                self._findings[bundle.digest] = found = findings_of(bundle, self.catalogue)
            return found

    def known_lines(self, bundle: "Bundle") -> "KnownLines":
        """Which signature hits a line; where several do, the one that says most."""
        from .bundle.known_lines import KnownLines

        self.findings(bundle)
        found = self._known.get(bundle.digest)
        if found is None:
            found = KnownLines(bundle.holding("hits"), {name: row.row.role for name, row in self.catalogue.by_id.items()})
            self._known[bundle.digest] = found
        return found

    def remember_search(self, bundle: "Bundle", query: str, file: str) -> str:
        """The S- id of a search result; its descriptor stays in the library, so that any replica resolves it."""
        from .signatures.findings import short_id

        search_id = short_id("S", bundle.digest, query, file)
        if search_id not in self._remembered:
            self._searches.put_new(search_id, {"digest": bundle.digest, "query": query, "file": file})
            self._remembered[search_id] = True
        return search_id

    def recall_search(self, search_id: str) -> dict[str, str] | None:
        """What an S- id stands for; None when no search gave it."""
        if not re.fullmatch(r"S-[0-9a-f]{8}", search_id):
            return None
        return self._searches.get(search_id)

    def facts(self, bundle: "Bundle") -> NodeFacts | None:
        """What AWS and the cluster said when the bundle was collected; None where nobody asked, or the file is damaged."""
        from .cluster.facts_file import NAME, read_facts

        said = bundle.beside(NAME)
        try:
            return read_facts(said) if said else None
        except BadBundle:
            return None

    def section(self, bundle: "Bundle", name: str) -> Section:
        """One section's outcome, its issues with their ids."""
        from dataclasses import replace

        from .sections.catalogue import SECTIONS
        from .signatures.findings import short_id

        key = (bundle.digest, name)
        found = self._sections.get(key)
        if found is None:
            found = dict(SECTIONS)[name](bundle, self.facts(bundle))
            issues = tuple(replace(i, id=short_id("R", bundle.digest, name, i.key)) for i in found.issues)
            self._sections[key] = found = replace(found, issues=issues)
        return found

    def sections(self, bundle: "Bundle", names: Iterable[str] | None = None) -> dict[str, Section]:
        """Sections by name; all of them when none is named."""
        from .sections.catalogue import SECTIONS

        return {name: self.section(bundle, name) for name in (names or [n for n, _ in SECTIONS])}

    def comparison(self, bundle: "Bundle") -> "Comparison | None":
        """What grew since the bundle of the node before this one; None where the library holds no earlier one."""
        from .diagnose.growth import Before, compare_with, counters

        earlier = next((b for b in self.library.bundles(bundle.instance_id) if b.captured < bundle.captured), None)
        if earlier is None:
            return None
        names = tuple(dict.fromkeys(c.section for c in counters()))
        before = Before(earlier.captured, earlier.boot, self.sections(earlier, names))
        return compare_with(before, bundle.captured, bundle.boot, self.sections(bundle, names))

    def diagnosis(self, bundle: "Bundle") -> Diagnosis:
        """The verdicts about a bundle. An earlier bundle of the node that joins the library later is looked at, too."""
        from .diagnose.board import Case
        from .diagnose.diagnosis import diagnose

        comparison = self.comparison(bundle)
        key = bundle.digest + (f" {comparison.since.isoformat()}" if comparison else "")
        found = self._diagnoses.get(key)
        if found is None:
            case = Case(bundle, self.findings(bundle), self.sections(bundle), self.facts(bundle), comparison)
            self._diagnoses[key] = found = diagnose(case)
        return found
