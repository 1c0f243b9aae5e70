"""The writing half of an admit: blocks become text/, grams/ and blocks/ in a thread of their own.

Text is zstd without dictionary and statistics (they cost time and prune nothing). Row groups hold a few megabytes, which
other readers like; each row is a page of its own, so that we read a single block."""

import queue
import threading
from pathlib import Path
from typing import Any

from .blocks import BlockMeta, write_blocks
from .grams import BYTES, bitmap
from .pages import pages_of
from .store import Block, store_fault

ROW_GROUP_BYTES = 2 << 20
_QUEUE = 4
_BITMAPS = 64
"""Bitmaps written at a time."""


class TextWriter:
    """Writes blocks from its own thread. `close` waits for it; a failed write is raised there."""

    def __init__(self, folder: Path) -> None:
        from .arrow import pa, pq

        self._pa, self._folder = pa, folder
        self._schema = pa.schema(
            [
                ("file_id", pa.int32()),
                ("file", pa.string()),
                ("source", pa.string()),
                ("offset", pa.int64()),
                ("first_line", pa.int64()),
                ("n_lines", pa.int32()),
                ("ts_min", pa.timestamp("ms", "UTC")),
                ("ts_max", pa.timestamp("ms", "UTC")),
                pa.field("text", pa.large_string(), nullable=False),
            ]
        )
        self._runs = pa.schema([pa.field("runs", pa.binary(BYTES), nullable=False)])
        for name in ("text", "grams"):
            (folder / name).mkdir(parents=True)
        self._writer = pq.ParquetWriter(
            self._text,
            self._schema,
            compression="zstd",
            compression_level=7,  # a third of the admit's second core; searches unpack a tenth faster for it
            use_dictionary=["file", "source"],
            write_statistics=["ts_min", "ts_max", "file_id"],
            write_batch_size=1,
            data_page_size=1,
        )
        self._grams = pq.ParquetWriter(
            folder / "grams" / "0.parquet", self._runs, compression="zstd", use_dictionary=False, write_statistics=False
        )
        self._written: list[BlockMeta] = []
        self._bitmaps: list[bytes] = []
        self._queue: queue.Queue[Block | None] = queue.Queue(_QUEUE)
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="text-writer", daemon=True)
        self._thread.start()

    @property
    def _text(self) -> Path:
        return self._folder / "text" / "0.parquet"

    def put(self, block: Block) -> None:
        """Hand a block over; waits while the thread is behind."""
        if self._fault:
            raise store_fault(self._fault)
        self._queue.put(block)

    def _run(self) -> None:
        rows: list[Block] = []
        size = 0
        while True:
            block = self._queue.get()
            if block is not None and not self._fault:
                rows.append(block)
                size += len(block.text)
            if rows and (block is None or size >= ROW_GROUP_BYTES):
                try:
                    self._flush(rows)
                except BaseException as error:  # noqa: BLE001 - raised by the next put or close; a dead writer would block them
                    self._fault = error
                rows, size = [], 0
            if block is None:
                return

    def _flush(self, rows: list[Block]) -> None:
        pa = self._pa
        columns: list[Any] = [pa.array([getattr(r, f.name) for r in rows], f.type) for f in self._schema if f.name != "text"]
        columns.append(pa.array([r.text for r in rows], pa.large_binary()).cast(pa.large_string()))
        self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema), row_group_size=len(rows))
        self._written += map(BlockMeta.of, rows)
        self._bitmaps += [bitmap(row.text) for row in rows]
        if len(self._bitmaps) >= _BITMAPS:
            self._flush_bitmaps()

    def _flush_bitmaps(self) -> None:
        if self._bitmaps:
            column = self._pa.array(self._bitmaps, self._pa.binary(BYTES))
            self._grams.write_table(self._pa.Table.from_arrays([column], schema=self._runs))
            self._bitmaps = []

    def close(self) -> None:
        """Write what is left and the index. Raises what went wrong in the thread."""
        self._queue.put(None)
        self._thread.join()
        try:
            if not self._fault:
                self._flush_bitmaps()
            self._grams.close()
            self._writer.close()
            if not self._fault:
                write_blocks(self._folder, self._written, list(pages_of(self._text, "text")))
        except (OSError, self._pa.ArrowException) as error:
            self._fault = self._fault or error
        if self._fault:
            raise store_fault(self._fault)
