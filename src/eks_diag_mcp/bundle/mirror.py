"""The mirror: the small files of bundles in a bucket, kept in a folder of this machine as long as there is room.

<mirror>/v3/instance=<id>/bundle=<digest>/<mark>/   tables, of one state of the bundle: <mark> is made of their etags
<mirror>/v3/instance=<id>/bundle=<digest>/<name>.<etag>   documents beside them"""

import hashlib
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import BadBundle
from ..objects import ObjectStore
from .files import DAMAGED, TABLES, ReadRange, busy
from .folder_store import write_private
from .home import Place
from .range_cache import RangeCache
from .store import VERSION, secure, store_faults

MIRROR_BYTES = 2 << 30
_TRIES = 8


class Mirror:
    """The folder. `most_bytes`: beyond that, the bundles unused for longest go."""

    def __init__(self, root: Path, most_bytes: int = MIRROR_BYTES) -> None:
        self.root, self._most = root, most_bytes
        self._lock = threading.Lock()

    def folder(self, place: Place) -> Path:
        """Where the files of a bundle are kept."""
        return self.root / place.prefix

    def touch(self, place: Place) -> None:
        """The bundle is used now."""
        with store_faults():
            path = self.folder(place)
            secure([self.root, *(self.root / p for p in reversed(Path(place.prefix).parents)), path])
            path.touch()

    def forget(self, place: Place) -> None:
        """Drop what is kept of a bundle."""
        shutil.rmtree(self.folder(place), ignore_errors=True)

    def trim(self, but: Place) -> None:
        """Drop the bundles unused for longest until the rest fits. The one named stays."""
        with self._lock:
            kept = sorted(self.root.glob("*/instance=*/bundle=*"), key=_used, reverse=True)
            room = self._most
            for path in kept:
                room -= sum(_size(p) for p in path.rglob("*"))
                if room < 0 and path != self.folder(but):
                    shutil.rmtree(path, ignore_errors=True)


def _used(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


class MirroredFiles:
    """The files of a bundle in a bucket: small ones by way of the mirror, text by ranges. `etags`: as they are listed, by
    name within the bundle. `changed` is called when something was written."""

    def __init__(
        self,
        objects: ObjectStore,
        mirror: Mirror,
        ranges: RangeCache,
        place: Place,
        etags: dict[str, str],
        changed: Callable[[], None],
    ) -> None:
        self._objects, self._mirror, self._ranges, self._changed = objects, mirror, ranges, changed
        self._place, self._etags = place, etags

    def holding(self, *tables: str) -> Path:
        """The folder of the bundle as it is now, with these tables fetched."""
        for _ in range(_TRIES):
            folder = self._mirror.folder(self._place) / _mark(self._etags.get(f"{t}/0.parquet", "") for t in TABLES)
            if all(self._fetched(folder, f"{table}/0.parquet") for table in tables):
                return folder
        raise busy()

    def _fetched(self, folder: Path, name: str) -> bool:
        """A table lies in the folder. False: it is another one by now, so that the folder is of the past."""
        path = folder / name
        if path.exists():
            return True
        found = self._objects.read(self._place.prefix + name)
        if found is None:
            raise BadBundle(f"{name} of the stored bundle is gone.", DAMAGED)
        if found.etag != self._etags.get(name):
            self._etags[name] = found.etag
            return False
        self._mirror.touch(self._place)
        with store_faults():
            secure([folder, path.parent])
            write_private(path, found.data)
        self._mirror.trim(self._place)
        return True

    def text(self) -> ReadRange:
        name = "text/0.parquet"
        if name not in self._etags:
            raise BadBundle("The stored text of the bundle is gone.", DAMAGED)
        return self._ranges.reader(self._place.prefix + name, self._etags[name])

    def read(self, name: str) -> str | None:
        etag = self._etags.get(name)
        if etag is None:
            return None
        kept = self._kept(name, etag)
        if kept.exists():
            return kept.read_text(encoding="utf-8", errors="replace")
        found = self._objects.read(self._place.prefix + name)
        if found is None:
            return None
        self._keep(name, found.etag, found.data)
        return found.data.decode("utf-8", "replace")

    def _kept(self, name: str, etag: str) -> Path:
        return self._mirror.folder(self._place) / f"{name}.{_mark([etag])}"

    def _keep(self, name: str, etag: str, data: bytes) -> None:
        self._etags[name] = etag
        self._mirror.touch(self._place)
        for old in self._mirror.folder(self._place).glob(f"{name}.*"):
            old.unlink(missing_ok=True)
        with store_faults():
            write_private(self._kept(name, etag), data)

    def write(self, name: str, text: str) -> None:
        etag = self._objects.put(self._place.prefix + name, text.encode())
        self._changed()
        self._keep(name, etag or "", text.encode())

    def change(self, name: str, edit: Callable[[str], str]) -> None:
        """Each time over the etag of what was read."""
        for _ in range(_TRIES):
            found = self._objects.read(self._place.prefix + name)
            if found is None:
                raise BadBundle(f"{name} of the stored bundle is gone.", "Collect it again.")
            data = edit(found.data.decode("utf-8", "replace")).encode()
            etag = self._objects.put(self._place.prefix + name, data, match=found.etag)
            if etag is not None:
                self._changed()
                self._keep(name, etag, data)
                return
        raise busy()

    def draft(self) -> Path:
        return self._mirror.root / VERSION / "drafts" / uuid.uuid4().hex

    def replace(self, draft: Path, tables: Iterable[str]) -> None:
        for table in tables:
            name = f"{table}/0.parquet"
            self._etags[name] = self._objects.put(self._place.prefix + name, draft / name) or ""
        self._changed()


def _mark(etags: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(etags).encode()).hexdigest()[:16]


def mark_of(etags: dict[str, str]) -> str:
    """Differs when any object of a bundle does."""
    return _mark(f"{name} {etag}" for name, etag in sorted(etags.items()))
