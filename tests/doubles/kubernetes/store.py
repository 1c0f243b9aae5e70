"""Where the objects are: every version of them, as etcd keeps it, so that pages and watches stay consistent."""

import copy
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Object = dict[str, Any]
FIRST_VERSION = 200
NAMES = uuid.UUID("6f9e2c1e-6d3c-4c57-9a3a-0d6a0f1c2b3d")
"""All uids are derived from this one, so that equal worlds are equal."""


def rfc3339(when: datetime) -> str:
    """As Kubernetes writes times: seconds, UTC, Z."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class Key:
    """Where an object stands. Sorted as the real server sorts: by namespace, then name."""

    storage: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `before` is None for what was created."""

    version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    key: Key
    object: Object
    before: Object | None


class Store:
    """Versioned objects. All that is handed out is to be read only; writers hand in what they will not touch again."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.listeners: list[Callable[[], None]] = []
        self.clear()

    def clear(self) -> None:
        """Forget everything. Listeners stay."""
        with self.lock:
            self.version = FIRST_VERSION
            self.compacted = 0
            self.changes: list[Change] = []
            self._history: dict[Key, list[tuple[int, Object | None]]] = {}
            self._born = 0
        self._tell()

    def get(self, key: Key) -> Object | None:
        history = self._history.get(key)
        return history[-1][1] if history else None

    def at(self, storage: str, version: int, namespace: str = "") -> Iterator[tuple[Key, Object]]:
        """The objects as they were at that version, in key order. An empty namespace means all."""
        keys = sorted(
            (k for k in self._history if k.storage == storage and namespace in ("", k.namespace)),
            key=lambda k: k.path,
        )
        for key in keys:
            known = [o for at, o in self._history[key] if at <= version]
            if known and known[-1] is not None:
                yield key, known[-1]

    def all(self, storage: str, namespace: str = "") -> list[Object]:
        with self.lock:
            return [o for _, o in self.at(storage, self.version, namespace)]

    def put(self, key: Key, obj: Object) -> Object:
        """Create or replace. uid and creation time are kept, or given; generation counts changes of spec."""
        with self.lock:
            before = self.get(key)
            new = copy.deepcopy(obj)
            meta = new.setdefault("metadata", {})
            self.version += 1
            if before is None:
                self._born += 1
                meta.setdefault("uid", str(uuid.uuid5(NAMES, f"{self._born}:{key}")))
                meta.setdefault("creationTimestamp", rfc3339(self.clock()))
                generation = 1
            else:
                old = before["metadata"]
                meta |= {k: old[k] for k in ("uid", "creationTimestamp")}
                generation = old.get("generation", 1) + (new.get("spec") != before.get("spec"))
            if "spec" in new:
                meta["generation"] = generation
            meta["resourceVersion"] = str(self.version)
            self._history.setdefault(key, []).append((self.version, new))
            self.changes.append(Change(self.version, "MODIFIED" if before else "ADDED", key, new, before))
        self._tell()
        return new

    def remove(self, key: Key) -> Object | None:
        """Delete it; what it was, or None when there was nothing."""
        with self.lock:
            before = self.get(key)
            if before is None:
                return None
            self.version += 1
            self._history[key].append((self.version, None))
            last = copy.deepcopy(before)
            last["metadata"]["resourceVersion"] = str(self.version)
            self.changes.append(Change(self.version, "DELETED", key, last, before))
        self._tell()
        return before

    def compact(self) -> None:
        """Forget the past, as etcd does every five minutes: continue tokens and watches from before are then too old."""
        with self.lock:
            self.version += 1
            self.compacted = self.version

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()
