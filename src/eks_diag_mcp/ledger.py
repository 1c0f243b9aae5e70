"""The ledger: which collections were asked for, when, and which bundle came of each. Files of the store, so that another
server of the same library sees them; losing them costs a second download, never a bundle."""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path


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
    """The entries under one folder."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def _path(self, execution_id: str) -> Path:
        return self._folder() / f"{hashlib.sha256(execution_id.encode()).hexdigest()[:32]}.json"

    def get(self, execution_id: str) -> Entry | None:
        """The entry of a collection, if any server of this library began or followed it."""
        return _read(self._path(execution_id))

    def put(self, entry: Entry) -> None:
        """Write an entry, in one step."""
        path = self._path(entry.execution_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(f".{uuid.uuid4().hex}.part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(entry), file)
        part.replace(path)

    def indexed(self, entry: Entry, digest: str) -> None:
        """A bundle came of it."""
        self.put(replace(entry, digest=digest))

    def entries(self, instance_id: str | None = None, batch: str | None = None) -> list[Entry]:
        """Those of an instance or a batch, the newest first; all where none is named."""
        found = [
            e for e in self._all() if (instance_id is None or e.instance_id == instance_id) and (batch is None or e.batch == batch)
        ]
        return sorted(found, key=lambda e: (e.started, e.execution_id), reverse=True)

    def _all(self) -> Iterator[Entry]:
        for path in self._folder().glob("*.json"):
            entry = _read(path)
            if entry is not None:
                yield entry


def _read(path: Path) -> Entry | None:
    try:
        return Entry(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
