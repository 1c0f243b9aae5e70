"""Homes: where a library's bundles live. A folder of this machine, or a bucket (object_home.py) with the same names in it."""

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from ..objects import ObjectStore
from .files import MANIFEST, BundleFiles, FolderFiles
from .folder_store import FolderStore
from .leases import Lease
from .store import VERSION, publish

_PLACE = re.compile(rf"{VERSION}/instance=(?P<instance>[\w.-]+)/bundle=(?P<digest>[0-9a-f]+)/")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bundle lies. `mark` differs when what lies there does, as far as the home can tell."""

    instance: str
    digest: str
    mark: str = ""

    @property
    def prefix(self) -> str:
        """What the names of its objects begin with."""
        return f"{VERSION}/instance={self.instance}/bundle={self.digest}/"

    @classmethod
    def of(cls, name: str) -> "Place | None":
        """The place of an object; None for one that is of no bundle."""
        found = _PLACE.match(name)
        return cls(found["instance"], found["digest"]) if found else None


class Claim(Protocol):
    """The right to do a thing alone; entered, it is given back at the end."""

    def acquire(self) -> bool:
        """Take it; False when another process holds it."""
        ...

    def held_elsewhere(self) -> bool:
        """Another process holds it."""
        ...

    def __enter__(self) -> "Claim": ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class Home(Protocol):
    """`root`: a folder of this machine to work in. `objects`: everything that is kept, by name."""

    root: Path
    objects: ObjectStore

    def places(self, instance: str | None = None) -> list[Place]:
        """Where bundles are (of one instance), in order of names. What has no manifest is none."""
        ...

    def files(self, place: Place) -> BundleFiles:
        """The files of a bundle."""
        ...

    def publish(self, draft: Path, place: Place) -> bool:
        """Make a finished draft a bundle. False: another process was first, its bundle stands."""
        ...

    def lease(self, name: str) -> Claim:
        """The claim of that name."""
        ...

    def sweep(self, older_than_s: float, now: float) -> int:
        """Remove what dead processes left half-written; how many there were."""
        ...

    def forget(self, place: Place) -> None:
        """Drop what this machine keeps of a bundle that is gone."""
        ...


class FolderHome:
    """A folder. A bundle is a folder in it, and appears by one rename."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / VERSION
        self.objects: ObjectStore = FolderStore(folder)

    def places(self, instance: str | None = None) -> list[Place]:
        paths = sorted(self.root.glob(f"instance={instance or '*'}/bundle=*/{MANIFEST}"))
        found = (Place.of(path.relative_to(self.folder).as_posix()) for path in paths)
        return [place for place in found if place is not None]

    def files(self, place: Place) -> BundleFiles:
        return FolderFiles(self.folder / place.prefix)

    def publish(self, draft: Path, place: Place) -> bool:
        return publish(draft, self.folder / place.prefix)

    def lease(self, name: str) -> Claim:
        return Lease(self.root / "leases", name)

    def sweep(self, older_than_s: float, now: float) -> int:
        return sweep_drafts(self.root, older_than_s, now)

    def forget(self, place: Place) -> None:
        """Nothing is kept beside the bundle itself; what is left of its folder goes."""
        shutil.rmtree(self.folder / place.prefix, ignore_errors=True)


def sweep_drafts(root: Path, older_than_s: float, now: float) -> int:
    """Remove drafts of this machine that a dead process left; returns how many."""
    return sum(_stale(path, now - older_than_s) for path in (root / "drafts").glob("*"))


def _stale(path: Path, before: float) -> bool:
    with suppress(FileNotFoundError):  # its writer has just ended
        if path.stat().st_mtime < before:
            shutil.rmtree(path, ignore_errors=True)
            return True
    return False


def names_of(objects: ObjectStore, prefix: str) -> list[str]:
    """The names of all objects there, manifests first: without its manifest a bundle is none."""
    return sorted((stored.name for stored in objects.list(prefix)), key=lambda name: (not name.endswith(MANIFEST), name))
