"""A folder of this machine as an object store (objects.py)."""

import os
import time
import uuid
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ..objects import Content, Stored
from .store import store_faults

_SETTLED_NS = 2_000_000_000
"""A folder changed longer ago than this has had its last change under that time stamp."""


def write_private(path: Path, data: bytes) -> None:
    """A file that only its owner reads, written in one step."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class FolderStore:
    """A folder of this machine as an object store."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self, prefix: str) -> Iterator[Stored]:
        """All files whose names begin so; what is being written is none yet."""
        now, base = time.time(), self.root / prefix.rpartition("/")[0]
        for folder, _, files in os.walk(base):
            for file in files:
                path = Path(folder) / file
                name = path.relative_to(self.root).as_posix()
                if name.startswith(prefix) and not file.endswith(".part"):
                    with suppress(FileNotFoundError):
                        told = path.stat()
                        yield Stored(name, told.st_size, _etag(told), now - told.st_mtime)

    def mark(self, prefix: str) -> Hashable | None:
        """The time stamp of the folder, once it is old enough to tell two writes apart."""
        try:
            written_ns = (self.root / prefix).stat().st_mtime_ns
        except FileNotFoundError:
            return 0
        return written_ns if time.time_ns() - written_ns >= _SETTLED_NS else None

    def read(self, name: str) -> Content | None:
        """A whole file; None where there is none."""
        try:
            with (self.root / name).open("rb") as file:
                told = os.fstat(file.fileno())
                return Content(file.read(), _etag(told), time.time() - told.st_mtime)
        except FileNotFoundError:
            return None

    def read_range(self, name: str, offset: int, size: int) -> bytes:
        """Some bytes of a file."""
        with (self.root / name).open("rb") as file:
            return os.pread(file.fileno(), size, offset)

    def put(self, name: str, data: bytes | Path, *, only_new: bool = False, match: str | None = None) -> str | None:
        """Write a file in one step. `match` is looked at just before: no lock is held."""
        path = self.root / name
        with store_faults():
            if (only_new and path.exists()) or (match is not None and (not path.exists() or _etag(path.stat()) != match)):
                return None
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, data if isinstance(data, bytes) else data.read_bytes())
            return _etag(path.stat())

    def delete(self, names: Iterable[str]) -> None:
        """Delete files, and the folders that are empty then."""
        with store_faults():
            for name in names:
                path = self.root / name
                path.unlink(missing_ok=True)
                for folder in path.relative_to(self.root).parents:
                    try:
                        (self.root / folder).rmdir()
                    except OSError:  # something else is in it
                        break


def _etag(told: os.stat_result) -> str:
    return f"{told.st_mtime_ns:x}-{told.st_ino:x}-{told.st_size:x}"
