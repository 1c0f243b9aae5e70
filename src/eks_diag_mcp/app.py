"""What a running server holds: the only place that builds things. Heavy rooms are opened when they are first asked for."""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .collect.archive import ArchiveFolder
from .config import Settings
from .errors import BadInput, UnknownInstance
from .jobs import Jobs, Work
from .model import Diagnosis, Finding, NodeFacts, Section
from .naming import EXAMPLE_INSTANCE
from .recent import Recent
from .runbooks.library import SopLibrary
from .runbooks.queries import queries_of

if TYPE_CHECKING:
    from .bundle.bundle import Bundle
    from .bundle.known_lines import KnownLines
    from .bundle.library import Library
    from .signatures.catalogue import Catalogue

EXECUTION = "archive"
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
        self.archives = ArchiveFolder(settings.archives)
        self.sops = SopLibrary.load(*settings.sops, and_shipped=True)
        self.jobs = Jobs()
        self._lock = threading.RLock()
        self._findings: Recent[str, tuple[Finding, ...]] = Recent(24)
        self._sections: Recent[tuple[str, str], Section] = Recent(400)
        self._diagnoses: Recent[str, Diagnosis] = Recent(24)
        self._known: Recent[str, KnownLines] = Recent(4)

    @cached_property
    def catalogue(self) -> "Catalogue":
        """All signatures."""
        from .signatures.catalogue import catalogue

        return catalogue()

    @cached_property
    def library(self) -> "Library":
        """The store, cleared of what dead processes left."""
        from .bundle.library import Library

        library = Library(
            self.settings.library,
            lambda: (self.catalogue.rows, self.catalogue.digest),
            queries=lambda: queries_of(self.sops.sops),
        )
        library.sweep(3600, time.time())
        return library

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
    def start_archive(self, instance_id: str) -> tuple[str, Work, bool]:
        """(execution id, job, was already running) for the newest archive of an instance."""
        return self._admit(instance_id, self.archives.newest(instance_id))

    def _admit(self, instance_id: str, path: Path) -> tuple[str, Work, bool]:
        from .bundle.library import file_digest

        digest = file_digest(path)
        execution = f"{EXECUTION}-{digest}-{instance_id}"
        known = self.library.by_digest(digest)
        if known is not None:
            return execution, _ended(digest), True

        def run(work: Work) -> None:
            with self.library.lease(digest) as lease:
                while not lease.acquire():
                    time.sleep(0.2)
                    if self.library.by_digest(digest):
                        return
                self.library.admit(
                    path, now=self.now, wall=self.wall(), expect=instance_id, progress=lambda done: setattr(work, "done", done)
                )

        work, running = self.jobs.start(digest, path.stat().st_size, run)
        return execution, work, running

    def poll(self, execution_id: str, wait_s: float, checkpoint: Callable[[], None]) -> tuple[str, str, Work]:
        """(instance, digest, job) of an execution. Needs no memory: after a restart the work is taken up again."""
        kind, _, rest = execution_id.partition("-")
        digest, _, instance_id = rest.partition("-")
        if kind != EXECUTION or len(digest) != 32 or not instance_id:
            raise BadInput(f"Unknown executionId {execution_id[:80]!r}.", "Use the executionId that collect returned.")
        if self.library.by_digest(digest) is not None:
            return instance_id, digest, _ended(digest)
        work = self.jobs.get(digest)
        if work is None:
            path = self._archive_of(instance_id, digest)
            _, work, _ = self._admit(instance_id, path)
        until = self.now() + wait_s
        while not work.ended.wait(0.1) and self.now() < until:
            checkpoint()
        return instance_id, digest, work

    def _archive_of(self, instance_id: str, digest: str) -> Path:
        from .bundle.library import file_digest

        for path in self.archives.of(instance_id):
            if file_digest(path) == digest:
                return path
        raise BadInput("The archive of that executionId is gone.", f'Call collect(instanceId="{instance_id}") again.')

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
            found = KnownLines(bundle.folder, {name: row.row.role for name, row in self.catalogue.by_id.items()})
            self._known[bundle.digest] = found
        return found

    def remember_search(self, bundle: "Bundle", query: str, file: str) -> str:
        """The S- id of a search result; its descriptor stays in the library, so that any replica resolves it."""
        from .signatures.findings import short_id

        search_id = short_id("S", bundle.digest, query, file)
        path = self.settings.library / "searches" / f"{search_id}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"digest": bundle.digest, "query": query, "file": file}), encoding="utf-8")
        return search_id

    def recall_search(self, search_id: str) -> dict[str, str] | None:
        """What an S- id stands for; None when no search gave it."""
        if not re.fullmatch(r"S-[0-9a-f]{8}", search_id):
            return None
        path = self.settings.library / "searches" / f"{search_id}.json"
        found: dict[str, str] | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return found

    def facts(self, bundle: "Bundle") -> NodeFacts | None:
        """What AWS said when the bundle was collected; None where nobody asked."""
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

    def diagnosis(self, bundle: "Bundle") -> Diagnosis:
        """The verdicts about a bundle."""
        from .diagnose.board import Case
        from .diagnose.diagnosis import diagnose

        found = self._diagnoses.get(bundle.digest)
        if found is None:
            case = Case(bundle, self.findings(bundle), self.sections(bundle), self.facts(bundle))
            self._diagnoses[bundle.digest] = found = diagnose(case)
        return found


def _ended(digest: str) -> Work:
    work = Work(digest, 1, 1, "completed")
    work.ended.set()
    return work
