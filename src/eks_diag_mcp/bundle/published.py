"""Which bundles a library holds, without opening them: one listing however many there are."""

from contextlib import suppress
from dataclasses import dataclass

from .files import MANIFEST
from .home import FolderHome, Place
from .library import Library


@dataclass(frozen=True, slots=True)
class Published:
    """A bundle by its place. `stamp` changes whenever its manifest is written: at the admit, and by a scan with other rules."""

    place: Place
    stamp: str

    @property
    def instance_id(self) -> str:
        """Whose bundle it is."""
        return self.place.instance

    @property
    def digest(self) -> str:
        """Its identity."""
        return self.place.digest


def published(library: Library) -> list[Published] | None:
    """All bundles by instance; None for a library that shows some bundles only: it must be asked for each."""
    if type(library) is not Library:
        return None
    found = []
    for place in library.home.places():
        with suppress(FileNotFoundError):  # purged just now
            found.append(Published(place, place.mark or _stamp(library, place)))
    return sorted(found, key=lambda p: (p.instance_id, p.digest))


def _stamp(library: Library, place: Place) -> str:
    """In a folder: of the manifest's own time and size, since the place tells nothing of it."""
    assert isinstance(library.home, FolderHome)
    told = (library.home.folder / place.prefix / MANIFEST).stat()
    return f"{told.st_mtime_ns}-{told.st_size}"
