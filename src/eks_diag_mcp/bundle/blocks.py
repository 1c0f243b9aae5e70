"""The index of a bundle's blocks: lines, times, and where the text of each lies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadBundle
from ..recent import Recent
from .grams import BYTES, Bitmaps
from .pages import LENGTH_BYTES, Page
from .store import Block, read_columns, write_columns


@dataclass(frozen=True, slots=True)
class BlockRef:
    """Where a block lies: its row in the table, the lines and times it holds (epoch milliseconds), the bytes of its text
    and its page in text/0.parquet. `ascii`: no byte of it is beyond ASCII."""

    row: int
    file_id: int
    first_line: int
    n_lines: int
    ts_min: int | None
    ts_max: int | None
    offset: int
    size: int
    ascii: bool
    at: int
    packed: int


@dataclass(frozen=True, slots=True)
class BlockMeta:
    """A block that is written, without its text."""

    file_id: int
    first_line: int
    n_lines: int
    ts_min: int | None
    ts_max: int | None
    offset: int
    size: int
    ascii: bool

    @classmethod
    def of(cls, block: Block) -> "BlockMeta":
        return cls(
            block.file_id,
            block.first_line,
            block.n_lines,
            block.ts_min,
            block.ts_max,
            block.offset,
            len(block.text),
            block.text.isascii(),
        )


def write_blocks(folder: Path, blocks: Sequence[BlockMeta], pages: Sequence[Page]) -> None:
    """blocks/0.parquet, in order of rows. BadBundle where the pages are not one a block: nothing could be read then."""
    from .arrow import pa

    if [p.size for p in pages] != [b.size + LENGTH_BYTES for b in blocks]:
        raise BadBundle("The text of the bundle could not be indexed.", "Report it with the version of pyarrow.")
    write_columns(
        folder / "blocks" / "0.parquet",
        {
            "file_id": ([b.file_id for b in blocks], pa.int32()),
            "first_line": ([b.first_line for b in blocks], pa.int64()),
            "n_lines": ([b.n_lines for b in blocks], pa.int32()),
            "ts_min": ([b.ts_min for b in blocks], pa.timestamp("ms", "UTC")),
            "ts_max": ([b.ts_max for b in blocks], pa.timestamp("ms", "UTC")),
            "offset": ([b.offset for b in blocks], pa.int64()),
            "size": ([b.size for b in blocks], pa.int32()),
            "ascii": ([b.ascii for b in blocks], pa.bool_()),
            "page_at": ([p.at for p in pages], pa.int64()),
            "page_bytes": ([p.packed for p in pages], pa.int32()),
        },
    )


def read_blocks(folder: Path) -> Iterator[BlockRef]:
    """The rows of blocks/."""
    table = read_columns(folder / "blocks" / "0.parquet")
    columns = [table[name].cast("int64").to_pylist() for name in table.column_names if name != "ascii"]
    plain = table["ascii"].to_pylist()
    for row, (file_id, first, lines, begin, end, offset, size, at, packed) in enumerate(zip(*columns, strict=True)):
        yield BlockRef(row, file_id, first, lines, begin, end, offset, size, plain[row], at, packed)


_BITMAPS: Recent[Path, Bitmaps] = Recent(4)
"""Of the bundles searched last: some megabytes each."""


def read_bitmaps(folder: Path) -> Bitmaps:
    """grams/ as a row a block."""
    found = _BITMAPS.get(folder)
    if found is None:
        column: Any = read_columns(folder / "grams" / "0.parquet")["runs"]
        parts = [np.frombuffer(c.buffers()[1], dtype=np.uint8)[c.offset * BYTES :][: len(c) * BYTES] for c in column.chunks]
        found = _BITMAPS[folder] = np.concatenate([*parts, np.zeros(0, dtype=np.uint8)]).reshape(-1, BYTES)
    return found
