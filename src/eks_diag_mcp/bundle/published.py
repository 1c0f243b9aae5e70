"""Which bundles a library holds, without opening them: one listing however many there are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .library import Library

if TYPE_CHECKING:
    from .bundle import Bundle


@dataclass(frozen=True, slots=True)
class Published:
    """A bundle by its place. `stamp` changes whenever its manifest is written: at the admit, and by a scan with other rules."""

    instance_id: str
    digest: str
    stamp: str


def published(library: Library) -> list[Published] | None:
    """All bundles by instance; None for a library that shows some bundles only: it must be asked for each."""
    if type(library) is not Library:
        return None
    found = []
    for path in library.root.glob("instance=*/bundle=*/manifest.json"):
        try:
            told = path.stat()
        except FileNotFoundError:  # purged just now
            continue
        names = [part.partition("=")[2] for part in path.parts[-3:-1]]
        found.append(Published(names[0], names[1], f"{told.st_mtime_ns}-{told.st_size}"))
    return sorted(found, key=lambda p: (p.instance_id, p.digest))


def stamp_of(bundle: "Bundle") -> str:
    """The stamp that `published` gives the bundle now."""
    told = (bundle.folder / "manifest.json").stat()
    return f"{told.st_mtime_ns}-{told.st_size}"
