"""Objects: what the library asks of the place where it keeps things, be it a folder or a bucket.

Names are relative, with slashes: v3/instance=<id>/bundle=<digest>/manifest.json. Every write is whole or not at all."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it is listed. `etag` differs when the content does; `age_s` by the clock of the place itself."""

    name: str
    size: int
    etag: str
    age_s: float


@dataclass(frozen=True, slots=True)
class Content:
    """An object as it was read."""

    data: bytes
    etag: str
    age_s: float


class ObjectStore(Protocol):
    """A place of named objects. Each method raises a DiagError where the place refuses or does not answer."""

    def list(self, prefix: str) -> Iterable[Stored]:
        """All objects whose names begin so."""
        ...

    def mark(self, prefix: str) -> Hashable | None:
        """Differs once an object of that folder was written or deleted; None while that cannot be told."""
        ...

    def read(self, name: str) -> Content | None:
        """A whole object; None where there is none."""
        ...

    def read_range(self, name: str, offset: int, size: int) -> bytes:
        """Some bytes of an object, fewer at its end. BadBundle where there is no such object."""
        ...

    def put(self, name: str, data: bytes | Path, *, only_new: bool = False, match: str | None = None) -> str | None:
        """Write an object; its etag. None: nothing was written, since there is one (`only_new`), or there is none with
        that etag (`match`)."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects, in that order. One that is not there is no fault."""
        ...
