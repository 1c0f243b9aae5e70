"""The store of one bundle: Parquet that anything can read, and the manifest that makes it whole.

    text/0.parquet      a row a block: file_id, file, source, offset, first_line, n_lines, ts_min, ts_max, text
    hits/0.parquet      a row a signature's hit: signature, source, file_id, line, ts
    findings/0.parquet  a row a signature and source: counts, first and last time, quoted lines
    manifest.json       files, coverage, clock anchors, versions, provenance; written last

Text is zstd without dictionary and statistics (they cost time and prune nothing); row groups hold a few megabytes."""

import json
import os
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import BadBundle, DiagError

SCHEMA_VERSION = 1
ROW_GROUP_BYTES = 2 << 20
_QUEUE = 6


@dataclass(slots=True)
class Block:
    """Newline-aligned text of one file. Times are epoch milliseconds UTC; None where no line is stamped."""

    file_id: int
    file: str
    source: str
    offset: int
    first_line: int
    n_lines: int
    text: bytes
    ts_min: int | None = None
    ts_max: int | None = None


@dataclass(slots=True)
class FileEntry:
    """One member as the manifest tells of it. `same_as` names the file whose content it repeats (stored once)."""

    id: int
    path: str
    source: str
    size: int = 0
    lines: int = 0
    sha256: str = ""
    state: str = "present"
    detail: str = ""
    same_as: str | None = None
    first: str | None = None
    last: str | None = None
    masked: int = 0
    time: str | None = None
    """When it was copied (tar time): lines without a year are of the year before it, or of its own."""


@dataclass(slots=True)
class Manifest:
    """What a bundle is. Times are ISO 8601 UTC."""

    digest: str
    instance_id: str
    captured: str
    admitted: str
    boot: str | None = None
    aliases: list[str] = field(default_factory=list)
    files: list[FileEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    truncated: str = ""
    layout: str = "node-script"
    provenance: dict[str, str] = field(default_factory=dict)
    signatures: str = ""
    redaction: int = 0
    schema: int = SCHEMA_VERSION

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> "Manifest":
        raw = json.loads(text)
        if raw.get("schema") != SCHEMA_VERSION:
            raise BadBundle("The stored bundle was written by another version.", "Collect or ingest it again.")
        raw["files"] = [FileEntry(**entry) for entry in raw["files"]]
        return cls(**raw)


def iso(time: datetime | None) -> str | None:
    """A UTC time as the manifest writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if time else None


def from_iso(text: str | None) -> datetime | None:
    """The time that `iso` wrote."""
    return datetime.fromisoformat(text) if text else None


def millis(time: datetime | None) -> int | None:
    """Epoch milliseconds."""
    return round(time.timestamp() * 1000) if time else None


def from_millis(value: int | None) -> datetime | None:
    """The time of epoch milliseconds."""
    return datetime.fromtimestamp(value / 1000, UTC) if value is not None else None


class TextWriter:
    """Writes blocks to text/0.parquet from its own thread. `close` waits for it; a failed write is raised there."""

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._pa = pa
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
                ("text", pa.large_string()),
            ]
        )
        (folder / "text").mkdir(parents=True)
        self._writer = pq.ParquetWriter(
            folder / "text" / "0.parquet",
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=["file", "source"],
            write_statistics=["ts_min", "ts_max", "file_id"],
        )
        self._queue: queue.Queue[Block | None] = queue.Queue(_QUEUE)
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="text-writer", daemon=True)
        self._thread.start()

    def put(self, block: Block) -> None:
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

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        try:
            self._writer.close()
        except (OSError, self._pa.ArrowException) as error:
            self._fault = self._fault or error
        if self._fault:
            raise store_fault(self._fault)


def store_fault(error: BaseException) -> DiagError:
    """The library could not be written."""
    full = isinstance(error, OSError) and error.errno == 28
    return DiagError(
        "The library's disk is full." if full else f"The library could not be written ({type(error).__name__}).",
        "Free space or point EKS_DIAG_LIBRARY to another folder, then collect again; nothing half-written is kept.",
    )


def write_columns(path: Path, columns: dict[str, tuple[Any, Any]]) -> None:
    """One Parquet file from name -> (values, arrow type)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({name: pa.array(values, kind) for name, (values, kind) in columns.items()})
    pq.write_table(table, path, compression="zstd", row_group_size=1 << 20)


def publish(draft: Path, final: Path) -> bool:
    """Make a finished draft visible by one rename. False: another process was first, its bundle stands."""
    secure_tree(draft)
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.rename(draft, final)
    except OSError:
        if (final / "manifest.json").exists():
            return False
        raise
    return True


@contextmanager
def store_faults() -> Iterator[None]:
    """What the file system refuses becomes an error with a remedy."""
    try:
        yield
    except OSError as error:
        raise store_fault(error) from error


def secure_tree(folder: Path) -> None:
    """Folders 0700 and files 0600, all below and the folder itself."""
    folder.chmod(0o700)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


def secure(paths: Iterable[Path]) -> None:
    """Folders 0700: a store holds other people's logs."""
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
