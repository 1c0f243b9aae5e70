"""Loud lines: where in a bundle a line may be of level warning or above, noted while it is admitted.

A timeline looks only at these and at the known lines; without the note it would have to scan every block of its window.
loud/0.parquet has a row a file: file, and the numbers of its lines. The pattern they are of is noted in its metadata."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .formats import formats
from .store import FileEntry

Lines = npt.NDArray[np.int64]
_PATTERN = b"loud"


@dataclass(slots=True)
class LoudBook:
    """The loud lines of each file, while it streams by."""

    files: dict[int, list[Lines]] = field(default_factory=dict)

    def add(self, file_id: int, lines: Lines) -> None:
        """Lines of the next block, by their numbers in the file."""
        if len(lines):
            self.files.setdefault(file_id, []).append(lines)


def write_loud(folder: Path, book: LoudBook, entries: list[FileEntry]) -> None:
    """Write the table."""
    from .arrow import pa, pq

    (folder / "loud").mkdir(parents=True, exist_ok=True)
    told = [(entry.path, np.unique(np.concatenate(book.files[entry.id]))) for entry in entries if entry.id in book.files]
    table = pa.table(
        {"file": pa.array([p for p, _ in told], pa.string()), "lines": pa.array([n for _, n in told], pa.list_(pa.int64()))}
    )
    pq.write_table(
        table.replace_schema_metadata({_PATTERN: formats().loud.encode()}), folder / "loud" / "0.parquet", compression="zstd"
    )


class LoudLines:
    """The table read back. `known` is False where it is of another pattern: then blocks must be scanned."""

    def __init__(self, folder: Path) -> None:
        from .store import read_columns

        table: Any = read_columns(folder / "loud" / "0.parquet")
        self.known = (table.schema.metadata or {}).get(_PATTERN) == formats().loud.encode()
        self._files: dict[str, Lines] = {}
        if self.known:
            column = table["lines"].combine_chunks()
            values, ends = column.values.to_numpy(), column.offsets.to_numpy()
            for place, file in enumerate(table["file"].to_pylist()):
                self._files[file] = values[ends[place] : ends[place + 1]]

    def between(self, file: str, first: int, after: int) -> Lines:
        """The loud lines of a file from line `first` to before `after`."""
        found = self._files.get(file)
        if found is None:
            return np.zeros(0, dtype=np.int64)
        start, end = np.searchsorted(found, (first, after))
        return found[start:end]
