"""Records: the small JSON documents of a library (collections, batches, searches), shared by all who open it."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..objects import ObjectStore
from ..recent import Recent
from .store import VERSION

COLLECTIONS = f"{VERSION}/collections/"
BATCHES = f"{COLLECTIONS}batches/"
GIVEN_UP = f"{COLLECTIONS}given-up/"
SEARCHES = "searches/"
"""Where they lie in a library."""
_AT_A_TIME = 8
_KEPT = 5_000
"""Documents remembered by their etag: a list of them is asked for often, and each is a round trip to a bucket."""


class Records:
    """The documents in one folder of a store (`folder` ends with a slash), by key."""

    def __init__(self, store: Callable[[], ObjectStore], folder: str) -> None:
        self._store, self.folder = store, folder
        self._read: Recent[tuple[str, str], dict[str, Any]] = Recent(_KEPT)

    def _name(self, key: str) -> str:
        return f"{self.folder}{key}.json"

    def get(self, key: str) -> dict[str, Any] | None:
        """A document; None where there is none, or what lies there is none."""
        found = self._store().read(self._name(key))
        return _parsed(found.data) if found else None

    def put(self, key: str, document: dict[str, Any]) -> None:
        """Write a document, in one step."""
        self._store().put(self._name(key), json.dumps(document).encode())

    def put_new(self, key: str, document: dict[str, Any]) -> None:
        """Write a document if there is none of that key."""
        self._store().put(self._name(key), json.dumps(document).encode(), only_new=True)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete documents."""
        self._store().delete([self._name(key) for key in keys])

    def mark(self) -> Hashable | None:
        """Differs once a document was written or deleted; None while that cannot be told."""
        return self._store().mark(self.folder)

    def all(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(key, document) of each. Read again only where its etag is another one."""
        store, start = self._store(), len(self.folder)
        listed = [o for o in store.list(self.folder) if o.name.endswith(".json") and "/" not in o.name[start:]]
        new = [o for o in listed if (o.name, o.etag) not in self._read]
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="records") as pool:
            contents = pool.map(lambda o: store.read(o.name), new)
        fresh = {o.name: _parsed(c.data) if c else None for o, c in zip(new, contents, strict=True)}
        for stored in listed:
            document = fresh[stored.name] if stored.name in fresh else self._read.get((stored.name, stored.etag))
            if document is not None:
                self._read[stored.name, stored.etag] = document
                yield stored.name[start:-5], document


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
