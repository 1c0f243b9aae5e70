"""A library in a bucket: the names are those of a folder's library, and the bucket alone is the truth.

A bundle is there once its manifest is, which is written last and only where there is none. What this machine keeps of it is a
mirror (mirror.py) that may be dropped at any time."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from ..errors import Throttled
from ..objects import Content, ObjectStore, Stored
from ..recent import Recent
from .files import MANIFEST, BundleFiles
from .home import Claim, Place, names_of, sweep_drafts
from .mirror import MIRROR_BYTES, Mirror, MirroredFiles, mark_of
from .object_lease import ObjectLease
from .range_cache import RangeCache
from .store import VERSION, secure_tree

FRESH_S = 2.0
"""So long a listing is believed: what other servers write appears that much later here."""
_POLL_S = 0.2


class Listings:
    """An object store whose listings are remembered for a moment; what is written through here is seen at once."""

    def __init__(self, store: ObjectStore, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self._known: Recent[str, tuple[float, int, tuple[Stored, ...]]] = Recent(64)
        self._count = 0
        self._lock = threading.Lock()

    def list(self, prefix: str) -> tuple[Stored, ...]:
        """The objects, as they were within the last seconds."""
        return self._listed(prefix)[1]

    def mark(self, prefix: str) -> Hashable | None:
        """Which listing it is."""
        return self._listed(prefix)[0]

    def _listed(self, prefix: str) -> tuple[int, tuple[Stored, ...]]:
        known = self._known.get(prefix)
        if known is None or self._now() - known[0] > FRESH_S:
            began = self._now()
            found = tuple(self._store.list(prefix))
            with self._lock:
                self._count += 1
                known = self._known[prefix] = (began, self._count, found)
        return known[1], known[2]

    def stale(self) -> None:
        """Forget the listings."""
        self._known = Recent(64)

    def read(self, name: str) -> Content | None:
        """A whole object, as it is now."""
        return self._store.read(name)

    def read_range(self, name: str, offset: int, size: int) -> bytes:
        """Some bytes of an object."""
        return self._store.read_range(name, offset, size)

    def put(self, name: str, data: bytes | Path, *, only_new: bool = False, match: str | None = None) -> str | None:
        """Write an object."""
        try:
            return self._store.put(name, data, only_new=only_new, match=match)
        finally:
            self.stale()

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects."""
        try:
            self._store.delete(names)
        finally:
            self.stale()


class ObjectHome:
    """A bucket, or a part of it, with a mirror on this machine."""

    def __init__(
        self, store: ObjectStore, mirror: Path, mirror_bytes: int = MIRROR_BYTES, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self.root = store, mirror / VERSION
        self._listings = Listings(store, now)
        self.objects: ObjectStore = self._listings
        self._mirror, self._ranges = Mirror(mirror, mirror_bytes), RangeCache(store)

    def _etags(self, prefix: str) -> dict[Place, dict[str, str]]:
        """What lies where: etag by name within the bundle."""
        found: dict[Place, dict[str, str]] = {}
        for stored in self._listings.list(prefix):
            place = Place.of(stored.name)
            if place is not None:
                found.setdefault(place, {})[stored.name.removeprefix(place.prefix)] = stored.etag
        return found

    def places(self, instance: str | None = None) -> list[Place]:
        prefix = f"{VERSION}/instance={instance}/" if instance else f"{VERSION}/instance="
        found = self._etags(prefix)
        return [Place(p.instance, p.digest, mark_of(etags)) for p, etags in found.items() if MANIFEST in etags]

    def files(self, place: Place) -> BundleFiles:
        etags = self._etags(f"{VERSION}/instance={place.instance}/").get(Place(place.instance, place.digest), {})
        return MirroredFiles(self._store, self._mirror, self._ranges, place, etags, self._listings.stale)

    def publish(self, draft: Path, place: Place) -> bool:
        """Under a lease, so that only what a dead process left is ever removed. Each object is written where there is none:
        a process that stood still and goes on cannot write into a bundle that another one made meanwhile."""
        secure_tree(draft)
        try:
            return self._published(draft, place)
        finally:
            self._listings.stale()  # also where another server's bundle stands: its listing may be a moment old

    def _published(self, draft: Path, place: Place) -> bool:
        with self._publishing(place) as lease:
            while not lease.acquire():
                if self._store.read(place.prefix + MANIFEST):
                    return False
                threading.Event().wait(_POLL_S)
            left = names_of(self._store, place.prefix)
            if place.prefix + MANIFEST in left:
                return False
            self._store.delete(left)
            for path in sorted(p for p in draft.rglob("*") if p.is_file() and p.name != MANIFEST):
                if self._store.put(place.prefix + path.relative_to(draft).as_posix(), path, only_new=True) is None:
                    raise _crossed()
            if not lease.renew():
                raise _crossed()
            return self._store.put(place.prefix + MANIFEST, draft / MANIFEST, only_new=True) is not None

    def _publishing(self, place: Place) -> ObjectLease:
        return ObjectLease(self._store, f"{VERSION}/leases/publish-{place.digest}.lease")

    def lease(self, name: str) -> Claim:
        return ObjectLease(self._store, f"{VERSION}/leases/{name}.lease")

    def sweep(self, older_than_s: float, now: float) -> int:
        """Drafts of this machine, bundles that have no manifest, and leases that nobody gave back."""
        found: dict[Place, list[Stored]] = {}
        for stored in self._store.list(f"{VERSION}/instance="):
            if place := Place.of(stored.name):
                found.setdefault(place, []).append(stored)
        dead = [
            objects
            for place, objects in found.items()
            if all(o.name != place.prefix + MANIFEST for o in objects)
            and min(o.age_s for o in objects) > older_than_s
            and not self._publishing(place).held_elsewhere()
        ]
        self.objects.delete([o.name for objects in dead for o in objects])
        self.objects.delete([o.name for o in self._store.list(f"{VERSION}/leases/") if o.age_s > older_than_s])
        return sweep_drafts(self.root, older_than_s, now) + len(dead)

    def forget(self, place: Place) -> None:
        self._mirror.forget(place)


def _crossed() -> Throttled:
    return Throttled("Another server wrote the same bundle at the same moment.", "Make the same call again.")
