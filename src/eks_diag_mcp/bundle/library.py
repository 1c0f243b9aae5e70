"""The library: all bundles at hand, by instance, and the way a new one gets in.

<home>/v3/instance=<id>/bundle=<digest>/   one bundle (store.py); it is there or it is not
<home>/v3/leases/                          who is writing it
<root>/drafts/                             what is being written
<root>/patterns/                           compiled pattern databases, where no folder of this machine is named for them

The home is a folder or a bucket (home.py); the root is on this machine, <home>/v3 where the home is a folder."""

import hashlib
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..errors import BadBundle, BadInput, UnknownInstance
from ..naming import INSTANCE, ArchiveName
from ..recent import Recent
from .admit import Admission, Job
from .archive import Limits
from .bundle import Bundle
from .findings_table import write_findings
from .home import Claim, FolderHome, Home, Place
from .memory import give_back
from .query import Query
from .query_book import joining
from .query_table import write_queries
from .reindex import reindex
from .rules import LineRule, PatternSet
from .scan import all_patterns
from .store import Manifest, secure, store_faults

_NAME = re.compile(r"[\w.-]{1,128}")


def file_digest(path: Path) -> str:
    """The identity of a bundle: the digest of its archive's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


class Library:
    """The bundles of one home (a Path is a folder). `rules` are what an admit scans for, with the name of their version; `queries` the
    runbooks' own searches, which it answers beforehand. `patterns`: where compiled databases are kept; they fit one kind of
    processor, so a folder of this machine is better than one that machines share."""

    def __init__(
        self,
        home: Path | Home,
        rules: Callable[[], tuple[tuple[LineRule, ...], str]],
        limits: Limits | None = None,
        queries: Callable[[], tuple[str, ...]] = tuple,
        patterns: Path | None = None,
    ) -> None:
        self.home: Home = FolderHome(home) if isinstance(home, Path) else home
        self.root, self._rules, self._limits = self.home.root, rules, limits or Limits()
        self._queries, self._patterns = queries, patterns or self.root / "patterns"
        self.on_admitted: Callable[[Bundle], None] = lambda _bundle: None
        """Called with each bundle that has come in anew."""
        self._compiled: PatternSet | None = None
        self._open: Recent[Place, Bundle] = Recent(48)

    # ---- reading --------------------------------------------------------------------------------------------------------
    def instances(self) -> list[str]:
        """All instances with a bundle, sorted."""
        return sorted({place.instance for place in self.home.places()})

    def bundles(self, instance_id: str) -> list[Bundle]:
        """The bundles of an instance (or alias), newest capture first."""
        if not _NAME.fullmatch(instance_id):
            return []
        found = [self.open(place) for place in self.home.places(instance_id)] or list(self._called(instance_id))
        return sorted(found, key=lambda b: (b.captured, b.manifest.admitted), reverse=True)

    def _called(self, alias: str) -> Iterator[Bundle]:
        """The bundles with that alias; a damaged one among the others has none."""
        for place in self.home.places():
            with suppress(BadBundle):
                bundle = self.open(place)
                if alias in bundle.manifest.aliases:
                    yield bundle

    def bundle(self, instance_id: str) -> Bundle:
        """The newest bundle of an instance. UnknownInstance lists those known."""
        found = self.bundles(instance_id)
        if not found:
            known = ", ".join(self.instances()[:20]) or "none yet"
            raise UnknownInstance(f"No bundle of {instance_id!r} in the library.", f"Known instances: {known}. Use collect first.")
        return found[0]

    def by_digest(self, digest: str) -> Bundle | None:
        """The bundle whose digest begins so, if it is published."""
        if not re.fullmatch(r"[0-9a-f]{8,32}", digest):
            return None
        found = next((place for place in self.home.places() if place.digest.startswith(digest)), None)
        return self.open(found) if found else None

    def open(self, place: Place) -> Bundle:
        """The bundle at a place. BadBundle where its manifest cannot be read."""
        bundle = self._open.get(place)
        if bundle is None:
            bundle = self._open[place] = Bundle(self.home.files(place))
        return bundle

    # ---- admitting ------------------------------------------------------------------------------------------------------
    def patterns(self) -> PatternSet:
        """The database of all rules; compiled once, then read from disk."""
        if self._compiled is None:
            self._compiled = PatternSet(all_patterns(self._rules()[0], self.queries()), self._patterns)
            give_back()  # compiling takes 60 MB for a moment
        return self._compiled

    def queries(self) -> tuple[Query, ...]:
        """The queries that an admit answers beforehand."""
        return joining(self._queries())

    def reindex(self, bundle: Bundle, checkpoint: Callable[[], None] = lambda: None) -> None:
        """Scan a stored bundle again with today's rules and queries."""
        rules, signatures = self._rules()
        reindex(bundle, rules, self.patterns(), signatures, checkpoint, self.queries())

    def lease(self, digest: str) -> Claim:
        """The claim on that digest."""
        return self.home.lease(digest)

    def admit(
        self,
        archive: Path,
        *,
        now: Callable[[], float],
        wall: datetime,
        alias: str | None = None,
        expect: str | None = None,
        via: str = "archive",
        provenance: Mapping[str, str] | None = None,
        checkpoint: Callable[[], None] = lambda: None,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Bundle:
        """Take an archive file in; the same bytes twice are one bundle. `expect` is the instance it must be of (a bundle
        that says it is of another one is refused), `alias` another name to find it by, `provenance` where it came from."""
        for given in filter(None, (alias, expect)):
            if not _NAME.fullmatch(given):
                raise BadInput(f"{given[:140]!r} cannot name an instance.", "Use letters, digits, dots and hyphens.")
        name = ArchiveName.parse(archive.name)
        claims = [c for c in (expect, name.instance_id) if c]
        try:
            digest = file_digest(archive)
        except OSError as error:
            raise BadInput(
                f"The archive {archive.name!r} cannot be read ({type(error).__name__}).", "Check its path and rights."
            ) from error
        known = self.by_digest(digest)
        if known is not None:
            _refuse_other(_inside(known) or expect, claims)
            return self._named(known, [*claims, alias])
        draft = self.root / "drafts" / uuid.uuid4().hex
        try:
            with store_faults():
                secure([self.root, self.root / "drafts", draft])
                rules, signatures = self._rules()
                job = Job(rules, self.patterns(), draft, signatures, self.queries(), now, wall, checkpoint, progress, self._limits)
                with archive.open("rb") as raw:
                    admission = Admission(job, raw, name.date)
                    manifest = admission.run()
                if not manifest.truncated and manifest.digest != digest:
                    raise BadBundle("The archive changed while it was read.", "Collect it again once it is complete.")
                manifest.digest = digest  # of the whole file, also where reading stopped before its end
                made = Bundle(draft, manifest)
                write_findings(draft, admission.book)
                write_queries(draft, made, admission.queries)
                told = {"archive": archive.name, "via": via, "packed_bytes": str(archive.stat().st_size)}
                manifest.provenance = told | dict(provenance or {})
                inside = _inside(made)
                _refuse_other(inside or expect, claims)
                manifest.instance_id = inside or next(iter(claims), None) or alias or f"unknown-{digest[:12]}"
                (draft / "manifest.json").write_text(manifest.dump(), encoding="utf-8")
                self.home.publish(draft, Place(manifest.instance_id, digest))
                published = self.by_digest(digest)
                if published is None:
                    raise BadBundle("The bundle was removed while it was admitted.", "Collect it again.")
                admitted = self._named(published, [*claims, alias])
            self.on_admitted(admitted)
            return admitted
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            give_back()

    def _named(self, bundle: Bundle, names: Iterable[str | None]) -> Bundle:
        """Makes the bundle known by these names too (the node agent calls its archive after the node)."""
        new = [n for n in dict.fromkeys(names) if n and n != bundle.instance_id and n not in bundle.manifest.aliases]

        def name(manifest: Manifest) -> None:
            manifest.aliases += [n for n in new if n not in manifest.aliases]

        if new:
            bundle.change_manifest(name)
        return bundle

    def sweep(self, older_than_s: float, now: float) -> int:
        """Remove what dead processes left half-written; returns how many."""
        return self.home.sweep(older_than_s, now)


def _inside(bundle: Bundle) -> str | None:
    """The instance id that stands in the bundle itself."""
    found = bundle.first_line("instance-id")
    return found if found and INSTANCE.fullmatch(found) else None


def _refuse_other(inside: str | None, claims: Iterable[str]) -> None:
    """Anyone who may write to the place a bundle comes from can name it after another node: what stands inside decides."""
    for claimed in claims:
        if inside and inside != claimed and INSTANCE.fullmatch(claimed) and INSTANCE.fullmatch(inside):
            raise BadBundle(
                f"The bundle is of {inside}, but it came as {claimed}.",
                "Check who may write to the place it came from; ingest it under its own name if it is right.",
            )
