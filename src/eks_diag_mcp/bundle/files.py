"""The files of one bundle: where its tables are read, and how what may change of it is written."""

import os
import uuid
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from ..errors import BadBundle, NotReady
from .folder_store import write_private
from .store import secure_tree, store_faults

TABLES = ("blocks", "grams", "hits", "findings", "queries", "loud")
"""The small tables. text/ is none of them: it is read page by page."""
MANIFEST = "manifest.json"
ReadRange = Callable[[int, int], bytes]
"""(offset, size) -> those bytes of text/0.parquet, fewer where it ends."""
DAMAGED = "Remove the bundle (eks-diag-mcp library purge), then collect it again."


class BundleFiles(Protocol):
    """What a Bundle is read from."""

    def holding(self, *tables: str) -> Path:
        """The folder in which at least these tables lie, as <table>/0.parquet."""
        ...

    def text(self) -> ReadRange:
        """text/0.parquet, opened for reading parts of it."""
        ...

    def read(self, name: str) -> str | None:
        """A document beside the tables; None where there is none."""
        ...

    def write(self, name: str, text: str) -> None:
        """Write a document beside the tables, in one step."""
        ...

    def change(self, name: str, edit: Callable[[str], str]) -> None:
        """Write a document anew from what it says now; repeated where another writer was faster."""
        ...

    def draft(self) -> Path:
        """The name of a folder that does not exist yet, to write new tables in."""
        ...

    def replace(self, draft: Path, tables: Iterable[str]) -> None:
        """Put tables of a draft in the place of those that are there."""
        ...


class FolderFiles:
    """A bundle in a folder of this machine: each file is replaced in one step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def holding(self, *tables: str) -> Path:
        """The folder itself."""
        return self.folder

    def text(self) -> ReadRange:
        """One handle serves all threads: a read names its place."""
        try:
            handle = os.open(self.folder / "text" / "0.parquet", os.O_RDONLY)
        except FileNotFoundError as error:
            raise BadBundle("The stored text of the bundle is gone.", DAMAGED) from error
        return _OpenFile(handle)

    def read(self, name: str) -> str | None:
        path = self.folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None

    def write(self, name: str, text: str) -> None:
        with store_faults():
            write_private(self.folder / name, text.encode())

    def change(self, name: str, edit: Callable[[str], str]) -> None:
        self.write(name, edit(self.read(name) or ""))

    def draft(self) -> Path:
        return self.folder / f"index.{uuid.uuid4().hex}.part"

    def replace(self, draft: Path, tables: Iterable[str]) -> None:
        with store_faults():
            secure_tree(draft)
            for table in tables:
                (self.folder / table).mkdir(mode=0o700, exist_ok=True)
                (draft / table / "0.parquet").replace(self.folder / table / "0.parquet")


class _OpenFile:
    """An open file that is closed when nobody holds this any more."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        weakref.finalize(self, os.close, handle)

    def __call__(self, offset: int, size: int) -> bytes:
        return os.pread(self._handle, size, offset)


def busy() -> NotReady:
    """Others write the same thing again and again."""
    return NotReady("Other servers write to that bundle at this moment.", "Make the same call again.")
