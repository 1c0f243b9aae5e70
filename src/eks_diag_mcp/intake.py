"""The intake: from the request for a node's logs to a bundle whose findings can be read.

Nothing in this process must be remembered for it: an execution id tells its collector everything, so another server, or
this one after a restart, goes on where it stopped."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from .collect.archive import ArchiveFolder
from .collect.model import Ask, Carrier, Collection, Collector
from .errors import BadInput
from .jobs import Jobs, Work
from .ledger import Entry, Ledger, key_of

if TYPE_CHECKING:
    from .bundle.bundle import Bundle
    from .bundle.library import Library

_POLL_S = 5.0
_TURN_S = 0.1
AT_A_TIME = 2
"""Bundles indexed beside one another: each takes a core and some 180 MB."""
_FETCHED = 0.4
_INDEX_FROM = 0.5
"""Of the whole progress: what the archive's download is, and where indexing begins (after the node's own part)."""

TaskState = Literal["working", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a collection stands, indexing included. `digest` is that of the bundle, once it can be read."""

    collection: Collection
    state: TaskState
    message: str = ""
    progress: float = 0.0
    digest: str | None = None


class Intake:
    """Starts and follows collections. `gather` stores what AWS says now beside a new bundle."""

    def __init__(
        self,
        library: Callable[[], "Library"],
        collectors: Mapping[str, Callable[[], Collector]],
        ledger: Ledger,
        now: Callable[[], float],
        wall: Callable[[], datetime],
        pause_s: int,
        gather: Callable[[Collection, "Bundle"], None] = lambda _collection, _bundle: None,
    ) -> None:
        self.library, self.collectors, self.ledger, self.jobs = library, collectors, ledger, Jobs()
        self.now, self.wall, self.pause_s, self.gather = now, wall, pause_s, gather
        self._indexing = threading.Semaphore(AT_A_TIME)

    # ---- start ----------------------------------------------------------------------------------------------------------
    def start(self, via: str, ask: Ask, batch: str | None = None, proven: str | None = None) -> Standing:
        """Ask for the logs. A node that was asked a moment ago is not asked again: its last collection is the answer.

        The ledger records the cluster that the collector found proven, else `proven`, which the caller must have checked;
        what `ask` names alone is not recorded."""
        recent = self._recent(ask.instance_id) if via in ("ssm", "node") and not ask.token else None
        if recent is not None:
            return recent
        collection = self.collectors[via]().start(ask)
        if collection.via != "archive" and self.ledger.get(collection.execution_id) is None:
            self.ledger.put(
                Entry(
                    collection.execution_id,
                    collection.instance_id,
                    via,
                    self.wall().isoformat(),
                    collection.region,
                    collection.cluster or proven,
                    batch=batch,
                )
            )
        if collection.state != "ready":
            return _standing(collection)
        done = self._indexed(collection.execution_id)
        if done:
            return _completed(replace(collection, found_running=True), done)
        work, running = self._take_in(collection)
        return self._of_work(replace(collection, found_running=running), work)

    def _recent(self, instance_id: str) -> Standing | None:
        """The last collection of a node, where it began within the pause and did not fail."""
        last = next(iter(self.ledger.entries(instance_id)), None)
        if last is None or self.wall() - last.started_at > timedelta(seconds=self.pause_s):
            return None
        found = self.follow(last.execution_id, 0)
        if found.state in ("failed", "cancelled"):
            return None
        note = f"asked for within the last {self.pause_s} s, so that collection is the answer"
        return replace(found, collection=replace(found.collection, found_running=True, notes=(note,)))

    # ---- follow ---------------------------------------------------------------------------------------------------------
    def follow(self, execution_id: str, wait_s: float, checkpoint: Callable[[], None] = lambda: None) -> Standing:
        """Where it stands, after at most `wait_s`. Starts or takes up the fetch and the indexing of a ready one."""
        until = self.now() + wait_s
        via = via_of(execution_id)
        digest = self._indexed(execution_id)
        if digest:
            entry = self.ledger.get(execution_id)
            instance, region = (entry.instance_id, entry.region) if entry else (_archived(execution_id), None)
            return _completed(Collection(execution_id, via, instance, "ready", "Success", region), digest)
        collector = self.collectors[via]()
        collection = collector.poll(execution_id)
        while collection.state == "working" and self.now() + _POLL_S < until:
            self._turn(self.now() + _POLL_S, checkpoint)
            collection = collector.poll(execution_id)
        if collection.state != "ready":
            return _standing(collection)
        known = self.jobs.get(execution_id)
        work = known if known is not None and known.state != "paused" else self._take_in(collection)[0]
        while not work.ended.wait(_TURN_S) and self.now() < until:
            checkpoint()
        return self._of_work(collection, work)

    def _turn(self, until: float, checkpoint: Callable[[], None]) -> None:
        while (left := until - self.now()) > 0:
            threading.Event().wait(min(left, _TURN_S))
            checkpoint()

    def _indexed(self, execution_id: str) -> str | None:
        """The digest of the bundle that came of it, where the library has it."""
        if via_of(execution_id) == "archive":
            digest = execution_id.split("-")[1]
        else:
            entry = self.ledger.get(execution_id)
            digest = entry.digest if entry and entry.digest else ""
        return digest if digest and self.library().by_digest(digest) is not None else None

    def _of_work(self, collection: Collection, work: Work) -> Standing:
        """The job's state as the collection's. `completed` is said when the library has the bundle."""
        if work.state == "completed" and (digest := self._indexed(collection.execution_id)):
            return _completed(collection, digest)
        state: TaskState = "failed" if work.state == "failed" else "working"
        share = 0.0 if collection.via == "archive" else _INDEX_FROM
        return Standing(collection, state, work.message, share + (1 - share) * min(0.99, work.progress))

    # ---- fetch and index ------------------------------------------------------------------------------------------------
    def _take_in(self, collection: Collection) -> tuple[Work, bool]:
        """The job that fetches and indexes; one at a time for a collection, over all servers of the library."""

        def run(work: Work) -> None:
            with self.library().lease(key_of(collection.execution_id)) as lease:
                while not lease.acquire():
                    threading.Event().wait(2 * _TURN_S)
                    if self._indexed(collection.execution_id):
                        return
                with self._indexing:
                    self._fetch_and_index(collection, work)

        return self.jobs.start(collection.execution_id, 1000, run)

    def _fetch_and_index(self, collection: Collection, work: Work) -> None:
        library = self.library()

        def fetching(done: int, total: int) -> None:
            work.done = int(1000 * _FETCHED * done / max(1, total))

        fetched = self.collectors[collection.via]().fetch(collection, library.root / "downloads", Carrier(fetching))
        size = max(1, fetched.path.stat().st_size)
        try:
            bundle = library.admit(
                fetched.path,
                now=self.now,
                wall=self.wall(),
                alias=fetched.alias,
                expect=fetched.expect,
                via=collection.via,
                provenance=fetched.provenance,
                progress=lambda done: setattr(work, "done", int(1000 * (_FETCHED + (1 - _FETCHED) * done / size))),
            )
        finally:
            if fetched.path.is_relative_to(library.root):
                fetched.path.unlink(missing_ok=True)
        self.gather(collection, bundle)
        entry = self.ledger.get(collection.execution_id) or Entry(
            collection.execution_id, bundle.instance_id, collection.via, self.wall().isoformat(), collection.region
        )
        if collection.via != "archive":
            self.ledger.indexed(entry, bundle.digest)


def via_of(execution_id: str) -> str:
    """The collector that an execution id is of. BadInput for none."""
    head = execution_id.split(":", maxsplit=1)[0].split("-", maxsplit=1)[0]
    if head == "archive" and ArchiveFolder.is_ours(execution_id):
        return head
    if head in ("ssm", "node", "s3") and ":" in execution_id:
        return head
    raise BadInput(f"Unknown executionId {execution_id[:80]!r}.", "Use the executionId that collect returned.")


def _archived(execution_id: str) -> str:
    return execution_id.split("-", 2)[-1]


def _standing(collection: Collection) -> Standing:
    state: TaskState = "working" if collection.state == "ready" else collection.state
    message = " ".join(part for part in (collection.message, collection.remedy) if part)
    return Standing(collection, state, message, _INDEX_FROM * collection.progress)


def _completed(collection: Collection, digest: str) -> Standing:
    return Standing(collection, "completed", progress=1.0, digest=digest)
