"""The ledger: which collections were asked for, when, and which bundle came of each. Files of the store, so that another
server of the same library sees them; losing them costs a second download, never a bundle."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from .bundle.records import Records


@dataclass(frozen=True, slots=True)
class Entry:
    """One collection. `digest` is that of its bundle, once it is indexed; `batch` the batch it belongs to."""

    execution_id: str
    instance_id: str
    via: str
    started: str
    region: str | None = None
    cluster: str | None = None
    digest: str | None = None
    batch: str | None = None

    @property
    def started_at(self) -> datetime:
        """When it was asked for, UTC."""
        return datetime.fromisoformat(self.started)


class Ledger:
    """The entries, kept as records."""

    def __init__(self, records: Records) -> None:
        self.records = records

    def get(self, execution_id: str) -> Entry | None:
        """The entry of a collection, if any server of this library began or followed it."""
        return _entry(self.records.get(key_of(execution_id)))

    def put(self, entry: Entry) -> None:
        """Write an entry, in one step."""
        self.records.put(key_of(entry.execution_id), asdict(entry))

    def forget(self, digests: Collection[str]) -> None:
        """Delete the entries of bundles that are gone."""
        self.records.delete([key_of(e.execution_id) for e in self._all() if e.digest in digests])

    def indexed(self, entry: Entry, digest: str) -> None:
        """A bundle came of it."""
        self.put(replace(entry, digest=digest))

    def entries(self, instance_id: str | None = None, batch: str | None = None) -> list[Entry]:
        """Those of an instance or a batch, the newest first; all where none is named."""
        found = [
            e for e in self._all() if (instance_id is None or e.instance_id == instance_id) and (batch is None or e.batch == batch)
        ]
        return sorted(found, key=lambda e: (e.started, e.execution_id), reverse=True)

    def clusters(self) -> dict[str, str]:
        """The cluster that a collection was checked for, by the digest of its bundle; of several the newest."""
        return {e.digest: e.cluster for e in reversed(self.entries()) if e.digest and e.cluster}

    def _all(self) -> Iterator[Entry]:
        for _, document in self.records.all():
            entry = _entry(document)
            if entry is not None:
                yield entry


def key_of(execution_id: str) -> str:
    """The name of a collection in the store: of its entry, and of the claim under which it is taken in."""
    return hashlib.sha256(execution_id.encode()).hexdigest()[:32]


def _entry(document: dict[str, Any] | None) -> Entry | None:
    try:
        return Entry(**document) if document is not None else None
    except TypeError:
        return None
